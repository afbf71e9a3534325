"""Machines that are owed a start, because they ran when their host went or was emptied.

A row is written in the very transaction that notes that the machine went, and goes with the
acceptance of the job that starts it. So none is forgotten, and none is started twice.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from appliance.store.database import Transaction
from appliance.store.fields import database

Cause = Literal["boot", "maintenance"]


class Debt(NamedTuple):
    """A start that is owed. `boot_id` is the boot of the host in which the machine ran."""

    vm_id: str
    host_id: str
    cause: Cause
    boot_id: str


class Owed:
    """`hosts` are those that may owe a start to a machine."""

    def __init__(self) -> None:
        self.hosts: set[str] = set()

    def owe(self, tx: Transaction, debt: Debt) -> None:
        """The machine is to be started again on its host, when that is ready for it."""
        tx.execute("INSERT OR REPLACE INTO vm_owed VALUES (?, ?, ?, ?)", *debt)
        tx.on_commit(lambda: self.hosts.add(debt.host_id))

    def owe_after_boot(self, tx: Transaction, vm_id: str, host_id: str, boot_id: str) -> None:
        """The same if the machine's setting is that it runs again after its host's reboot."""
        if restarts(vm_id):
            self.owe(tx, Debt(vm_id, host_id, "boot", boot_id))


def restarts(vm_id: str) -> bool:
    """Whether a machine is started again after its host has rebooted; within a read or write."""
    query = "SELECT 1 FROM vm_recovery WHERE vm_id = ? AND on_host_boot = 'leave_off'"
    return database.execute_sql(query, (vm_id,)).fetchone() is None


def debt_of(vm_id: str) -> Debt | None:
    """What a machine is owed; within a read or write."""
    query = "SELECT vm_id, host_id, cause, boot_id FROM vm_owed WHERE vm_id = ?"
    row = database.execute_sql(query, (vm_id,)).fetchone()
    return None if row is None else Debt(*row)


def forget_debt(tx: Transaction, vm_id: str) -> None:
    """Somebody has decided otherwise about the machine, or it is being started."""
    tx.execute("DELETE FROM vm_owed WHERE vm_id = ?", vm_id)


def boot_of(host_id: str) -> str:
    """The boot in which a host was last seen; within a read or write."""
    query = (
        "SELECT json_extract(a.facts, '$.boot_id') FROM host h JOIN agent a ON a.id = h.agent_id "
        "WHERE h.id = ?"
    )
    row = database.execute_sql(query, (host_id,)).fetchone()
    return row[0] or "" if row is not None else ""
