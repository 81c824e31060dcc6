from datetime import timedelta

import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Messages can be edited and deleted, by a trigger that keeps what they said; reports say what is wrong and are closed.

    The next migration looks at the rows that are older than the constraints.
    """

    dependencies = [
        ("chat", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MessageVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.TextField()),
                ("replaced_at", models.DateTimeField()),
            ],
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="message",
            name="message_append_only",
        ),
        migrations.AddField(
            model_name="message",
            name="change_number",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="edited_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="thread",
            name="last_change",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="threadreport",
            name="closed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="threadreport",
            name="closing_note",
            field=models.TextField(blank=True, db_default="", default="", max_length=1000),
        ),
        migrations.AddField(
            model_name="threadreport",
            name="kind",
            field=models.CharField(
                choices=[
                    ("outside", "They want to pay or meet outside of this site"),
                    ("rude", "They are rude, or threaten somebody"),
                    ("unsafe", "I do not feel safe"),
                    ("spam", "It is advertising, or a fraud"),
                    ("cheating", "They ask for an exam or homework to be done for them"),
                    ("other", "Something else"),
                ],
                db_default="other",
                default="other",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="threadreport",
            name="reason",
            field=models.TextField(blank=True, max_length=1000),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=pgtrigger.compiler.Trigger(
                name="message_changed_by_rule",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF TG_OP = 'DELETE'\n                        OR OLD.deleted_at IS NOT NULL\n                        OR (OLD.id, OLD.thread_id, OLD.author_id, OLD.number, OLD.client_id, OLD.created_at)\n                            IS DISTINCT FROM\n                           (NEW.id, NEW.thread_id, NEW.author_id, NEW.number, NEW.client_id, NEW.created_at)\n                        OR NEW.change_number IS NULL\n                        OR NEW.change_number <= COALESCE(OLD.change_number, 0)\n                        OR (NEW.deleted_at IS NULL) = (NEW.edited_at IS NOT DISTINCT FROM OLD.edited_at)\n                    THEN\n                        RAISE EXCEPTION 'a message is edited or deleted, and nothing else'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'message_changed_by_rule';\n                    END IF;\n                    INSERT INTO chat_messageversion (message_id, body, replaced_at)\n                        VALUES (OLD.id, OLD.body, COALESCE(NEW.deleted_at, NEW.edited_at));\n                    RETURN NEW;\n                ",
                    hash="3df572d466d06fea614d4fa2c9a580ed3bd0d2c5",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_message_changed_by_rule_d9019",
                    table="chat_message",
                    when="BEFORE",
                ),
            ),
        ),
        AddConstraintNotValid(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("edited_at", None),
                    models.Q(
                        ("edited_at__gte", models.F("created_at")),
                        (
                            "edited_at__lte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("created_at"), "+", models.Value(timedelta(minutes=5))
                            ),
                        ),
                    ),
                    _connector="OR",
                ),
                name="message_edited_in_time",
            ),
        ),
        AddConstraintNotValid(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("deleted_at", None), ("body", ""), _connector="OR"),
                name="message_deleted_says_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="threadreport",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["outside", "rude", "unsafe", "spam", "cheating", "other"])),
                name="thread_report_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="threadreport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at", None), ("closed_by", None)),
                    models.Q(("closed_at__isnull", False), ("closed_by__isnull", False)),
                    _connector="OR",
                ),
                name="thread_report_closed_by_someone",
            ),
        ),
        migrations.AddField(
            model_name="messageversion",
            name="message",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="chat.message"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="messageversion",
            trigger=pgtrigger.compiler.Trigger(
                name="message_version_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e83e887536cdee9da3aa6679eaed8489858310b9",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_message_version_append_only_1b51c",
                    table="chat_messageversion",
                    when="BEFORE",
                ),
            ),
        ),
    ]
