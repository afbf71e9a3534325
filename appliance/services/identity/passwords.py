"""Passwords: Argon2id (RFC 9106, low-memory profile), in few threads, and what is too weak."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, profiles
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.protocol.errors import InvalidInput

SHORTEST = 8
# Each hash takes 64 MiB: two at a time, so that a flood of logins cannot eat the memory.
SLOTS = 2
COMMON = frozenset(
    {"password", "12345678", "123456789", "1234567890", "qwertyui", "qwerty123", "11111111"}
    | {"password1", "password123", "administrator", "admin123", "admin1234", "letmein1"}
    | {"88888888", "00000000", "abcd1234", "abc12345", "1q2w3e4r", "iloveyou"}
)
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that look alike


class Passwords:
    """Hashes and verifies outside the event loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
        self._pool = ThreadPoolExecutor(SLOTS, thread_name_prefix="argon2")
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, self._hasher.hash, password
        )

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one that was kept; takes as long when nothing was kept."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._verify, kept, password)

    def _verify(self, kept: str | None, password: str) -> bool:
        try:
            self._hasher.verify(kept or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(kept)


def check_strength(password: str, account: str, *, field: str) -> None:
    """Raises InvalidInput for a password that is too easy to guess."""
    if len(password) < SHORTEST:
        length = len(password)
        raise InvalidInput(
            "session.weak_password_short", field=field, length=length, least=SHORTEST
        )
    if password.lower() in COMMON or len(set(password)) < 3:
        raise InvalidInput("session.weak_password_common", field=field)
    if account.lower() in password.lower():
        raise InvalidInput("session.weak_password_account", field=field, account=account)


def new_setup_code() -> str:
    """Four groups of four letters and digits: 80 bits, easy to read from a screen."""
    groups = ["".join(secrets.choice(CODE_LETTERS) for _ in range(4)) for _ in range(4)]
    return "-".join(groups)


def normal_code(text: str) -> str:
    """A set-up code as typed by people: case, blanks and dashes do not matter."""
    letters = "".join(character for character in text.upper() if character.isalnum())
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
