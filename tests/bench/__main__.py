"""The benchmark: ``python -m tests.bench [--quick] [--only OPERATION]`` (``make bench ARGS=--quick``).

Borrows PostgreSQL, Valkey and a payment sandbox, makes 10,000 mentors, and asks the product and the floor (a plain Django
app, ``tests/bench/floor``) the same things in turn. Ends with status 1 when a limit is missed. Linux only: it reads the
processor time of other processes.
"""

import subprocess
import sys

from marketplace.sandbox.borrow import Loan
from marketplace.sandbox.environment import ROOT, inherited

# As in production, but for https and the sandbox's keys; no limit of product.md §9 may stop the hundredth request.
AS_IN_PRODUCTION = {
    "DEBUG": "false",
    "RATELIMIT_HOLD": "1000000/h",
    "RATELIMIT_HOLD_TRY": "1000000/m",
    "RATELIMIT_CHAT_POST": "1000000/m",
    "DJANGO_SETTINGS_MODULE": "marketplace.settings",
}
PREPARE = (
    ("migrate", "--noinput", "--skip-checks", "--verbosity", "0"),
    ("collectstatic", "--noinput", "--verbosity", "0"),
)


def main(arguments: list[str]) -> int:
    with Loan() as borrowed:
        servers = ("valkey", "postgres", "payments")
        borrowed.want(*servers)
        borrowed.wait_for(*servers)
        environment = inherited() | borrowed.environment() | AS_IN_PRODUCTION
        for command in PREPARE:
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
        measure = [sys.executable, "-m", "tests.bench.run", str(borrowed.folder), *arguments]
        return subprocess.run(measure, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
