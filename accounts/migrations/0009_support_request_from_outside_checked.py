from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models
from django.db.models.functions import MD5

UNIQUE = models.UniqueConstraint(
    models.F("answer_to"),
    MD5("text"),
    condition=models.Q(("by", None), ("closed_at", None)),
    name="support_request_of_a_stranger_once",
)


class Migration(migrations.Migration):
    """Look at the reports that are older than the constraint, and index those from outside, while people go on writing."""

    atomic = False

    dependencies = [("accounts", "0008_support_request_from_outside")]

    operations = [
        ValidateConstraint(model_name="supportrequest", name="support_request_can_be_answered"),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddConstraint(model_name="supportrequest", constraint=UNIQUE)],
            database_operations=[
                migrations.RunSQL(
                    """CREATE UNIQUE INDEX CONCURRENTLY "support_request_of_a_stranger_once"
                       ON "accounts_supportrequest" ("answer_to", (MD5("text"))) WHERE "by_id" IS NULL AND "closed_at" IS NULL""",
                    'DROP INDEX CONCURRENTLY "support_request_of_a_stranger_once"',
                )
            ],
        ),
    ]
