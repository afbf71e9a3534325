"""Exit codes of `anyun`. They are documented in docs/cli.md and never change their meaning."""

from __future__ import annotations

from enum import IntEnum

from appliance.client import JobFailed
from appliance.protocol.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NoResources,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)


class Exit(IntEnum):
    """What a script can tell from `$?`."""

    OK = 0
    FAILED = 1  # a job failed, or a fault nobody foresaw
    USAGE = 2  # wrong options, or values that the service refuses
    NOT_FOUND = 3
    CONFLICT = 4  # the present state or the free capacity does not allow it
    DENIED = 5  # not logged in, not allowed, or the certificate is not the trusted one
    UNREACHABLE = 6  # the appliance or a host it needs does not answer
    TIMEOUT = 7  # --timeout is over; the job goes on
    INTERRUPTED = 130


class Stop(Exception):
    """The command line itself ends here: `text` says why in the person's language."""

    def __init__(self, text: str, code: Exit) -> None:
        super().__init__(text)
        self.code = code


_BY_CLASS: tuple[tuple[type[BaseException], Exit], ...] = (
    (JobFailed, Exit.FAILED),
    (InvalidInput, Exit.USAGE),
    (NotFound, Exit.NOT_FOUND),
    (Conflict, Exit.CONFLICT),
    (NoResources, Exit.CONFLICT),
    (Unauthenticated, Exit.DENIED),
    (Forbidden, Exit.DENIED),
    (TooManyRequests, Exit.DENIED),
    (Unavailable, Exit.UNREACHABLE),
    (TimeoutError, Exit.TIMEOUT),
    (KeyboardInterrupt, Exit.INTERRUPTED),
)


def exit_for(error: BaseException) -> Exit:
    """The exit code for an error that ended a command."""
    if isinstance(error, Stop):
        return error.code
    for kind, code in _BY_CLASS:
        if isinstance(error, kind):
            return code
    return Exit.FAILED
