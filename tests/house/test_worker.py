"""What the worker does not load: a page's code and a library that its jobs seldom need are memory all its life."""

import json
import re
import subprocess
import sys

from django.core.checks import Tags, run_checks
from django.urls import get_resolver

from marketplace.sandbox.environment import ROOT

# What `manage.py procrastinate worker` has loaded before its first job.
START = """
import django, json, sys
django.setup()
import procrastinate.contrib.django.management.commands.procrastinate
from procrastinate.contrib.django import app
print(json.dumps([sorted(sys.modules), sorted(app.tasks)]))
"""
PAGES = re.compile(
    r"(accounts|uploads|mentors|bookings|payments|chat|marketplace)\.([a-z]+_)*(views|api|admin|forms|urls)$"
)


def test_the_worker_starts_without_pages_storage_or_cache() -> None:
    started = subprocess.run([sys.executable, "-c", START], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded, tasks = json.loads(started.stdout.splitlines()[-1])
    assert [name for name in loaded if PAGES.match(name)] == []
    assert {"boto3", "botocore", "redis", "PIL", "pypdf"} & set(loaded) == set()
    assert {"payments.process_event", "deliver_mail", "uploads.tasks.check_upload"} <= set(tasks)  # all the same


def test_the_admin_is_in_order_once_its_pages_are_loaded() -> None:
    assert get_resolver().url_patterns  # the URLs look for the admin's pages
    assert run_checks(tags=[Tags.admin]) == []
