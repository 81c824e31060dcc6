from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """From now on the database refuses a state that no proposal has; the next migration looks at what is there already."""

    dependencies = [("bookings", "0007_desks_look")]

    operations = [
        AddConstraintNotValid(
            model_name="moveproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["open", "accepted", "declined", "lapsed", "withdrawn"])),
                name="move_proposal_status_known",
            ),
        ),
    ]
