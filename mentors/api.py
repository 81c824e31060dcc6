"""JSON of the mentor's own application and availability. The pages do the same through the same operations."""

from typing import cast

from django.http import HttpRequest

from accounts.models import User
from marketplace.common.api import json_route, methods
from marketplace.common.guards import MENTOR
from mentors import services
from mentors.models import Mentor
from mentors.queries import application_of, hours_of
from mentors.schemas import (
    AvailabilityIn,
    AvailabilityOut,
    DayWindow,
    DocumentOut,
    ExceptionIn,
    OnboardingIn,
    OnboardingOut,
    PackageOut,
    WeeklyWindow,
)
from mentors.services.availability import AvailabilityChanges
from mentors.services.profiles import ProfileChanges


def own_mentor(request: HttpRequest) -> Mentor:
    """The signed-in mentor's row; begun here for an account whose row nobody has needed yet."""
    return services.start_application(by=cast("User", request.user))


@json_route(who=MENTOR, load=own_mentor, answers={200: OnboardingOut})
def read_onboarding(request: HttpRequest, obj: Mentor) -> OnboardingOut:
    return onboarding_out(obj)


@json_route(who=MENTOR, load=own_mentor, body=OnboardingIn, answers={200: OnboardingOut})
def save_onboarding(request: HttpRequest, obj: Mentor, body: OnboardingIn) -> OnboardingOut:
    changes = cast("ProfileChanges", {name: getattr(body, name) for name in body.model_fields_set})
    if "packages" in changes:
        changes["packages"] = {package.minutes: package.price_minor for package in body.packages}
    return onboarding_out(services.update_profile(mentor=obj, by=obj.user, **changes))


@json_route(who=MENTOR, load=own_mentor, limit="ONBOARDING_SUBMIT", answers={200: OnboardingOut})
def submit_onboarding(request: HttpRequest, obj: Mentor) -> OnboardingOut:
    return onboarding_out(services.submit_application(mentor=obj, by=obj.user))


@json_route(who=MENTOR, load=own_mentor, answers={200: AvailabilityOut})
def read_availability(request: HttpRequest, obj: Mentor) -> AvailabilityOut:
    return availability_out(obj)


@json_route(who=MENTOR, load=own_mentor, body=AvailabilityIn, answers={200: AvailabilityOut})
def save_availability(request: HttpRequest, obj: Mentor, body: AvailabilityIn) -> AvailabilityOut:
    changes = cast("AvailabilityChanges", {name: getattr(body, name) for name in body.model_fields_set})
    if "weekly" in changes:
        changes["weekly"] = [window.rule() for window in body.weekly]
    if "exceptions" in changes:
        changes["exceptions"] = [each.exception() for each in body.exceptions]
    return availability_out(services.save_availability(mentor=obj, by=obj.user, **changes))


def onboarding_out(mentor: Mentor) -> OnboardingOut:
    application = application_of(mentor)
    return OnboardingOut(
        headline=mentor.headline,
        bio=mentor.bio,
        subjects=[each.subject.slug for each in application.subjects],
        languages=mentor.languages,
        levels=mentor.levels,
        time_zone=mentor.time_zone,
        hourly_rate_minor=mentor.hourly_rate_minor,
        packages=[PackageOut(minutes=each.minutes, price_minor=each.price_minor) for each in application.packages],
        status=mentor.status,
        version=mentor.version,
        documents=[
            DocumentOut(
                id=document.pk,
                kind=document.kind,
                subject=document.subject.slug if document.subject else None,
                status=document.status,
                reason=document.reason or None,
                note=document.note or None,
            )
            for document in application.documents
        ],
    )


def availability_out(mentor: Mentor) -> AvailabilityOut:
    hours = hours_of(mentor)
    return AvailabilityOut(
        time_zone=mentor.time_zone,
        weekly=[WeeklyWindow(weekday=rule.weekday, start=rule.start, end=rule.end) for rule in hours.rules],
        exceptions=[
            ExceptionIn(
                date=each.on,
                kind=each.kind,
                windows=[DayWindow(start=window.start, end=window.end) for window in each.windows],
                yearly=each.yearly,
            )
            for each in hours.exceptions
        ],
        notice_hours=mentor.notice_hours,
        break_minutes=mentor.break_minutes,
        horizon_days=mentor.horizon_days,
        day_cap=mentor.day_cap,
        policy=mentor.policy,
        paused=mentor.paused_at is not None,
    )


onboarding = methods(GET=read_onboarding, PUT=save_onboarding)
submission = methods(POST=submit_onboarding)
availability = methods(GET=read_availability, PUT=save_availability)
