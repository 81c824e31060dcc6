from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

UNIQUE = models.UniqueConstraint(
    condition=models.Q(("provider_id", ""), _negated=True),
    fields=("provider_id",),
    name="reversal_provider_id_unique",
)


class Migration(migrations.Migration):
    """Indexes on tables that may be large: built while money moves on."""

    atomic = False

    dependencies = [("payments", "0005_mentors_money_on_its_way")]

    operations = [
        AddIndexConcurrently(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("payout", None), ("status", "sent")),
                fields=["sent_at"],
                name="transfer_not_paid_out",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddConstraint(model_name="reversal", constraint=UNIQUE)],
            database_operations=[
                migrations.RunSQL(
                    """CREATE UNIQUE INDEX CONCURRENTLY "reversal_provider_id_unique"
                       ON "payments_reversal" ("provider_id") WHERE NOT "provider_id" = ''""",
                    'DROP INDEX CONCURRENTLY "reversal_provider_id_unique"',
                )
            ],
        ),
    ]
