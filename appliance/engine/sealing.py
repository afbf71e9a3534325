"""Secrets at rest: what the database keeps of them can be read with a key beside it only.

AES-256 in GCM (NIST SP 800-38D) with a new nonce for each value; the place of a value is bound to
it, so that one cannot be put in place of another.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.store.files import write_private

KEY_BITS = 256
NONCE_BYTES = 12


class CannotOpen(Exception):
    """A value was not sealed with this key, or for another place."""


class Sealer:
    """Seals and opens secrets with the key in a file of the service's private folder."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            write_private(path, AESGCM.generate_key(KEY_BITS))
        self._cipher = AESGCM(path.read_bytes())

    def seal(self, secret: str, place: str) -> bytes:
        """A secret as it may be kept at `place`, such as the id of its row."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """The secret again; raises CannotOpen."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, place.encode()).decode()
        except InvalidTag:
            raise CannotOpen(place) from None
