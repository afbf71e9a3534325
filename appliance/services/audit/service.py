"""The audit log: every change that was asked for, and how it was answered."""

from __future__ import annotations

from collections.abc import Sequence

import peewee

from appliance.engine.calls import Call
from appliance.protocol.ids import new_id
from appliance.protocol.resources import AuditEntry
from appliance.store.database import Store, Transaction
from appliance.store.fields import BaseModel, now_ms, when
from appliance.store.kinds import Relation, ResourceKind


class AuditRow(BaseModel):
    """One change that was asked for."""

    id = peewee.TextField(primary_key=True)
    at = peewee.BigIntegerField(index=True)
    account_id = peewee.TextField(index=True)
    account_name = peewee.TextField()
    address = peewee.TextField()
    operation = peewee.TextField()
    resource_id = peewee.TextField(index=True)
    outcome = peewee.TextField()
    reason = peewee.TextField(default="")
    request_id = peewee.TextField(default="")

    class Meta:
        table_name = "audit"


class AuditLog:
    """Writes entries; lists of them are served like those of any kind."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.kinds.add(
            ResourceKind(
                name="audit",
                model=AuditRow,
                render=_render,
                search=("operation", "account_name", "resource_id", "address"),
                order="at",
                owner="account_id",
                relations={
                    "account": Relation("account", ("account_id", "id")),
                    "vm": Relation("vm", ("resource_id", "id")),
                },
            )
        )

    async def record(self, call: Call, resource_id: str, outcome: str) -> None:
        """Note that `call` was answered with `outcome`: accepted, done, or an error's code."""

        await self._store.write(lambda tx: self.note(tx, call, resource_id, outcome))

    def note(self, tx: Transaction, call: Call, resource_id: str, outcome: str) -> None:
        """Like `record`, within the write that does what is noted."""
        caller, at = call.caller, now_ms()
        entry = AuditEntry(
            id=new_id(),
            at=when(at),
            account_id=caller.account_id,
            account_name=caller.account_name,
            address=caller.address,
            operation=call.operation,
            resource_id=resource_id,
            outcome=outcome,
            reason=caller.reason,
            request_id=caller.request_id,
        )
        tx.execute(
            "INSERT INTO audit (id, at, account_id, account_name, address, operation, "
            "resource_id, outcome, reason, request_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(entry.id, at, entry.account_id, entry.account_name, entry.address),
            *(entry.operation, entry.resource_id, entry.outcome, entry.reason, entry.request_id),
        )
        tx.put("audit", entry.id, entry)


def _render(rows: Sequence[AuditRow]) -> list[AuditEntry]:
    return [
        AuditEntry(
            id=row.id,
            at=when(row.at),
            account_id=row.account_id,
            account_name=row.account_name,
            address=row.address,
            operation=row.operation,
            resource_id=row.resource_id,
            outcome=row.outcome,
            reason=row.reason,
            request_id=row.request_id,
        )
        for row in rows
    ]
