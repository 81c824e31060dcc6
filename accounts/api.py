"""Sign-in by JSON. Each route drives allauth's own forms and stages, so its limits and its second factor hold here too."""

from allauth.account.internal import flows
from allauth.account.internal.flows.email_verification_by_code import EmailVerificationProcess
from allauth.account.internal.stagekit import clear_login, get_pending_stage
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.core.internal import ratelimit
from allauth.mfa.stages import AuthenticateStage
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _

from accounts import errors
from accounts.limits import LIMITED_CODES, seconds_to_wait
from accounts.models import User
from accounts.queries import facts_of
from accounts.schemas import CodeIn, CodeSent, LoginIn, Me, SignUpIn, Token
from accounts.signin_forms import ConfirmEmailForm, LoginForm, SignUpForm
from marketplace.common.api import Answer, json_route, methods, respond
from marketplace.common.errors import RateLimited
from marketplace.common.guards import ANYONE, SIGNED_IN
from marketplace.common.problems import problem


@json_route(who=ANYONE, answers={200: Token})
def csrf_token(request: HttpRequest) -> Token:
    """Give out the token that every write sends as ``X-CSRFToken``; its cookie comes along."""
    return Token(csrf_token=get_token(request))


@json_route(who=ANYONE, body=SignUpIn, answers={202: CodeSent})
def sign_up(request: HttpRequest, body: SignUpIn) -> HttpResponse | Answer:
    """Make an account and mail a code; a known address gets the same answer and another mail."""
    if request.user.is_authenticated:
        raise errors.AlreadySignedIn
    consume(request, "signup", email=body.email)
    form = SignUpForm(
        {
            "email": body.email,
            "password1": body.password.get_secret_value(),
            "name": body.name,
            "role": body.role,
            "time_zone": body.time_zone,
        }
    )
    form.fields["password1"].required = True
    if not form.is_valid():
        return problem("invalid", _("Some fields need another value."), errors=field_errors(form))
    clear_login(request)  # an earlier sign-in of this session that was never finished
    user, response = form.try_save(request)
    if user is not None:
        response = flows.signup.complete_signup(request, user=user)
    if response is not None and response.status_code == 429:
        raise RateLimited(retry_after=seconds_to_wait(request, email=body.email))
    return Answer(CodeSent(), status=202)


@json_route(who=ANYONE, body=CodeIn, answers={200: Me})
def verify_email(request: HttpRequest, body: CodeIn) -> HttpResponse:
    """Take the mailed code in the session that asked for it, and finish the sign-in."""
    process = EmailVerificationProcess.resume(request)
    if process is None:
        raise errors.BadCode
    form = ConfirmEmailForm({"code": body.code}, code=process.code, user=process.user, email=process.email)
    if not form.is_valid():
        process.record_invalid_attempt()
        raise errors.BadCode
    if process.finish() is None:
        raise errors.BadCode
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    return finished(request, stage.exit() if stage else None)


@json_route(who=ANYONE, body=LoginIn, answers={200: Me})
def log_in(request: HttpRequest, body: LoginIn) -> HttpResponse:
    """Sign in by password; while signed in, a fresh sign-in.

    Wrong credentials leave an open session alone. Right ones end it, before anything else is asked for.
    """
    consume(request, "login", email=body.email)
    form = LoginForm({"login": body.email, "password": body.password.get_secret_value()}, request=request)
    if not form.is_valid():
        if LIMITED_CODES & {error.code for found in form.errors.as_data().values() for error in found}:
            raise RateLimited(retry_after=seconds_to_wait(request, email=body.email))
        raise errors.BadCredentials
    if not form.user.is_active:
        raise errors.Locked
    flows.logout.logout(request, show_message=False)
    return finished(request, form.login(request), email=body.email)


@json_route(who=ANYONE, answers={204: None})
def log_out(request: HttpRequest) -> Answer:
    flows.logout.logout(request, show_message=False)
    return Answer(status=204)


@json_route(who=SIGNED_IN, answers={200: Me})
def me(request: HttpRequest) -> Me:
    assert isinstance(request.user, User)
    return describe(request.user)


def finished(request: HttpRequest, response: HttpResponse | None, email: str = "") -> HttpResponse:
    """Tell how far a sign-in came: who it is, or the 401 for what is still owed."""
    if response is not None and response.status_code == 429:
        raise RateLimited(retry_after=seconds_to_wait(request, email=email))
    if isinstance(request.user, User):
        answer = respond(Answer(describe(request.user)))
        if response is not None:
            answer.cookies.update(response.cookies)
        return answer
    stage = get_pending_stage(request)
    if stage is not None and stage.key == AuthenticateStage.key:
        raise errors.SecondStepNeeded
    if stage is not None and stage.key == EmailVerificationStage.key:
        raise errors.EmailUnverified
    raise errors.Locked


def consume(request: HttpRequest, action: str, *, email: str) -> None:
    """Count one use of the limit that stands on allauth's own page."""
    if not ratelimit.consume(request, app="allauth.account", action=action):
        raise RateLimited(retry_after=seconds_to_wait(request, email=email))


def field_errors(form: BaseForm) -> list[dict[str, str]]:
    names = {"password1": "password", "__all__": "email"}
    return [
        {"field": names.get(field, field), "message": str(message)}
        for field, messages in form.errors.items()
        for message in messages
    ]


def describe(user: User) -> Me:
    facts = facts_of(user)
    return Me(
        id=user.pk,
        email=user.email,
        name=user.name,
        role=user.role,
        time_zone=user.time_zone,
        email_verified=facts.email_verified,
        handle=facts.handle,
    )


csrf = methods(GET=csrf_token)
signup = methods(POST=sign_up)
verify = methods(POST=verify_email)
login = methods(POST=log_in)
logout = methods(POST=log_out)
account = methods(GET=me)
