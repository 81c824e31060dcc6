import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import bookings.spans


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0001_initial"),
        ("mentors", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minutes", models.PositiveSmallIntegerField()),
                ("price_minor", models.PositiveIntegerField()),
                ("rating", models.PositiveSmallIntegerField()),
                ("quality", models.PositiveIntegerField()),
                ("free", bookings.spans.SpansField()),
                ("next_start_at", models.DateTimeField(null=True)),
                ("subjects", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40))),
                ("languages", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=3))),
                ("levels", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=10))),
                ("text", django.contrib.postgres.search.SearchVectorField()),
                (
                    "subject_names",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60)),
                ),
                ("symbol", models.CharField(blank=True, max_length=2)),
                ("is_verified", models.BooleanField()),
                ("refreshed_at", models.DateTimeField()),
            ],
        ),
        migrations.AddIndex(
            model_name="bookingevent",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="booking_event_by_time"),
        ),
        migrations.AddField(
            model_name="searchrow",
            name="mentor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="search_rows", to="mentors.mentor"
            ),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=models.Index(
                models.F("minutes"),
                models.OrderBy(models.F("quality"), descending=True),
                models.F("mentor"),
                name="search_row_by_quality",
            ),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=models.Index(
                models.F("minutes"),
                models.OrderBy(models.F("rating"), descending=True),
                models.F("mentor"),
                name="search_row_by_rating",
            ),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=models.Index(fields=["minutes", "price_minor", "mentor"], name="search_row_by_price"),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=models.Index(fields=["minutes", "next_start_at", "mentor"], name="search_row_by_next_start"),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=django.contrib.postgres.indexes.GinIndex(fields=["text"], name="search_row_text"),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=django.contrib.postgres.indexes.GinIndex(fields=["subjects"], name="search_row_subjects"),
        ),
        migrations.AddIndex(
            model_name="searchrow",
            index=models.Index(fields=["refreshed_at"], name="search_row_by_age"),
        ),
        migrations.AddConstraint(
            model_name="searchrow",
            constraint=models.UniqueConstraint(fields=("mentor", "minutes"), name="search_row_unique"),
        ),
    ]
