"""Where the disks of a machine let it run. All within a read or write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.engine.models import ACTIVE, CleanupRow, JobRow
from appliance.protocol.errors import Conflict
from appliance.protocol.resources import State
from appliance.services.storage.models import VolumeRow
from appliance.services.storage.reach import to_be_reached
from appliance.store.fields import database

_DISKS = """
    SELECT d.host_id, d.name, s.id, s.name, s.state
    FROM volume d JOIN primary_storage s ON s.id = d.primary_storage_id
    WHERE d.vm_id = ? ORDER BY d.position
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
    and a host that may still run it.

    Raises Conflict if a storage is in maintenance.
    """
    rows = database.execute_sql(_DISKS, (vm_id,)).fetchall()
    for _, _, _, storage, state in rows:
        if state == State.MAINTENANCE:
            raise Conflict("storage.in_maintenance", name=storage)
    hosts = [host_id for host_id, *_ in rows if host_id is not None]
    storages = to_be_reached([ref for _, _, ref, _, _ in rows])
    host_id = hosts[0] if hosts else doubtful_host(vm_id)
    return Bonds(host_id, tuple(storages))


def doubtful_host(vm_id: str) -> str | None:
    """The host that a job works on, or has left work for, on the machine or on one of its disks.

    Whether it runs the machine, or changes the files of a disk, nobody knows until that is done.
    Another one must not start it meanwhile.
    """
    held = VolumeRow.select(VolumeRow.job_id).where(
        VolumeRow.vm_id == vm_id,
        VolumeRow.host_id.is_null(),
        VolumeRow.job_id.is_null(is_null=False),
    )
    work = CleanupRow.select().where(
        (CleanupRow.resource_id == vm_id) | CleanupRow.job_id.in_(held)
    )
    jobs = JobRow.select().where(JobRow.id.in_(held), JobRow.state.in_(ACTIVE))
    rows: list[Any] = [*work, *jobs]
    return next((row.data["host_id"] for row in rows if row.data.get("host_id")), None)
