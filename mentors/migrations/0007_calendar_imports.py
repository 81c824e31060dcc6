import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mentors", "0006_meeting_url_checked"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarImport",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("place", models.PositiveSmallIntegerField()),
                ("sealed_address", models.TextField()),
                ("address_hash", models.CharField(max_length=64)),
                ("host", models.CharField(max_length=253)),
                ("added_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("read_at", models.DateTimeField()),
                ("parsed_at", models.DateTimeField()),
                ("time_zone", models.CharField(max_length=64)),
                ("etag", models.CharField(blank=True, max_length=200)),
                ("last_modified", models.CharField(blank=True, max_length=200)),
                ("unreadable", models.PositiveIntegerField(default=0)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("failure", models.CharField(blank=True, max_length=12)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calendars", to="mentors.mentor"
                    ),
                ),
            ],
            options={
                "verbose_name": "imported calendar",
                "verbose_name_plural": "imported calendars",
            },
        ),
        migrations.AddField(
            model_name="busytime",
            name="calendar",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="busy_times",
                to="mentors.calendarimport",
            ),
        ),
        migrations.AddIndex(
            model_name="calendarimport",
            index=models.Index(fields=["due_at"], name="calendar_import_by_due"),
        ),
        migrations.AddConstraint(
            model_name="calendarimport",
            constraint=models.UniqueConstraint(fields=("mentor", "place"), name="calendar_import_one_in_a_place"),
        ),
        migrations.AddConstraint(
            model_name="calendarimport",
            constraint=models.CheckConstraint(
                condition=models.Q(("place__gte", 1), ("place__lte", 5)), name="calendar_import_place_in_bounds"
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarimport",
            constraint=models.UniqueConstraint(
                fields=("mentor", "address_hash"), name="calendar_import_address_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "failure__in",
                        [
                            "",
                            "address",
                            "host",
                            "connection",
                            "certificate",
                            "slow",
                            "too_big",
                            "redirects",
                            "gone",
                            "locked",
                            "server",
                            "not_calendar",
                            "too_many",
                        ],
                    )
                ),
                name="calendar_import_failure_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("failure", ""), ("failures", 0)),
                    models.Q(("failures__gt", 0), models.Q(("failure", ""), _negated=True)),
                    _connector="OR",
                ),
                name="calendar_import_failures_have_a_reason",
            ),
        ),
    ]
