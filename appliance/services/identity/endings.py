"""Tells whoever waits that a session has ended: open WebSockets are closed with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

ENDED = "session.ended"  # logged out, or another password was set
EXPIRED = "session.expired"


class Endings:
    """Waiters by session (the hash of its token)."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[str]]] = {}

    @contextlib.contextmanager
    def watch(self, session: str) -> Iterator[asyncio.Future[str]]:
        """A future that learns why the session has ended, for as long as the block runs."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        others = self._waiting.setdefault(session, set())
        others.add(future)
        try:
            yield future
        finally:
            others.discard(future)
            if not others and self._waiting.get(session) is others:
                del self._waiting[session]

    def tell(self, session: str, why: str) -> None:
        """The session has ended."""
        for future in self._waiting.pop(session, ()):
            if not future.done():
                future.set_result(why)

    def tell_all(self, why: str) -> None:
        """All have ended."""
        for session in list(self._waiting):
            self.tell(session, why)

    def __len__(self) -> int:
        return len(self._waiting)
