"""Refuse migrations that the code now running could not live with (MIGRATION_LINTER_OPTIONS in the settings).

The linter is a tool of developers, so it stands in no setting of the product: its command is called directly.
"""

import os
import sys
from pathlib import Path

import django
from django.core.management import call_command
from django_migration_linter.management.commands.lintmigrations import Command

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    django.setup()
    call_command(Command(), *sys.argv[1:])
