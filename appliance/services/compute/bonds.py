"""Where the disks of a machine let it run. All within a read or write."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.engine.models import CleanupRow
from appliance.protocol.errors import Conflict
from appliance.protocol.resources import State
from appliance.services.storage.reach import to_be_reached
from appliance.store.fields import database

_DISKS = """
    SELECT d.host_id, d.name, s.id, s.name, s.state
    FROM volume d JOIN primary_storage s ON s.id = d.primary_storage_id
    WHERE d.vm_id = ? ORDER BY d.position
"""
# A job that is over and has nothing left to clean up has no disk in its hands any more.
_CHAIN_HOST = """
    SELECT json_extract(j.data, '$.host_id') FROM volume d JOIN job j ON j.id = d.job_id
    WHERE d.vm_id = ? AND d.status IN ('snapshotting', 'reverting', 'merging')
        AND (j.state IN ('queued', 'running', 'undoing')
            OR EXISTS (SELECT 1 FROM cleanup c WHERE c.job_id = j.id))
    LIMIT 1
"""


@dataclass(frozen=True)
class Bonds:
    """`host_id` is the one host that the machine can run on, None if there may be others;
    `storages` must be reached from where it runs.
    """

    host_id: str | None
    storages: tuple[str, ...]


def bonds_of(vm_id: str) -> Bonds:
    """What binds a machine to hosts: disks on local storages, storages that not all hosts reach,
    a host that may still run it, and one that works on the files of its disks.

    Raises Conflict if a storage is in maintenance.
    """
    rows = database.execute_sql(_DISKS, (vm_id,)).fetchall()
    for _, _, _, storage, state in rows:
        if state == State.MAINTENANCE:
            raise Conflict("storage.in_maintenance", name=storage)
    hosts = [host_id for host_id, *_ in rows if host_id is not None]
    storages = to_be_reached([ref for _, _, ref, _, _ in rows])
    host_id = hosts[0] if hosts else doubtful_host(vm_id) or chain_host(vm_id)
    return Bonds(host_id, tuple(storages))


def chain_host(vm_id: str) -> str | None:
    """The host of a job on snapshots that has disks of the machine in its hands, or has left work
    on them: if it is away, it may still make or merge a file that the machine would write to.
    """
    row = database.execute_sql(_CHAIN_HOST, (vm_id,)).fetchone()
    return row[0] if row is not None else None


def doubtful_host(vm_id: str) -> str | None:
    """The host that a job has left work for: whether it runs the machine, nobody knows until
    that is done. Another one must not start it meanwhile.
    """
    for row in CleanupRow.select().where(CleanupRow.resource_id == vm_id):
        host_id = row.data.get("host_id")
        if host_id:
            return host_id
    return None
