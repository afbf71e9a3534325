"""The id of the request that is being answered: in its answer, its errors and its log lines."""

from __future__ import annotations

import contextlib
import itertools
import re
import secrets
from collections.abc import Iterator
from contextvars import ContextVar

from structlog.typing import EventDict, WrappedLogger

HEADER = "X-Request-Id"
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROCESS = secrets.token_hex(6)
_numbers = itertools.count(1)
_current: ContextVar[str] = ContextVar("request_id", default="")


def fresh() -> str:
    """An id for a request whose client gave none: made for each one, so it is cheap to make."""
    return f"{_PROCESS}-{next(_numbers):x}"


def current() -> str:
    """The id; "" outside of requests."""
    return _current.get()


@contextlib.contextmanager
def numbered(asked: str) -> Iterator[str]:
    """Give what runs in the block an id: the one that the client asked for, if it is a plain
    word that may go into logs and headers as it is, else a new one.
    """
    request_id = asked if _SANE.fullmatch(asked) else fresh()
    token = _current.set(request_id)
    try:
        yield request_id
    finally:
        _current.reset(token)


def add_to_line(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Name the request in a line of the log (a processor of structlog)."""
    number = _current.get()
    if number:
        line.setdefault("request_id", number)
    return line
