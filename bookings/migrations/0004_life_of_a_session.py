import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0003_session_file"),
        ("mentors", "0002_subjects"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Attendance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "attendance",
                "verbose_name_plural": "attendance",
            },
        ),
        migrations.CreateModel(
            name="MoveProposal",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Waiting for the student"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("lapsed", "Lapsed"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("old_starts_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField()),
                ("lapses_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "move proposal",
                "verbose_name_plural": "move proposals",
            },
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "side",
                    models.CharField(
                        choices=[("student", "Student"), ("mentor", "Mentor"), ("admin", "Admin")], max_length=7
                    ),
                ),
                (
                    "word",
                    models.CharField(
                        choices=[
                            ("fine", "All went well"),
                            ("problem", "Something was wrong"),
                            ("taught", "It took place"),
                            ("student_absent", "The student did not come"),
                        ],
                        max_length=14,
                    ),
                ),
                ("note", models.TextField(blank=True, max_length=2000)),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "outcome",
                "verbose_name_plural": "outcomes",
            },
        ),
        migrations.CreateModel(
            name="ProblemReport",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "side",
                    models.CharField(
                        choices=[("student", "Student"), ("mentor", "Mentor"), ("admin", "Admin")], max_length=7
                    ),
                ),
                ("note", models.TextField(blank=True, max_length=2000)),
                (
                    "found",
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
                        max_length=16,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("answer_due_at", models.DateTimeField()),
                ("answer", models.TextField(blank=True, max_length=2000)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("percent", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("decision", models.TextField(blank=True, max_length=2000)),
            ],
            options={
                "verbose_name": "problem report",
                "verbose_name_plural": "problem reports",
            },
        ),
        migrations.CreateModel(
            name="Strike",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("late_cancellation", "Cancelled late"), ("absence", "Absent")], max_length=17
                    ),
                ),
                ("points", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("hides_days", models.PositiveSmallIntegerField(default=0)),
                ("takes_effect_at", models.DateTimeField(blank=True, null=True)),
                ("applied_at", models.DateTimeField(blank=True, null=True)),
                ("appeal", models.TextField(blank=True, max_length=2000)),
                ("appealed_at", models.DateTimeField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decision", models.TextField(blank=True, max_length=2000)),
                ("waived_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "strike",
                "verbose_name_plural": "strikes",
            },
        ),
        migrations.AlterModelOptions(
            name="review",
            options={"verbose_name": "review", "verbose_name_plural": "reviews"},
        ),
        migrations.AddField(
            model_name="booking",
            name="asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="booking",
            name="cancel_reason",
            field=models.TextField(blank=True, db_default="", max_length=500),
        ),
        migrations.AddField(
            model_name="booking",
            name="moves_by_student",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="booking",
            name="refund_percent",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="booking",
            name="sequence",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="review",
            name="answer",
            field=models.TextField(blank=True, db_default="", max_length=2000),
        ),
        migrations.AddField(
            model_name="review",
            name="answered_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="edited_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("refund_percent", None), ("refund_percent__lte", 100), _connector="OR"),
                name="booking_refund_percent_in_bounds",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("refund_percent", None),
                    models.Q(("status__in", ["held", "confirmed", "ended", "problem"]), _negated=True),
                    _connector="OR",
                ),
                name="booking_refund_only_when_decided",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("moves_by_student__lte", 2)), name="booking_moved_twice_at_most"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at", None)),
                    models.Q(("answered_at__isnull", False), models.Q(("answer", ""), _negated=True)),
                    _connector="OR",
                ),
                name="review_answered_with_words",
            ),
        ),
        migrations.AddField(
            model_name="attendance",
            name="booking",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="attendance", to="bookings.booking"
            ),
        ),
        migrations.AddField(
            model_name="attendance",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="moveproposal",
            name="booking",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="proposals", to="bookings.booking"
            ),
        ),
        migrations.AddField(
            model_name="moveproposal",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="outcome",
            name="booking",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="outcomes", to="bookings.booking"
            ),
        ),
        migrations.AddField(
            model_name="outcome",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="problemreport",
            name="booking",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="problem_reports", to="bookings.booking"
            ),
        ),
        migrations.AddField(
            model_name="problemreport",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="problemreport",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="strike",
            name="booking",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="strike", to="bookings.booking"
            ),
        ),
        migrations.AddField(
            model_name="strike",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="strike",
            name="mentor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="strikes", to="mentors.mentor"
            ),
        ),
        migrations.AddIndex(
            model_name="attendance",
            index=models.Index(fields=["booking", "user", "until_at"], name="attendance_by_booking"),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.CheckConstraint(
                condition=models.Q(("until_at__gte", models.F("from_at"))), name="attendance_ends_after_its_start"
            ),
        ),
        migrations.AddConstraint(
            model_name="moveproposal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "open")), fields=("booking",), name="move_proposal_one_open_per_booking"
            ),
        ),
        migrations.AddConstraint(
            model_name="moveproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("starts_at", models.F("old_starts_at")), _negated=True), name="move_proposal_moves"
            ),
        ),
        migrations.AddConstraint(
            model_name="moveproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at", None), ("status", "open")),
                    models.Q(models.Q(("status", "open"), _negated=True), ("closed_at__isnull", False)),
                    _connector="OR",
                ),
                name="move_proposal_closed_at_its_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(fields=("booking", "side"), name="outcome_one_per_side"),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("side", "student"), ("word__in", ["fine", "problem"])),
                    models.Q(("side", "mentor"), ("word__in", ["taught", "student_absent"])),
                    _connector="OR",
                ),
                name="outcome_word_of_its_side",
            ),
        ),
        migrations.AddIndex(
            model_name="problemreport",
            index=models.Index(
                condition=models.Q(("decided_at", None)), fields=["opened_at"], name="problem_report_open_by_age"
            ),
        ),
        migrations.AddConstraint(
            model_name="problemreport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decided_at", None)),
                fields=("booking",),
                name="problem_report_one_open_per_booking",
            ),
        ),
        migrations.AddConstraint(
            model_name="problemreport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("percent", None)),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("percent__lte", 100),
                        models.Q(("decision", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="problem_report_decided_by_somebody_for_a_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="strike",
            index=models.Index(fields=["mentor", "expires_at"], name="strike_by_mentor"),
        ),
        migrations.AddConstraint(
            model_name="strike",
            constraint=models.CheckConstraint(condition=models.Q(("points__gte", 1)), name="strike_points_positive"),
        ),
        migrations.AddConstraint(
            model_name="strike",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("hides_days", 0), ("takes_effect_at", None)),
                    models.Q(("hides_days__gt", 0), ("takes_effect_at__isnull", False)),
                    _connector="OR",
                ),
                name="strike_effect_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="strike",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("waived_at", None),
                    models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                    _connector="OR",
                ),
                name="strike_waived_by_somebody",
            ),
        ),
    ]
