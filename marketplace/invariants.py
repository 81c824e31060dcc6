"""What must hold whatever happened: each invariant is one query that returns a row for every breach.

Plain SQL over the tables, so that it does not lean on the code that it judges. Most of these the database refuses by itself; they
are asked all the same, because a constraint can be dropped. ``manage.py verify_invariants`` runs them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

BREACHES_SHOWN = 20


@dataclass(frozen=True)
class Invariant:
    """``query`` selects one text for each breach: the ids that name it."""

    name: str
    says: str
    query: str


@dataclass(frozen=True)
class Finding:
    invariant: Invariant
    breaches: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.breaches


INVARIANTS = (
    Invariant(
        "mentor_overlap",
        "No mentor has two live bookings at once, breaks included.",
        """
        SELECT a.id || ' ' || b.id FROM bookings_booking a JOIN bookings_booking b ON a.mentor_id = b.mentor_id AND a.id < b.id
         WHERE a.status IN ('held', 'confirmed') AND b.status IN ('held', 'confirmed')
           AND tstzrange(a.starts_at, a.blocked_until) && tstzrange(b.starts_at, b.blocked_until)
        """,
    ),
    Invariant(
        "student_overlap",
        "No student has two live bookings at once.",
        """
        SELECT a.id || ' ' || b.id FROM bookings_booking a JOIN bookings_booking b ON a.student_id = b.student_id AND a.id < b.id
         WHERE a.status IN ('held', 'confirmed') AND b.status IN ('held', 'confirmed')
           AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)
        """,
    ),
    Invariant(
        "confirmed_without_payment",
        "What was confirmed was paid.",
        """
        SELECT b.id::text FROM bookings_booking b
         WHERE b.status NOT IN ('held', 'expired', 'abandoned')
           AND NOT EXISTS (SELECT FROM payments_payment p WHERE p.booking_id = b.id AND p.status IN ('succeeded', 'part_refunded', 'refunded'))
        """,
    ),
    Invariant(
        "paid_without_booking_or_refund",
        "Money that came in has a session, or is on its way back in full.",
        """
        SELECT p.id::text FROM payments_payment p JOIN bookings_booking b ON b.id = p.booking_id
         WHERE (p.status IN ('succeeded', 'part_refunded', 'refunded') AND b.status IN ('held', 'expired', 'abandoned'))
            OR (p.status = 'rejected' AND p.received_minor IS DISTINCT FROM
                (SELECT sum(r.amount_minor) FROM payments_refund r WHERE r.payment_id = p.id))
        """,
    ),
    Invariant(
        "refund_missing",
        "What a cancelling, an absence or support gave back is written as refunds.",
        """
        SELECT b.id::text FROM bookings_booking b
          JOIN payments_payment p ON p.booking_id = b.id AND p.status IN ('succeeded', 'part_refunded', 'refunded')
         WHERE coalesce(b.refund_percent, 0) > 0
           AND floor(p.amount_minor * b.refund_percent / 100.0 + 0.5) >
               (SELECT coalesce(sum(r.amount_minor), 0) FROM payments_refund r WHERE r.payment_id = p.id)
        """,
    ),
    Invariant(
        "refund_above_payment",
        "No more goes back than came in.",
        """
        SELECT p.id::text FROM payments_payment p JOIN payments_refund r ON r.payment_id = p.id AND r.status <> 'failed'
         GROUP BY p.id HAVING sum(r.amount_minor) > coalesce(p.received_minor, p.amount_minor)
        """,
    ),
    Invariant(
        "earning_missing",
        "Every accepted payment has its earning, stated after all its refunds.",
        """
        SELECT p.id::text FROM payments_payment p LEFT JOIN payments_earning e ON e.payment_id = p.id
         WHERE p.status IN ('succeeded', 'part_refunded', 'refunded')
           AND (e.booking_id IS NULL OR e.refund_minor <>
                (SELECT coalesce(sum(r.amount_minor), 0) FROM payments_refund r WHERE r.payment_id = p.id))
        """,
    ),
    Invariant(
        "problem_not_frozen",
        "Money of a session with an open problem waits, unless it was on its way before.",
        """
        SELECT e.booking_id::text FROM payments_earning e JOIN bookings_booking b ON b.id = e.booking_id
          LEFT JOIN payments_transfer t ON t.earning_id = e.booking_id
         WHERE b.status = 'problem'
           AND (e.status IN ('pending', 'releasable', 'blocked') OR e.status = 'transferring' AND t.claimed_at IS NULL)
        """,
    ),
    Invariant(
        "double_transfer",
        "An earning is transferred at most once.",
        """
        SELECT earning_id::text FROM payments_transfer GROUP BY earning_id HAVING count(*) > 1
         UNION ALL
        SELECT min(id::text) FROM payments_transfer WHERE provider_id <> '' GROUP BY provider_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        "transfer_above_earning",
        "A mentor gets no more than the session earned them; what is too much is asked back or owed.",
        """
        SELECT t.id::text FROM payments_transfer t JOIN payments_earning e ON e.booking_id = t.earning_id
         WHERE t.status <> 'failed'
           AND t.amount_minor + t.set_off_minor
               - coalesce((SELECT sum(v.amount_minor) FROM payments_reversal v
                            WHERE v.transfer_id = t.id AND v.status <> 'failed'), 0)
               - coalesce((SELECT d.amount_minor FROM payments_debt d WHERE d.booking_id = t.earning_id), 0)
               > e.amount_minor
        """,
    ),
    Invariant(
        "released_too_early",
        "No share of a mentor's is released before its time.",
        """
        SELECT booking_id::text FROM payments_earning
         WHERE released_at IS NOT NULL AND (clears_at IS NULL OR released_at < clears_at)
        """,
    ),
    Invariant(
        "mentor_apart_from_books",
        "What the books say of each mentor is what was released, sent and pulled back.",
        """
        SELECT m.user_id::text FROM mentors_mentor m
         WHERE (SELECT coalesce(sum(l.amount_minor), 0) FROM payments_ledgerentry l
                 WHERE l.mentor_id = m.user_id AND l.account = 'mentor_payable')
            <> (SELECT coalesce(sum(t.amount_minor), 0) FROM payments_transfer t JOIN payments_earning e ON e.booking_id = t.earning_id
                 WHERE e.mentor_id = m.user_id AND t.status = 'sent')
             - (SELECT coalesce(sum(t.reversed_minor), 0) FROM payments_transfer t JOIN payments_earning e ON e.booking_id = t.earning_id
                 WHERE e.mentor_id = m.user_id)
             - (SELECT coalesce(sum(e.amount_minor), 0) FROM payments_earning e
                 WHERE e.mentor_id = m.user_id AND e.released_at IS NOT NULL)
        """,
    ),
    Invariant(
        "ledger_unbalanced",
        "Every transaction in the books sums to zero.",
        """
        SELECT t.reference FROM payments_ledgertransaction t JOIN payments_ledgerentry e ON e.transaction_id = t.id
         GROUP BY t.reference, e.currency HAVING sum(e.amount_minor) <> 0
        """,
    ),
    Invariant(
        "ledger_empty",
        "No transaction in the books is without lines.",
        """
        SELECT t.reference FROM payments_ledgertransaction t
         WHERE NOT EXISTS (SELECT FROM payments_ledgerentry e WHERE e.transaction_id = t.id)
        """,
    ),
    Invariant(
        "ledger_apart_from_refunds",
        "Refunds on their way stand in the books with their sum, as sent or as taken by a lost dispute.",
        """
        SELECT r.id::text FROM payments_refund r
         WHERE (SELECT count(*) FROM payments_ledgertransaction t
                 WHERE t.reference LIKE 'refund:' || r.id || ':out:%%' OR t.reference LIKE 'refund:' || r.id || ':disputed:%%')
             - (SELECT count(*) FROM payments_ledgertransaction t
                 WHERE t.reference LIKE 'refund:' || r.id || ':returned:%%')
               <> CASE WHEN r.status IN ('sent', 'succeeded') THEN 1 ELSE 0 END
        """,
    ),
    Invariant(
        "hold_past_expiry",
        "Holds that lapsed are marked within five minutes.",
        """
        SELECT id::text FROM bookings_booking WHERE status = 'held' AND hold_expires_at < now() - interval '5 minutes'
        """,
    ),
    Invariant(
        "event_stuck",
        "What the provider told us is worked on within three passes of the reconciler.",
        """
        SELECT id FROM payments_webhookevent
         WHERE processed_at IS NULL AND received_at < now() - make_interval(secs => %(three_passes)s)
        """,
    ),
    Invariant(
        "job_stuck",
        "No job waits or works for longer than an hour past its time.",
        """
        SELECT j.id || ' ' || j.task_name FROM procrastinate_jobs j
         WHERE (j.status = 'todo' AND coalesce(j.scheduled_at,
                (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id)) < now() - interval '1 hour')
            OR (j.status = 'doing' AND
                (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id) < now() - interval '1 hour')
        """,
    ),
    Invariant(
        "document_past_purge",
        "Government IDs are gone a day after they may no longer be kept.",
        """
        SELECT d.id::text FROM mentors_verificationdocument d JOIN uploads_upload u ON u.id = d.upload_id
         WHERE d.kind = 'government_id' AND u.private_key <> ''
           AND (d.decided_at < now() - make_interval(days => %(id_days)s + 1)
                OR (d.decided_at IS NULL AND d.sent_at < now() - make_interval(days => %(undecided_days)s + 1)))
        """,
    ),
    Invariant(
        "thread_not_opened_by_student",
        "Only students open threads.",
        """
        SELECT t.id::text FROM chat_thread t JOIN accounts_user u ON u.id = t.opened_by_id
         WHERE t.opened_by_id <> t.student_id OR u.role <> 'student'
        """,
    ),
    Invariant(
        "closed_with_something_open",
        "Who has closed their account can't sign in, and has no session to come and no open conversation.",
        """
        SELECT u.id::text FROM accounts_user u
         WHERE u.closed_at IS NOT NULL
           AND (u.is_active
                OR EXISTS (SELECT FROM bookings_booking b WHERE u.id IN (b.student_id, b.mentor_id)
                            AND (b.status = 'confirmed' OR b.status = 'held' AND b.hold_expires_at > now()))
                OR EXISTS (SELECT FROM chat_thread t WHERE u.id IN (t.student_id, t.mentor_id) AND t.blocked_by_id IS NULL))
        """,
    ),
    Invariant(
        "export_past_purge",
        "Copies of people's data are gone a day after they may no longer be fetched.",
        """
        SELECT id::text FROM uploads_dataexport
         WHERE private_key <> '' AND expires_at < now() - interval '1 day'
        """,
    ),
)


def verify() -> list[Finding]:
    """Ask every invariant, in one snapshot of the database; write nothing."""
    values = {
        "three_passes": 3 * settings.RECONCILE_SECONDS + settings.RECONCILE_AFTER_SECONDS,
        "id_days": settings.ID_RETENTION_DAYS,
        "undecided_days": settings.UNDECIDED_RETENTION_DAYS,
    }
    findings = []
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(invariant.query, values)
            findings.append(Finding(invariant, [str(row[0]) for row in cursor.fetchmany(BREACHES_SHOWN)]))
    return findings
