"""Fill an empty database with the demo. Everything with a history beyond this is made by using the site."""

import io
import random
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

import urllib3
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import User
from bookings.models import Booking, BookingEvent, Review
from bookings.services.search_index import refresh_mentors
from chat.services import open_thread, post_message
from marketplace.common.logging import get_logger
from marketplace.common.money import price_for, split
from marketplace.seed.feed import tell_of_sessions
from marketplace.seed.money import UNKNOWN, keep_books, tell_the_sandbox
from marketplace.seed.people import MENTORS, PRAISE, STUDENTS, Person
from mentors.handles import handle_candidates
from mentors.models import AvailabilityRule, Mentor, MentorSubject, Package, Subject, VerificationDocument
from mentors.services.documents import issue_document
from payments.models import Payment, PaymentEvent, Refund
from uploads.services import check_upload, complete_upload

PASSWORD = "lantern-demo"  # noqa: S105  # printed by `make demo`; the seed refuses to run in production
DOMAIN = "demo.test"
AMARAS_MENTOR = "Ngozi Adeyemi"

log = get_logger(__name__)


def seed_demo() -> bool:
    """Make the demo's accounts and people, once; tell whether anything was made.

    Effects: rows in every app; two files in storage. Safe to repeat, and to run again after it broke off in the middle:
    the rows are one transaction, the files come after it.
    """
    now = timezone.now().replace(second=0, microsecond=0)
    fresh = not User.objects.filter(email=f"student1@{DOMAIN}").exists()
    if fresh:
        with transaction.atomic():
            Builder(now).build()
        refresh_mentors(Mentor.objects.listed().values_list("pk", flat=True), at=now)
    tell_the_sandbox()
    pending = Mentor.objects.get(user__email=f"mentor.pending@{DOMAIN}")
    if not pending.documents.exclude(status="sending").exists():
        send_documents(pending)
        fresh = True
    return fresh


class Builder:
    """Makes the rows. The same people with the same numbers each time, dated from ``now``."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.dice = random.Random(7)  # noqa: S311  # variety, not secrecy
        self.numbers = count(1)
        self.subjects = {subject.slug: subject for subject in Subject.objects.all()}
        self.students: list[User] = []
        self.password = make_password(PASSWORD)  # once: hashing is slow on purpose

    def build(self) -> None:
        self.staff()
        for number, name in enumerate(("Kofi Mensah", "Elena Petrova", "Liam O’Connor", "Sara Lindholm"), start=1):
            self.account(f"student{number}", name, User.Role.STUDENT, "Europe/Lisbon")
        self.students = [self.person(name, User.Role.STUDENT, "Europe/London") for name in STUDENTS]
        mentors = [self.mentor(self.teacher(p), p) for p in MENTORS]
        self.history(mentors)
        self.known_mentors()
        self.amara(mentors)

    # Accounts

    def account(self, login: str, name: str, role: str, zone: str, **fields: bool) -> User:
        """One of the accounts that the documentation names, with the demo's password."""
        user = User(email=f"{login}@{DOMAIN}", name=name, role=role, time_zone=zone, password=self.password, **fields)
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def person(self, name: str, role: str, zone: str) -> User:
        """Someone of the background: nobody signs in as them."""
        user = User(email=f"person{next(self.numbers)}@{DOMAIN}", name=name, role=role, time_zone=zone)
        user.set_unusable_password()
        user.save()
        return user

    def teacher(self, person: Person) -> User:
        """One of them can be signed in as: the one who taught Amara, and has earned something."""
        if person.name == AMARAS_MENTOR:
            return self.account("ngozi", person.name, User.Role.MENTOR, person.zone)
        return self.person(person.name, User.Role.MENTOR, person.zone)

    def staff(self) -> None:
        for login, name in (("reviewer", "Judith Meyer"), ("support", "Paulo Nunes"), ("finance", "Wanjiru Kamau")):
            user = self.account(login, name, User.Role.ADMIN, "Europe/Lisbon", is_staff=True)
            user.groups.set([Group.objects.get(name=login)])
        self.account("admin", "Astrid Holm", User.Role.ADMIN, "Europe/Lisbon", is_staff=True, is_superuser=True)

    # Mentors

    def mentor(self, user: User, person: Person, *, status: str = Mentor.Status.APPROVED, handle: str = "") -> Mentor:
        taken = set(Mentor.objects.values_list("handle", flat=True))
        joined = self.now - timedelta(days=self.dice.randint(60, 700))
        submitted = status != Mentor.Status.DRAFT
        mentor = Mentor.objects.create(
            user=user,
            handle=handle or next(h for h in handle_candidates(person.name) if h not in taken),
            status=status,
            headline=person.headline,
            bio=person.bio,
            languages=list(person.languages),
            levels=list(person.levels),
            hourly_rate_minor=person.hourly_rate_minor,
            time_zone=person.zone,
            submitted_at=joined if submitted else None,
            approved_at=joined + timedelta(days=1) if status == Mentor.Status.APPROVED else None,
        )
        verified = joined + timedelta(days=1) if status == Mentor.Status.APPROVED else None
        MentorSubject.objects.bulk_create(
            MentorSubject(
                mentor=mentor,
                subject=self.subjects[slug],
                verified_at=verified if position == 0 or self.dice.random() < 0.5 else None,
            )
            for position, slug in enumerate(person.subjects)
        )
        Package.objects.bulk_create(Package(mentor=mentor, minutes=minutes) for minutes in settings.SESSION_MINUTES)
        return mentor

    def hours(self, mentor: Mentor, windows: Iterable[tuple[int, time, time]]) -> None:
        AvailabilityRule.objects.bulk_create(
            AvailabilityRule(mentor=mentor, weekday=day, start=start, end=end) for day, start, end in windows
        )

    def week(self) -> list[tuple[int, time, time]]:
        """Some believable week: mornings or evenings on four to six days."""
        days = sorted(self.dice.sample(range(7), self.dice.randint(4, 6)))
        windows = []
        for day in days:
            if self.dice.random() < 0.6:
                windows.append((day, time(self.dice.choice([8, 9, 10])), time(self.dice.choice([12, 13]))))
            windows.append((day, time(self.dice.choice([16, 17, 18])), time(self.dice.choice([20, 21, 22]))))
        return windows

    def known_mentors(self) -> None:
        """The four that the documentation names."""
        open_days = [(day, time(9), time(18)) for day in range(6)]
        first = Person(
            "Katrin Vogel", "Europe/Berlin", ("de", "en"), ("linear-algebra", "statistics"), ("university",), 4_400,
            "Maths tutor at a technical university, since 2014",
            "Exercise sheets, proofs and the exam in eight weeks. I show you how to begin when the page is empty.",
        )  # fmt: skip
        second = Person(
            "Robert Hayes", "America/New_York", ("en",), ("python", "data-analysis"), ("career",), 4_400,
            "Backend developer who teaches on the side",
            "Python from the first function to the first job interview. Bring code, however ugly.",
        )  # fmt: skip
        for login, person in (("mentor1", first), ("mentor2", second)):
            user = self.account(login, person.name, User.Role.MENTOR, person.zone)
            self.hours(self.mentor(user, person, handle=login), open_days)
        pending = Person(
            "Teresa Blanco", "Europe/Madrid", ("es", "en"), ("spanish", "french"), ("school", "university"), 2_600,
            "Spanish and French for the final school years",
            "I taught both languages at a grammar school in Valencia. We talk first and find the grammar on the way.",
        )  # fmt: skip
        user = self.account("mentor.pending", pending.name, User.Role.MENTOR, pending.zone)
        waiting = self.mentor(user, pending, status=Mentor.Status.SUBMITTED)
        Mentor.objects.filter(pk=waiting.pk).update(submitted_at=self.now - timedelta(hours=26))
        self.hours(waiting, open_days)
        suspended = Person(
            "Victor Lang", "Europe/Vienna", ("de",), ("accounting",), ("career",), 3_900,
            "Bookkeeping for the self-employed", "Taxes, invoices and the annual statement, one topic at a time.",
        )  # fmt: skip
        user = self.account("mentor.suspended", suspended.name, User.Role.MENTOR, suspended.zone)
        self.mentor(user, suspended, status=Mentor.Status.SUSPENDED)
        User.objects.filter(pk=user.pk).update(suspended_at=self.now - timedelta(days=3))

    # Sessions

    def booking(
        self, mentor: Mentor, student: User, starts_at: datetime, minutes: int, status: str, **fields: object
    ) -> Booking:
        assert mentor.hourly_rate_minor is not None
        booked_at = min(self.now, starts_at) - timedelta(
            days=self.dice.randint(2, 9), minutes=self.dice.randint(0, 600)
        )
        ends_at = starts_at + timedelta(minutes=minutes)
        return Booking(
            mentor=mentor,
            student=student,
            status=status,
            starts_at=starts_at,
            ends_at=ends_at,
            blocked_until=ends_at,
            minutes=minutes,
            price_minor=price_for(hourly_rate_minor=mentor.hourly_rate_minor, minutes=minutes),
            currency=settings.CURRENCY,
            fee_bps=settings.PLATFORM_FEE_BPS,
            policy=mentor.policy,
            hold_expires_at=booked_at + timedelta(seconds=settings.HOLD_SECONDS),
            created_at=booked_at,
            confirmed_at=booked_at + timedelta(minutes=2),
            closed_at=None if status == Booking.Status.CONFIRMED else min(self.now, ends_at),
            **fields,
        )

    def history(self, mentors: list[Mentor]) -> None:
        """Past sessions with their reviews, so that search and profiles look as they would in life."""
        taught: list[Booking] = []
        for mentor in mentors:
            self.hours(mentor, self.week())
            for week in range(self.dice.randint(4, 14)):
                day = self.now - timedelta(days=7 * week + self.dice.randint(3, 8))
                starts_at = day.replace(hour=self.dice.randint(8, 18), minute=self.dice.choice([0, 15, 30, 45]))
                student, minutes = self.dice.choice(self.students), self.dice.choice([15, 45, 45, 90])
                taught.append(self.booking(mentor, student, starts_at, minutes, Booking.Status.COMPLETED))
        keep_books(self.pay(taught))
        reviews = []
        for booking in taught:
            rating, text = self.dice.choice(PRAISE)
            if self.dice.random() < 0.8:
                at = booking.ends_at + timedelta(hours=self.dice.randint(1, 30))
                reviews.append(Review(booking=booking, rating=rating, text=text, created_at=at))
        Review.objects.bulk_create(reviews)
        for mentor in mentors:
            own = [review for review in reviews if review.booking.mentor_id == mentor.pk]
            mentor.session_count = sum(booking.mentor_id == mentor.pk for booking in taught)
            mentor.review_count, mentor.rating_sum = len(own), sum(review.rating for review in own)
        Mentor.objects.bulk_update(mentors, ["session_count", "review_count", "rating_sum"])

    def pay(self, bookings: list[Booking]) -> list[Payment]:
        """Save bookings with what paying left behind."""
        Booking.objects.bulk_create(bookings)
        BookingEvent.objects.bulk_create(
            BookingEvent(booking=booking, name=name, at=at, by_id=booking.student_id if name == "held" else None)
            for booking in bookings
            for name, at in (("held", booking.created_at), ("confirmed", booking.confirmed_at or self.now))
        )
        payments = Payment.objects.bulk_create(
            Payment(
                booking=booking,
                status=Payment.Status.SUCCEEDED,
                amount_minor=booking.price_minor,
                currency=booking.currency,
                provider_id=f"{UNKNOWN}{next(self.numbers):06d}",
                created_at=booking.created_at,
                settled_at=booking.confirmed_at,
            )
            for booking in bookings
        )
        PaymentEvent.objects.bulk_create(
            PaymentEvent(payment=payment, name="succeeded", at=payment.settled_at or self.now) for payment in payments
        )
        return payments

    def amara(self, mentors: list[Mentor]) -> None:
        """A student in the middle of things: past and coming sessions, one cancelled with its refund, messages."""
        amara = self.account("amara", "Amara Okafor", User.Role.STUDENT, "Europe/Lisbon")
        ngozi, priya, jonas = (
            next(m for m in mentors if m.user.name.startswith(n)) for n in ("Ngozi", "Priya", "Jonas")
        )
        at = self.now.replace(minute=0)
        past = self.booking(ngozi, amara, at - timedelta(days=8), 45, Booking.Status.COMPLETED)
        coming = [
            self.booking(ngozi, amara, (at + timedelta(days=3)).replace(hour=17, minute=30), 45, Booking.Status.CONFIRMED,
                         note="Problem sheet 4, question 3: showing that the eigenvectors are independent."),
            self.booking(priya, amara, (at + timedelta(days=6)).replace(hour=16), 90, Booking.Status.CONFIRMED),
        ]  # fmt: skip
        cancelled = self.booking(
            jonas,
            amara,
            at + timedelta(days=2),
            45,
            Booking.Status.CANCELLED,
            cancelled_by=Booking.Side.STUDENT,
            refund_percent=100,
        )
        payments = self.pay([past, *coming, cancelled])
        refunded = payments[-1]
        back = split(gross_minor=cancelled.price_minor, refund_percent=100, fee_bps=cancelled.fee_bps).refund_minor
        Payment.objects.filter(pk=refunded.pk).update(status=Payment.Status.REFUNDED)
        Refund.objects.create(
            payment=refunded,
            status=Refund.Status.SUCCEEDED,
            reason=Refund.Reason.CANCELLED,
            amount_minor=back,
            provider_id=f"re_seed{next(self.numbers):06d}",
            created_at=self.now - timedelta(days=1),
            sent_at=self.now - timedelta(days=1),
            settled_at=self.now - timedelta(days=1),
        )
        keep_books(payments)
        tell_of_sessions(past=past, coming=coming, cancelled=cancelled, at=self.now)
        Review.objects.create(booking=past, rating=5, text="I finally see why it works.", created_at=self.now)
        Mentor.objects.filter(pk=ngozi.pk).update(
            session_count=ngozi.session_count + 1,
            review_count=ngozi.review_count + 1,
            rating_sum=ngozi.rating_sum + 5,
        )
        thread, _new = open_thread(
            handle=ngozi.handle,
            body="Hi Ngozi! I have booked 45 minutes. I am stuck on problem sheet 4, question 3.",
            client_id="demo-message-1",
            by=amara,
        )
        for author, body in (
            (
                ngozi.user,
                "Yes, bring question 3. I will look at the sheet tonight and mark where the idea usually slips.",
            ),
            (ngozi.user, "One thing to try before: write down what “independent” means without using the word."),
            (amara, "If a·v + b·w = 0 then a and b must both be 0?"),
            (ngozi.user, "That is it. Now say why both must be 0, and you have the proof."),
        ):
            post_message(thread=thread, body=body, client_id=f"demo-message-{next(self.numbers)}", by=author)


def send_documents(mentor: Mentor) -> None:
    """Send the pending mentor's two documents the way a browser does: signed form, storage, completion, check."""
    subject = mentor.mentor_subjects.get(subject__slug="spanish").subject
    wanted = ((VerificationDocument.Kind.GOVERNMENT_ID, None), (VerificationDocument.Kind.CERTIFICATE, subject))
    for kind, about in wanted:
        lines = ["SPECIMEN", mentor.user.name, "Identity card" if about is None else f"Teaching certificate: {about}"]
        content = _picture([*lines, f"Valid until {date.today().year + 4}-05-31"])  # noqa: DTZ011  # a drawing's text
        _document, ticket = issue_document(
            mentor=mentor,
            kind=kind,
            subject=about,
            name=f"{kind}.png",
            content_type="image/png",
            size=len(content),
            by=mentor.user,
        )
        fields: dict[str, Any] = {**ticket.post.fields, "file": (f"{kind}.png", content, "image/png")}
        answer = urllib3.request("POST", ticket.post.url, fields=fields, timeout=10)
        if answer.status not in {200, 201, 204}:
            raise RuntimeError(f"storage refused the demo's document: {answer.status}")
        complete_upload(upload=ticket.upload)
        check_upload(upload_id=ticket.upload.pk, scanner=None)
    mentor.documents.update(sent_at=mentor.submitted_at)  # so that the queue shows an age


def _picture(lines: list[str]) -> bytes:
    image = Image.new("RGB", (1000, 640), "#f3efe4")
    draw = ImageDraw.Draw(image)
    draw.rectangle((30, 30, 970, 610), outline="#7a8a82", width=4)
    draw.rectangle((70, 150, 320, 480), fill="#c9d6cf")
    for row, line in enumerate(lines):
        draw.text((370, 150 + 80 * row), line, fill="#13201b", font_size=38)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
