"""Database triggers that several apps use."""

import pgtrigger


def append_only(name: str) -> pgtrigger.Trigger:
    """Refuse every UPDATE and DELETE: a log that could be edited would prove nothing."""
    return pgtrigger.Protect(name=name, operation=pgtrigger.Update | pgtrigger.Delete)
