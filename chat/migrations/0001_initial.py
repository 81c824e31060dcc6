import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("mentors", "0001_initial"),
        ("uploads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Thread",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                ("last_message_at", models.DateTimeField()),
                ("last_number", models.PositiveIntegerField(default=0)),
                ("student_read_number", models.PositiveIntegerField(default=0)),
                ("mentor_read_number", models.PositiveIntegerField(default=0)),
                ("blocked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "blocked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="threads", to="mentors.mentor"
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="threads", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "thread",
                "verbose_name_plural": "threads",
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("body", models.TextField(blank=True, max_length=4000)),
                ("client_id", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="chat.thread"
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
            },
        ),
        migrations.CreateModel(
            name="ThreadReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField(max_length=1000)),
                ("created_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reports", to="chat.thread"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MessageUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="message_uploads", to="chat.message"
                    ),
                ),
                (
                    "upload",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="uploads.upload"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("message", "position"), name="message_upload_position_unique")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(fields=["student", "-last_message_at", "id"], name="thread_by_student"),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(fields=["mentor", "-last_message_at", "id"], name="thread_by_mentor"),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.UniqueConstraint(fields=("student", "mentor"), name="thread_unique"),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(("opened_by", models.F("student"))), name="thread_opened_by_its_student"
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(("student", models.F("mentor")), _negated=True), name="thread_between_two_people"
            ),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("mentor_read_number__lte", models.F("last_number")),
                    ("student_read_number__lte", models.F("last_number")),
                ),
                name="thread_read_what_exists",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="thread",
            trigger=pgtrigger.compiler.Trigger(
                name="thread_student_has_the_role",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF NOT EXISTS (SELECT 1 FROM accounts_user WHERE id = NEW.student_id AND role = 'student') THEN\n                        RAISE EXCEPTION 'only a student opens a thread'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'thread_student_has_the_role';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="5623ea589195eb297fddc0850d4fc506e337d083",
                    operation='INSERT OR UPDATE OF "student_id"',
                    pgid="pgtrigger_thread_student_has_the_role_dbbd1",
                    table="chat_thread",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("thread", "number"), name="message_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                fields=("thread", "author", "client_id"), name="message_client_id_unique"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=pgtrigger.compiler.Trigger(
                name="message_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3a18f40d22494ed10a2223732a58bcf4c438fcae",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_message_append_only_1f61e",
                    table="chat_message",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="threadreport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)), fields=("thread", "by"), name="thread_report_one_open"
            ),
        ),
    ]
