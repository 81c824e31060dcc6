"""``GET /api/unread``: the counts of the header, for pages that stay open."""

from typing import cast

from django.http import HttpRequest

from accounts.models import User
from chat.queries import unread_count
from marketplace.common.api import json_route, methods
from marketplace.common.guards import PARTICIPANT
from marketplace.common.schemas import Out


class UnreadOut(Out):
    messages: int


@json_route(who=PARTICIPANT, answers={200: UnreadOut})
def show_unread(request: HttpRequest) -> UnreadOut:
    return UnreadOut(messages=unread_count(cast("User", request.user)))


unread = methods(GET=show_unread)
