"""``GET /api/unread``: the counts of the header, for pages that stay open."""

from typing import cast

from django.http import HttpRequest

from accounts.models import User
from marketplace.common.api import json_route, methods
from marketplace.common.guards import PARTICIPANT
from marketplace.common.schemas import Out
from marketplace.unread import unread_of


class UnreadOut(Out):
    messages: int
    notifications: int


@json_route(who=PARTICIPANT, answers={200: UnreadOut})
def show_unread(request: HttpRequest) -> UnreadOut:
    unread = unread_of(cast("User", request.user))
    return UnreadOut(messages=unread.messages, notifications=unread.notifications)


unread = methods(GET=show_unread)
