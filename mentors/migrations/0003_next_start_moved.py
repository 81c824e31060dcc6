from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    """A mentor's next start stands on the search rows of bookings. The code lets go of the column here; it is dropped
    one release later, when no process that still reads it can be running."""

    atomic = False

    dependencies = [("mentors", "0002_subjects")]

    operations = [
        RemoveIndexConcurrently(model_name="mentor", name="mentor_listed_by_next_start"),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="mentor", name="next_start_at")]
        ),
    ]
