"""Who calls: handed to every handler, for permissions, ownership and the audit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How the jobs of a request shall run: greater `priority` first, after the jobs `after`,
    and taken back if they are not done in `deadline_s` seconds (never, unless asked for).
    """

    priority: int = 0
    after: tuple[str, ...] = ()
    deadline_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The account behind a request and where the request came from.

    `reason` is the trail of why: the client's words, and for work that the system starts
    itself, the cause. `session` names the login (the hash of its token).
    """

    account_id: str
    account_name: str
    is_admin: bool
    address: str
    reason: str = ""
    session: str = ""
    request_id: str = ""
    wishes: Wishes = Wishes()


SYSTEM = Caller(account_id="system", account_name="system", is_admin=True, address="")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request on its way to its handler. `target` is the id in the path, if there is one."""

    operation: str
    caller: Caller
    target: str = ""
