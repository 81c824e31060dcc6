import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("mentors", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # The exclusion constraints compare a UUID and a range in one index.
        BtreeGistExtension(),
        migrations.CreateModel(
            name="Booking",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("held", "Held"),
                            ("confirmed", "Confirmed"),
                            ("ended", "Ended"),
                            ("completed", "Completed"),
                            ("expired", "Expired"),
                            ("abandoned", "Let go"),
                            ("cancelled", "Cancelled"),
                            ("problem", "Problem reported"),
                            ("no_show_student", "Student absent"),
                            ("no_show_mentor", "Mentor absent"),
                            ("no_show_both", "Both absent"),
                            ("refunded", "Refunded"),
                        ],
                        default="held",
                        max_length=16,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("blocked_until", models.DateTimeField()),
                ("minutes", models.PositiveSmallIntegerField()),
                ("price_minor", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("fee_bps", models.PositiveIntegerField()),
                ("break_minutes", models.PositiveSmallIntegerField(default=0)),
                (
                    "policy",
                    models.CharField(
                        choices=[("flexible", "Flexible"), ("standard", "Standard"), ("strict", "Strict")], max_length=8
                    ),
                ),
                ("note", models.TextField(blank=True, max_length=2000)),
                ("hold_expires_at", models.DateTimeField()),
                ("hold_place", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("extended_at", models.DateTimeField(blank=True, null=True)),
                ("bank_step_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "cancelled_by",
                    models.CharField(
                        blank=True,
                        choices=[("student", "Student"), ("mentor", "Mentor"), ("admin", "Admin")],
                        max_length=7,
                    ),
                ),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="bookings", to="mentors.mentor"
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bookings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "booking",
                "verbose_name_plural": "bookings",
            },
        ),
        migrations.CreateModel(
            name="BookingEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=32)),
                ("at", models.DateTimeField()),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="bookings.booking"
                    ),
                ),
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
            ],
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rating", models.PositiveSmallIntegerField()),
                ("text", models.TextField(blank=True, max_length=2000)),
                ("created_at", models.DateTimeField()),
                (
                    "booking",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="review", to="bookings.booking"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(fields=["student", "starts_at"], name="booking_by_student"),
        ),
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(fields=["mentor", "starts_at"], name="booking_by_mentor"),
        ),
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(
                condition=models.Q(("status", "held")), fields=["hold_expires_at"], name="booking_holds_by_expiry"
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ("held", "confirmed"))),
                fields=("mentor", "starts_at"),
                name="booking_mentor_start_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("status__in", ("held", "confirmed"))),
                expressions=[
                    ("mentor", "="),
                    (
                        models.Func(
                            models.F("starts_at"),
                            models.F("blocked_until"),
                            django.contrib.postgres.fields.ranges.RangeBoundary(),
                            function="TSTZRANGE",
                            output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="booking_mentor_no_overlap",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("status__in", ("held", "confirmed"))),
                expressions=[
                    ("student", "="),
                    (
                        models.Func(
                            models.F("starts_at"),
                            models.F("ends_at"),
                            django.contrib.postgres.fields.ranges.RangeBoundary(),
                            function="TSTZRANGE",
                            output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                        ),
                        "&&",
                    ),
                ],
                name="booking_student_no_overlap",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "held")), fields=("student", "mentor"), name="booking_one_hold_per_mentor"
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "held")),
                fields=("student", "hold_place"),
                name="booking_three_holds_per_student",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "held"), _negated=True),
                    models.Q(("hold_place__gte", 1), ("hold_place__isnull", False), ("hold_place__lte", 3)),
                    _connector="OR",
                ),
                name="booking_hold_has_a_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("student", models.F("mentor")), _negated=True), name="booking_not_with_oneself"
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__in", [15, 45, 90])), name="booking_minutes_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "ends_at",
                        django.db.models.expressions.CombinedExpression(
                            models.F("starts_at"),
                            "+",
                            models.Func(
                                models.F("minutes"),
                                function="make_interval",
                                output_field=models.DurationField(),
                                template="%(function)s(mins => %(expressions)s)",
                            ),
                        ),
                    )
                ),
                name="booking_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("blocked_until__gte", models.F("ends_at"))), name="booking_break_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_minor__gt", 0)), name="booking_price_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("fee_bps__lte", 10000)), name="booking_fee_in_bounds"
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "held",
                            "confirmed",
                            "ended",
                            "completed",
                            "expired",
                            "abandoned",
                            "cancelled",
                            "problem",
                            "no_show_student",
                            "no_show_mentor",
                            "no_show_both",
                            "refunded",
                        ],
                    )
                ),
                name="booking_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["held", "expired", "abandoned"]), ("confirmed_at__isnull", False), _connector="OR"
                ),
                name="booking_confirmed_before_the_rest",
            ),
        ),
        migrations.AddIndex(
            model_name="bookingevent",
            index=models.Index(fields=["booking", "at"], name="booking_event_by_booking"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bookingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="booking_event_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="327d7c42700db472f2189915da5062efe7af6b12",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_booking_event_append_only_6bd3d",
                    table="bookings_bookingevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("rating__gte", 1), ("rating__lte", 5)), name="review_rating_in_bounds"
            ),
        ),
    ]
