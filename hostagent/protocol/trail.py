"""The reason trail: which job, asked for by whom and why, a command is part of."""

from contextvars import ContextVar

import msgspec


class Trail(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Travels with each command, so that the host's log tells why something was done."""

    job_id: str = ""
    operation: str = ""
    account: str = ""
    address: str = ""
    reason: str = ""


TRAIL: ContextVar[Trail | None] = ContextVar("trail", default=None)
