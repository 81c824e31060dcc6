from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """From now on the database refuses a state that no machine has; the next migration looks at what is there already.

    In two steps, so that nobody's money waits while a whole table is read.
    """

    dependencies = [("payments", "0007_transfer_again_at")]

    operations = [
        AddConstraintNotValid(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["pending", "paid", "failed", "canceled"])),
                name="payout_status_known",
            ),
        ),
        AddConstraintNotValid(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["requested", "sending", "sent", "failed"])),
                name="transfer_status_known",
            ),
        ),
        AddConstraintNotValid(
            model_name="reversal",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["requested", "sending", "sent", "failed"])),
                name="reversal_status_known",
            ),
        ),
    ]
