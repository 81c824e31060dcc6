"""The way to the payment provider."""

from functools import cache

from django.conf import settings

from payments.gateways.stripe import StripeGateway

__all__ = ["StripeGateway", "payment_gateway"]


@cache
def payment_gateway() -> StripeGateway:
    """The provider as the settings name it: Stripe, or the sandbox that speaks its protocol."""
    return StripeGateway(secret_key=settings.STRIPE_SECRET_KEY, api_base=settings.STRIPE_API_BASE)
