"""Connected accounts, as far as marketplaces need them: https://docs.stripe.com/connect."""

from .call import Call
from .errors import ApiError, invalid, missing
from .objects import Json, StripeObject, make_id
from .store import PLATFORM

TO_COLLECT = ("business_profile.url", "external_account", "individual.dob.day", "individual.dob.month",
              "individual.dob.year", "individual.first_name", "individual.last_name", "tos_acceptance.date",
              "tos_acceptance.ip")  # fmt: skip
"""What the hosted form asks. Programs may give it through ``/_sandbox/accounts/{id}/onboard``."""
LINK_SECONDS = 300
PLAIN = ("business_type", "email", "default_currency")
IGNORED = ("business_profile", "individual", "company", "tos_acceptance", "external_account", "account_token", "documents",
           "groups")  # fmt: skip
"""Accepted; who someone is is only known once the hosted form was filled in."""


def create(call: Call) -> StripeObject:
    params = call.params
    call.refuse_uncovered("type", "country", "controller", "capabilities", "settings", *PLAIN, *IGNORED)
    if "type" in params and "controller" in params:
        raise invalid("You may only specify one of these parameters: type, controller.", param="controller")
    for name in params.get("capabilities", {}):
        if name not in {"transfers", "card_payments"}:
            raise invalid(f"The payment sandbox does not cover the capability {name}.", param=f"capabilities[{name}]")
    country = params.get("country", "US")
    account: StripeObject = {
        "id": make_id("acct", 16),
        "object": "account",
        "business_profile": {"annual_revenue": None, "estimated_worker_count": None, "mcc": None, "name": None,
                             "product_description": None, "support_address": None, "support_email": None,
                             "support_phone": None, "support_url": None, "url": None},
        "business_type": None,
        "capabilities": dict.fromkeys(requested(params), "inactive"),
        "charges_enabled": False,
        "controller": controller_of(params),
        "country": country,
        "created": call.tx.seconds(),
        "default_currency": CURRENCY_OF.get(country, "eur"),
        "details_submitted": False,
        "email": None,
        "external_accounts": {"object": "list", "data": [], "has_more": False, "total_count": 0, "url": ""},
        "future_requirements": requirements([]),
        "metadata": {},
        "payouts_enabled": False,
        "requirements": requirements(list(TO_COLLECT)),
        "settings": {"payouts": {"debit_negative_balances": True, "statement_descriptor": None,
                                 "schedule": {"delay_days": 2, "interval": "daily"}}},
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": params.get("type") or account_type(params),
    }  # fmt: skip
    account["external_accounts"]["url"] = f"/v1/accounts/{account['id']}/external_accounts"
    call.copy(account, *PLAIN)
    change_settings(account, params)
    return call.tx.insert(account)


CURRENCY_OF = {"US": "usd", "GB": "gbp", "CA": "cad", "AU": "aud", "CH": "chf", "JP": "jpy", "SE": "sek", "NO": "nok",
               "DK": "dkk", "PL": "pln", "CZ": "czk", "HU": "huf", "RO": "ron", "NZ": "nzd", "MX": "mxn", "BR": "brl",
               "SG": "sgd", "HK": "hkd", "IN": "inr"}  # fmt: skip


def requested(params: dict[str, Json]) -> list[str]:
    return [name for name, wish in params.get("capabilities", {}).items() if wish.get("requested")]


def controller_of(params: dict[str, Json]) -> StripeObject:
    given = params.get("controller", {})
    return {
        "fees": {"payer": given.get("fees", {}).get("payer", "application" if given else "application_express")},
        "is_controller": True,
        "losses": {"payments": given.get("losses", {}).get("payments", "application")},
        "requirement_collection": given.get("requirement_collection", "stripe"),
        "stripe_dashboard": {"type": given.get("stripe_dashboard", {}).get("type", params.get("type", "express"))},
        "type": "application",
    }


def account_type(params: dict[str, Json]) -> str:
    dashboard = params.get("controller", {}).get("stripe_dashboard", {}).get("type", "express")
    return {"express": "express", "full": "standard"}.get(dashboard, "none")


def requirements(due: list[str]) -> StripeObject:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(due),
        "disabled_reason": "requirements.past_due" if due else None,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due),
        "pending_verification": [],
    }


def retrieve(call: Call) -> StripeObject:
    return call.get("account", account=PLATFORM)


def retrieve_own(call: Call) -> StripeObject:
    if call.tx.account != PLATFORM:
        return call.get("account", call.tx.account, account=PLATFORM)
    return {"id": PLATFORM, "object": "account", "charges_enabled": True, "country": "US", "default_currency": "usd",
            "details_submitted": True, "email": None, "payouts_enabled": True, "type": "standard"}  # fmt: skip


def update(call: Call) -> StripeObject:
    call.refuse_uncovered("capabilities", "settings", *PLAIN, *IGNORED)
    account = call.get("account", account=PLATFORM)
    before = dict(account)
    call.copy(account, *PLAIN)
    change_settings(account, call.params)
    for name in requested(call.params):
        account["capabilities"].setdefault(name, "active" if account["details_submitted"] else "inactive")
    return announce(call, account, before)


def change_settings(account: StripeObject, params: dict[str, Json]) -> None:
    schedule = params.get("settings", {}).get("payouts", {}).get("schedule", {})
    account["settings"]["payouts"]["schedule"] |= schedule


def announce(call: Call, account: StripeObject, before: StripeObject) -> StripeObject:
    """Save, and send ``account.updated`` as a connected account's own event."""
    call.tx.save(account)
    own, call.tx.account = call.tx.account, account["id"]
    call.emit("account.updated", account, before=before)
    call.tx.account = own
    return account


def delete(call: Call) -> StripeObject:
    account = call.get("account", account=PLATFORM)
    call.tx.connection.execute("DELETE FROM objects WHERE id = ?", (account["id"],))
    return {"id": account["id"], "object": "account", "deleted": True}


def create_link(call: Call) -> StripeObject:
    """Make a link to the hosted form: for one visit, for some minutes."""
    call.refuse_uncovered("account", "type", "refresh_url", "return_url", "collect", "collection_options")
    for name in ("refresh_url", "return_url"):
        if not call.params.get(name, "").startswith(("http://", "https://")):
            raise invalid("Not a valid URL", code="url_invalid", param=name)
    account = call.get("account", call.params["account"], param="account", account=PLATFORM)
    token = make_id("link", 24)
    call.tx.set(
        token,
        {
            "account": account["id"],
            "expires_at": call.tx.seconds() + LINK_SECONDS,
            "return_url": call.params["return_url"],
            "refresh_url": call.params["refresh_url"],
        },
    )
    return {
        "object": "account_link",
        "created": call.tx.seconds(),
        "expires_at": call.tx.seconds() + LINK_SECONDS,
        "url": f"{call.base_url}/_sandbox/onboarding/{token}",
    }


def create_login_link(call: Call) -> StripeObject:
    account = call.get("account", account=PLATFORM)
    if not account["details_submitted"]:
        raise invalid("Cannot create a login link for an account that has not completed onboarding.")
    return {"object": "login_link", "created": call.tx.seconds(), "url": f"{call.base_url}/_sandbox/#{account['id']}"}


def onboard(call: Call, account_id: str, given: dict[str, Json]) -> StripeObject:
    """Fill in the hosted form. ``bank`` is good, or fails: payouts to it then fail; ``complete`` false leaves it half done."""
    account = call.tx.find(account_id, "account", account=PLATFORM)
    if account is None:
        raise missing("account", account_id)
    if given.get("bank", "good") not in {"good", "fails"}:
        raise ApiError(400, "Not understood: bank is good or fails.")
    before = dict(account)
    account["details_submitted"] = True
    if given.get("complete", True) is False:
        account["requirements"] = requirements(["individual.verification.document"])
        return announce(call, account, before)
    last4 = "1116" if given.get("bank") == "fails" else "6789"
    bank = {
        "id": make_id("ba", 24), "object": "bank_account", "account": account["id"], "bank_name": "STRIPE TEST BANK",
        "country": account["country"], "currency": account["default_currency"], "default_for_currency": True,
        "last4": last4, "metadata": {}, "routing_number": "110000000", "status": "new",
    }  # fmt: skip
    account |= {
        "charges_enabled": "card_payments" in account["capabilities"],
        "payouts_enabled": True,
        "capabilities": dict.fromkeys(account["capabilities"], "active"),
        "requirements": requirements([]),
        "external_accounts": {**account["external_accounts"], "data": [bank], "total_count": 1},
    }
    return announce(call, account, before)


def restrict(call: Call, account_id: str) -> StripeObject:
    """Let the provider ask for more: payouts and transfers stop until the form is filled in again."""
    account = call.tx.find(account_id, "account", account=PLATFORM)
    if account is None:
        raise missing("account", account_id)
    before = dict(account)
    account |= {
        "charges_enabled": False,
        "payouts_enabled": False,
        "capabilities": dict.fromkeys(account["capabilities"], "inactive"),
        "requirements": requirements(["individual.verification.document"]),
    }
    return announce(call, account, before)
