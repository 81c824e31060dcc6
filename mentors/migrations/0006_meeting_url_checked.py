from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Look at the rows that are older than the constraint: reads a whole table and keeps nobody from writing."""

    dependencies = [("mentors", "0005_meeting_url")]

    operations = [ValidateConstraint(model_name="mentor", name="mentor_meeting_url_is_https")]
