"""The audit log: every change that was asked for, and how it was answered."""

from __future__ import annotations

from collections.abc import Sequence

import peewee

from appliance.engine.calls import Call
from appliance.protocol.ids import new_id
from appliance.protocol.resources import AuditEntry
from appliance.store.database import Store, Transaction
from appliance.store.fields import BaseModel, now_ms, when
from appliance.store.kinds import ResourceKind


class AuditRow(BaseModel):
    """One change that was asked for."""

    id = peewee.TextField(primary_key=True)
    at = peewee.BigIntegerField(index=True)
    account_id = peewee.TextField()
    account_name = peewee.TextField()
    address = peewee.TextField()
    operation = peewee.TextField()
    resource_id = peewee.TextField(index=True)
    outcome = peewee.TextField()

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
            )
        )

    async def record(self, call: Call, resource_id: str, outcome: str) -> None:
        """Note that `call` was answered with `outcome`: accepted, done, or an error's code."""

        def add(tx: Transaction) -> None:
            entry_id = new_id()
            AuditRow.create(
                id=entry_id,
                at=now_ms(),
                account_id=call.caller.account_id,
                account_name=call.caller.account_name,
                address=call.caller.address,
                operation=call.operation,
                resource_id=resource_id,
                outcome=outcome,
            )
            tx.touch("audit", entry_id)

        await self._store.write(add)


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
        )
        for row in rows
    ]
