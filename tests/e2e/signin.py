"""Signs somebody in to a browser in front of the site under test, without the form and its code."""

from datetime import timedelta

from django.test import Client
from playwright.sync_api import BrowserContext

from accounts.models import User
from tests.signin import sign_in


def forget_sign_in(context: BrowserContext) -> None:
    """Throw the cookies away, and leave the pages that would go on asking without them."""
    for page in context.pages:
        page.goto("about:blank")
    context.clear_cookies()


def sign_in_browser(context: BrowserContext, site: str, user: User, *, ago: timedelta = timedelta(0)) -> None:
    """As by password ``ago``; staff with their second factor."""
    client = sign_in(Client(), user, ago=ago)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
