"""JSON in and out of the sign-in routes."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr

from marketplace.common.middleware import known_zones
from marketplace.common.schemas import In, Out


def _zone(value: str) -> str:
    if value not in known_zones():
        raise ValueError("must be an IANA time zone such as Europe/Lisbon")
    return value


Zone = Annotated[str, AfterValidator(_zone)]


class SignUpIn(In):
    email: str = Field(min_length=3, max_length=254)
    # Secret: what is typed here appears in no log and no error.
    password: SecretStr
    name: str = Field(min_length=1, max_length=80)
    role: Literal["student", "mentor"]
    time_zone: Zone


class CodeIn(In):
    code: str = Field(min_length=1, max_length=20)


class LoginIn(In):
    email: str = Field(min_length=1, max_length=254)
    password: SecretStr


class Token(Out):
    csrf_token: str


class CodeSent(Out):
    status: Literal["code_sent"] = "code_sent"


class Me(Out):
    id: UUID
    email: str
    name: str
    role: str
    time_zone: str
    email_verified: bool
    handle: str | None
