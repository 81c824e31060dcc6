import uuid

import django.db.models.deletion
import django.db.models.expressions
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0005_booking_by_end"),
        ("mentors", "0002_subjects"),
        ("payments", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReceiptCounter",
            fields=[
                ("year", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="refund",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="refund",
            name="reason",
            field=models.CharField(
                choices=[
                    ("amount_mismatch", "The amount was another"),
                    ("second_payment", "Paid twice"),
                    ("time_gone", "The time was taken"),
                    ("hold_let_go", "The hold was let go"),
                    ("cancelled", "The session was cancelled"),
                    ("absence", "Somebody did not come"),
                    ("problem", "Support decided about a problem"),
                    ("finance", "Decided by finance"),
                    ("provider", "Made at the payment provider"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="BalanceDifference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider_id", models.CharField(max_length=64, unique=True)),
                ("kind", models.CharField(max_length=32)),
                ("provider_minor", models.BigIntegerField()),
                ("ledger_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("happened_at", models.DateTimeField()),
                ("found_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "balance difference",
                "verbose_name_plural": "balance differences",
                "indexes": [
                    models.Index(
                        condition=models.Q(("resolved_at", None)), fields=["found_at"], name="balance_difference_open"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Earning",
            fields=[
                (
                    "booking",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="earning",
                        serialize=False,
                        to="bookings.booking",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Earned"),
                            ("releasable", "Cleared"),
                            ("transferring", "On its way to your account"),
                            ("transferred", "In your account"),
                            ("void", "Nothing due"),
                            ("frozen", "Waiting for a decision"),
                            ("blocked", "Waiting for your payout details"),
                            ("reversed", "Taken back"),
                        ],
                        default="pending",
                        max_length=12,
                    ),
                ),
                (
                    "found",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("pending", "Earned"),
                            ("releasable", "Cleared"),
                            ("transferring", "On its way to your account"),
                            ("transferred", "In your account"),
                            ("void", "Nothing due"),
                            ("frozen", "Waiting for a decision"),
                            ("blocked", "Waiting for your payout details"),
                            ("reversed", "Taken back"),
                        ],
                        max_length=12,
                    ),
                ),
                ("gross_minor", models.PositiveIntegerField()),
                ("refund_minor", models.PositiveIntegerField(default=0)),
                ("fee_minor", models.PositiveIntegerField()),
                ("amount_minor", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("clears_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="earnings", to="mentors.mentor"
                    ),
                ),
                (
                    "payment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="earning", to="payments.payment"
                    ),
                ),
            ],
            options={
                "verbose_name": "earning",
                "verbose_name_plural": "earnings",
            },
        ),
        migrations.CreateModel(
            name="LedgerTransaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(max_length=120, unique=True)),
                ("at", models.DateTimeField()),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger",
                        to="bookings.booking",
                    ),
                ),
            ],
            options={
                "verbose_name": "ledger transaction",
                "verbose_name_plural": "ledger transactions",
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.CharField(
                        choices=[
                            ("provider_balance", "Provider's balance"),
                            ("student_funds", "Students' money"),
                            ("mentor_payable", "Owed to mentors"),
                            ("platform_revenue", "Platform fees"),
                            ("provider_fees", "Provider's fees"),
                            ("refunds", "Refunds on their way"),
                            ("dispute_loss", "Lost to disputes"),
                        ],
                        max_length=16,
                    ),
                ),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "mentor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mentors.mentor",
                    ),
                ),
                (
                    "transaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="payments.ledgertransaction",
                    ),
                ),
            ],
            options={
                "verbose_name": "ledger entry",
                "verbose_name_plural": "ledger entries",
            },
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                ("provider_id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "On its way"),
                            ("paid", "In your bank"),
                            ("failed", "Did not go through"),
                            ("canceled", "Called back"),
                        ],
                        max_length=8,
                    ),
                ),
                ("amount_minor", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("arrives_on", models.DateField(blank=True, null=True)),
                ("failure", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payouts", to="mentors.mentor"
                    ),
                ),
            ],
            options={
                "verbose_name": "payout",
                "verbose_name_plural": "payouts",
            },
        ),
        migrations.CreateModel(
            name="PayoutAccount",
            fields=[
                (
                    "mentor",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="payout_account",
                        serialize=False,
                        to="mentors.mentor",
                    ),
                ),
                ("provider_id", models.CharField(blank=True, max_length=64)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("details_submitted", models.BooleanField(default=False)),
                ("may_receive", models.BooleanField(default=False)),
                ("may_pay_out", models.BooleanField(default=False)),
                ("missing", models.JSONField(blank=True, default=list)),
                ("disabled_reason", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "payout account",
                "verbose_name_plural": "payout accounts",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("provider_id", ""), _negated=True),
                        fields=("provider_id",),
                        name="payout_account_provider_id_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("may_pay_out", False), ("may_receive", False)),
                            models.Q(("provider_id", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="payout_account_receives_with_an_id",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("number", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("amount_minor", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("seller", models.JSONField()),
                ("issued_at", models.DateTimeField()),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="receipts", to="payments.payment"
                    ),
                ),
                (
                    "refund",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipt",
                        to="payments.refund",
                    ),
                ),
            ],
            options={
                "verbose_name": "receipt",
                "verbose_name_plural": "receipts",
            },
        ),
        migrations.CreateModel(
            name="RefundRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for a second person"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("amount_minor", models.PositiveIntegerField()),
                ("reason", models.TextField(max_length=500)),
                ("created_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
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
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refund_requests",
                        to="payments.payment",
                    ),
                ),
                (
                    "refund",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="request",
                        to="payments.refund",
                    ),
                ),
            ],
            options={
                "verbose_name": "refund request",
                "verbose_name_plural": "refund requests",
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                        ],
                        default="requested",
                        max_length=9,
                    ),
                ),
                ("amount_minor", models.PositiveIntegerField()),
                ("set_off_minor", models.PositiveIntegerField(default=0)),
                ("reversed_minor", models.PositiveIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
                ("provider_id", models.CharField(blank=True, max_length=64)),
                ("provider_payment_id", models.CharField(blank=True, max_length=64)),
                ("failure", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "earning",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="transfer", to="payments.earning"
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="payments.payout",
                    ),
                ),
            ],
            options={
                "verbose_name": "transfer",
                "verbose_name_plural": "transfers",
            },
        ),
        migrations.CreateModel(
            name="Reversal",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Could not be pulled back"),
                        ],
                        default="requested",
                        max_length=9,
                    ),
                ),
                ("amount_minor", models.PositiveIntegerField()),
                ("provider_id", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "refund",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversal",
                        to="payments.refund",
                    ),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reversals", to="payments.transfer"
                    ),
                ),
            ],
            options={
                "verbose_name": "reversal",
                "verbose_name_plural": "reversals",
            },
        ),
        migrations.CreateModel(
            name="Debt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount_minor", models.PositiveIntegerField()),
                ("left_minor", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("created_at", models.DateTimeField()),
                (
                    "booking",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="debt", to="bookings.booking"
                    ),
                ),
                (
                    "mentor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="debts", to="mentors.mentor"
                    ),
                ),
            ],
            options={
                "verbose_name": "debt",
                "verbose_name_plural": "debts",
                "indexes": [
                    models.Index(
                        condition=models.Q(("left_minor__gt", 0)), fields=["mentor", "created_at"], name="debt_open"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("left_minor__lte", models.F("amount_minor"))), name="debt_left_in_bounds"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("provider_id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("inquiry", "The bank asks"), ("open", "Open"), ("won", "Won"), ("lost", "Lost")],
                        max_length=7,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=64)),
                ("amount_minor", models.PositiveIntegerField()),
                ("fee_minor", models.PositiveIntegerField(default=0)),
                ("is_withdrawn", models.BooleanField(default=False)),
                ("evidence_due_at", models.DateTimeField(blank=True, null=True)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="disputes", to="payments.payment"
                    ),
                ),
            ],
            options={
                "verbose_name": "dispute",
                "verbose_name_plural": "disputes",
                "indexes": [models.Index(fields=["status", "opened_at"], name="dispute_by_status")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["inquiry", "open", "won", "lost"])),
                        name="dispute_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("status__in", ["inquiry", "open"])),
                            models.Q(("closed_at__isnull", False), ("status__in", ["won", "lost"])),
                            _connector="OR",
                        ),
                        name="dispute_closed_at_its_end",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="earning",
            index=models.Index(fields=["status", "clears_at"], name="earning_by_status"),
        ),
        migrations.AddIndex(
            model_name="earning",
            index=models.Index(fields=["mentor", "-created_at", "booking"], name="earning_by_mentor"),
        ),
        migrations.AddConstraint(
            model_name="earning",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "gross_minor",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("refund_minor"), "+", models.F("fee_minor")
                            ),
                            "+",
                            models.F("amount_minor"),
                        ),
                    )
                ),
                name="earning_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="earning",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "pending",
                            "releasable",
                            "transferring",
                            "transferred",
                            "void",
                            "frozen",
                            "blocked",
                            "reversed",
                        ],
                    )
                ),
                name="earning_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="earning",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["frozen", "blocked"]), models.Q(("found", ""), _negated=True)),
                    models.Q(models.Q(("status__in", ["frozen", "blocked"]), _negated=True), ("found", "")),
                    _connector="OR",
                ),
                name="earning_returns_to_where_it_was",
            ),
        ),
        migrations.AddConstraint(
            model_name="earning",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("status", "void"), _negated=True), ("amount_minor", 0), _connector="OR"),
                name="earning_void_is_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="earning",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["releasable", "transferring", "transferred"]), _negated=True),
                    ("released_at__isnull", False),
                    _connector="OR",
                ),
                name="earning_released_before_it_moves",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgertransaction",
            index=models.Index(fields=["at"], name="ledger_transaction_by_time"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgertransaction",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_transaction_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f6909ea715d9953df08b40166788884da5cfbc61",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_ledger_transaction_append_only_e04ae",
                    table="payments_ledgertransaction",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["account", "currency"], name="ledger_entry_by_account"),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor", 0), _negated=True), name="ledger_entry_moves_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "account__in",
                        [
                            "provider_balance",
                            "student_funds",
                            "mentor_payable",
                            "platform_revenue",
                            "provider_fees",
                            "refunds",
                            "dispute_loss",
                        ],
                    )
                ),
                name="ledger_account_known",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_entry_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="eb0381536318e0cb7cee4e82ec5fce26daf5a1cf",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_ledger_entry_append_only_1237e",
                    table="payments_ledgerentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerentry",
            trigger=pgtrigger.compiler.Trigger(
                name="ledger_transaction_sums_to_zero",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\n                    IF EXISTS (\n                        SELECT FROM payments_ledgerentry WHERE transaction_id = NEW.transaction_id\n                        GROUP BY currency HAVING sum(amount_minor) <> 0\n                    ) THEN\n                        RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_transaction_sums_to_zero';\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="0d94cc8d5ae6ff51710c54348c839cce8e173e90",
                    operation="INSERT",
                    pgid="pgtrigger_ledger_transaction_sums_to_zero_67c1f",
                    table="payments_ledgerentry",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(fields=["mentor", "-created_at"], name="payout_by_mentor"),
        ),
        migrations.AddConstraint(
            model_name="receipt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("refund", None)), fields=("payment",), name="receipt_one_per_payment"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="receipt",
            trigger=pgtrigger.compiler.Trigger(
                name="receipt_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="cc4fb7706c9cc826bba7eb347a58bddd53769e47",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_receipt_append_only_b6caa",
                    table="payments_receipt",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="refund_request_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("decided_by", models.F("by")), _negated=True),
                name="refund_request_decided_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("refund", None), ("status", "waiting")),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("refund__isnull", False),
                        ("status", "approved"),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("refund", None),
                        ("status", "declined"),
                    ),
                    _connector="OR",
                ),
                name="refund_request_decided_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["status", "created_at"], name="transfer_by_status"),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("provider_id", ""), _negated=True),
                fields=("provider_id",),
                name="transfer_provider_id_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "sent"), _negated=True),
                    models.Q(("provider_id", ""), _negated=True),
                    ("amount_minor", 0),
                    _connector="OR",
                ),
                name="transfer_sent_has_an_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(("reversed_minor__lte", models.F("amount_minor"))),
                name="transfer_reversed_in_bounds",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="transfer_never_above_the_earning",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE limit_minor bigint;",
                    func="\n                    SELECT amount_minor INTO limit_minor\n                      FROM payments_earning WHERE booking_id = NEW.earning_id FOR NO KEY UPDATE;\n                    IF NEW.amount_minor + NEW.set_off_minor > limit_minor THEN\n                        RAISE EXCEPTION 'a transfer would exceed its earning'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_never_above_the_earning';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="9e7f9d9a8d84329bc0906443572e7f78010834d4",
                    operation='INSERT OR UPDATE OF "amount_minor", "set_off_minor", "earning_id"',
                    pgid="pgtrigger_transfer_never_above_the_earning_e63d9",
                    table="payments_transfer",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="reversal",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="reversal_amount_positive"
            ),
        ),
    ]
