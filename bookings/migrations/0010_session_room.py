from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Where a mentor meets for one session. New rows are held to https from now on; a later migration looks at the others."""

    dependencies = [("bookings", "0009_proposal_status_checked")]

    operations = [
        migrations.AddField(
            model_name="booking",
            name="meeting_url",
            field=models.CharField(blank=True, db_default="", max_length=300),
        ),
        AddConstraintNotValid(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("meeting_url", ""), ("meeting_url__startswith", "https://"), _connector="OR"),
                name="booking_meeting_url_is_https",
            ),
        ),
    ]
