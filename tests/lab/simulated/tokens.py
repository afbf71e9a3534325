"""Join tokens for many machines at once, written into the database of a service that is down."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from appliance.store.migrations import migrate
from hostagent.protocol.enrolment import JoinToken

LIFETIME_MS = 24 * 3600 * 1000


def prepare_secrets(state: Path, count: int) -> list[str]:
    """One-time secrets that the service of `state` will accept; it must not run."""
    folder = state / "service"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = folder / "anyun.db"
    migrate(database)
    words = [secrets.token_urlsafe(32) for _ in range(count)]
    expires = int(time.time() * 1000) + LIFETIME_MS
    rows = [(hashlib.sha256(word.encode()).hexdigest(), False, expires) for word in words]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO join_token (secret_sha256, is_local, expires_at) VALUES (?, ?, ?)", rows
        )
    return words


def tokens_for(ready: dict[str, Any], words: Sequence[str]) -> list[str]:
    """The secrets as join tokens of the service whose ready file says `ready`."""
    return [
        JoinToken(
            addresses=[(ready["address"], ready["agent_port"])],
            ca_fingerprint=ready["ca_fingerprint"],
            secret=word,
        ).encode()
        for word in words
    ]
