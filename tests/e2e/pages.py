"""Every page of the product: who looks at it, and how they get there.

A page is reached by its path, in which ``{coming}`` and the like stand for what the demo has, or by a function
that walks there. What has no page of its own stands in ``NO_PAGE`` with the reason.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import requests

from tests.e2e import steps
from tests.e2e.house import House
from tests.e2e.people import Person
from tests.e2e.signin import forget_sign_in
from tests.signin import code_of

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


def switch_off_by_link(person: Person) -> None:
    """Follow the link of the first mail that has one."""
    welcome = person.house.wait_for_mail("welcome", to=person.email)
    person.goto(urlsplit(str(welcome["List-Unsubscribe"]).strip("<>")).path)
    steps.heading(person, "Switch this mail off?")


def come_back_by_a_slot(person: Person) -> None:
    """Pick another time of the same mentor while signed out, then sign in: it can't be held beside the first."""
    forget_sign_in(person.page.context)
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
    steps.heading(person, "Recovery codes")
    person.goto("/accounts/2fa/webauthn/")
    person.press(person.page.locator("main a[href$='/edit/']"))
    person.page.wait_for_url("**/edit/")


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


def ask_for_second_factor(person: Person) -> None:
    forget_sign_in(person.page.context)
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


def write_to_support(person: Person) -> None:
    person.goto("/help/report/other/")
    person.fill("Whom is it about? (optional)", "Ngozi Adeyemi")
    person.fill("What happened?", "She asked to be paid in cash.\nTwice.")
    person.press(person.control("send-report"))
    steps.heading(person, "We have your report")


def read_report_to_support(person: Person) -> None:
    with psycopg.connect(person.house.database_url) as connection:
        connection.execute(
            "INSERT INTO accounts_supportrequest (reference, by_id, whom, text, created_at, closing_note) "
            "SELECT 'R-7K3M2Q', id, 'Somebody', 'They asked to be paid in cash.', now(), '' FROM accounts_user "
            "WHERE email = 'amara@demo.test' ON CONFLICT DO NOTHING"
        )
    person.goto("/admin/accounts/supportrequest/R-7K3M2Q/read/")


def ask_with_a_number(person: Person) -> None:
    """A first message that says how to be reached elsewhere is shown again before it goes."""
    person.complaints.foresee("status of 422")
    person.goto("/messages/new/?mentor=mentor2")
    person.fill("Message", "Hello! Call me on +49 151 23456789, or write to me at anna.berg@gmail.com.")
    person.press("Send")
    person.page.get_by_text("Not sent yet.").wait_for()


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


# What a session of the demo can be turned into: its columns.
OVER = "starts_at = now() - interval '2 hours', ends_at = now() - interval '2 hours' + make_interval(mins => minutes)"
STATES = {
    "coming": "status = 'confirmed', starts_at = now() + interval '40 days', "
    "ends_at = now() + interval '40 days' + make_interval(mins => minutes), "
    "blocked_until = now() + interval '40 days' + make_interval(mins => minutes)",
    "running": "status = 'confirmed', starts_at = now() - interval '5 minutes', "
    "ends_at = now() - interval '5 minutes' + make_interval(mins => minutes)",
    "over": f"status = 'ended', {OVER}",
    "completed": f"status = 'completed', closed_at = now(), {OVER}",
    "reported": f"status = 'problem', {OVER}",
}
REPORT = (
    "INSERT INTO bookings_problemreport (id, booking_id, side, note, found, found_percent, opened_at, answer_due_at, answer, "
    "finding, decision) SELECT gen_random_uuid(), %(id)s, 'student', 'We lost half of the time.', 'ended', 0, now(), "
    "now() + interval '3 days', '', '', '' ON CONFLICT DO NOTHING"
)
STRIKE = (
    "INSERT INTO bookings_strike (mentor_id, booking_id, kind, points, at, expires_at, hides_days, appeal, decision) "
    "SELECT mentor_id, id, 'absence', 3, now(), now() + interval '90 days', 0, '', '' FROM bookings_booking WHERE id = %(id)s "
    "ON CONFLICT DO NOTHING"
)
SUGGESTED = (
    "INSERT INTO bookings_moveproposal (id, booking_id, status, starts_at, old_starts_at, by_id, reason, created_at, lapses_at) "
    "SELECT gen_random_uuid(), id, 'open', starts_at + interval '1 day', starts_at, mentor_id, 'A conference', now(), "
    "now() + interval '1 day' FROM bookings_booking WHERE id = %(id)s ON CONFLICT DO NOTHING"
)
UNREVIEWED = "DELETE FROM bookings_review WHERE booking_id = %(id)s"
REVIEWED = (
    "INSERT INTO bookings_review (booking_id, rating, text, answer, created_at) VALUES (%(id)s, 4, 'Patient.', '', now()) "
    "ON CONFLICT (booking_id) DO UPDATE SET answer = '', answered_at = NULL"
)


def own_earnings(email: str) -> Callable[[Person], None]:
    """The earnings page of somebody who is given what others have earned."""

    def walk(person: Person) -> None:
        with psycopg.connect(person.house.database_url) as connection:
            connection.execute(
                "UPDATE payments_earning SET mentor_id = (SELECT id FROM accounts_user WHERE email = %s) WHERE booking_id IN "
                "(SELECT booking_id FROM payments_earning ORDER BY created_at DESC, booking_id LIMIT 30)",
                [email],
            )
        person.goto("/mentor/earnings/")
        steps.said(person, "Session by session")

    return walk


def own_session(nth: int, role: str, email: str, state: str, path: str, *more: str) -> Callable[[Person], None]:
    """A page about one of the oldest sessions of the demo, which is made somebody's own and put into a state.

    ``path`` names its parts ``{session}`` and ``{strike}``. Each who looks has a session of their own, by its number.
    """

    def walk(person: Person) -> None:
        with psycopg.connect(person.house.database_url) as connection:
            session = connection.execute(
                "SELECT id FROM bookings_booking WHERE created_at < now() - interval '40 days' ORDER BY created_at, id LIMIT 1 OFFSET %s",
                [nth],
            ).fetchone()
            assert session
            known = {"id": session[0], "email": email}
            owner = f"{role}_id = (SELECT id FROM accounts_user WHERE email = %(email)s)"
            # Step by step, because each row in between has to satisfy the database too.
            for columns in (
                "status = 'ended', refund_percent = NULL, closed_at = NULL, blocked_until = greatest(ends_at, now() + interval '1 day')",
                f"{owner}, {STATES[state]}",
                "blocked_until = ends_at",
            ):
                connection.execute(f"UPDATE bookings_booking SET {columns} WHERE id = %(id)s", known)
            for statement in more:
                connection.execute(statement, known)
            strike = connection.execute("SELECT id FROM bookings_strike WHERE booking_id = %(id)s", known).fetchone()
        person.goto(path.format(session=session[0], strike=strike[0] if strike else 0))

    return walk


AMARA, MENTOR = (0, "student", "amara@demo.test"), (1, "mentor", "mentor1@demo.test")
COMING = (4, "mentor", "mentor1@demo.test", "coming")


def read_report(person: Person) -> None:
    """Open a report whose time to be answered is over."""
    own_session(2, "mentor", "mentor2@demo.test", "reported", "/admin/bookings/desk/", REPORT)(person)
    with psycopg.connect(person.house.database_url) as connection:
        connection.execute("UPDATE bookings_problemreport SET answer_due_at = now()")
    person.goto("/admin/bookings/desk/")
    person.press(person.control("desk-report"))
    person.wait_for(re.compile("/desk/reports/"))


def see_the_sums(person: Person) -> None:
    person.fill("Goes back to the student, in per cent of the price", "50")
    person.fill("Why", "Half of the time was lost.")
    person.press(person.control("see-sums"))
    steps.said(person, "This is what it does")


OF_AMARA = "SELECT id FROM payments_payment WHERE booking_id = %s"


def send_refund_again(person: Person) -> None:
    """A refund of Amara's has come back from her bank."""
    with psycopg.connect(person.house.database_url) as connection:
        connection.execute(
            "INSERT INTO payments_refund (id, payment_id, status, reason, amount_minor, provider_id, attempt, created_at, settled_at) "
            f"SELECT gen_random_uuid(), ({OF_AMARA}), 'failed', 'finance', 100, '', 1, now(), now()",
            [person.house.path("{coming}")],
        )
    person.goto("/admin/finance/")
    person.press(person.page.get_by_role("region", name="Refunds that failed").get_by_role("link").first)
    steps.heading(person, "Send $1.00 again?")


def agree_to_refund(person: Person) -> None:
    """A colleague has asked for a refund that needs two."""
    with psycopg.connect(person.house.database_url) as connection:
        connection.execute(
            "INSERT INTO payments_refundrequest (id, payment_id, status, amount_minor, reason, by_id, created_at) "
            f"SELECT gen_random_uuid(), ({OF_AMARA}), 'waiting', 200, 'The room was down for both.', id, now() "
            "FROM accounts_user WHERE email = 'admin@demo.test'",
            [person.house.path("{coming}")],
        )
    person.goto("/admin/finance/")
    person.press(person.page.get_by_role("region", name="Waiting for a second person").get_by_role("link").first)
    steps.heading(person, "Agree to send $2.00 back?")


def look_at_dispute(person: Person) -> None:
    with psycopg.connect(person.house.database_url) as connection:
        connection.execute(
            "INSERT INTO payments_dispute (provider_id, payment_id, status, reason, amount_minor, fee_minor, is_withdrawn, "
            "opened_at, evidence_due_at) "
            f"SELECT 'du_e2e', ({OF_AMARA}), 'inquiry', 'fraudulent', 100, 0, false, now(), now() + interval '7 days' "
            "ON CONFLICT DO NOTHING",
            [person.house.path("{past}")],
        )
    person.goto("/admin/finance/disputes/")
    steps.heading(person, "Disputes")


PAGES: dict[str, dict[str, Way]] = {
    "": {
        "home": "/",
        "help": "/help/",
        "help-how-it-works": "/help/how-it-works/",
        "help-safety": "/help/safety/",
        "help-terms": "/help/terms/",
        "help-privacy": "/help/privacy/",
        "help-write": "/help/write/",
        "help-written": "/help/write/R-7K3M2Q/",
        "account-closed": "/account/closed/",
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
        "unsubscribe": switch_off_by_link,
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
        "notifications": "/notifications/",
        "bookings:feed-settings": "/account/calendar/",
        "security": "/account/security/",
        "uploads:privacy": "/account/privacy/",
        "close-account open": "/account/privacy/close/",
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
        "bookings:join": own_session(*AMARA, "running", "/bookings/{session}/join/"),
        "bookings:session running": own_session(*AMARA, "running", "/bookings/{session}/"),
        "bookings:join closed": "/bookings/{coming}/join/",
        "bookings:notes": "/bookings/{coming}/notes/",
        "bookings:session over": own_session(*AMARA, "over", "/bookings/{session}/"),
        "bookings:problem": own_session(*AMARA, "over", "/bookings/{session}/problem/"),
        "bookings:session reported": own_session(*AMARA, "reported", "/bookings/{session}/", REPORT),
        "bookings:review": own_session(*AMARA, "completed", "/bookings/{session}/review/", UNREVIEWED),
        "bookings:review closed": own_session(*AMARA, "over", "/bookings/{session}/review/", UNREVIEWED),
        "bookings:session reviewed": own_session(*AMARA, "completed", "/bookings/{session}/", REVIEWED),
        "bookings:files": "/bookings/{coming}/files/",
        "bookings:file": go_on_from("/bookings/{coming}/files/"),
        "payments:receipt": "/bookings/{past}/receipt/",
        "payments:receipt refunded": "/bookings/{cancelled}/receipt/",
        "payments:history": "/account/payments/",
        "chat:inbox": "/messages/",
        "chat:inbox found": "/messages/?q=question",
        "chat:inbox nothing found": "/messages/?q=hippopotamus",
        "chat:thread": "/messages/{thread}/",
        "chat:edit": "/messages/{thread}/{message}/edit/",
        "chat:delete": "/messages/{thread}/{message}/delete/",
        "chat:new": "/messages/new/?mentor=mentor2",
        "chat:close": "/messages/{thread}/close/",
        "chat:attach": "/messages/{thread}/attach/",
        "chat:attach-file": go_on_from("/messages/{thread}/attach/"),
        "chat:report": "/messages/{thread}/report/",
        "help-report": "/help/report/",
        "help-report-session": own_session(*AMARA, "over", "/help/report/session/"),
        "help-report-conversation": "/help/report/conversation/",
        "help-report-other": "/help/report/other/",
        "help-report-sent": write_to_support,
    },
    "student4@demo.test": {
        "bookings:sessions none": "/sessions/",
        "chat:inbox none": "/messages/",
        "chat:new reminded": ask_with_a_number,
        "payments:history none": "/account/payments/",
        "help-report-session none": "/help/report/session/",
        "help-report-conversation none": "/help/report/conversation/",
        "uploads:privacy none": "/account/privacy/",
        "close-account": "/account/privacy/close/",
    },
    "mentor1@demo.test": {
        "mentors:overview": "/mentor/",
        "mentors:profile": "/mentor/profile/",
        "mentors:subjects": "/mentor/profile/subjects/",
        "mentors:photo-upload": "/mentor/profile/photo/",
        "mentors:photo-file": go_on_from("/mentor/profile/photo/"),
        "mentors:availability": "/mentor/availability/",
        "mentors:dates": "/mentor/availability/dates/",
        "mentors:rules": "/mentor/availability/rules/",
        "mentors:calendars": "/mentor/availability/calendars/",
        "bookings:mentor-sessions": "/mentor/sessions/",
        "bookings:mentor own": "/mentors/mentor1/",
        "payments:earnings none": "/mentor/earnings/",
        "payments:payouts-setup": "/mentor/payouts/setup/",
        "payments:earnings": own_earnings("mentor1@demo.test"),
        "bookings:strikes none": "/mentor/strikes/",
        "bookings:session coming": own_session(*COMING, "/bookings/{session}/"),
        "bookings:cancel": own_session(*COMING, "/bookings/{session}/cancel/"),
        "bookings:meeting-link": own_session(*COMING, "/bookings/{session}/link/"),
        "bookings:move": own_session(*COMING, "/bookings/{session}/move/"),
        "bookings:move suggested": own_session(*COMING, "/bookings/{session}/move/", SUGGESTED),
        "bookings:session to say": own_session(*MENTOR, "over", "/bookings/{session}/"),
        "bookings:answer": own_session(*MENTOR, "reported", "/bookings/{session}/answer/", REPORT),
        "bookings:answer-review": own_session(*MENTOR, "completed", "/bookings/{session}/review/answer/", REVIEWED),
        "bookings:appeal": own_session(*MENTOR, "completed", "/mentor/strikes/{strike}/appeal/", STRIKE),
        "bookings:strikes": "/mentor/strikes/",
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
    "mentor.suspended@demo.test": {
        "mentors:overview suspended": "/mentor/",
        "mentors:appeal": "/mentor/appeal/",
        "help-report-other suspended": "/help/report/other/",
    },
    "reviewer@demo.test": {
        "admin:index": "/admin/",
        "mentors:review": "/admin/mentors/review/",
        "mentors:review-document": "/admin/mentors/review/{document}/",
        "mentors:review-application": "/admin/mentors/review/applications/{applicant}/",
        "mentors:suspend": "/admin/mentors/review/applications/mentor1/suspend/",
        "mentors:reinstate": "/admin/mentors/review/applications/victor-lang/reinstate/",
        "mentors:decline-appeal": "/admin/mentors/review/applications/victor-lang/decline-appeal/",
        "mentors:review-application suspended": "/admin/mentors/review/applications/victor-lang/",
        "admin:common_analyticsevent_charts": "/admin/common/analyticsevent/charts/",
    },
    "support@demo.test": {
        "admin:index support": "/admin/",
        "bookings:desk none": "/admin/bookings/desk/",
        "bookings:desk-report": read_report,
        "bookings:desk-report sums": see_the_sums,
        "bookings:desk": "/admin/bookings/desk/",
        "bookings:desk-strike": own_session(
            3, "mentor", "mentor2@demo.test", "completed", "/admin/bookings/desk/strikes/{strike}/", STRIKE
        ),
        "admin:accounts_user_lock": "/admin/accounts/user/{nobody}/lock/",
        "admin:accounts_user_unlock": lock_and_open,
        "admin:chat_threadreport_read": read_reported_thread,
        "support-request": read_report_to_support,
        "admin:bookings_booking_cancel": "/admin/bookings/booking/{coming}/cancel/",
    },
    "finance@demo.test": {
        "admin:index finance": "/admin/",
        "payments:desk none": "/admin/finance/",
        "payments:desk-disputes none": "/admin/finance/disputes/",
        "payments:decide-refund": "/admin/finance/bookings/{coming}/refund/",
        "payments:send-again": send_refund_again,
        "payments:decide-request": agree_to_refund,
        "payments:desk": "/admin/finance/",
        "payments:desk-disputes": look_at_dispute,
    },
    "admin@demo.test": {
        "admin:accounts_user_staff": "/admin/accounts/user/staff/",
        "admin:accounts_user_desks": "/admin/accounts/user/{staff}/desks/",
    },
}

NO_PAGE = {
    "answers a POST with a redirect or a file": [
        "account-zone", "notification", "notifications-read", "notifications-mail", "notifications-mail-again", "mentors:remove-photo", "mentors:remove-dates", "mentors:read-calendars", "mentors:remove-calendar", "bookings:close-feed", "mentors:review-undo", "mentors:review-let-go", "bookings:extend", "bookings:let-go", "bookings:outcome", "bookings:keep",
        "bookings:accept-proposal", "bookings:decline-proposal",
        "payments:note", "payments:earnings-table", "payments:payouts-dashboard", "chat:draft", "chat:open", "mfa_login_webauthn", "mfa_download_recovery_codes", "bookings:calendar",
        "uploads:open", "uploads:preview", "uploads:open-export", "admin:chat_threadreport_close", "mentors:photo", "mentors:review-page", "dispute-evidence",
    ],
    "is read by programs": ["bookings:feed", "confirmed", "events", "favicon", "robots", "sitemap", "sitemap-section"],
    "leads on to another page": ["second-factors", "payments:payouts-return", "payments:payouts-refresh", "mfa_index", "admin:login", "admin:password_change"],
}  # fmt: skip
