from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from mentors.services.documents import purge


class Command(BaseCommand):
    help = "Delete files that may not be kept any longer: one pass of the scheduled job of this name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="One pass, then stop (there is no other way).")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: Django's own
        self.stdout.write(f"{purge()} files deleted.")
