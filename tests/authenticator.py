"""A simulated passkey authenticator (WebAuthn Level 2 §6): makes an ES256 passkey and signs with it."""

from __future__ import annotations

import base64
import itertools
import json
from hashlib import sha256

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_numbers = itertools.count()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Authenticator:
    """One passkey of one site. Change the attributes to make it misbehave."""

    def __init__(self, origin: str = "https://hub.example", site: str = "hub.example") -> None:
        self.origin, self.site = origin, site
        self.uses = 0
        self.verifies_user = True
        self.id = sha256(f"authenticator {next(_numbers)}".encode()).digest()
        self._private = ec.derive_private_key(int.from_bytes(self.id, "big") >> 1, ec.SECP256R1())

    def create(self, options: str) -> bytes:
        """Answer ``navigator.credentials.create``."""
        numbers = self._private.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(0x40) + attested})
        client = self._client("webauthn.create", options)
        return self._answer({"attestationObject": _text(attestation), "clientDataJSON": _text(client)})

    def get(self, options: str) -> bytes:
        """Answer ``navigator.credentials.get``."""
        self.uses += 1
        data, client = self._data(0), self._client("webauthn.get", options)
        signature = self._private.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"authenticatorData": _text(data), "clientDataJSON": _text(client),
                             "signature": _text(signature)})

    def _data(self, flags: int) -> bytes:
        flags |= 0x05 if self.verifies_user else 0x01
        return sha256(self.site.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _client(self, kind: str, options: str) -> bytes:
        return json.dumps({"type": kind, "challenge": json.loads(options)["challenge"],
                           "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> bytes:
        return json.dumps({"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response,
                           "clientExtensionResults": {}}).encode()
