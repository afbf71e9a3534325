"""The machine that a job works on, with all that its steps need, read at once."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.protocol.errors import NotFound
from appliance.protocol.resources import VmState
from appliance.services.guests.discs import drives_of
from appliance.services.guests.seeds import seed_of
from appliance.services.hardware.models import hardware_of, running_hardware_of
from appliance.services.hardware.processor import hardware_spec
from appliance.services.storage.refs import REF_COLUMNS, REF_COUNT, make_ref
from appliance.services.volumes.disks import disks_of
from appliance.store.fields import database
from hostagent.protocol.domain import CdSpec, DiskSpec, DomainSpec, NicSpec, SeedSpec
from hostagent.protocol.hardware import HardwareSpec
from hostagent.protocol.network import bridge_name, tap_name
from hostagent.protocol.storage import StorageRef, VolumeRef


@dataclass(frozen=True)
class Target:
    """A machine as it stands in the database. `image_store_path` is None if its image is gone."""

    vm_id: str
    name: str
    cpu_count: int
    memory_bytes: int
    accelerator: str
    volume_id: str
    disk_image_id: str
    disk_bytes: int
    image_id: str
    image_store_path: str | None
    storage: StorageRef
    nics: tuple[NicSpec, ...]
    disks: tuple[DiskSpec, ...]
    seed: SeedSpec | None
    cds: tuple[CdSpec, ...]
    hardware: HardwareSpec

    @property
    def volume(self) -> VolumeRef:
        """How the host finds the root disk."""
        return VolumeRef(volume_id=self.volume_id, storage=self.storage)


_TARGET = f"""
    SELECT v.cluster_id, v.state, v.id, v.name, v.cpu_count, v.memory_bytes, v.accelerator, d.id,
           d.image_id, d.size_bytes, v.image_id, i.path, {REF_COLUMNS}
    FROM vm v
    JOIN volume d ON d.vm_id = v.id AND d.kind = 'root'
    JOIN primary_storage s ON s.id = d.primary_storage_id
    LEFT JOIN image m ON m.id = v.image_id
    LEFT JOIN image_store i ON i.id = m.image_store_id
    WHERE v.id = ?
"""  # noqa: S608 fixed names


def load_target(vm_id: str, job_id: str = "") -> Target:
    """The machine with all that steps of a job need of it; within a read or write."""
    row = database.execute_sql(_TARGET, (vm_id,)).fetchone()
    if row is None:
        raise NotFound("resource.not_found", kind="vm", id=vm_id)
    columns, storage = row[:-REF_COUNT], make_ref(*row[-REF_COUNT:])
    nics, disks = nics_of(vm_id), tuple(disks_of(vm_id, job_id))
    cluster_id, state, *others = columns
    accelerator = others[4]
    # One that moves while it runs has what it was started with.
    is_moving = state == VmState.MIGRATING
    has = running_hardware_of(vm_id) if is_moving else hardware_of(vm_id)
    return Target(
        *others,
        storage=storage,
        nics=nics,
        disks=disks,
        seed=seed_of(vm_id),
        cds=tuple(drives_of(vm_id, storage, job_id)),
        hardware=hardware_spec(has, cluster_id, accelerator),
    )


def nics_of(vm_id: str) -> tuple[NicSpec, ...]:
    """The NICs of a machine, in the order in which it got them: guests name them by it."""
    rows = database.execute_sql(
        "SELECT x.id, x.mac, x.network_id, n.mtu FROM nic x JOIN network n ON n.id = x.network_id "
        "WHERE x.vm_id = ? ORDER BY x.id",
        (vm_id,),
    )
    return tuple(
        NicSpec(
            nic_id=nic_id, mac=mac, bridge=bridge_name(network_id), tap=tap_name(nic_id), mtu=mtu
        )
        for nic_id, mac, network_id, mtu in rows.fetchall()
    )


def domain_spec(target: Target) -> DomainSpec:
    """What the host needs to know to run the machine."""
    return DomainSpec(
        vm_id=target.vm_id,
        name=target.name,
        cpu_count=target.cpu_count,
        memory_bytes=target.memory_bytes,
        accelerator=target.accelerator,
        disks=list(target.disks),
        nics=list(target.nics),
        seed=target.seed,
        cds=list(target.cds),
        hardware=target.hardware,
    )
