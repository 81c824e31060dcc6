import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("verification", "Verification document"),
                            ("booking", "Session file"),
                            ("message", "Message attachment"),
                            ("photo", "Profile photo"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("issued", "Waiting for the file"),
                            ("checking", "Checking"),
                            ("ready", "Ready"),
                            ("refused", "Refused"),
                            ("purged", "Deleted"),
                        ],
                        default="issued",
                        max_length=8,
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("content_type", models.CharField(max_length=32)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("quarantine_key", models.CharField(max_length=255)),
                ("private_key", models.CharField(blank=True, max_length=255)),
                (
                    "refusal",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("empty", "This file is empty. Choose another."),
                            ("too_big", "This file is too big. The limit is 10 MB."),
                            ("wrong_type", "What is in this file is not what its name says. Send a PDF, JPEG or PNG."),
                            (
                                "unreadable",
                                "This file is damaged and can't be opened. Save it again, or take a new photo.",
                            ),
                            (
                                "encrypted",
                                "This file is protected with a password. Save it without one and send it again.",
                            ),
                            ("active", "This PDF holds scripts or other files. Print it to a new PDF and send that."),
                            ("too_detailed", "This image has too many pixels. Make it smaller and send it again."),
                            ("too_long", "This document has too many pages. Send the pages that matter."),
                            ("infected", "This file did not pass the safety check. Choose another."),
                        ],
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                ("purged_at", models.DateTimeField(blank=True, null=True)),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uploads", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "upload",
                "verbose_name_plural": "uploads",
            },
        ),
        migrations.CreateModel(
            name="UploadGroupObjectPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="uploads.upload")),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="UploadPage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("private_key", models.CharField(max_length=255, unique=True)),
                ("content_type", models.CharField(max_length=32)),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pages", to="uploads.upload"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UploadUserObjectPermission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="uploads.upload")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["status", "created_at"], name="upload_by_status"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["owner", "purpose"], name="upload_by_owner"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("purpose", "photo")), fields=["sha256"], name="upload_photo_by_hash"
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("cleared_at", None)), fields=["expires_at"], name="upload_uncleared"
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["issued", "checking", "ready", "refused", "purged"])),
                name="upload_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["verification", "booking", "message", "photo"])),
                name="upload_purpose_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "ready"), _negated=True),
                    models.Q(
                        models.Q(("sha256", ""), _negated=True),
                        models.Q(("private_key", ""), _negated=True),
                        ("checked_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="upload_ready_was_checked",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "refused"), models.Q(("refusal", ""), _negated=True)),
                    models.Q(("status", "refused"), _negated=True),
                    _connector="OR",
                ),
                name="upload_refusal_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.UniqueConstraint(fields=("quarantine_key",), name="upload_quarantine_key_unique"),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.UniqueConstraint(
                condition=models.Q(("private_key", ""), _negated=True),
                fields=("private_key",),
                name="upload_private_key_unique",
            ),
        ),
        migrations.AlterUniqueTogether(
            name="uploadgroupobjectpermission",
            unique_together={("group", "permission", "content_object")},
        ),
        migrations.AddConstraint(
            model_name="uploadpage",
            constraint=models.UniqueConstraint(fields=("upload", "number"), name="upload_page_number_unique"),
        ),
        migrations.AlterUniqueTogether(
            name="uploaduserobjectpermission",
            unique_together={("user", "permission", "content_object")},
        ),
    ]
