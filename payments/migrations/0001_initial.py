import uuid

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("bookings", "0002_search_row"),
    ]

    operations = [
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("creating", "Being set up"),
                            ("pending", "Waiting for the card"),
                            ("processing", "Processing"),
                            ("succeeded", "Paid"),
                            ("cancelled", "Cancelled"),
                            ("failed", "Could not be set up"),
                            ("part_refunded", "Refunded in part"),
                            ("refunded", "Refunded"),
                            ("rejected", "Not accepted, sent back"),
                        ],
                        default="creating",
                        max_length=13,
                    ),
                ),
                ("amount_minor", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("provider_id", models.CharField(blank=True, max_length=64)),
                ("received_minor", models.PositiveIntegerField(blank=True, null=True)),
                ("received_currency", models.CharField(blank=True, max_length=3)),
                ("rejection", models.CharField(blank=True, max_length=32)),
                ("last_decline", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("cancel_requested_at", models.DateTimeField(blank=True, null=True)),
                ("read_requested_at", models.DateTimeField(blank=True, null=True)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="payments", to="bookings.booking"
                    ),
                ),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
            },
        ),
        migrations.CreateModel(
            name="PaymentEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=32)),
                ("at", models.DateTimeField()),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="payments.payment"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("succeeded", "Arrived"),
                            ("failed", "Failed"),
                        ],
                        default="requested",
                        max_length=9,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("amount_mismatch", "The amount was another"),
                            ("second_payment", "Paid twice"),
                            ("time_gone", "The time was taken"),
                            ("hold_let_go", "The hold was let go"),
                        ],
                        max_length=20,
                    ),
                ),
                ("amount_minor", models.PositiveIntegerField()),
                ("provider_id", models.CharField(blank=True, max_length=64)),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="payments.payment"
                    ),
                ),
            ],
            options={
                "verbose_name": "refund",
                "verbose_name_plural": "refunds",
            },
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                ("id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("type", models.CharField(max_length=128)),
                ("object_id", models.CharField(blank=True, max_length=64)),
                ("provider_created_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField()),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "webhook event",
                "verbose_name_plural": "webhook events",
                "indexes": [
                    models.Index(
                        condition=models.Q(("processed_at", None)),
                        fields=["received_at"],
                        name="webhook_event_unprocessed",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["status", "created_at"], name="payment_by_status"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ("creating", "pending", "processing"))),
                fields=("booking",),
                name="payment_one_open_per_booking",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ("succeeded", "part_refunded", "refunded"))),
                fields=("booking",),
                name="payment_one_success_per_booking",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("provider_id", ""), _negated=True),
                fields=("provider_id",),
                name="payment_provider_id_unique",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="payment_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "creating",
                            "pending",
                            "processing",
                            "succeeded",
                            "cancelled",
                            "failed",
                            "part_refunded",
                            "refunded",
                            "rejected",
                        ],
                    )
                ),
                name="payment_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at", None), ("status__in", ("creating", "pending", "processing"))),
                    models.Q(
                        models.Q(("status__in", ("creating", "pending", "processing")), _negated=True),
                        ("settled_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="payment_settled_at_its_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("received_minor__gt", 0),
                        ("status", "rejected"),
                        models.Q(("rejection", ""), _negated=True),
                        models.Q(("received_currency", ""), _negated=True),
                    ),
                    models.Q(models.Q(("status", "rejected"), _negated=True), ("rejection", "")),
                    _connector="OR",
                ),
                name="payment_rejected_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["creating", "failed"]),
                    models.Q(("provider_id", ""), _negated=True),
                    _connector="OR",
                ),
                name="payment_has_an_intent",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentevent",
            index=models.Index(fields=["payment", "at"], name="payment_event_by_payment"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="paymentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="payment_event_append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="c12580b66bccd636a3677e4f841699b7394d3ab4",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_payment_event_append_only_c294d",
                    table="payments_paymentevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="refund_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["sent", "succeeded"]), _negated=True),
                    models.Q(("provider_id", ""), _negated=True),
                    _connector="OR",
                ),
                name="refund_sent_has_an_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["requested", "sending", "sent", "succeeded", "failed"])),
                name="refund_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("provider_id", ""), _negated=True),
                fields=("provider_id",),
                name="refund_provider_id_unique",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="refund",
            trigger=pgtrigger.compiler.Trigger(
                name="refund_never_above_the_payment",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE limit_minor bigint; others_minor bigint;",
                    func="\n                    IF TG_OP = 'UPDATE' AND NEW.payment_id = OLD.payment_id AND NEW.amount_minor <= OLD.amount_minor\n                       AND (OLD.status <> 'failed' OR NEW.status = 'failed') THEN\n                        RETURN NEW;\n                    END IF;\n                    SELECT CASE WHEN status IN ('succeeded', 'part_refunded', 'refunded', 'rejected')\n                           THEN coalesce(received_minor, amount_minor) ELSE 0 END INTO limit_minor\n                      FROM payments_payment WHERE id = NEW.payment_id FOR NO KEY UPDATE;\n                    SELECT coalesce(sum(amount_minor), 0) INTO others_minor\n                      FROM payments_refund WHERE payment_id = NEW.payment_id AND id <> NEW.id AND status <> 'failed';\n                    IF NEW.status <> 'failed' AND others_minor + NEW.amount_minor > limit_minor THEN\n                        RAISE EXCEPTION 'refunds would exceed the payment'\n                            USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_never_above_the_payment';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="8813cb5292c3bddeae1907eee27df60b572c7369",
                    operation='INSERT OR UPDATE OF "amount_minor", "status", "payment_id"',
                    pgid="pgtrigger_refund_never_above_the_payment_6e332",
                    table="payments_refund",
                    when="BEFORE",
                ),
            ),
        ),
    ]
