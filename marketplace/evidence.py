"""What a bank wants to see when a payment is disputed, gathered from all apps: for finance to download.

A ZIP of one page to read (or print) and the same as JSON. Whatever both people wrote to each other stands in it, so each download
is written down.
"""

import io
import json
import zipfile
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from bookings.models import Booking
from bookings.policies import refund_tiers
from chat.models import Message
from marketplace.common.formatting import money
from payments.models import Dispute, Payment, Receipt


def read_evidence(dispute: Dispute) -> dict[str, Any]:  # Any: JSON
    """Gather what is known about a disputed payment: plain values, moments in UTC."""
    payment = Payment.objects.select_related("booking__mentor__user", "booking__student").get(pk=dispute.payment_id)
    booking = payment.booking
    names = {booking.student_id: "student", booking.mentor_id: "mentor"}
    receipt = Receipt.objects.filter(payment=payment, refund=None).first()
    return {
        "dispute": {
            "id": dispute.pk,
            "reason": dispute.reason,
            "status": dispute.status,
            "amount": money(dispute.amount_minor, payment.currency),
            "opened_at": dispute.opened_at,
            "evidence_due_at": dispute.evidence_due_at,
        },
        "seller": settings.SELLER_NAME,
        "payment": {
            "id": str(payment.pk),
            "intent": payment.provider_id,
            "amount": money(payment.amount_minor, payment.currency),
            "paid_at": payment.settled_at,
            "receipt": receipt.number if receipt else "",
        },
        "session": {
            "id": str(booking.pk),
            "status": booking.status,
            "student": {"name": booking.student.name, "email": booking.student.email},
            "mentor": booking.mentor.user.name,
            "starts_at": booking.starts_at,
            "ends_at": booking.ends_at,
            "minutes": booking.minutes,
            "note": booking.note,
        },
        "policy": {
            "name": booking.policy,
            "agreed_at": booking.created_at,
            "tiers": [
                {"percent": tier.percent, "until": tier.until}
                for tier in refund_tiers(booking.policy, booking.starts_at)
            ],
        },
        "attendance": [
            {"who": names.get(row.user_id, "other"), "from": row.from_at, "until": row.until_at}
            for row in booking.attendance.order_by("from_at", "pk")
        ],
        "said": [
            {"who": row.side, "word": row.word, "note": row.note, "at": row.at}
            for row in booking.outcomes.order_by("at", "pk")
        ],
        "events": [
            {"name": row.name, "who": names.get(row.by_id, "") if row.by_id else "", "at": row.at}
            for row in booking.events.order_by("at", "pk")
        ],
        "payment_events": [{"name": row.name, "at": row.at} for row in payment.events.order_by("at", "pk")],
        "refunds": [
            {"amount": money(row.amount_minor, payment.currency), "status": row.status, "at": row.created_at}
            for row in payment.refunds.order_by("created_at", "pk")
        ],
        "messages": [
            {
                "who": names.get(row.author_id, "other"),
                "at": row.created_at,
                "body": row.body,
                # What was edited or deleted later had been said all the same.
                "deleted_at": row.deleted_at,
                "before": [
                    {"body": version.body, "until": version.replaced_at}
                    for version in sorted(row.versions.all(), key=lambda version: version.pk)
                ],
            }
            for row in _messages(booking)
        ],
    }


def bundle(dispute: Dispute) -> bytes:
    """Pack the evidence: ``evidence.html`` and ``evidence.json``."""
    evidence = read_evidence(dispute)
    page = render_to_string("admin/finance/evidence.html", {"evidence": evidence, "made_at": timezone.now()})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("evidence.html", page)
        archive.writestr("evidence.json", json.dumps(evidence, indent=2, default=_as_text, ensure_ascii=False))
    return packed.getvalue()


def _messages(booking: Booking) -> list[Message]:
    of_both = Q(thread__student=booking.student_id, thread__mentor=booking.mentor_id)
    return list(Message.objects.filter(of_both).prefetch_related("versions").order_by("created_at", "pk"))


def _as_text(value: Any) -> str:  # Any: what JSON can't hold
    return str(value.isoformat()).replace("+00:00", "Z")
