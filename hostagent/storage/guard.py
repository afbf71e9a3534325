"""Work on file systems that may hang: never on the event loop, and never without a deadline.

A thread in a system call on a dead NFS server cannot be ended; it is left behind. So that these
do not pile up, a storage on which too many hang already is given no more.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from hostagent.protocol.link import CommandFailed

T = TypeVar("T")

WITHIN_S = 15.0
MOST_HANGING = 8

_hanging: Counter[str] = Counter()


async def guarded(key: str, work: Callable[[], T], *, within_s: float = WITHIN_S) -> T:
    """Run `work` in a thread of its own; `key` names the storage or directory that it is about.

    Raises what it raises, and CommandFailed if it does not end within `within_s` seconds or if
    much of the kind hangs already.
    """
    if _hanging[key] >= MOST_HANGING:
        raise hangs(key)
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            _tell(loop, future.set_result, work(), future)
        except BaseException as error:
            _tell(loop, future.set_exception, error, future)

    threading.Thread(target=run, name=f"storage {key}", daemon=True).start()
    done, _ = await asyncio.wait([future], timeout=within_s)
    if not done:
        _hanging[key] += 1
        future.add_done_callback(lambda ended: _came_back(key, ended))
        raise hangs(key)
    return future.result()


def hangs(key: str) -> CommandFailed:
    """The error for a storage that does not answer."""
    return CommandFailed("storage.hangs", f"{key} does not answer", path=key)


def _tell(
    loop: asyncio.AbstractEventLoop,
    setter: Callable[[Any], None],
    value: Any,
    future: asyncio.Future[Any],
) -> None:
    def tell() -> None:
        if not future.done():
            setter(value)

    if not loop.is_closed():
        loop.call_soon_threadsafe(tell)


def _came_back(key: str, ended: asyncio.Future[Any]) -> None:
    _hanging[key] -= 1
    if not ended.cancelled():
        ended.exception()  # nobody waits for it any more
