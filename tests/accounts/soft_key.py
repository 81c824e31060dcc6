"""A passkey in software: makes and signs as a device would, with real keys and real signatures (WebAuthn level 2)."""

import hashlib
import json
import os
import re
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

KEYS = "/accounts/2fa/webauthn/"
USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class SoftKey:
    def __init__(self, origin: str = "http://testserver") -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        self.user_handle = ""
        self.uses = 0

    def create(self, options: dict[str, Any]) -> str:  # Any: JSON
        """Answer ``navigator.credentials.create`` as the browser would post it."""
        options = options["publicKey"]
        self.user_handle = options["user"]["id"]
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))  # type: ignore[no-untyped-call]  # fido2's
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        flags = USER_PRESENT | USER_VERIFIED | ATTESTED
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._auth_data(options["rp"]["id"], flags) + attested}
        return self._answer(
            clientDataJSON=websafe_encode(self._client_data("webauthn.create", options["challenge"])),
            attestationObject=websafe_encode(cbor.encode(attestation)),
        )

    def get(self, options: dict[str, Any]) -> str:  # Any: JSON
        """Answer ``navigator.credentials.get``."""
        options = options["publicKey"]
        self.uses += 1
        data = self._auth_data(options["rpId"], USER_PRESENT | USER_VERIFIED)
        client_data = self._client_data("webauthn.get", options["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=websafe_encode(client_data),
            authenticatorData=websafe_encode(data),
            signature=websafe_encode(signature),
            userHandle=self.user_handle,
        )

    def _auth_data(self, site: str, flags: int) -> bytes:
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, **response: str) -> str:
        name = websafe_encode(self.id)
        results = {"credProps": {"rk": True}}
        return json.dumps(
            {"type": "public-key", "id": name, "rawId": name, "response": response, "clientExtensionResults": results}
        )


def options_of(page: str) -> dict[str, Any]:  # Any: JSON
    found = re.search(r'<script id="passkey-options" type="application/json">(.*?)</script>', page)
    assert found
    options: dict[str, Any] = json.loads(found[1])
    return options


def add_passkey(client: Client, name: str = "Phone") -> SoftKey:
    key = SoftKey()
    options = options_of(client.get(f"{KEYS}add/").text)["creation_options"]
    answer = client.post(f"{KEYS}add/", {"name": name, "passwordless": "True", "credential": key.create(options)})
    assert answer.status_code == 302, answer.text
    return key
