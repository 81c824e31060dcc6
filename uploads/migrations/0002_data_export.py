import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("uploads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DataExport",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("queued", "Being made"), ("ready", "Ready"), ("expired", "Deleted")],
                        default="queued",
                        max_length=7,
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("private_key", models.CharField(blank=True, max_length=255)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("ready_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="data_exports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "data export",
                "verbose_name_plural": "data exports",
                "indexes": [
                    models.Index(fields=["user", "-requested_at"], name="export_by_user"),
                    models.Index(
                        condition=models.Q(("private_key", ""), _negated=True),
                        fields=["expires_at"],
                        name="export_stored",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["queued", "ready", "expired"])), name="export_status_known"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["queued", "ready"])),
                        fields=("user",),
                        name="export_one_live_per_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "ready"), _negated=True),
                            models.Q(
                                models.Q(("private_key", ""), _negated=True),
                                ("expires_at__gt", models.F("ready_at")),
                                ("expires_at__isnull", False),
                                ("ready_at__isnull", False),
                                ("size__gt", 0),
                            ),
                            _connector="OR",
                        ),
                        name="export_ready_has_a_file_and_an_end",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("private_key", ""), _negated=True),
                        fields=("private_key",),
                        name="export_private_key_unique",
                    ),
                ],
            },
        ),
    ]
