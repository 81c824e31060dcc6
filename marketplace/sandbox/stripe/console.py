"""The page at ``/_sandbox/``."""

from .api import Answer
from .config import Config
from .errors import ApiError
from .pages import document
from .store import Transaction


def page(tx: Transaction, config: Config) -> Answer:
    return document("x", "")


def refusal(error: ApiError) -> Answer:
    return document("x", "", status=error.status)
