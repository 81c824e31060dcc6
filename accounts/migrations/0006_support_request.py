import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What people write to support, kept as it was written by a trigger; it can be closed, once."""

    dependencies = [
        ("accounts", "0005_account_closed_checked"),
    ]

    operations = [
        migrations.CreateModel(
            name="SupportRequest",
            fields=[
                (
                    "reference",
                    models.CharField(
                        editable=False, max_length=8, primary_key=True, serialize=False, verbose_name="reference"
                    ),
                ),
                ("whom", models.CharField(blank=True, max_length=80)),
                ("text", models.TextField(max_length=2000)),
                ("created_at", models.DateTimeField(verbose_name="written")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                ("closing_note", models.TextField(blank=True, max_length=1000)),
                (
                    "about",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="support_requests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "report to support",
                "verbose_name_plural": "reports to support",
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at", None)),
                        fields=["created_at"],
                        name="support_request_open_by_age",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reference__regex", "^R-[2-9BCDFGHJKMNPQRSTVWXYZ]{6}$")),
                        name="support_request_reference_readable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True), name="support_request_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("about", None), ("whom", ""), _connector="OR"),
                        name="support_request_names_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("about", None), models.Q(("about", models.F("by")), _negated=True), _connector="OR"
                        ),
                        name="support_request_about_somebody_else",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("closed_by", None), ("closing_note", "")),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("closed_by__isnull", False),
                                models.Q(("closing_note", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="support_request_closed_with_a_note",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="supportrequest",
            trigger=pgtrigger.compiler.Trigger(
                name="support_request_closed_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF TG_OP = 'DELETE'\n                        OR OLD.closed_at IS NOT NULL\n                        OR (OLD.reference, OLD.by_id, OLD.about_id, OLD.whom, OLD.text, OLD.created_at)\n                            IS DISTINCT FROM\n                           (NEW.reference, NEW.by_id, NEW.about_id, NEW.whom, NEW.text, NEW.created_at)\n                    THEN\n                        RAISE EXCEPTION 'a report to support is closed once, and nothing else'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'support_request_closed_once';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="8257a74d427e7efa071f2ab8c22f500124127339",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_support_request_closed_once_7d13b",
                    table="accounts_supportrequest",
                    when="BEFORE",
                ),
            ),
        ),
    ]
