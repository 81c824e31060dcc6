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
"""
# As a job does that renders a mail.
LINK = """
from marketplace.common.links import links_to_pages, page_link
from django.urls import reverse
page_link("home")
with links_to_pages():
    reverse("help")
"""
TELL = "print(json.dumps([sorted(sys.modules), sorted(app.tasks)]))"
APPS = "(accounts|uploads|mentors|bookings|payments|chat|marketplace)"
PAGES = re.compile(rf"{APPS}\.([a-z]+_)*(views|api|admin|forms|urls)$")
NO_PAGES = re.compile(rf"{APPS}\.([a-z]+_)*(api|admin|api_urls)$")
# Rendering, files, the cache, and passkeys with their cryptography.
HEAVY = {"icalendar", "css_inline", "boto3", "botocore", "PIL", "pypdf", "redis", "fido2", "cryptography"}


def loaded_by(program: str) -> tuple[set[str], set[str]]:
    """Run a program in a process of its own; return the modules it has loaded and the jobs it knows."""
    run = subprocess.run([sys.executable, "-c", program + TELL], cwd=ROOT, capture_output=True, text=True, check=True)
    modules, tasks = json.loads(run.stdout.splitlines()[-1])
    return set(modules), set(tasks)


def test_the_worker_starts_without_pages_and_what_few_jobs_need() -> None:
    modules, tasks = loaded_by(START)
    assert [name for name in modules if PAGES.match(name)] == []
    assert modules & HEAVY == set()
    assert {"payments.process_event", "deliver_mail", "uploads.tasks.check_upload"} <= tasks  # all the same


def test_an_address_in_a_mail_loads_pages_and_nothing_else() -> None:
    modules, _tasks = loaded_by(START + LINK)
    assert {"bookings.views", "payments.views"} <= modules
    assert [name for name in modules if NO_PAGES.match(name)] == []
    assert modules & HEAVY == set()


def test_the_admin_is_in_order_once_its_pages_are_loaded() -> None:
    assert get_resolver().url_patterns  # the URLs look for the admin's pages
    assert run_checks(tags=[Tags.admin]) == []
