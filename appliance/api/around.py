"""What surrounds a changing request: its wishes, its preconditions, its repetition, its audit.

All of it happens in the transaction of the handler's first write (see `appliance.store.guards`),
so a request is noted if and only if it took effect, and a repeated one takes effect once.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import Any, Protocol

import msgspec
from starlette.requests import Request

from appliance.api import request_id
from appliance.engine.calls import Call, Caller, Wishes
from appliance.protocol.errors import Conflict, Forbidden, InvalidInput, PreconditionFailed
from appliance.protocol.ids import is_id
from appliance.store.database import Transaction
from appliance.store.fields import database, now_ms
from appliance.store.kinds import Kinds

KEY = re.compile(r"[\x21-\x7e]{1,128}")
LONGEST_REASON = 256
PRIORITIES = range(-10, 11)


class Audit(Protocol):
    """Notes who changed what."""

    def note(self, tx: Transaction, call: Call, resource_id: str, outcome: str) -> None:
        """Within a write."""
        ...

    async def record(self, call: Call, resource_id: str, outcome: str) -> None:
        """In a write of its own."""
        ...


def with_wishes(caller: Caller, request: Request) -> Caller:
    """The caller with the request's id and what its headers ask for.

    Raises InvalidInput naming the header.
    """
    headers = request.headers
    wishes = Wishes(
        priority=_priority(caller, headers.get("anyun-priority")),
        after=_after(headers.get("anyun-after")),
        deadline_s=_deadline(headers.get("anyun-deadline")),
    )
    reason = headers.get("anyun-reason", "")
    if len(reason) > LONGEST_REASON or not reason.isprintable():
        raise _bad("Anyun-Reason", reason[:60], f"up to {LONGEST_REASON} printable characters")
    return msgspec.structs.replace(
        caller, wishes=wishes, reason=reason, request_id=request_id.current()
    )


def _priority(caller: Caller, text: str | None) -> int:
    if text is None:
        return 0
    if not re.fullmatch("-?[0-9]{1,3}", text) or int(text) not in PRIORITIES:
        raise _bad("Anyun-Priority", text, "a whole number from -10 to 10")
    if int(text) > 0 and not caller.is_admin:
        raise Forbidden("access.denied", operation="Anyun-Priority")
    return int(text)


def _after(text: str | None) -> tuple[str, ...]:
    if not text:
        return ()
    refs = tuple(part.strip() for part in text.split(","))
    if len(refs) > 100 or not all(is_id(ref) for ref in refs):
        raise _bad("Anyun-After", text[:60], "ids of up to 100 jobs, with commas between")
    return refs


def _deadline(text: str | None) -> float | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,3})?", text) or float(text) <= 0:
        raise _bad("Anyun-Deadline", text, "a number of seconds above 0")
    return float(text)


def _bad(name: str, value: str, reason: str) -> InvalidInput:
    return InvalidInput("request.bad_value", field=name, name=name, value=value, reason=reason)


def etag(body: bytes) -> str:
    """The entity tag of a resource's JSON."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


@dataclasses.dataclass
class Unchanged:
    """If-Match: the resource must still be what the client saw."""

    kinds: Kinds
    kind: str
    ref: str
    tags: str

    def before(self, tx: Transaction) -> None:
        """Raises PreconditionFailed if somebody changed it meanwhile."""
        shown = self.kinds.render_one(self.kind, self.ref)
        if shown is None:
            return  # the handler says so
        present = etag(msgspec.json.encode(shown))
        if self.tags.strip() != "*" and present not in re.split(r"\s*,\s*", self.tags.strip()):
            name = getattr(shown, "name", self.ref)
            raise PreconditionFailed("request.changed_meanwhile", name=name)

    def after(self, tx: Transaction, result: Any) -> None:
        """Nothing to note."""


@dataclasses.dataclass
class Audited:
    """The audit entry of a request that takes effect."""

    audit: Audit
    call: Call
    outcome: str
    done: bool = False

    def before(self, tx: Transaction) -> None:
        """Nothing to check."""

    def after(self, tx: Transaction, result: Any) -> None:
        """Note it together with its effect."""
        self.audit.note(tx, self.call, resource_of(self.call, result), self.outcome)
        self.done = True


def resource_of(call: Call, content: Any) -> str:
    """What a request was about."""
    ids = getattr(content, "resource_ids", None)
    return ids[0] if ids else call.target or getattr(content, "id", "")


class Repeated(Exception):
    """The same request was answered before: with this status and body."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


@dataclasses.dataclass
class Once:
    """Idempotency-Key: the request takes effect once, and repetitions get the same answer."""

    account_id: str
    key: str
    fingerprint: str
    status: int
    _kept: bytes | None = None

    def before(self, tx: Transaction) -> None:
        """Raises Repeated, or Conflict for a key that was used for something else."""
        self.check()

    def after(self, tx: Transaction, result: Any) -> None:
        """Keep what is most likely the answer already."""
        self.keep(tx, result)

    def keep(self, tx: Transaction, content: Any) -> None:
        """Keep the answer for repetitions."""
        self._kept = _encoded(content)
        tx.execute(
            "INSERT INTO idempotency (account_id, key, fingerprint, status, body, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (account_id, key) DO UPDATE SET body = excluded.body",
            *(self.account_id, self.key, self.fingerprint, self.status, self._kept, now_ms()),
        )

    def is_kept(self, content: Any) -> bool:
        """Whether this very answer is kept."""
        return self._kept == _encoded(content)

    def check(self) -> None:
        """Like `before`, without noting anything; within a read or write."""
        row = database.execute_sql(
            "SELECT fingerprint, status, body FROM idempotency WHERE account_id = ? AND key = ?",
            (self.account_id, self.key),
        ).fetchone()
        if row is None:
            return
        if row[0] != self.fingerprint:
            raise Conflict("request.key_reused", field="Idempotency-Key", key=self.key)
        raise Repeated(row[1], bytes(row[2]))


def _encoded(content: Any) -> bytes:
    try:
        return b"" if content is None else msgspec.json.encode(content)
    except TypeError:
        return b""  # rows and the like: the first write's result was not the answer


def once(call: Call, request: Request, body: Any, status: int) -> Once | None:
    """The guard that the request asks for; raises InvalidInput for a key that is none."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not KEY.fullmatch(key):
        raise _bad("Idempotency-Key", key[:60], "1 to 128 printable characters without blanks")
    content = msgspec.json.encode([call.operation, call.target, body])
    return Once(call.caller.account_id, key, hashlib.sha256(content).hexdigest(), status)
