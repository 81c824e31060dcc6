import django.contrib.sessions.models
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_staff_groups"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SignIn",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("sessions.session",),
            managers=[
                ("objects", django.contrib.sessions.models.SessionManager()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="user_rights_changed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_staff" IS DISTINCT FROM (NEW."is_staff") OR OLD."password" IS DISTINCT FROM (NEW."password") OR OLD."role" IS DISTINCT FROM (NEW."role") OR OLD."suspended_at" IS DISTINCT FROM (NEW."suspended_at"))',
                    func="PERFORM pg_notify('live_rights', 'user ' || NEW.id); RETURN NULL;",
                    hash="ab944ba11b1f94b93a2b679b09588414ff2df285",
                    operation='UPDATE OF "is_active", "suspended_at", "password", "role", "is_staff"',
                    pgid="pgtrigger_user_rights_changed_cfeb0",
                    table="accounts_user",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signin",
            trigger=pgtrigger.compiler.Trigger(
                name="sign_in_ended",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    PERFORM pg_notify('live_rights', 'session ' || encode(sha256(OLD.session_key::bytea), 'hex'));\n                    RETURN NULL;\n                ",
                    hash="6be5e07e41a311c5494d517a4ae45cda96ab9687",
                    operation="DELETE",
                    pgid="pgtrigger_sign_in_ended_4f2de",
                    table="django_session",
                    when="AFTER",
                ),
            ),
        ),
    ]
