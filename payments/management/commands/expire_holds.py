"""``manage.py expire_holds --once``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from payments.gateways import payment_gateway
from payments.services import expire_holds


class Command(BaseCommand):
    help = "Expire lapsed holds, cancelling their payments at the provider first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", required=True, help="one pass; the worker makes the others")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: Django's own
        expire_holds(gateway=payment_gateway())
