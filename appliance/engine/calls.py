"""Who calls: handed to every handler, for permissions, ownership and the audit."""

from __future__ import annotations

import msgspec

from appliance.engine.permissions import EVERYTHING, NOTHING, Rights


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """How the jobs of a request shall run: greater `priority` first, after the jobs `after`,
    and taken back if they are not done in `deadline_s` seconds (never, unless asked for).

    `parent_id` is the job that began them; only the service itself says so.
    """

    priority: int = 0
    after: tuple[str, ...] = ()
    deadline_s: float | None = None
    parent_id: str | None = None


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The account behind a request and where the request came from.

    `account_name` is the name of the login: of the account, or `user@account`. `reason` is the
    trail of why: the client's words, and for work that the system starts itself, the cause.
    `session` names the login (the hash of its token, also of an API token). Nothing is allowed
    but what `rights` say.
    """

    account_id: str
    account_name: str
    is_admin: bool
    address: str
    reason: str = ""
    session: str = ""
    request_id: str = ""
    wishes: Wishes = Wishes()
    user_id: str | None = None
    is_token: bool = False
    rights: Rights = NOTHING


SYSTEM = Caller(
    account_id="system", account_name="system", is_admin=True, address="", rights=EVERYTHING
)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request on its way to its handler. `target` is the id in the path, if there is one."""

    operation: str
    caller: Caller
    target: str = ""
