import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("uploads", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Subject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("symbol", models.CharField(blank=True, max_length=2)),
            ],
            options={
                "verbose_name": "subject",
                "verbose_name_plural": "subjects",
            },
        ),
        migrations.CreateModel(
            name="Mentor",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="mentor",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("handle", models.SlugField(max_length=40, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "In review"),
                            ("changes_requested", "Changes needed"),
                            ("approved", "Approved"),
                            ("rejected", "Refused"),
                            ("suspended", "Suspended"),
                        ],
                        default="draft",
                        max_length=20,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                ("hidden_until", models.DateTimeField(blank=True, null=True)),
                ("headline", models.CharField(blank=True, max_length=90)),
                ("bio", models.TextField(blank=True, max_length=2000)),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=3), blank=True, default=list
                    ),
                ),
                (
                    "levels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[("school", "School"), ("university", "University"), ("career", "Career change")],
                            max_length=10,
                        ),
                        blank=True,
                        default=list,
                    ),
                ),
                ("hourly_rate_minor", models.PositiveIntegerField(blank=True, null=True)),
                ("time_zone", models.CharField(blank=True, max_length=64)),
                (
                    "notice_hours",
                    models.PositiveSmallIntegerField(
                        default=4,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(72),
                        ],
                    ),
                ),
                ("break_minutes", models.PositiveSmallIntegerField(default=0)),
                (
                    "horizon_days",
                    models.PositiveSmallIntegerField(
                        default=60,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(80),
                        ],
                    ),
                ),
                (
                    "day_cap",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "policy",
                    models.CharField(
                        choices=[("flexible", "Flexible"), ("standard", "Standard"), ("strict", "Strict")],
                        default="standard",
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("submitted_at", models.DateTimeField(blank=True, null=True)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("rating_sum", models.PositiveIntegerField(default=0)),
                ("review_count", models.PositiveIntegerField(default=0)),
                ("session_count", models.PositiveIntegerField(default=0)),
                ("next_start_at", models.DateTimeField(blank=True, null=True)),
                (
                    "photo",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="uploads.upload",
                    ),
                ),
            ],
            options={
                "verbose_name": "mentor",
                "verbose_name_plural": "mentors",
            },
        ),
        migrations.CreateModel(
            name="Package",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minutes", models.PositiveSmallIntegerField()),
                ("price_minor", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="packages", to="mentors.mentor"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MentorSubject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("verified_until", models.DateField(blank=True, null=True)),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="mentor_subjects", to="mentors.mentor"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mentor_subjects",
                        to="mentors.subject",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="mentor",
            name="subjects",
            field=models.ManyToManyField(related_name="mentors", through="mentors.MentorSubject", to="mentors.subject"),
        ),
        migrations.CreateModel(
            name="VerificationDocument",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("government_id", "Government ID"), ("certificate", "Certificate")], max_length=13
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("sending", "Being sent"),
                            ("waiting", "Waiting"),
                            ("approved", "Accepted"),
                            ("refused", "Changes needed"),
                            ("withdrawn", "Removed"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unreadable", "Unreadable or cut off"),
                            ("expired", "Expired"),
                            ("name_mismatch", "The name differs"),
                            ("wrong_type", "Another document than asked for"),
                            ("suspected_edit", "Looks edited"),
                            ("other", "Something else"),
                        ],
                        max_length=14,
                    ),
                ),
                ("note", models.TextField(blank=True, max_length=1000)),
                ("expires_on", models.DateField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("taken_until", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="mentors.mentor"
                    ),
                ),
                (
                    "subject",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mentors.subject",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "verbose_name": "verification document",
                "verbose_name_plural": "verification documents",
            },
        ),
        migrations.CreateModel(
            name="BusyTime",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("source", models.CharField(blank=True, max_length=40)),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="busy_times", to="mentors.mentor"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["mentor", "starts_at"], name="busy_time_by_mentor")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="busy_time_has_a_length"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AvailabilityRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weekday", models.PositiveSmallIntegerField()),
                ("start", models.TimeField()),
                ("end", models.TimeField()),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="availability_rules",
                        to="mentors.mentor",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("weekday__lte", 6)), name="availability_rule_weekday"),
                    models.UniqueConstraint(fields=("mentor", "weekday", "start"), name="availability_rule_unique"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AvailabilityException",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("add", "Extra hours"), ("remove", "Time off"), ("replace", "Other hours")],
                        max_length=7,
                    ),
                ),
                ("yearly", models.BooleanField(default=False)),
                ("windows", models.JSONField(blank=True, default=list)),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="availability_exceptions",
                        to="mentors.mentor",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("mentor", "date", "kind"), name="availability_exception_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["add", "remove", "replace"])),
                        name="availability_exception_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MentorEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=32)),
                ("at", models.DateTimeField()),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "by",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="mentors.mentor"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["mentor", "at"], name="mentor_event_by_mentor")],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="mentorevent",
            trigger=pgtrigger.compiler.Trigger(
                name="mentor_event_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="0277c35be04c8af7da90695660b257514a6268f5",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_mentor_event_append_only_84cd1",
                    table="mentors_mentorevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.UniqueConstraint(fields=("mentor", "minutes"), name="package_unique"),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__in", [15, 45, 90])), name="package_minutes_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="package",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_minor__isnull", True), ("price_minor__gt", 0), _connector="OR"),
                name="package_price_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="mentorsubject",
            constraint=models.UniqueConstraint(fields=("mentor", "subject"), name="mentor_subject_unique"),
        ),
        migrations.AddIndex(
            model_name="mentor",
            index=models.Index(
                condition=models.Q(("hidden_until", None), ("paused_at", None), ("status", "approved")),
                fields=["next_start_at", "user"],
                name="mentor_listed_by_next_start",
            ),
        ),
        migrations.AddIndex(
            model_name="mentor",
            index=models.Index(fields=["status", "submitted_at"], name="mentor_by_status"),
        ),
        migrations.AddIndex(
            model_name="mentor",
            index=django.contrib.postgres.indexes.GinIndex(fields=["languages"], name="mentor_languages"),
        ),
        migrations.AddIndex(
            model_name="mentor",
            index=django.contrib.postgres.indexes.GinIndex(fields=["levels"], name="mentor_levels"),
        ),
        migrations.AddConstraint(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["draft", "submitted", "changes_requested", "approved", "rejected", "suspended"])
                ),
                name="mentor_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("hourly_rate_minor__isnull", True),
                    models.Q(("hourly_rate_minor__gte", 1200), ("hourly_rate_minor__lte", 100000)),
                    _connector="OR",
                ),
                name="mentor_rate_in_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["draft", "changes_requested"]),
                    models.Q(
                        ("hourly_rate_minor__isnull", False),
                        models.Q(("headline", ""), _negated=True),
                        models.Q(("bio", ""), _negated=True),
                        models.Q(("time_zone", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="mentor_complete_once_submitted",
            ),
        ),
        migrations.AddConstraint(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(("break_minutes__in", [0, 5, 10, 15, 30])), name="mentor_break_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(("notice_hours__gte", 1), ("notice_hours__lte", 72)), name="mentor_notice_in_bounds"
            ),
        ),
        migrations.AddConstraint(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(("horizon_days__gte", 1), ("horizon_days__lte", 80)), name="mentor_horizon_in_bounds"
            ),
        ),
        migrations.AddConstraint(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(("day_cap__isnull", True), ("day_cap__gte", 1), _connector="OR"),
                name="mentor_day_cap_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(("policy__in", ["flexible", "standard", "strict"])), name="mentor_policy_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(("handle__regex", "^[a-z0-9-]{3,40}$")), name="mentor_handle_shape"
            ),
        ),
        migrations.AddIndex(
            model_name="verificationdocument",
            index=models.Index(fields=["status", "sent_at"], name="document_by_status"),
        ),
        migrations.AddConstraint(
            model_name="verificationdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["government_id", "certificate"])), name="document_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="verificationdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["sending", "waiting", "approved", "refused", "withdrawn"])),
                name="document_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="verificationdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "government_id"), ("subject__isnull", True)),
                    models.Q(("kind", "certificate"), ("subject__isnull", False)),
                    _connector="OR",
                ),
                name="document_certificates_name_a_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="verificationdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["sending", "waiting", "withdrawn"]),
                    models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                    _connector="OR",
                ),
                name="document_decision_has_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="verificationdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "refused"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="document_refusal_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="verificationdocument",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("mentor")), _negated=True),
                    _connector="OR",
                ),
                name="document_not_decided_by_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="verificationdocument",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "waiting")),
                fields=("mentor", "kind", "subject"),
                name="document_one_waiting",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="availabilityexception",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "remove"), models.Q(("windows", []), _negated=True), _connector="OR"),
                name="availability_exception_opens_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="availabilityrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("end__minute__in", (0, 15, 30, 45)),
                    ("end__second", 0),
                    ("start__minute__in", (0, 15, 30, 45)),
                    ("start__second", 0),
                ),
                name="availability_rule_quarters",
            ),
        ),
        migrations.AddConstraint(
            model_name="mentor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "handle__in",
                        (
                            "admin",
                            "api",
                            "approve",
                            "availability",
                            "documents",
                            "earnings",
                            "me",
                            "mentor",
                            "mentors",
                            "new",
                            "onboarding",
                            "profile",
                            "reject",
                            "request-changes",
                            "review",
                            "search",
                            "sessions",
                            "slots",
                            "start",
                            "submit",
                        ),
                    ),
                    _negated=True,
                ),
                name="mentor_handle_not_reserved",
            ),
        ),
    ]
