"""One function per mail. Each is queued in the caller's transaction."""

from marketplace.common.mailing import send
from mentors.models import Mentor


def send_application_received(mentor: Mentor) -> None:
    send("application_received", to=mentor.user, context={"mentor": mentor})
