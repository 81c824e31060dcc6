"""The environment is read once, checked as a whole, and written down in ``.env.example``."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.env import PRODUCTION_BOUNDS, Env, load_env

ROOT = Path(__file__).resolve().parents[2]

GOOD = {
    "ENV": "production",
    "SECRET_KEY": "k7Qx2mPz" * 10,
    "DATABASE_URL": "postgresql://lantern:secret-word@db/lantern",
    "SITE_URL": "https://lantern.example",
    "ALLOWED_HOSTS": "lantern.example",
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_abc",
    "STRIPE_WEBHOOK_SECRETS": "whsec_one,whsec_two",
    "S3_BUCKET": "files",
    "S3_ACCESS_KEY_ID": "id",
    "S3_SECRET_ACCESS_KEY": "secret",
    "SMTP_URL": "smtp://mail.example:587",
    "CACHE_URL": "redis://cache:6379/0",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in Env.model_fields:
        monkeypatch.delenv(name, raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_every_variable_stands_in_the_example_with_a_line_about_it() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = [line.split("=")[0] for line in lines if re.match(r"^[A-Z]", line)]
    assert sorted(named) == sorted(Env.model_fields)
    for index, line in enumerate(lines):
        if re.match(r"^[A-Z]", line):
            assert any(previous.startswith("#") for previous in lines[max(0, index - 3) : index]), line


def test_the_defaults_of_the_example_are_those_of_the_code() -> None:
    values = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if re.match(r"^[A-Z]\w+=.", line)
    )
    for name, field in Env.model_fields.items():
        if name in values and isinstance(field.default, int) and not isinstance(field.default, bool):
            assert int(values[name]) == field.default, name
        if name.startswith("RATELIMIT_"):
            assert values[name] == field.default, name


def test_a_good_production_environment_is_accepted(environment: pytest.MonkeyPatch) -> None:
    env = load_env()
    assert env.ENV == "production"
    assert env.stripe_webhook_secrets == ["whsec_one", "whsec_two"]


def test_unset_env_means_production(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("ENV")
    assert load_env().ENV == "production"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SITE_URL", "http://lantern.example"),
        ("DEBUG", "1"),
        ("DEMO_SKIP_STAFF_MFA", "1"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "change-me-" + "k7Qx2mPz" * 10),
        ("STRIPE_SECRET_KEY", "sk_test_sandbox_1"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_test_sandbox_1"),
        ("STRIPE_API_BASE", "http://127.0.0.1:9000"),
        ("STRIPE_JS_URL", "http://127.0.0.1:9000/v3/stripe.js"),
        ("STRIPE_WEBHOOK_SECRETS", "one"),
        ("SMTP_URL", "file:///tmp/mail"),
        ("SMTP_URL", "http://mail.example"),
        ("ALLOWED_HOSTS", "*"),
        ("RATELIMIT_HOLD", "many"),
        ("RATELIMIT_HOLD", "10/0m"),
        ("SITE_URL", ""),
        ("SITE_URL", "https://lantern.example:port"),
        ("ALLOWED_HOSTS", ""),
        ("STRIPE_SECRET_KEY", "pk_live_abc"),
        ("STRIPE_PUBLISHABLE_KEY", "sk_live_abc"),
        ("DATABASE_URL", "mysql://db/lantern"),
        ("DATABASE_URL", "lantern"),
        ("CACHE_URL", "cache:6379"),
        ("CACHE_URL", "memcached://cache"),
        ("S3_ENDPOINT_URL", "storage.example"),
        ("S3_ENDPOINT_URL", "http://127.0.0.1:9000"),
        ("SCANNER_URL", "clamav:3310"),
        ("MEETING_BASE_URL", "meet.example"),
        ("SMTP_URL", "smtp://mail.example:99999"),
        ("SENTRY_DSN", "sentry"),
        ("CURRENCY", "dollars"),
        ("CURRENCY", "zzz"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        *((name, str(low - 1)) for name, (low, _high) in PRODUCTION_BOUNDS.items()),
        *((name, str(high + 1)) for name, (_low, high) in PRODUCTION_BOUNDS.items()),
    ],
)
def test_a_bad_value_refuses_the_start(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(SystemExit) as refusal:
        load_env()
    assert f"  {name}: " in str(refusal.value)
    environment.setenv(name, GOOD.get(name, ""))
    load_env()


def test_all_faults_are_named_at_once_and_no_value_is_shown(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("DATABASE_URL")
    environment.setenv("SECRET_KEY", "hunter2hunter2")
    environment.setenv("HOLD_SECONDS", "soon")
    environment.setenv("CACHE_URL", "hunter2://cache")
    environment.setenv("SITE_URL", "http://lantern.example")
    with pytest.raises(SystemExit) as refusal:
        load_env()
    told = str(refusal.value)
    faults = ("DATABASE_URL", "SECRET_KEY", "HOLD_SECONDS", "SITE_URL", "CACHE_URL")
    assert [name for name in faults if f"  {name}: " not in told] == []
    assert "hunter2" not in told


def test_a_process_does_not_start_with_a_bad_environment() -> None:
    environment = {"PATH": os.environ["PATH"], "ENV": "production", "SECRET_KEY": "short"}
    process = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert process.returncode == 1
    assert "SECRET_KEY: must be at least 50 random characters" in process.stderr
    assert "short" not in process.stderr.replace("must be", "")


def test_secrets_do_not_show_in_a_printed_environment(environment: pytest.MonkeyPatch) -> None:
    printed = repr(load_env())
    assert "secret-word" not in printed
    assert "sk_live_abc" not in printed
