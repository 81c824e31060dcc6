"""What stands around every answer: the content-security policy, isolation, cookies."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from mentors.models import Mentor
from tests.common.test_env import GOOD
from tests.factories import make_booking
from tests.signin import sign_in

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]


def policy(client: Client, url: str) -> dict[str, str]:
    header = client.get(url)["Content-Security-Policy"]
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in header.split(";"))}


@pytest.mark.parametrize(
    "url", ["/", "/mentors/", "/accounts/login/", "/help/", "/nothing/", "/api/health/live", "/api/nothing"]
)
def test_every_answer_is_isolated(client: Client, url: str) -> None:
    headers = client.get(url).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_the_policy_lets_in_nothing_from_elsewhere(client: Client) -> None:
    rules = policy(client, "/")
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == rules["object-src"] == "'none'"
    assert rules["style-src"] == rules["connect-src"] == rules["form-action"] == "'self'"
    assert re.fullmatch(r"'self'( 'nonce-[^']+')?", rules["script-src"])


def test_the_pay_page_alone_knows_the_payment_provider(
    client: Client, student: User, mentor: Mentor, settings: object
) -> None:
    origin = settings.STRIPE_JS_URL.split("/v3")[0]  # type: ignore[attr-defined]  # pytest-django's wrapper
    booking = make_booking(mentor=mentor, student=student, status="held")
    client.force_login(student)
    for directive in ("script-src", "frame-src", "connect-src"):
        assert origin in policy(client, f"/bookings/{booking.pk}/pay/")[directive]
        assert origin not in policy(client, f"/bookings/{booking.pk}/").get(directive, "")
    assert "payment=(" in client.get(f"/bookings/{booking.pk}/pay/")["Permissions-Policy"]


def test_pages_of_a_signed_in_person_are_not_kept_by_caches(client: Client, student: User) -> None:
    assert "private" not in client.get("/").headers.get("Cache-Control", "")
    client.force_login(student)
    assert "private" in client.get("/sessions/")["Cache-Control"]


def test_stock_admin_works_under_the_policy(client: Client, support: User) -> None:
    sign_in(client, support)
    page = client.get("/admin/")
    assert page.status_code == 200
    assert "unsafe" not in page["Content-Security-Policy"]


def test_production_has_host_cookies_hsts_and_https() -> None:
    code = (
        "import django; django.setup(); from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        "s.SESSION_COOKIE_HTTPONLY, s.SECURE_HSTS_SECONDS >= 31536000, s.SECURE_SSL_REDIRECT, s.ON_LOOPBACK)"
    )
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "marketplace.settings", **GOOD}
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == [
        "__Host-sessionid",
        "__Host-csrftoken",
        "True",
        "True",
        "True",
        "True",
        "True",
        "False",
    ]
