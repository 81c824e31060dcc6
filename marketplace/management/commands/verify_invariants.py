"""``manage.py verify_invariants [--json]``."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.invariants import verify


class Command(BaseCommand):
    help = "Ask the database whether what must always hold does hold. One line each; status 1 if any is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one object: {name: {holds, says, breaches}}")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: Django's own
        findings = verify()
        if options["json"]:
            told = {
                f.invariant.name: {"holds": f.holds, "says": f.invariant.says, "breaches": f.breaches} for f in findings
            }
            self.stdout.write(json.dumps(told, indent=2))
        else:
            for finding in findings:
                verdict = "holds " if finding.holds else "BROKEN"
                self.stdout.write(f"{verdict} {finding.invariant.name}: {finding.invariant.says}")
                for breach in finding.breaches:
                    self.stdout.write(f"       {breach}")
        broken = sum(not finding.holds for finding in findings)
        if broken:
            raise CommandError(f"{broken} of {len(findings)} invariants are broken.", returncode=1)
