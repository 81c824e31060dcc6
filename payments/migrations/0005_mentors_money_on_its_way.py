import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    """What sending to mentors needs to remember; a transfer that is only lowered is never refused."""

    dependencies = [
        ("payments", "0004_earnings_of_the_past"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="transfer",
            name="transfer_never_above_the_earning",
        ),
        migrations.AddField(
            model_name="payoutaccount",
            name="payouts_read_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="reversal",
            name="failure",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="transfer",
            name="attempt",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="webhookevent",
            name="account",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="transfer_never_above_the_earning",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE limit_minor bigint;",
                    func="\n                    IF TG_OP = 'UPDATE' AND NEW.earning_id = OLD.earning_id\n                       AND NEW.amount_minor <= OLD.amount_minor AND NEW.set_off_minor <= OLD.set_off_minor THEN\n                        RETURN NEW;\n                    END IF;\n                    SELECT amount_minor INTO limit_minor\n                      FROM payments_earning WHERE booking_id = NEW.earning_id FOR NO KEY UPDATE;\n                    IF NEW.amount_minor + NEW.set_off_minor > limit_minor THEN\n                        RAISE EXCEPTION 'a transfer would exceed its earning'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_never_above_the_earning';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="ac64d6844447d8fd0864c6b5506b8c2b75a96385",
                    operation='INSERT OR UPDATE OF "amount_minor", "set_off_minor", "earning_id"',
                    pgid="pgtrigger_transfer_never_above_the_earning_e63d9",
                    table="payments_transfer",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="reversal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "sent"), _negated=True),
                    models.Q(("provider_id", ""), _negated=True),
                    _connector="OR",
                ),
                name="reversal_sent_has_an_id",
            ),
        ),
    ]
