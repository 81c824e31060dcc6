"""The join page may do what no other page may: try the camera and the microphone."""

from collections.abc import Callable

from django.conf import settings
from django.http.response import HttpResponseBase
from django_permissions_policy.decorators import permissions_policy_override

type View = Callable[..., HttpResponseBase]


def may_try_devices(view: View) -> View:
    """Widen the permissions policy of one view for a device check. What is tried stays in the browser: nothing is sent."""
    permissions: dict[str, str | list[str] | tuple[str]] = {
        **settings.PERMISSIONS_POLICY,
        "camera": ["self"],
        "microphone": ["self"],
    }
    widened: View = permissions_policy_override(permissions)(view)
    return widened
