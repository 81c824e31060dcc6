"""The environment, read once and checked as a whole.

``settings.py`` is the only reader of this module and nothing else reads ``os.environ``. A start with a bad
environment names every fault at once, never a value. Each variable is explained in ``.env.example``.
"""

import os
import re
import sys
from collections.abc import Collection
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from babel.numbers import is_currency
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

RATE = re.compile(r"^[1-9]\d*/([1-9]\d*)?[smhd]$")
SANDBOX_KEY = re.compile(r"^[ps]k_test_sandbox")
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

# Outside these a production start is refused; development may go lower so that a test needn't wait.
PRODUCTION_BOUNDS = {
    "HOLD_SECONDS": (300, 3600),
    "RECONCILE_SECONDS": (60, 900),
    "UPLOAD_URL_SECONDS": (60, 300),
    "DOWNLOAD_URL_SECONDS": (10, 60),
    "ID_RETENTION_DAYS": (1, 365),
    "CANCEL_GRACE_SECONDS": (0, 3600),
    "PLATFORM_FEE_BPS": (0, 5000),
    "MIN_PRICE_MINOR": (50, 100_000),
    "REFUND_TWO_PERSON_MINOR": (0, 10_000_000),
}


def _rate(value: str) -> str:
    if not RATE.match(value):
        raise ValueError("must be count/period, such as 10/5m or 20/h")
    return value


def _address(value: str, schemes: Collection[str], example: str) -> SplitResult:
    """Read an address that settings and clients rely on. Raises ``ValueError`` with what one looks like."""
    try:
        parts = urlsplit(value)
        whole = parts.scheme in schemes and bool(parts.hostname or parts.path.strip("/")) and parts.port != 0
    except ValueError:  # a port that is none, half a bracket
        whole = False
    if not whole:
        raise ValueError(f"must be an address such as {example}")
    return parts


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Rate = Annotated[str, AfterValidator(_rate)]


class Env(BaseModel):
    # Defaults are checked too: what suits development may be missing in production.
    model_config = ConfigDict(extra="ignore", frozen=True, validate_default=True)

    ENV: Literal["development", "production"] = "production"
    DEBUG: bool = False
    SECRET_KEY: SecretStr
    DATABASE_URL: SecretStr
    SITE_URL: str = "http://127.0.0.1:8000"
    SITE_NAME: str = "Lantern"
    ALLOWED_HOSTS: list[str] = []
    TRUSTED_PROXY_COUNT: int = Field(default=0, ge=0, le=5)
    CURRENCY: str = Field(default="usd", pattern=r"^[a-z]{3}$")

    STRIPE_SECRET_KEY: SecretStr
    STRIPE_PUBLISHABLE_KEY: str
    STRIPE_WEBHOOK_SECRETS: SecretStr
    STRIPE_API_BASE: str = ""
    STRIPE_JS_URL: str = ""

    S3_ENDPOINT_URL: str = ""
    S3_BUCKET: str
    S3_REGION: str = "us-east-1"
    S3_ACCESS_KEY_ID: SecretStr
    S3_SECRET_ACCESS_KEY: SecretStr
    SCANNER_URL: str = ""

    SMTP_URL: SecretStr
    MAIL_FROM: str = "Lantern <hello@localhost>"
    CACHE_URL: SecretStr
    SENTRY_DSN: SecretStr | None = None
    MEETING_BASE_URL: str = "https://meet.jit.si"
    SELLER_NAME: str = "Lantern"
    SELLER_ADDRESS: str = ""
    SELLER_TAX_ID: str = ""

    HOLD_SECONDS: int = Field(default=900, ge=1)
    RECONCILE_SECONDS: int = Field(default=300, ge=1)
    UPLOAD_URL_SECONDS: int = Field(default=300, ge=1, le=300)
    DOWNLOAD_URL_SECONDS: int = Field(default=60, ge=1, le=60)
    ID_RETENTION_DAYS: int = Field(default=30, ge=0)
    CANCEL_GRACE_SECONDS: int = Field(default=1800, ge=0)
    PLATFORM_FEE_BPS: int = Field(default=1500, ge=0, le=10_000)
    MIN_PRICE_MINOR: int = Field(default=300, ge=1)
    REFUND_TWO_PERSON_MINOR: int = Field(default=50_000, ge=0)
    DEMO_SKIP_STAFF_MFA: bool = False

    RATELIMIT_SIGN_IN_ACCOUNT: Rate = "10/5m"
    RATELIMIT_SIGN_IN_ADDRESS: Rate = "30/5m"
    RATELIMIT_SIGN_UP: Rate = "20/h"
    RATELIMIT_PASSWORD_RESET: Rate = "5/h"  # noqa: S105  # a limit, not a password
    RATELIMIT_ONBOARDING_SUBMIT: Rate = "5/h"
    RATELIMIT_UPLOAD_SIGN: Rate = "30/h"
    RATELIMIT_CHAT_POST: Rate = "20/m"
    RATELIMIT_NOTE_SAVE: Rate = "60/m"
    RATELIMIT_NEW_THREAD: Rate = "5/d"
    RATELIMIT_SUPPORT_REQUEST: Rate = "5/h"
    RATELIMIT_HOLD: Rate = "10/h"
    RATELIMIT_CALENDAR: Rate = "20/h"
    RATELIMIT_HOLD_TRY: Rate = "60/m"
    RATELIMIT_CARD_DECLINE: Rate = "5/h"

    @field_validator("ALLOWED_HOSTS", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        return _split(value)

    @field_validator("SITE_URL")
    @classmethod
    def _site_url(cls, value: str, info: ValidationInfo) -> str:
        parts = _address(value, {"http", "https"}, "https://lantern.example")
        if not parts.hostname:
            raise ValueError("must be an address such as https://lantern.example")
        if _production(info) and parts.scheme != "https":
            raise ValueError("must begin with https:// in production")
        return value.rstrip("/")

    @field_validator("CURRENCY")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if not is_currency(value.upper()):
            raise ValueError("must be an ISO code such as usd")
        return value

    @field_validator("SECRET_KEY")
    @classmethod
    def _long_secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        secret = value.get_secret_value()
        if _production(info) and (len(secret) < 50 or len(set(secret)) < 5 or secret.startswith("change-me")):
            raise ValueError("must be at least 50 random characters in production")
        return value

    @field_validator("DEBUG", "DEMO_SKIP_STAFF_MFA")
    @classmethod
    def _never_in_production(cls, value: bool, info: ValidationInfo) -> bool:
        if value and _production(info):
            raise ValueError("must be off in production")
        if value and info.field_name == "DEMO_SKIP_STAFF_MFA":
            site = info.data.get("SITE_URL")
            if site is not None and urlsplit(site).hostname not in LOOPBACK_HOSTS:
                raise ValueError("works only with a loopback SITE_URL")
        return value

    @field_validator("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY")
    @classmethod
    def _no_sandbox_key(cls, value: SecretStr | str, info: ValidationInfo) -> SecretStr | str:
        key = value.get_secret_value() if isinstance(value, SecretStr) else value
        if _production(info) and SANDBOX_KEY.match(key):
            raise ValueError("is a key of the payment sandbox")
        return value

    @field_validator("STRIPE_API_BASE", "STRIPE_JS_URL")
    @classmethod
    def _no_sandbox_address(cls, value: str, info: ValidationInfo) -> str:
        if value and _production(info):
            raise ValueError("must be empty in production, where Stripe itself is used")
        return value

    @field_validator("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY")
    @classmethod
    def _right_key(cls, value: SecretStr | str) -> SecretStr | str:
        """The publishable key is shown to everybody who pays: the secret one must not stand in its place."""
        if isinstance(value, str) and not value.startswith("pk_"):
            raise ValueError("must be the publishable key (pk_…)")
        if isinstance(value, SecretStr) and not value.get_secret_value().startswith(("sk_", "rk_")):
            raise ValueError("must be a secret key (sk_… or rk_…)")
        return value

    @field_validator("DATABASE_URL")
    @classmethod
    def _postgresql(cls, value: SecretStr) -> SecretStr:
        try:
            conninfo_to_dict(value.get_secret_value())
        except ProgrammingError as exc:  # whose words show the value
            raise ValueError("must be an address such as postgresql://user:password@host:5432/name") from exc
        return value

    @field_validator("CACHE_URL")
    @classmethod
    def _redis(cls, value: SecretStr) -> SecretStr:
        _address(value.get_secret_value(), {"redis", "rediss", "unix"}, "redis://:password@host:6379/0")
        return value

    @field_validator("S3_ENDPOINT_URL")
    @classmethod
    def _storage(cls, value: str, info: ValidationInfo) -> str:
        parts = _address(value, {"http", "https"}, "https://storage.example") if value else None
        if parts and _production(info) and parts.hostname in LOOPBACK_HOSTS:
            raise ValueError("must be where browsers can send files in production, not this machine alone")
        return value

    @field_validator("MEETING_BASE_URL")
    @classmethod
    def _room(cls, value: str) -> str:
        _address(value, {"http", "https"}, "https://meet.example")
        return value

    @field_validator("SCANNER_URL")
    @classmethod
    def _scanner(cls, value: str) -> str:
        if value:
            _address(value, {"tcp", "unix"}, "tcp://clamav:3310")
        return value

    @field_validator("STRIPE_WEBHOOK_SECRETS")
    @classmethod
    def _some_webhook_secret(cls, value: SecretStr) -> SecretStr:
        secrets = _split(value.get_secret_value())
        if not secrets or not isinstance(secrets, list) or not all(s.startswith("whsec_") for s in secrets):
            raise ValueError("must be one or two secrets (whsec_…), separated by a comma")
        return value

    @field_validator("SMTP_URL")
    @classmethod
    def _known_mailer(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        parts = _address(value.get_secret_value(), {"smtp", "smtps", "file"}, "smtps://user:password@host:465")
        if parts.scheme == "file" and _production(info):
            raise ValueError("may be a folder in development only")
        return value

    @field_validator("SENTRY_DSN")
    @classmethod
    def _dsn(cls, value: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(value.get_secret_value()) if value else None
        if parts and not (parts.scheme in {"http", "https"} and parts.username and parts.path.strip("/").isdecimal()):
            raise ValueError("must be a DSN such as https://key@sentry.example/1")
        return value

    @field_validator("ALLOWED_HOSTS")
    @classmethod
    def _named_hosts(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if _production(info) and (not value or "*" in value):
            raise ValueError("must name the hosts of the site in production")
        return value

    @field_validator(*PRODUCTION_BOUNDS)
    @classmethod
    def _within_bounds(cls, value: int, info: ValidationInfo) -> int:
        low, high = PRODUCTION_BOUNDS[info.field_name or ""]
        if _production(info) and not low <= value <= high:
            raise ValueError(f"must lie between {low} and {high} in production")
        return value

    @property
    def stripe_webhook_secrets(self) -> list[str]:
        secrets = _split(self.STRIPE_WEBHOOK_SECRETS.get_secret_value())
        assert isinstance(secrets, list)
        return secrets


def _production(info: ValidationInfo) -> bool:
    # ``ENV`` is the first field; when it was itself refused the strict reading applies.
    return bool(info.data.get("ENV", "production") == "production")


def load_env() -> Env:
    """Read the environment or end the process, naming each variable at fault and never its value."""
    try:
        return Env.model_validate({name: value for name, value in os.environ.items() if value})  # empty means unset
    except ValidationError as exc:
        lines = sorted(
            {f"  {'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}" for e in exc.errors()}
        )
        sys.exit("The environment is not usable (see .env.example):\n" + "\n".join(lines))
