"""What the mails about sessions say, each in its reader's own time."""

from datetime import UTC, datetime

from django.core import mail

from bookings.emails import send_booking_confirmed
from tests.factories import make_booking, make_mentor, make_student, make_user
from tests.jobs import run_jobs


def test_a_booking_is_told_to_both_with_the_time_of_each(db: None) -> None:
    ngozi = make_user(role="mentor", name="Ngozi Adeyemi", time_zone="Africa/Lagos")
    amara = make_student(name="Amara Diallo", time_zone="Europe/Lisbon")
    starts_at = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)
    send_booking_confirmed(make_booking(mentor=make_mentor(user=ngozi), student=amara, starts_at=starts_at))
    run_jobs("deliver_mail")
    assert {message.to[0]: message.subject for message in mail.outbox} == {
        amara.email: "Booked: Ngozi, Thu 26 Nov at 18:30",
        ngozi.email: "New session: Amara, Thu 26 Nov at 19:30",
    }
