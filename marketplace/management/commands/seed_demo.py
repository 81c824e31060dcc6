from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.seed.demo import PASSWORD, seed_demo


class Command(BaseCommand):
    help = "Fill an empty database with demo data. Does nothing where it is there already; refuses in production."

    def handle(self, *args: Any, **options: Any) -> None:  # Any: Django's own
        if settings.PRODUCTION:
            raise CommandError("Demo data has no place in production.")
        made = seed_demo()
        self.stdout.write(
            f"Demo data made. The password of every demo account is {PASSWORD}." if made else "There already."
        )
