"""Small pieces that all services share: finding rows, making them once, naming, updating."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import peewee
from msgspec import UNSET

from appliance.engine.calls import Call
from appliance.engine.jobs import JobRun
from appliance.engine.models import JobRow, render_jobs
from appliance.hosts.links import WAIT_FOR_LINK_S
from appliance.protocol.errors import Conflict, InvalidInput, NotFound
from appliance.protocol.ids import is_id, new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.requests import Update
from appliance.store import rows
from appliance.store.database import Store, Transaction
from appliance.store.fields import BaseModel, now_ms

UNDO_WAIT_S = 1.0

LONGEST_SHOWN = 60  # characters of a value that is refused

Row = TypeVar("Row", bound=BaseModel)


def find(model: type[Row], ref: str, kind: str, *, field: str | None = None) -> Row:
    """The row with id `ref`; raises NotFound naming the kind and the request's field."""
    row = rows.one(model, ref)
    if row is None:
        raise NotFound("resource.not_found", field=field, kind=kind, id=ref)
    return row


def known_machine(machine_id: str) -> None:
    """Raises NotFound unless a machine with this id has enrolled, as host or candidate."""
    cursor = JobRow._meta.database.execute_sql(  # type: ignore[attr-defined]
        "SELECT 1 FROM agent WHERE id = ?", (machine_id,)
    )
    if cursor.fetchone() is None:
        raise NotFound("resource.not_found", kind="host", id=machine_id)


def clean_name(name: str) -> str:
    """`name` without outer blanks; raises InvalidInput for blank or unprintable names."""
    stripped = unicodedata.normalize("NFC", name).strip()
    if not stripped:
        raise InvalidInput("name.blank", field="name", value=_printable(name))
    bad = next(filter(_is_unprintable, stripped), None)
    if bad is not None:
        value = _printable(stripped, around=stripped.index(bad))
        raise InvalidInput("name.control_characters", field="name", value=value)
    return stripped


def _is_unprintable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co")


def _printable(text: str, around: int = 0) -> str:
    """A text that was refused, as it can be shown: what nobody can see is written as an escape,
    and of a long text the part around the fault is left.
    """
    first = max(0, min(around - LONGEST_SHOWN // 2, len(text) - LONGEST_SHOWN))
    last = first + LONGEST_SHOWN
    shown = "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in text[first:last]
    )
    return "…" * (first > 0) + shown + "…" * (last < len(text))


class WithId(Protocol):
    """A request whose client may choose the id of what it makes."""

    @property
    def id(self) -> str | None:
        """The chosen id."""
        ...


def chosen_id(request: WithId) -> str:
    """The client's id for a new resource, or a new one."""
    if request.id is None:
        return new_id()
    if not is_id(request.id):
        raise InvalidInput("request.bad_id", field="id", value=request.id)
    return request.id


def create_once(model: type[Row], ref: str, values: dict[str, Any]) -> tuple[Row, bool]:
    """Make a row with id `ref`, or find the very same one made before.

    Returns the row and whether it is new. Raises Conflict if the id is taken by a row with
    other content, in whichever column of `values`.
    """
    row = rows.one(model, ref)
    if row is None:
        created = model.create(id=ref, created_at=now_ms(), **values)
        return created, True
    for name, value in values.items():
        kept = row.__data__.get(name)
        if kept != (value.get_id() if isinstance(value, peewee.Model) else value):
            raise Conflict("request.id_taken", field="id", id=ref)
    return row, False


def updater(
    store: Store,
    model: type[BaseModel],
    kind: str,
    also: Callable[[Transaction, Any, Any], None] | None = None,
) -> Callable[[Call, Any], Awaitable[Any]]:
    """A handler for `<kind>.update`: name and description of a row, and what `also` changes."""

    async def update(call: Call, request: Update) -> Any:
        def change(tx: Transaction) -> Any:
            row: Any = find(model, call.target, kind)
            if request.name is not UNSET:
                row.name = clean_name(request.name)
            if request.description is not UNSET:
                row.description = request.description
            if also is not None:
                also(tx, row, request)
            rows.save_changes(tx, row)
            tx.touch(kind, call.target)
            return store.kinds.render_one(kind, call.target)

        return await store.write(change)

    return update


def refuse_if_used(name: str, count: int, users: str) -> None:
    """Raises Conflict if `count` others still need the resource called `name`."""
    if count:
        raise Conflict("resource.in_use", name=name, count=count, users=users)


def accepted_before(ref: str) -> Accepted:
    """The answer to a repeated create: the newest job of the resource that was made."""
    found = list(JobRow.select().where(JobRow.resource_id == ref).order_by(JobRow.number.desc()))
    return Accepted(jobs=render_jobs(found[:1]), resource_ids=[ref])


def link_wait_s(run: JobRun) -> float:
    """How long to wait for a host that is away: its undo soon becomes clean-up work instead."""
    return UNDO_WAIT_S if run.is_undoing else WAIT_FOR_LINK_S
