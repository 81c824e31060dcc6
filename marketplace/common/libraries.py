"""Libraries that most jobs do without.

A process keeps what it has loaded as long as it lives, and most of the worker's jobs neither render a mail nor make a
calendar file. Web processes load these before they are forked (``marketplace/wsgi.py``), and share them.
"""

from functools import partial
from importlib import import_module
from typing import Any

from django.utils.functional import SimpleLazyObject


def loaded_when_used(name: str) -> Any:  # Any: what the library holds
    """Stand for a library, which is loaded when first something of it is asked for."""
    return SimpleLazyObject(partial(import_module, name))
