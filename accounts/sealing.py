"""Seals what must not be read from a stolen database: the keys of authenticator apps and recovery codes.

The key comes from ``SECRET_KEY``. After that is changed, what was sealed is still read while the old one stands in
``SECRET_KEY_FALLBACKS``; without it the second factors have to be set up anew.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.encoding import force_bytes

PURPOSE = b"accounts.sealing:"


def seal(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises ``cryptography.fernet.InvalidToken`` for what was not sealed here."""
    return _box().decrypt(sealed.encode()).decode()


def _box() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(Fernet(_key(secret)) for secret in secrets)


def _key(secret: str | bytes) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(PURPOSE + force_bytes(secret)).digest())
