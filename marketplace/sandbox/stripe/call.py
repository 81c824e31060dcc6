"""One API request on its way through a handler."""

from dataclasses import dataclass, field

from . import events
from .config import Config
from .errors import ApiError, invalid, missing
from .objects import Json, StripeObject, merged_metadata
from .store import Transaction


@dataclass
class Call:
    """What a handler gets: validated parameters, ids from the path, and the transaction it writes in."""

    tx: Transaction
    config: Config
    base_url: str
    params: dict[str, Json] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    publishable: bool = False

    def get(
        self, kind: str, object_id: str | None = None, *, param: str = "id", account: str | None = None
    ) -> StripeObject:
        """Find the object that the path (or a parameter) names; 404 in Stripe's words when it is not there."""
        wanted = self.ids[kind] if object_id is None else object_id
        found = self.tx.find(wanted, kind, account=account)
        if found is None:
            raise missing(kind, wanted, param=kind if object_id is None else param)
        return found

    def emit(self, event_type: str, body: StripeObject, *, before: StripeObject | None = None) -> None:
        events.emit(self.tx, event_type, body, webhook=bool(self.config.webhook_url), before=before)

    def copy(self, body: StripeObject, *names: str) -> None:
        """Copy plain parameters onto an object; an empty value unsets."""
        for name in names:
            if name in self.params:
                body[name] = None if self.params[name] == "" else self.params[name]
        if "metadata" in self.params:
            body["metadata"] = merged_metadata(body.get("metadata") or {}, self.params["metadata"])

    def refuse_uncovered(self, *covered: str) -> None:
        """Refuse what Stripe would act on and the sandbox would not: better loud than wrong."""
        for name in self.params:
            if name not in covered and name not in {"metadata", "expand"}:
                raise ApiError(
                    400,
                    f"The payment sandbox does not cover the parameter {name}.",
                    code="sandbox_uncovered",
                    param=name,
                )

    def check_amount(self, amount: int, currency: str) -> None:
        if currency not in CURRENCIES:
            raise invalid(
                f"Invalid currency: {currency[:20]}. Stripe currently supports these currencies: "
                f"{', '.join(sorted(CURRENCIES))}",
                param="currency",
            )
        if amount < MINIMUM.get(currency, 50):
            raise invalid("Amount must be at least the minimum charge amount.", code="amount_too_small", param="amount")
        if amount > 99_999_999:
            raise invalid("Amount must be no more than 99999999.", code="amount_too_large", param="amount")


CURRENCIES = frozenset(
    [
        "usd",
        "aed",
        "afn",
        "all",
        "amd",
        "ang",
        "aoa",
        "ars",
        "aud",
        "awg",
        "azn",
        "bam",
        "bbd",
        "bdt",
        "bgn",
        "bhd",
        "bif",
        "bmd",
        "bnd",
        "bob",
        "brl",
        "bsd",
        "bwp",
        "byn",
        "bzd",
        "cad",
        "cdf",
        "chf",
        "clp",
        "cny",
        "cop",
        "crc",
        "cve",
        "czk",
        "djf",
        "dkk",
        "dop",
        "dzd",
        "egp",
        "etb",
        "eur",
        "fjd",
        "fkp",
        "gbp",
        "gel",
        "gip",
        "gmd",
        "gnf",
        "gtq",
        "gyd",
        "hkd",
        "hnl",
        "htg",
        "huf",
        "idr",
        "ils",
        "inr",
        "isk",
        "jmd",
        "jod",
        "jpy",
        "kes",
        "kgs",
        "khr",
        "kmf",
        "krw",
        "kwd",
        "kyd",
        "kzt",
        "lak",
        "lbp",
        "lkr",
        "lrd",
        "lsl",
        "mad",
        "mdl",
        "mga",
        "mkd",
        "mmk",
        "mnt",
        "mop",
        "mur",
        "mvr",
        "mwk",
        "mxn",
        "myr",
        "mzn",
        "nad",
        "ngn",
        "nio",
        "nok",
        "npr",
        "nzd",
        "omr",
        "pab",
        "pen",
        "pgk",
        "php",
        "pkr",
        "pln",
        "pyg",
        "qar",
        "ron",
        "rsd",
        "rub",
        "rwf",
        "sar",
        "sbd",
        "scr",
        "sek",
        "sgd",
        "shp",
        "sle",
        "sos",
        "srd",
        "std",
        "szl",
        "thb",
        "tjs",
        "tnd",
        "top",
        "try",
        "ttd",
        "twd",
        "tzs",
        "uah",
        "ugx",
        "uyu",
        "uzs",
        "vnd",
        "vuv",
        "wst",
        "xaf",
        "xcd",
        "xof",
        "xpf",
        "yer",
        "zar",
        "zmw",
    ]
)
MINIMUM = {"gbp": 30, "dkk": 250, "nok": 300, "sek": 300, "pln": 200, "czk": 1500, "huf": 17500, "mxn": 1000, "hkd": 400,
           "aed": 200, "ron": 200, "thb": 1000, "myr": 200}  # fmt: skip
"""In minor units; 50 for the rest. Source: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts."""
