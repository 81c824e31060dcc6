"""Which request goes to which handler, and which of Stripe's parameter types holds for it."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from . import (
    accounts,
    balance,
    charges,
    customers,
    disputes,
    intents,
    listing,
    payment_methods,
    payouts,
    refunds,
    transfers,  # fmt: skip
)
from .call import Call
from .errors import ApiError
from .objects import StripeObject
from .sdk_types import STRING, Field, Schema, Type, schema

type Handler = Callable[[Call], StripeObject]


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    handler: Handler
    params: str
    """The module of ``stripe.params`` that declares them: ``payment_intent_create``."""
    publishable: bool = False
    """Whether a browser, which knows a client secret, may ask it."""

    def accepts(self, publishable: bool) -> tuple[Schema, dict[str, Field]]:
        declared = schema(self.params)
        return (with_card(declared), BROWSER_EXTRAS) if publishable else (declared, {})


BROWSER_EXTRAS = {
    "client_secret": Field(STRING, required=True),
    "key": Field(STRING, required=False),
    "is_stripe_sdk": Field(STRING, required=False),
    "expected_payment_method_type": Field(STRING, required=False),
}
"""What Stripe's script sends and its libraries do not; only the first matters."""


def with_card(declared: Schema) -> Schema:
    """Add the card fields to a payment method's data: Stripe's script may send them, a server may not."""
    name = "PaymentIntentConfirmParamsPaymentMethodData"
    if name not in declared.hashes:
        return declared
    other = schema("payment_method_create")
    hashes = {**other.hashes, **declared.hashes}
    hashes[name] = {
        **declared.hashes[name],
        "type": other.fields["type"],  # only here "card" is among its values
        "card": Field(Type("hash", name="PaymentMethodCreateParamsCard"), required=False),
    }
    return Schema(declared.fields, hashes)


def listed(kind: str) -> Handler:
    def handler(call: Call) -> StripeObject:
        return listing.objects(call, kind, f"/v1/{kind}s")

    return handler


def retrieved(kind: str) -> Handler:
    def handler(call: Call) -> StripeObject:
        return call.get(kind)

    return handler


def refunds_of_charge(call: Call) -> StripeObject:
    charge = call.get("charge")
    return listing.objects(call, "refund", f"/v1/charges/{charge['id']}/refunds", charge=charge["id"])


def methods_of_customer(call: Call) -> StripeObject:
    customer = call.get("customer")
    return listing.objects(
        call, "payment_method", f"/v1/customers/{customer['id']}/payment_methods", customer=customer["id"]
    )


PI, CH, RE, PM, CUS, DU = "{payment_intent}", "{charge}", "{refund}", "{payment_method}", "{customer}", "{dispute}"
ACCT, TR, TRR, PO = "{account}", "{transfer}", "{transfer_reversal}", "{payout}"
TABLE: tuple[tuple[str, str, Handler, str], ...] = (
    ("POST", "payment_intents", intents.create, "payment_intent_create"),
    ("GET", "payment_intents", listed("payment_intent"), "payment_intent_list"),
    ("GET", f"payment_intents/{PI}", intents.retrieve, "payment_intent_retrieve"),
    ("POST", f"payment_intents/{PI}", intents.update, "payment_intent_update"),
    ("POST", f"payment_intents/{PI}/confirm", intents.confirm, "payment_intent_confirm"),
    ("POST", f"payment_intents/{PI}/cancel", intents.cancel, "payment_intent_cancel"),
    ("POST", "payment_methods", payment_methods.create, "payment_method_create"),
    ("GET", "payment_methods", listed("payment_method"), "payment_method_list"),
    ("GET", f"payment_methods/{PM}", payment_methods.retrieve, "payment_method_retrieve"),
    ("POST", f"payment_methods/{PM}", payment_methods.update, "payment_method_update"),
    ("POST", f"payment_methods/{PM}/attach", payment_methods.attach, "payment_method_attach"),
    ("POST", f"payment_methods/{PM}/detach", payment_methods.detach, "payment_method_detach"),
    ("GET", "charges", listed("charge"), "charge_list"),
    ("GET", f"charges/{CH}", charges.retrieve, "charge_retrieve"),
    ("POST", f"charges/{CH}", charges.update, "charge_update"),
    ("GET", f"charges/{CH}/refunds", refunds_of_charge, "charge_list_refunds"),
    ("POST", "refunds", refunds.create, "refund_create"),
    ("GET", "refunds", listed("refund"), "refund_list"),
    ("GET", f"refunds/{RE}", retrieved("refund"), "refund_retrieve"),
    ("POST", f"refunds/{RE}", refunds.update, "refund_update"),
    ("POST", f"refunds/{RE}/cancel", refunds.cancel, "refund_cancel"),
    ("GET", "events", listed("event"), "event_list"),
    ("GET", "events/{event}", retrieved("event"), "event_retrieve"),
    ("POST", "customers", customers.create, "customer_create"),
    ("GET", "customers", listed("customer"), "customer_list"),
    ("GET", f"customers/{CUS}", customers.retrieve, "customer_retrieve"),
    ("POST", f"customers/{CUS}", customers.update, "customer_update"),
    ("DELETE", f"customers/{CUS}", customers.delete, "customer_delete"),
    ("GET", f"customers/{CUS}/payment_methods", methods_of_customer, "customer_list_payment_methods"),
    ("GET", "disputes", listed("dispute"), "dispute_list"),
    ("GET", f"disputes/{DU}", retrieved("dispute"), "dispute_retrieve"),
    ("POST", f"disputes/{DU}", disputes.update, "dispute_update"),
    ("POST", f"disputes/{DU}/close", disputes.close, "dispute_close"),
    ("GET", "balance", balance.retrieve, "balance_retrieve"),
    ("GET", "balance_transactions", listed("balance_transaction"), "balance_transaction_list"),
    ("GET", "balance_transactions/{balance_transaction}", retrieved("balance_transaction"),
     "balance_transaction_retrieve"),
    ("GET", "account", accounts.retrieve_own, "account_retrieve"),
    ("POST", "accounts", accounts.create, "account_create"),
    ("GET", "accounts", listed("account"), "account_list"),
    ("GET", f"accounts/{ACCT}", accounts.retrieve, "account_retrieve"),
    ("POST", f"accounts/{ACCT}", accounts.update, "account_update"),
    ("DELETE", f"accounts/{ACCT}", accounts.delete, "account_delete"),
    ("POST", f"accounts/{ACCT}/login_links", accounts.create_login_link, "account_login_link_create"),
    ("POST", "account_links", accounts.create_link, "account_link_create"),
    ("POST", "transfers", transfers.create, "transfer_create"),
    ("GET", "transfers", listed("transfer"), "transfer_list"),
    ("GET", f"transfers/{TR}", retrieved("transfer"), "transfer_retrieve"),
    ("POST", f"transfers/{TR}", transfers.update, "transfer_update"),
    ("POST", f"transfers/{TR}/reversals", transfers.reverse, "transfer_reversal_create"),
    ("GET", f"transfers/{TR}/reversals", transfers.list_reversals, "transfer_reversal_list"),
    ("GET", f"transfers/{TR}/reversals/{TRR}", transfers.retrieve_reversal, "transfer_reversal_retrieve"),
    ("POST", "payouts", payouts.create, "payout_create"),
    ("GET", "payouts", listed("payout"), "payout_list"),
    ("GET", f"payouts/{PO}", retrieved("payout"), "payout_retrieve"),
    ("POST", f"payouts/{PO}", payouts.update, "payout_update"),
    ("POST", f"payouts/{PO}/cancel", payouts.cancel, "payout_cancel"),
)  # fmt: skip
FOR_BROWSERS = {intents.retrieve, intents.confirm}


def compiled(path: str) -> re.Pattern[str]:
    return re.compile("/v1/" + re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Za-z0-9_]+)", path) + "/?")


@functools.cache
def routes() -> tuple[Route, ...]:
    return tuple(
        Route(method, compiled(path), handler, params, publishable=handler in FOR_BROWSERS)
        for method, path, handler, params in TABLE
    )


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    for route in routes():
        if route.method == method and (match := route.pattern.fullmatch(path)):
            return route, match.groupdict()
    raise ApiError(404, f"Unrecognized request URL ({method}: {path[:200]}). The payment sandbox covers a part of "
                        "Stripe's API; see docs/payment-sandbox.md.")  # fmt: skip
