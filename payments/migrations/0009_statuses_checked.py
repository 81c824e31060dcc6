from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Look at the rows that are older than the constraints: reads whole tables and keeps nobody from writing."""

    dependencies = [("payments", "0008_statuses_known")]

    operations = [
        ValidateConstraint(model_name="payout", name="payout_status_known"),
        ValidateConstraint(model_name="transfer", name="transfer_status_known"),
        ValidateConstraint(model_name="reversal", name="reversal_status_known"),
    ]
