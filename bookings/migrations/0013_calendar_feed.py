import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_staff_groups"),
        ("bookings", "0012_session_notes_and_clock_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="calendar_feed",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("secret_hash", models.CharField(max_length=64, unique=True)),
                ("sealed_secret", models.TextField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "calendar feed",
                "verbose_name_plural": "calendar feeds",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("secret_hash__regex", "^[0-9a-f]{64}$")), name="calendar_feed_keeps_a_hash"
                    )
                ],
            },
        ),
    ]
