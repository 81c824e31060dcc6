from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Look at the rows that are older than the constraint: reads a whole table and keeps nobody from writing."""

    dependencies = [("bookings", "0010_session_room")]

    operations = [ValidateConstraint(model_name="booking", name="booking_meeting_url_is_https")]
