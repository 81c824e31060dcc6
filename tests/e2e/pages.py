"""Every page of the product: who looks at it, and how they get there.

A page is reached by its path, in which ``{coming}`` and the like stand for what the demo has, or by a function
that walks there. What has no page of its own stands in ``NO_PAGE`` with the reason.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import requests
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from tests.e2e import steps
from tests.e2e.house import House
from tests.e2e.people import Person

type Way = str | Callable[[Person], None]

NEW = "somebody new"  # signs up in the first of their pages
NEW_BY_NAME = "somebody new at localhost"  # where passkeys can be made; for a bare address there are none
NEW_PASSWORD = "a-lighthouse-at-noon"

# Ways that must be walked


def go_on_from(path: str) -> Callable[[Person], None]:
    """The page that the form of another page leads to as it stands."""

    def walk(person: Person) -> None:
        person.goto(person.house.path(path))
        person.press("Go on")
        person.page.wait_for_url(lambda url: not url.endswith(person.house.path(path)))

    return walk


def get_lost(person: Person) -> None:
    person.complaints.foresee("status of 404")
    person.goto("/nowhere/")
    steps.heading(person, "There is nothing here")


def ask_for_code(person: Person) -> None:
    person.goto("/accounts/login/code/")
    person.fill("E-mail", "student4@demo.test")
    person.page.keyboard.press("Enter")
    steps.heading(person, "Enter the code")


def ask_for_reset(person: Person) -> None:
    person.goto("/accounts/password/reset/")
    person.fill("E-mail", "student4@demo.test")
    person.page.keyboard.press("Enter")
    steps.heading(person, "Enter the code")


def enter_reset_code(person: Person) -> None:
    ask_for_reset(person)
    person.fill("Code", person.house.code_to("student4@demo.test"))
    person.page.keyboard.press("Enter")
    person.page.wait_for_url("**/password/reset/complete/**")


def sign_up(person: Person) -> None:
    person.goto("/accounts/signup/")
    person.email = f"everywhere.{uuid.uuid4().hex[:8]}@e2e.test"
    person.fill("E-mail", person.email)
    person.fill("Password (optional)", NEW_PASSWORD)
    person.press(person.control("sign-up"))
    steps.heading(person, "Enter the code")


def enter_sign_up_code(person: Person) -> None:
    person.fill("Code", person.house.code_to(person.email))
    person.press(person.control("enter-code"))
    steps.heading(person, "Welcome. A few words about you")


def hold(person: Person) -> None:
    """Become a student and hold a time."""
    steps.say_who(person, "Everett Where", role="I want to learn")
    person.goto("/mentors/hannah-whitlock/")
    steps.pick_a_start(person, 5)
    person.press(person.control("hold-slot"))
    person.wait_for(steps.PAY_PAGE)
    steps.card_form(person.page)


def come_back_by_a_slot(person: Person) -> None:
    """Pick another time of the same mentor while signed out, then sign in: it can't be held beside the first."""
    person.page.context.clear_cookies()
    person.goto("/mentors/hannah-whitlock/")
    steps.pick_a_start(person, 8)
    person.press(person.control("hold-slot"))
    person.press(person.page.get_by_role("main").get_by_role("link", name="Log in"))
    log_in(person)
    steps.heading(person, "Hold your time")


def hold_a_second(person: Person) -> None:
    person.complaints.foresee("status of 409")
    person.press(person.control("hold-slot"))
    steps.heading(person, "You already hold a time")


def log_in(person: Person) -> None:
    person.fill("E-mail", person.email)
    person.fill("Password", NEW_PASSWORD)
    person.press(person.control("log-in"))


def let_go(person: Person) -> None:
    """Let the held time go, and look back at its pay page."""
    person.press("Go on and pay")
    person.wait_for(steps.PAY_PAGE)
    steps.card_form(person.page)
    path = person.path
    person.press(person.control("let-go"))
    person.page.wait_for_url("**/mentors/**")
    person.goto(path)
    steps.heading(person, "You let this time go")


def pay_while_webhooks_are_lost(person: Person) -> None:
    """Wait on the return page: the provider's word does not come, and the page does not ask for it at once."""
    person.press(person.control("hold-slot"))
    person.wait_for(steps.PAY_PAGE)
    with webhooks_lost(person.house):
        steps.pay_with(person, steps.GOOD_CARD)
        steps.heading(person, "Payment received, confirming…")


@contextmanager
def webhooks_lost(house: House) -> Iterator[None]:
    for drop in (True, False):
        answer = requests.post(f"{house.stripe_api}/_sandbox/faults", json={"webhooks": {"drop": drop}}, timeout=10)
        answer.raise_for_status()
        if drop:
            yield


def sign_up_without_password(person: Person) -> None:
    person.goto("/accounts/signup/")
    person.email = f"codes.{uuid.uuid4().hex[:8]}@e2e.test"
    steps.sign_up(person, person.email)
    steps.say_who(person, "Cody Fox", role="I want to learn")
    person.goto("/accounts/password/set/")


def add_passkey(person: Person) -> None:
    """Add a passkey with a device that knows its owner, and open the page that renames it."""
    session = person.page.context.new_cdp_session(person.page)
    session.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = {**device, "isUserVerified": True, "automaticPresenceSimulation": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    person.goto("/accounts/2fa/webauthn/add/")
    person.press(person.control("add-passkey"))
    confirm_by_passkey(person)
    person.goto("/accounts/2fa/webauthn/")
    person.press(person.page.locator("main a[href$='/edit/']"))
    person.page.wait_for_url("**/edit/")


def confirm_by_passkey(person: Person) -> None:
    steps.heading(person, "Confirm it is you")
    person.press("Use a security key")
    person.page.wait_for_url("**/webauthn/reauthenticate/**")
    person.press(person.page.get_by_role("main").get_by_role("button").first)
    steps.heading(person, "Recovery codes")


def open_removal(person: Person) -> None:
    person.goto("/accounts/2fa/webauthn/")
    person.press(person.page.locator("main a[href$='/remove/']"))
    person.page.wait_for_url("**/remove/")


def set_up_app(person: Person) -> None:
    """Set up an authenticator app, as the page says; its recovery codes are shown next."""
    person.goto("/accounts/2fa/totp/activate/")
    person.secret = person.page.locator("code").text_content() or ""
    person.page.get_by_label("Code that the app shows").fill(code_of(person.secret))
    person.page.keyboard.press("Enter")
    steps.heading(person, "Recovery codes")


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


def ask_for_second_factor(person: Person) -> None:
    person.page.context.clear_cookies()
    person.goto("/accounts/login/")
    log_in(person)
    person.page.wait_for_url("**/2fa/authenticate/**")


def lock_and_open(person: Person) -> None:
    """Lock an account that nobody uses here, and open the page that unlocks it."""
    lock = person.house.path("/admin/accounts/user/{nobody}/lock/")
    person.goto(lock)
    person.page.get_by_role("radio").first.check()
    person.page.locator("#content-main form, main form").get_by_role("button").first.click()
    person.goto(lock.replace("/lock/", "/unlock/"))


def read_reported_thread(person: Person) -> None:
    with psycopg.connect(person.house.database_url) as connection:
        connection.execute(
            "INSERT INTO chat_threadreport (thread_id, by_id, reason, created_at) "
            "SELECT id, student_id, 'Asked to pay elsewhere', now() FROM chat_thread ON CONFLICT DO NOTHING"
        )
    person.goto(person.house.path("/admin/chat/threadreport/{report}/read/"))


def read_suggested_move(person: Person) -> None:
    """The mentor of a coming session has suggested to hold it a day later."""
    with psycopg.connect(person.house.database_url) as connection:
        connection.execute(
            "INSERT INTO bookings_moveproposal "
            "(id, booking_id, status, starts_at, old_starts_at, by_id, reason, created_at, lapses_at) "
            "SELECT gen_random_uuid(), id, 'open', starts_at + interval '1 day', starts_at, mentor_id, 'A conference', "
            "now(), now() + interval '1 day' FROM bookings_booking WHERE id = %s ON CONFLICT DO NOTHING",
            [person.house.path("{coming}")],
        )
    person.goto(person.house.path("/bookings/{coming}/move/"))
    steps.heading(person, re.compile("suggests another time$"))


PAGES: dict[str, dict[str, Way]] = {
    "": {
        "home": "/",
        "help": "/help/",
        "help-how-it-works": "/help/how-it-works/",
        "help-safety": "/help/safety/",
        "help-terms": "/help/terms/",
        "help-privacy": "/help/privacy/",
        "dev-components": "/dev/components/",
        "dev-components errors": "/dev/components/?errors",
        "dev-mail": "/dev/mail/",
        "bookings:search": "/mentors/",
        "home elsewhere": get_lost,
        "bookings:search nothing": "/mentors/?q=underwater+basket",
        "bookings:mentor": "/mentors/mentor1/",
        "bookings:mentor reviewed": "/mentors/hannah-whitlock/",
        "account_login": "/accounts/login/",
        "account_signup": "/accounts/signup/",
        "account_inactive": "/accounts/inactive/",
        "account_request_login_code": "/accounts/login/code/",
        "account_confirm_login_code": ask_for_code,
        "account_reset_password": "/accounts/password/reset/",
        "account_confirm_password_reset_code": ask_for_reset,
        "account_complete_password_reset": enter_reset_code,
        "account_password_reset_completed": "/accounts/password/reset/done/",
    },
    NEW: {
        "account_email_verification_sent": sign_up,
        "welcome": enter_sign_up_code,
        "payments:pay": hold,
        "bookings:resume": come_back_by_a_slot,
        "bookings:hold": hold_a_second,
        "payments:pay over": let_go,
        "payments:return": pay_while_webhooks_are_lost,
        "mfa_activate_totp": "/accounts/2fa/totp/activate/",
        "mfa_view_recovery_codes": set_up_app,
        "mfa_generate_recovery_codes": "/accounts/2fa/recovery-codes/generate/",
        "mfa_deactivate_totp": "/accounts/2fa/totp/deactivate/",
        "mfa_reauthenticate": "/accounts/2fa/reauthenticate/",
        "mfa_authenticate": ask_for_second_factor,
    },
    NEW_BY_NAME: {
        "account_set_password": sign_up_without_password,
        "mfa_edit_webauthn": add_passkey,
        "mfa_list_webauthn one": "/accounts/2fa/webauthn/",
        "mfa_remove_webauthn": open_removal,
        "mfa_reauthenticate_webauthn": "/accounts/2fa/webauthn/reauthenticate/",
    },
    "amara@demo.test": {
        "home signed in": "/",
        "account": "/account/",
        "security": "/account/security/",
        "account_email": "/accounts/email/",
        "account_change_password": "/accounts/password/change/",
        "account_reauthenticate": "/accounts/reauthenticate/",
        "account_logout": "/accounts/logout/",
        "usersessions_list": "/accounts/sessions/",
        "mfa_list_webauthn": "/accounts/2fa/webauthn/",
        "mfa_add_webauthn": "/accounts/2fa/webauthn/add/",
        "bookings:sessions": "/sessions/",
        "bookings:session": "/bookings/{coming}/",
        "bookings:session past": "/bookings/{past}/",
        "bookings:cancel": "/bookings/{coming}/cancel/",
        "bookings:move": "/bookings/{coming}/move/",
        "bookings:move suggested": read_suggested_move,
        "bookings:session suggested": "/bookings/{coming}/",
        "bookings:session cancelled": "/bookings/{cancelled}/",
        "bookings:files": "/bookings/{coming}/files/",
        "bookings:file": go_on_from("/bookings/{coming}/files/"),
        "chat:inbox": "/messages/",
        "chat:thread": "/messages/{thread}/",
        "chat:new": "/messages/new/?mentor=mentor2",
        "chat:close": "/messages/{thread}/close/",
        "chat:attach": "/messages/{thread}/attach/",
        "chat:attach-file": go_on_from("/messages/{thread}/attach/"),
        "chat:report": "/messages/{thread}/report/",
    },
    "student4@demo.test": {"bookings:sessions none": "/sessions/", "chat:inbox none": "/messages/"},
    "mentor1@demo.test": {
        "mentors:overview": "/mentor/",
        "mentors:profile": "/mentor/profile/",
        "mentors:subjects": "/mentor/profile/subjects/",
        "mentors:photo-upload": "/mentor/profile/photo/",
        "mentors:photo-file": go_on_from("/mentor/profile/photo/"),
        "mentors:availability": "/mentor/availability/",
        "mentors:dates": "/mentor/availability/dates/",
        "mentors:rules": "/mentor/availability/rules/",
        "bookings:mentor-sessions": "/mentor/sessions/",
        "bookings:mentor own": "/mentors/mentor1/",
    },
    "mentor.pending@demo.test": {
        "mentors:overview pending": "/mentor/",
        "mentors:start": "/mentor/start/",
        "mentors:check": "/mentor/start/check/",
        "mentors:documents": "/mentor/documents/",
        "mentors:send-document": "/mentor/documents/send/?kind=certificate&subject=french",
        "mentors:document-file": go_on_from("/mentor/documents/send/?kind=certificate&subject=french"),
        "mentors:withdraw-document": "/mentor/documents/{document}/withdraw/",
    },
    "mentor.suspended@demo.test": {"mentors:overview suspended": "/mentor/"},
    "reviewer@demo.test": {
        "admin:index": "/admin/",
        "mentors:review": "/admin/mentors/review/",
        "mentors:review-document": "/admin/mentors/review/{document}/",
        "mentors:review-application": "/admin/mentors/review/applications/{applicant}/",
        "admin:common_analyticsevent_charts": "/admin/common/analyticsevent/charts/",
    },
    "support@demo.test": {
        "admin:index support": "/admin/",
        "admin:accounts_user_lock": "/admin/accounts/user/{nobody}/lock/",
        "admin:accounts_user_unlock": lock_and_open,
        "admin:chat_threadreport_read": read_reported_thread,
        "admin:bookings_booking_cancel": "/admin/bookings/booking/{coming}/cancel/",
    },
    "finance@demo.test": {"admin:index finance": "/admin/"},
    "admin@demo.test": {
        "admin:accounts_user_staff": "/admin/accounts/user/staff/",
        "admin:accounts_user_desks": "/admin/accounts/user/{staff}/desks/",
    },
}

NO_PAGE = {
    "answers a POST with a redirect or a file": [
        "account-zone", "mentors:remove-photo", "mentors:remove-dates", "mentors:review-undo", "bookings:extend", "bookings:let-go",
        "bookings:accept-proposal", "bookings:decline-proposal",
        "payments:note", "chat:draft", "chat:open", "mfa_login_webauthn", "mfa_download_recovery_codes", "bookings:calendar",
        "uploads:open", "mentors:photo", "mentors:review-page",
    ],
    "is read by programs": ["favicon", "robots", "sitemap", "sitemap-section"],
    "leads on to another page": ["second-factors", "mfa_index", "admin:login", "admin:password_change"],
}  # fmt: skip
