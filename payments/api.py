"""JSON routes of payments."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from bookings.models import Booking
from marketplace.common.api import BadRequestBody, json_route, methods, read_body, wrong_method
from marketplace.common.guards import STUDENT
from payments import services
from payments.gateways import payment_gateway
from payments.schemas import CreateIntentIn, CreateIntentOut


@json_route(who=STUDENT, body=CreateIntentIn, answers={200: CreateIntentOut}, idempotent=False)
def post_intent(request: HttpRequest, body: CreateIntentIn) -> CreateIntentOut:
    """Open the payment of one's own hold; again: the same intent."""
    assert isinstance(request.user, User)
    if not Booking.objects.visible_to(request.user).filter(pk=body.booking_id, student=request.user).exists():
        raise Http404
    started = services.create_intent(booking_id=body.booking_id, gateway=payment_gateway())
    return CreateIntentOut(
        client_secret=started.client_secret.get_secret_value(),
        publishable_key=settings.STRIPE_PUBLISHABLE_KEY,
        amount_minor=started.payment.amount_minor,
        currency=started.payment.currency,
    )


create_intent = methods(POST=post_intent)


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    """Keep what the provider says: size cap, raw body, signature, insert, commit, 200. The work happens after, in a job.

    Whatever we can't keep is no 200, so that it comes again: 400 not signed or no event, 413 too large, 503 no commit.
    """
    if request.method != "POST":
        return wrong_method("POST")
    try:
        payload = read_body(request, settings.WEBHOOK_MAX_BYTES)
    except BadRequestBody as refusal:
        return refusal.response
    services.receive_event(payload=payload, signature=request.headers.get("Stripe-Signature", ""))
    return HttpResponse(status=200)


webhook.login_required = False  # type: ignore[attr-defined]  # the signature says who it is
