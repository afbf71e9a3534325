"""Guards: what must hold, or be noted, in the very transaction of a request's first write.

The API puts guards around a handler without the handler knowing of them; `Store.write` takes
them along into the writer's thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from appliance.store.database import Transaction


class Guard(Protocol):
    """Runs within the write, before and after the closure; may raise to refuse it."""

    def before(self, tx: Transaction) -> None:
        """Check what must hold."""
        ...

    def after(self, tx: Transaction, result: Any) -> None:
        """Note what the closure returned."""
        ...


_guards: ContextVar[list[Guard] | None] = ContextVar("guards", default=None)


@contextmanager
def guarded(*guards: Guard) -> Iterator[None]:
    """Let the first write within this block be guarded."""
    token = _guards.set(list(guards))
    try:
        yield
    finally:
        _guards.reset(token)


def take() -> list[Guard]:
    """The guards of the present write; the next write has none."""
    waiting = _guards.get()
    if not waiting:
        return []
    taken = waiting[:]
    waiting.clear()
    return taken
