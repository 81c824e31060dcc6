from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from mentors.services.purging import purge_all


class Command(BaseCommand):
    help = (
        "Delete files and idempotency keys that may not be kept any longer: one pass of the scheduled job of this name."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="One pass, then stop (there is no other way).")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: Django's own
        purged = purge_all()
        self.stdout.write(f"Deleted: {purged.files} files, {purged.keys} idempotency keys.")
