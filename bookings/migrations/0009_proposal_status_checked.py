from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Look at the rows that are older than the constraint: reads a whole table and keeps nobody from writing."""

    dependencies = [("bookings", "0008_proposal_status_known")]

    operations = [ValidateConstraint(model_name="moveproposal", name="move_proposal_status_known")]
