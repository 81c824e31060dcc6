from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, TrigramExtension, ValidateConstraint
from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    """Search in messages by parts of words, while people go on writing them."""

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
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("change_number__isnull", False)),
                fields=("thread", "change_number"),
                name="message_change_number_unique",
            ),
        ),
    ]
