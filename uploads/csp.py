"""The content-security policy of pages that talk to storage: the site's own, a little wider.

Each name is a decorator for views; on a class: ``@method_decorator(may_upload, name="dispatch")``.
"""

from typing import Any

from django.conf import settings
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override


def _wider(*directives: str) -> dict[str, Any]:  # Any: Django's own type of the setting
    policy: dict[str, Any] = dict(settings.SECURE_CSP)
    for directive in directives:
        policy[directive] = [*policy.get(directive, [CSP.SELF]), settings.S3_ORIGIN]
    return policy


# The script of the drop area posts there, and so does the form that stands in for it.
may_upload = csp_override(_wider("connect-src", "form-action"))
# Pictures of private documents come from there.
may_show_private_images = csp_override(_wider("img-src"))
# Both, for pages where files are sent and looked at.
may_upload_and_show_private_images = csp_override(_wider("connect-src", "form-action", "img-src"))
