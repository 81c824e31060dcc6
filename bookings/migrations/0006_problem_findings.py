from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0005_booking_by_end"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="problemreport",
            name="finding",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Neither was absent"),
                    ("mentor_absent", "The mentor did not come"),
                    ("both_absent", "Nobody came"),
                ],
                db_default="",
                max_length=13,
            ),
        ),
        migrations.AddField(
            model_name="problemreport",
            name="found_percent",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="problemreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("percent", None), ("percent__gte", models.F("found_percent")), _connector="OR"),
                name="problem_report_asks_nothing_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="problemreport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("finding", ""),
                    models.Q(("finding__in", ["mentor_absent", "both_absent"]), ("percent", 100)),
                    _connector="OR",
                ),
                name="problem_report_absence_brings_all_back",
            ),
        ),
    ]
