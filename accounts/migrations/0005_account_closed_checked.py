from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Look at the rows that are older than the constraint: reads a whole table and keeps nobody from writing."""

    dependencies = [("accounts", "0004_account_closed")]

    operations = [ValidateConstraint(model_name="user", name="user_closed_stays_shut")]
