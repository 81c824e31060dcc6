import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Who can't sign in writes to support too, with an address to be answered at."""

    dependencies = [
        ("accounts", "0007_support_reads_reports"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="supportrequest",
            name="support_request_closed_once",
        ),
        migrations.AddField(
            model_name="supportrequest",
            name="answer_to",
            field=models.EmailField(blank=True, db_default="", max_length=254),
        ),
        migrations.AlterField(
            model_name="supportrequest",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="support_requests",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="supportrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="support_request_closed_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF TG_OP = 'DELETE'\n                        OR OLD.closed_at IS NOT NULL\n                        OR (OLD.reference, OLD.by_id, OLD.answer_to, OLD.about_id, OLD.whom, OLD.text, OLD.created_at)\n                            IS DISTINCT FROM\n                           (NEW.reference, NEW.by_id, NEW.answer_to, NEW.about_id, NEW.whom, NEW.text, NEW.created_at)\n                    THEN\n                        RAISE EXCEPTION 'a report to support is closed once, and nothing else'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'support_request_closed_once';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="65d3a62d744b2cd2c014de7b440f1fdcb5a7358a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_support_request_closed_once_7d13b",
                    table="accounts_supportrequest",
                    when="BEFORE",
                ),
            ),
        ),
        AddConstraintNotValid(
            model_name="supportrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer_to", ""), ("by__isnull", False)),
                    models.Q(("about", None), ("by", None), models.Q(("answer_to", ""), _negated=True)),
                    _connector="OR",
                ),
                name="support_request_can_be_answered",
            ),
        ),
    ]
