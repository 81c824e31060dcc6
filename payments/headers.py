"""The pay page may do what no other page may: load the provider's script and frames, talk to it, ask a wallet to pay.

https://docs.stripe.com/security/guide#content-security-policy. Where ``STRIPE_JS_URL`` names another script (the payment
sandbox), its origin stands in for all of Stripe's.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http.response import HttpResponseBase
from django.views.decorators.csp import csp_override
from django_permissions_policy.decorators import permissions_policy_override

STRIPE_SCRIPTS = ["https://js.stripe.com", "https://*.js.stripe.com"]
STRIPE_FRAMES = [*STRIPE_SCRIPTS, "https://hooks.stripe.com"]
STRIPE_API = ["https://api.stripe.com"]
STRIPE_CONNECT = ["https://connect.stripe.com"]

type View = Callable[..., HttpResponseBase]


def may_pay(view: View) -> View:
    """Widen the policies of one view so that the provider's Payment Element works in it."""
    script = urlsplit(settings.STRIPE_JS_URL)
    origin = f"{script.scheme}://{script.netloc}"
    is_stripe = origin in STRIPE_SCRIPTS
    usual: dict[str, list[str]] = settings.SECURE_CSP  # type: ignore[assignment]  # ours are lists
    csp = usual | {
        "script-src": usual["script-src"] + (STRIPE_SCRIPTS if is_stripe else [origin]),
        "frame-src": STRIPE_FRAMES if is_stripe else [origin],
        "connect-src": usual["connect-src"] + (STRIPE_API if is_stripe else [origin]),
    }
    permissions: dict[str, str | list[str] | tuple[str]] = {**settings.PERMISSIONS_POLICY, "payment": ["self", origin]}
    widened: View = csp_override(csp)(permissions_policy_override(permissions)(view))
    return widened


def may_leave_for_onboarding(view: View) -> View:
    """Let a form of this view lead on to the provider's own pages: browsers hold redirects against the policy as well."""
    api = urlsplit(settings.STRIPE_API_BASE)
    usual: dict[str, list[str]] = settings.SECURE_CSP  # type: ignore[assignment]  # ours are lists
    pages = [f"{api.scheme}://{api.netloc}"] if settings.STRIPE_API_BASE else STRIPE_CONNECT
    widened: View = csp_override(usual | {"form-action": usual["form-action"] + pages})(view)
    return widened
