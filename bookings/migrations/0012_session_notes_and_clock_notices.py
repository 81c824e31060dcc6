import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0011_session_room_checked"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ClockNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changes_at", models.DateTimeField()),
                ("told_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "notice of a change of clocks",
                "verbose_name_plural": "notices of changes of clocks",
                "constraints": [models.UniqueConstraint(fields=("user", "changes_at"), name="clock_notice_told_once")],
            },
        ),
        migrations.CreateModel(
            name="SessionNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("text", models.TextField(blank=True, max_length=4000)),
                ("at", models.DateTimeField()),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="bookings.booking"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "session note",
                "verbose_name_plural": "session notes",
                "constraints": [
                    models.UniqueConstraint(fields=("booking", "version"), name="session_note_version_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="session_note_version_from_one"
                    ),
                    models.CheckConstraint(
                        condition=django.db.models.lookups.LessThanOrEqual(
                            django.db.models.functions.text.Length("text"), 4000
                        ),
                        name="session_note_not_too_long",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sessionnote",
            trigger=pgtrigger.compiler.Trigger(
                name="session_note_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="ceae22add74bb01c1ae7559b45e0e926c01885ee",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_session_note_append_only_ec7e7",
                    table="bookings_sessionnote",
                    when="BEFORE",
                ),
            ),
        ),
    ]
