"""What a mentor says about themself, what they teach and what it costs."""

from collections.abc import Collection, Mapping, Sequence
from typing import TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from marketplace.common.formatting import money
from marketplace.common.middleware import known_zones
from mentors.errors import Fault, ManyFaults
from mentors.languages import known_languages
from mentors.models import Level, Mentor, MentorSubject, Package, Subject, VerificationDocument, still_good
from mentors.prices import highest_price, price_of
from mentors.queries import missing_from_profile
from mentors.services.rows import lock_for_writing, log_event, raise_version
from mentors.signals import hours_changed, profile_changed
from uploads.models import Upload
from uploads.services import release_upload


class ProfileChanges(TypedDict, total=False):
    """What may be changed; what is absent stays. Money in minor units, subjects by slug, languages by ISO code."""

    headline: str
    bio: str
    subjects: Sequence[str]
    languages: Sequence[str]
    levels: Sequence[str]
    time_zone: str
    hourly_rate_minor: int | None
    # Price of its own, or None for the price by the hour, by minutes; lengths that are absent are not offered.
    packages: Mapping[int, int | None]


COLUMNS = ("headline", "bio", "languages", "levels", "time_zone", "hourly_rate_minor")
# The zone is not judged: nothing in it could be refused.
JUDGED = frozenset({"headline", "bio", "languages", "levels", "hourly_rate_minor", "subjects", "packages", "photo"})
# Texts and price of an approved mentor change at once; a new subject still waits for its own mark.
JUDGED_ONCE_APPROVED = frozenset({"subjects"})
# Only these two may be incomplete: what was submitted once stays whole.
MAY_BE_INCOMPLETE = (Mentor.Status.DRAFT, Mentor.Status.CHANGES_REQUESTED)


def update_profile(*, mentor: Mentor, by: User, **changes: Unpack[ProfileChanges]) -> Mentor:
    """Save profile, subjects, hourly rate and packages, all or none of them.

    Raises ``ManyFaults`` naming each field that can't be saved, ``Suspended``.
    Effects: a new version and an event when something that is judged has changed; ``hours_changed`` or ``profile_changed``.
    """
    with transaction.atomic():
        row = lock_for_writing(mentor)
        had_zone = bool(row.time_zone)
        changed = _change_columns(row, changes)
        subjects = _subjects(changes)
        refuse(_faults(row, changes, subjects, had_zone=had_zone))
        if row.status not in MAY_BE_INCOMPLETE:
            teaches = bool(subjects) if subjects is not None else row.mentor_subjects.exists()
            refuse(missing_from_profile(row, teaches=teaches))
        if changed:
            row.save(update_fields=changed)
        touched = set(changed)
        if subjects is not None and _replace_subjects(row, subjects):
            touched.add("subjects")
        if "packages" in changes and _replace_packages(row, changes["packages"]):
            touched.add("packages")
        if {"packages", "hourly_rate_minor"} & touched:
            refuse(_price_faults(row))
        _count_change(row, touched, by=by)
        if {"packages", "time_zone"} & touched:
            hours_changed.send(sender=Mentor, mentor=row)
        elif touched:
            profile_changed.send(sender=Mentor, mentor=row)
        return row


def set_photo(*, mentor: Mentor, upload: Upload | None, by: User) -> Mentor:
    """Show a checked photo on the profile, or none. Safe to repeat. The photo is judged like the texts.

    ``upload`` is the mentor's own, of purpose ``photo`` and ready. Raises ``ManyFaults``, ``Suspended``.
    Effects: the photo before it is given up.
    """
    with transaction.atomic():
        row = lock_for_writing(mentor)
        if upload is not None and (upload.owner_id, upload.purpose, upload.status) != (
            row.pk,
            Upload.Purpose.PHOTO,
            Upload.Status.READY,
        ):
            raise ManyFaults([Fault("photo", _("Choose a photo that was uploaded and checked."))])
        if row.photo_id != (upload.pk if upload else None):
            before, row.photo = row.photo, upload
            row.save(update_fields=["photo"])
            if before is not None:
                release_upload(upload=before)
            _count_change(row, {"photo"}, by=by)
        return row


def show_checked_photo(*, upload: Upload) -> None:
    """Show a photo that has just passed its check. Runs inside the transaction that says so.

    The owner may have been suspended in the meantime, or be no mentor at all: then the photo is given up.
    """
    mentor = Mentor.objects.filter(user=upload.owner_id).exclude(status=Mentor.Status.SUSPENDED).first()
    if mentor is None:
        release_upload(upload=upload)
    else:
        set_photo(mentor=mentor, upload=upload, by=upload.owner)


def refuse(faults: Collection[Fault]) -> None:
    if faults:
        raise ManyFaults(list(faults))


def _change_columns(row: Mentor, changes: ProfileChanges) -> list[str]:
    """Set the columns that differ and name them."""
    values: dict[str, object] = {name: changes[name] for name in COLUMNS if name in changes}  # type: ignore[literal-required]
    if "headline" in changes:
        values["headline"] = " ".join(changes["headline"].split())  # one line
    for name in ("languages", "levels"):
        if name in values:
            values[name] = list(dict.fromkeys(values[name]))  # type: ignore[call-overload]
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _subjects(changes: ProfileChanges) -> dict[str, Subject | None] | None:
    if "subjects" not in changes:
        return None
    found = {subject.slug: subject for subject in Subject.objects.filter(slug__in=changes["subjects"])}
    return {slug: found.get(slug) for slug in changes["subjects"]}


def _faults(
    row: Mentor, changes: ProfileChanges, subjects: Mapping[str, Subject | None] | None, *, had_zone: bool
) -> list[Fault]:
    faults = []
    if subjects and not all(subjects.values()):
        faults.append(Fault("subjects", _("Choose subjects from the list.")))
    if not known_languages().issuperset(row.languages):
        faults.append(Fault("languages", _("Choose languages by their ISO codes, such as en or fr.")))
    if not set(Level.values).issuperset(row.levels):
        faults.append(Fault("levels", _("Choose levels from the list.")))
    if row.time_zone not in known_zones() and (row.time_zone or had_zone):
        faults.append(Fault("time_zone", _("Choose a time zone from the list, such as Europe/Lisbon.")))
    rate = row.hourly_rate_minor
    if rate is not None and not settings.HOURLY_RATE_MIN_MINOR <= rate <= settings.HOURLY_RATE_MAX_MINOR:
        lowest, highest = (
            money(bound, settings.CURRENCY, short=True)
            for bound in (settings.HOURLY_RATE_MIN_MINOR, settings.HOURLY_RATE_MAX_MINOR)
        )
        faults.append(
            Fault(
                "hourly_rate_minor",
                _("Enter an hourly rate between %(lowest)s and %(highest)s.") % {"lowest": lowest, "highest": highest},
            )
        )
    if "packages" in changes and not changes["packages"]:
        faults.append(Fault("packages", _("Offer at least one length.")))
    for minutes, price_minor in sorted(changes.get("packages", {}).items()):
        # Before it is written: the column refuses what is far out without a word for the mentor.
        if price_minor is not None and (message := _price_fault(minutes, price_minor)):
            faults.append(Fault("packages", message))
    return faults


def _price_faults(row: Mentor) -> list[Fault]:
    """Refuse prices that no session may have; by the hour they are only known once there is a rate."""
    faults = []
    for package in row.packages.order_by("minutes"):
        if package.price_minor is None and row.hourly_rate_minor is None:
            continue
        price = price_of(package, hourly_rate_minor=row.hourly_rate_minor or 0)
        if message := _price_fault(package.minutes, price):
            faults.append(Fault("packages" if package.price_minor is not None else "hourly_rate_minor", message))
    return faults


def _price_fault(minutes: int, price_minor: int) -> str:
    lowest, highest = settings.MIN_PRICE_MINOR, highest_price()
    if lowest <= price_minor <= highest:
        return ""
    return _("%(minutes)d minutes must cost between %(lowest)s and %(highest)s.") % {
        "minutes": minutes,
        "lowest": money(lowest, settings.CURRENCY),
        "highest": money(highest, settings.CURRENCY),
    }


def _replace_subjects(row: Mentor, subjects: Mapping[str, Subject | None]) -> bool:
    """Make these the mentor's subjects. One that stays keeps its mark; one that comes back finds its certificate, unless that
    has expired."""
    wanted = {subject.pk for subject in subjects.values() if subject}
    present = set(row.mentor_subjects.values_list("subject_id", flat=True))
    row.mentor_subjects.exclude(subject__in=wanted).delete()
    added = wanted - present
    marks = {
        document.subject_id: document
        for document in row.documents.filter(
            still_good(timezone.now().date()),
            kind=VerificationDocument.Kind.CERTIFICATE,
            status=VerificationDocument.Status.APPROVED,
            subject__in=added,
        ).order_by("decided_at", "pk")
    }
    MentorSubject.objects.bulk_create(
        MentorSubject(
            mentor=row,
            subject_id=pk,
            verified_at=marks[pk].decided_at if pk in marks else None,
            verified_until=marks[pk].expires_on if pk in marks else None,
        )
        for pk in sorted(added)
    )
    return wanted != present


def _replace_packages(row: Mentor, packages: Mapping[int, int | None]) -> bool:
    present = dict(row.packages.values_list("minutes", "price_minor"))
    if present == dict(packages):
        return False
    row.packages.exclude(minutes__in=packages).delete()
    for minutes, price_minor in packages.items():
        Package.objects.update_or_create(mentor=row, minutes=minutes, defaults={"price_minor": price_minor})
    return True


def _count_change(row: Mentor, touched: Collection[str], *, by: User) -> None:
    judged = JUDGED_ONCE_APPROVED if row.status == Mentor.Status.APPROVED else JUDGED
    if fields := sorted(judged & set(touched)):
        raise_version(row)
        log_event(row, "changed", by=by, version=row.version, fields=fields)
