from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """An index on a table that may be large: built while bookings go on."""

    atomic = False

    dependencies = [("bookings", "0004_life_of_a_session")]

    operations = [
        AddIndexConcurrently(
            model_name="booking",
            index=models.Index(
                condition=models.Q(("status__in", ["confirmed", "ended"])), fields=["ends_at"], name="booking_by_end"
            ),
        ),
    ]
