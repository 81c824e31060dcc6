"""What a student says publicly of a completed session, and the mentor's one answer."""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from bookings import after_emails
from bookings.after_policies import may_answer_review, may_edit_review, may_review
from bookings.errors import NotReviewable, ReviewAnswered, ReviewTooLate
from bookings.models import Booking, Review
from bookings.services.claims import record
from bookings.services.holds import lock_with_people
from bookings.services.search_index import recount_reviews


def write_review(*, booking_id: UUID, by: User, rating: int, text: str) -> Review:
    """Review a completed session, 1 to 5, or change one's review. A refund afterwards never deletes it.

    Effects: the mentor's rating is counted anew; the mail "left you a review", for a new one.
    Raises ``NotReviewable`` or ``ReviewTooLate``.
    """
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        if booking.student_id != by.pk:
            raise NotReviewable
        review = Review.objects.select_related("booking").filter(booking=booking).first()
        if review is None:
            if booking.status != Booking.Status.COMPLETED:
                raise NotReviewable
            if not may_review(by, booking, at=now):
                raise ReviewTooLate
            review = Review.objects.create(booking=booking, rating=rating, text=text, created_at=now)
            after_emails.send_new_review(review)
        elif not may_edit_review(by, review, at=now):
            raise ReviewTooLate
        else:
            review.rating, review.text, review.edited_at = rating, text, now
            review.save(update_fields=["rating", "text", "edited_at"])
        record(booking, "reviewed", at=now, by=by, rating=rating)
        recount_reviews(mentor=booking.mentor)
        return review


def answer_review(*, booking_id: UUID, by: User, text: str) -> Review:
    """Answer a review publicly, once. Raises ``ReviewAnswered``."""
    with transaction.atomic(durable=True):
        booking, now = lock_with_people(booking_id)
        review = Review.objects.select_related("booking").get(booking=booking)
        if not may_answer_review(by, review):
            raise ReviewAnswered
        review.answer, review.answered_at = text, now
        review.save(update_fields=["answer", "answered_at"])
        record(booking, "review_answered", at=now, by=by)
        return review
