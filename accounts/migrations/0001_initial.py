import uuid

import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail address")),
                ("name", models.CharField(blank=True, max_length=80, verbose_name="name")),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not chosen yet"),
                            ("student", "Student"),
                            ("mentor", "Mentor"),
                            ("admin", "Admin"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="role",
                    ),
                ),
                ("time_zone", models.CharField(blank=True, max_length=64, verbose_name="time zone")),
                ("language", models.CharField(blank=True, max_length=12, verbose_name="language")),
                (
                    "theme",
                    models.CharField(
                        blank=True,
                        choices=[("", "As the device"), ("light", "Light"), ("dark", "Dark")],
                        default="",
                        max_length=5,
                        verbose_name="theme",
                    ),
                ),
                ("is_staff", models.BooleanField(default=False, verbose_name="staff")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("suspended_at", models.DateTimeField(blank=True, null=True, verbose_name="suspended")),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="joined")),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                        name="user_email_lower",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["", "student", "mentor", "admin"])), name="user_role_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_staff", True), ("role", "admin")),
                            models.Q(("is_staff", False), models.Q(("role", "admin"), _negated=True)),
                            _connector="OR",
                        ),
                        name="user_staff_are_admins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_superuser", False), ("is_staff", True), _connector="OR"),
                        name="user_superusers_are_staff",
                    ),
                ],
            },
        ),
    ]
