from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Where a mentor usually meets students. New rows are held to https from now on; the next migration looks at the others."""

    dependencies = [("mentors", "0004_suspension_appeals")]

    operations = [
        migrations.AddField(
            model_name="mentor",
            name="meeting_url",
            field=models.CharField(blank=True, db_default="", max_length=300),
        ),
        AddConstraintNotValid(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(("meeting_url", ""), ("meeting_url__startswith", "https://"), _connector="OR"),
                name="mentor_meeting_url_is_https",
            ),
        ),
    ]
