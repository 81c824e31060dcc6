from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension, ValidateConstraint
from django.db import migrations, models
from django.db.models.functions import Upper

UNIQUE = models.UniqueConstraint(
    condition=models.Q(("change_number__isnull", False)),
    fields=("thread", "change_number"),
    name="message_change_number_unique",
)


class Migration(migrations.Migration):
    """Search in messages by parts of words, and their changes by number: built while people go on writing."""

    atomic = False

    dependencies = [("chat", "0002_message_changes")]

    operations = [
        TrigramExtension(),
        AddIndexConcurrently(
            model_name="message",
            index=GinIndex(OpClass(Upper("body"), name="gin_trgm_ops"), name="message_words"),
        ),
        ValidateConstraint(model_name="message", name="message_edited_in_time"),
        ValidateConstraint(model_name="message", name="message_deleted_says_nothing"),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddConstraint(model_name="message", constraint=UNIQUE)],
            database_operations=[
                migrations.RunSQL(
                    """CREATE UNIQUE INDEX CONCURRENTLY "message_change_number_unique"
                       ON "chat_message" ("thread_id", "change_number") WHERE "change_number" IS NOT NULL""",
                    'DROP INDEX CONCURRENTLY "message_change_number_unique"',
                )
            ],
        ),
    ]
