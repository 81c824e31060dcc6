"""Customers, as far as payment methods hang on them."""

from .call import Call
from .errors import missing
from .objects import StripeObject, make_id

PLAIN = ("description", "email", "name", "phone", "address", "shipping", "preferred_locales")


def create(call: Call) -> StripeObject:
    call.refuse_uncovered(*PLAIN, "payment_method", "invoice_settings")
    customer: StripeObject = {
        "id": make_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": call.tx.seconds(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": make_id("", 8)[1:].upper(),
        "invoice_settings": {"custom_fields": None, "default_payment_method": None, "footer": None,
                             "rendering_options": None},
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }  # fmt: skip
    call.copy(customer, *PLAIN)
    call.emit("customer.created", call.tx.insert(customer))
    return customer


def retrieve(call: Call) -> StripeObject:
    customer = call.get("customer")
    return deleted(customer["id"]) if customer.get("_deleted") else customer


def living(call: Call) -> StripeObject:
    customer = call.get("customer")
    if customer.get("_deleted"):
        raise missing("customer", customer["id"])
    return customer


def update(call: Call) -> StripeObject:
    call.refuse_uncovered(*PLAIN, "invoice_settings")
    customer = living(call)
    before = dict(customer)
    call.copy(customer, *PLAIN)
    call.emit("customer.updated", call.tx.save(customer), before=before)
    return customer


def delete(call: Call) -> StripeObject:
    customer = living(call)
    customer["_deleted"] = True
    call.emit("customer.deleted", call.tx.save(customer))
    return deleted(customer["id"])


def deleted(customer_id: str) -> StripeObject:
    return {"id": customer_id, "object": "customer", "deleted": True}
