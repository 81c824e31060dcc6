"""Who reads a page, as far as it changes what they are offered."""

from django.http import HttpRequest

from accounts.models import User


def user_of(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def student_of(request: HttpRequest) -> User | None:
    """The signed-in student, whose own sessions are left out of what they are offered."""
    user = user_of(request)
    return user if user is not None and user.is_student else None
