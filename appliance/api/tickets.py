"""Whose sessions the console tickets belong to: a console ends with the session that opened it."""

from __future__ import annotations

import hashlib
import time


class TicketOwners:
    """Sessions by the hash of the ticket that they were given; only as long as it is good."""

    def __init__(self) -> None:
        self._sessions: dict[str, tuple[str, float]] = {}

    def note(self, token: str, session: str, lifetime_s: float) -> None:
        """A session was given a ticket."""
        now = time.monotonic()
        for digest in [key for key, (_, until) in self._sessions.items() if until < now]:
            del self._sessions[digest]
        self._sessions[_digest(token)] = (session, now + lifetime_s)

    def take(self, token: str) -> str | None:
        """The session of a ticket, which is used up by this; None if nobody has it."""
        session, until = self._sessions.pop(_digest(token), ("", 0.0))
        return session if time.monotonic() <= until else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
