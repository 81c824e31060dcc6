"""``manage.py reconcile --once``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from payments.gateways import payment_gateway
from payments.services import reconcile


class Command(BaseCommand):
    help = "Read again from the provider whatever is not settled: payments, events, refunds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", required=True, help="one pass; the worker makes the others")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: Django's own
        reconcile(gateway=payment_gateway())
