"""Settings for every environment. What differs between deployments comes from ``env.py``, the numbers from ``rules.py``."""

import logging
from pathlib import Path
from urllib.parse import unquote, urlsplit

import django_stubs_ext
import structlog
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from marketplace.common.logging import logging_config, structlog_processors
from marketplace.env import load_env
from marketplace.rules import *  # noqa: F403  # the numbers are settings like any other

django_stubs_ext.monkeypatch()  # lets classes such as FormView[Form] name their types at run time

env = load_env()

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = env.ENV
PRODUCTION = env.ENV == "production"
DEBUG = env.DEBUG
SECRET_KEY = env.SECRET_KEY.get_secret_value()
SITE_URL = env.SITE_URL
SITE_NAME = env.SITE_NAME
_site = urlsplit(SITE_URL)
ON_LOOPBACK = not PRODUCTION and _site.hostname in {"127.0.0.1", "localhost", "::1"}
ALLOWED_HOSTS = env.ALLOWED_HOSTS or ["127.0.0.1", "localhost", "[::1]"]

# Numbers that a deployment may set
CURRENCY = env.CURRENCY
HOLD_SECONDS = env.HOLD_SECONDS
RECONCILE_SECONDS = env.RECONCILE_SECONDS
UPLOAD_URL_SECONDS = env.UPLOAD_URL_SECONDS
DOWNLOAD_URL_SECONDS = env.DOWNLOAD_URL_SECONDS
ID_RETENTION_DAYS = env.ID_RETENTION_DAYS
CANCEL_GRACE_SECONDS = env.CANCEL_GRACE_SECONDS
PLATFORM_FEE_BPS = env.PLATFORM_FEE_BPS
MIN_PRICE_MINOR = env.MIN_PRICE_MINOR
REFUND_TWO_PERSON_MINOR = env.REFUND_TWO_PERSON_MINOR
MEETING_BASE_URL = env.MEETING_BASE_URL
SELLER_NAME, SELLER_ADDRESS, SELLER_TAX_ID = env.SELLER_NAME, env.SELLER_ADDRESS, env.SELLER_TAX_ID
DEMO_SKIP_STAFF_MFA = env.DEMO_SKIP_STAFF_MFA
RATE_LIMITS = {
    name.removeprefix("RATELIMIT_"): rate for name, rate in env.model_dump().items() if name.startswith("RATELIMIT_")
}

# Vendors
STRIPE_SECRET_KEY = env.STRIPE_SECRET_KEY.get_secret_value()
STRIPE_PUBLISHABLE_KEY = env.STRIPE_PUBLISHABLE_KEY
STRIPE_WEBHOOK_SECRETS = env.stripe_webhook_secrets
STRIPE_API_BASE = env.STRIPE_API_BASE
STRIPE_JS_URL = env.STRIPE_JS_URL or "https://js.stripe.com/v3/"
SCANNER_URL = env.SCANNER_URL

INSTALLED_APPS = [
    "marketplace.apps.MarketplaceAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.forms",  # the templates that ours in templates/django/forms/ fall back to
    "django.contrib.humanize",  # allauth.usersessions' templates use it
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "guardian",
    "pgtrigger",
    "procrastinate.contrib.django",
    "django_structlog",
    "django_htmx",
    "marketplace.apps.MarketplaceConfig",
    "marketplace.common",
    "accounts",
    "uploads",
    "mentors",
    "bookings",
    "payments",
    "chat",
]

MIDDLEWARE = [
    "marketplace.common.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "marketplace.common.middleware.IsolationHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "marketplace.common.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.SignInAnswersMiddleware",
    "marketplace.common.middleware.ViewerZoneMiddleware",
    "marketplace.common.middleware.ErrorMiddleware",
]

ROOT_URLCONF = "marketplace.urls"
PAGES_URLCONF = "marketplace.page_urls"  # the part of it that mails point to
WSGI_APPLICATION = "marketplace.wsgi.application"
FORM_RENDERER = "marketplace.common.forms.FormRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.context_processors.site",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "marketplace.common.templatetags.lantern",
                "marketplace.common.templatetags.parts",
            ],
        },
    },
]

# Database: one PostgreSQL schema. Every path that locks takes people before bookings before payments, so a wait is
# short; the two timeouts turn an unexpected one into a 503 instead of a hanging page.
_database = conninfo_to_dict(env.DATABASE_URL.get_secret_value())
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.pop("dbname", ""),
        "USER": _database.pop("user", ""),
        "PASSWORD": _database.pop("password", ""),
        "HOST": _database.pop("host", ""),
        "PORT": str(_database.pop("port", "")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_database,
            "connect_timeout": 5,
            "options": "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s -c statement_timeout=30s",
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_LINTER_OPTIONS = {"exclude_apps": ["account", "mfa", "usersessions", "guardian", "procrastinate"]}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.CACHE_URL.get_secret_value(),
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    },
}
SILENCED_SYSTEM_CHECKS = ["django_ratelimit.W001"]  # it does not know that Django's own Redis cache counts atomically

# Storage: S3 everywhere. Private files are read only through links that uploads.services signs.
STORAGES = {
    "default": {"BACKEND": "uploads.storage.RefusingStorage"},
    # A developer's files are served as they lie; everywhere else `collectstatic` gave them hashed names.
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "marketplace.common.static.StaticStorage"
    },
    "private": {
        "BACKEND": "uploads.gateways.s3.PrivateStorage",
        "OPTIONS": {
            "bucket_name": env.S3_BUCKET,
            "endpoint_url": env.S3_ENDPOINT_URL or None,
            "region_name": env.S3_REGION,
            "access_key": env.S3_ACCESS_KEY_ID.get_secret_value(),
            "secret_key": env.S3_SECRET_ACCESS_KEY.get_secret_value(),
            "signature_version": "s3v4",
            "addressing_style": "path" if env.S3_ENDPOINT_URL else "virtual",
            "default_acl": None,
            "querystring_auth": True,
            "querystring_expire": DOWNLOAD_URL_SECONDS,
            "file_overwrite": False,
        },
    },
}
S3_ORIGIN = (
    "{0.scheme}://{0.netloc}".format(urlsplit(env.S3_ENDPOINT_URL))
    if env.S3_ENDPOINT_URL
    else f"https://{env.S3_BUCKET}.s3.{env.S3_REGION}.amazonaws.com"
)
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # nothing asks for a file by its bare name
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# Mail. In development SMTP_URL may name a folder (file:///…), where each mail becomes one .eml file.
_mail = urlsplit(env.SMTP_URL.get_secret_value())
MAIL_DIR = Path(unquote(_mail.path)) if _mail.scheme == "file" else None
MAILERS = {
    "default": {"BACKEND": "marketplace.common.mail.FolderBackend", "OPTIONS": {"folder": str(MAIL_DIR)}}
    if MAIL_DIR
    else {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": _mail.hostname or "localhost",
            "port": _mail.port or (465 if _mail.scheme == "smtps" else 587),
            "username": unquote(_mail.username or ""),
            "password": unquote(_mail.password or ""),
            "use_ssl": _mail.scheme == "smtps",
            "use_tls": _mail.scheme == "smtp" and bool(_mail.username),
            "timeout": 10,
        },
    },
}
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.MAIL_FROM

# Sign-in. The allauth settings stand in accounts/allauth_settings.py.
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None  # guardian: no row stands for strangers
GUARDIAN_MONKEY_PATCH_USER = False
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "accounts.validators.MaximumLengthValidator", "OPTIONS": {"max_length": 128}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
from accounts.allauth_settings import *  # noqa: E402, F403  # one page for the sign-in rules

ACCOUNT_RATE_LIMITS = {
    "login_failed": f"{RATE_LIMITS['SIGN_IN_ACCOUNT']}/key",
    "login": f"{RATE_LIMITS['SIGN_IN_ADDRESS']}/ip",
    "signup": f"{RATE_LIMITS['SIGN_UP']}/ip",
    "reset_password": f"{RATE_LIMITS['PASSWORD_RESET']}/key",
    # A code may be tried three times: these keep guessing codes below the limit of failed sign-ins (3 × 3 in 5 minutes),
    # and let somebody sign up, fail to sign in and ask for the code again without being stopped.
    "request_login_code": f"{RATE_LIMITS['SIGN_IN_ADDRESS']}/ip,3/5m/key",
    "confirm_email": "5/5m/key",
}
MFA_RATE_LIMITS = {"webauthn_login": f"{RATE_LIMITS['SIGN_IN_ADDRESS']}/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT = env.TRUSTED_PROXY_COUNT
RATELIMIT_IP_META_KEY = "marketplace.common.limits.client_address"
RATELIMIT_FAIL_OPEN = False
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = ON_LOOPBACK

# Cookies and headers
_secure = PRODUCTION or _site.scheme == "https"
SESSION_COOKIE_NAME = "__Host-sessionid" if _secure else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if _secure else "csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _secure
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_FAILURE_VIEW = "marketplace.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if _secure else []
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^api/health"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: []
    for name in [
        "accelerometer",
        "autoplay",
        "camera",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
        "xr-spatial-tracking",
    ]
}

# Requests
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["uploads.storage.RefusingUploadHandler"]  # files go to storage, never through a form of ours
APPEND_SLASH = True

# Origins on this machine that tests serve calendars from. Nothing in the environment can name one: elsewhere only https to
# the public internet is asked.
CALENDAR_TEST_ORIGINS: tuple[str, ...] = ()

# Language and time. Weekly hours and readers have zones of their own; the site's is UTC.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# Jobs
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_ON_APP_READY = "marketplace.common.job_connector.connect"
PROCRASTINATE_WORKER_DEFAULTS = {
    "concurrency": 4,
    "wait": True,
    "fetch_job_polling_interval": 5.0,
    "delete_jobs": "successful",
}

# Logs: JSON lines with the ids of request and user; mail addresses, tokens and signed links are masked.
LOGGING = logging_config(json=PRODUCTION or not DEBUG)
structlog.configure(
    processors=structlog_processors(),
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # the line at the end says it all
# An address is personal data, a library would believe any header about it, and finding it took a tenth of a webhook's time.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # RequestIdMiddleware has let only UUIDs through
if env.SENTRY_DSN is not None:
    from marketplace.common.reporting import start_reporting  # takes memory that those who don't report can keep

    start_reporting(env.SENTRY_DSN.get_secret_value(), environment=ENV)
