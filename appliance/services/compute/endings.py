"""How jobs on machines end: what becomes of the machine, its place and its claims.

Each is run in the transaction that ends the job.
"""

from __future__ import annotations

from typing import Any

import msgspec
import peewee

from appliance.engine.jobs import JobRun
from appliance.engine.models import CleanupRow
from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError, NoResources
from appliance.protocol.resources import VmState
from appliance.services.compute.affinity import affinity_of
from appliance.services.compute.data_disks import disks_are_made, forget_new_disks
from appliance.services.compute.machine import VM_MACHINE
from appliance.services.compute.models import VmRow
from appliance.services.compute.owed import Debt, Owed
from appliance.services.compute.placement import (
    FREE_SPACE_KEPT_BYTES,
    Wish,
    choose_host,
    special_networks_of,
)
from appliance.services.compute.sync import StateSync
from appliance.services.firewall.membership import groups_of_vm
from appliance.services.firewall.telling import tell_hosts
from appliance.services.hardware.models import note_started
from appliance.services.hardware.processor import needs_of_vm
from appliance.services.images.models import ImageRow
from appliance.services.networks.documents import Documents
from appliance.services.networks.elastic import elastic_ips_of_vm
from appliance.services.networks.models import NicRow
from appliance.services.snapshots.rows import forget_snapshots
from appliance.services.storage.models import VolumeRow
from appliance.services.storage.reach import to_be_reached
from appliance.services.storage.refs import is_shared
from appliance.services.volumes.holding import let_go_of
from appliance.store.database import Transaction
from appliance.store.fields import now_ms, tuples
from hostagent.protocol.storage import VolumeRef

MAX_HOSTS_TRIED = 3
# Errors that speak against the host, not against the machine.
HOST_FAULTS = frozenset(
    {"host.link_lost", "host.timeout", "host.not_connected", "host.command_failed"}
    | {"vm.start_failed", "network.not_applied"}
)
HOST_IS_AWAY = frozenset({"host.link_lost", "host.timeout", "host.not_connected"})
PLACED = (VmState.RUNNING, VmState.PAUSED, VmState.UNKNOWN)


class Endings:
    """What jobs of the compute service do when they are over."""

    def __init__(self, links: HostLinks, documents: Documents, sync: StateSync, owed: Owed) -> None:
        self._links = links
        self._owed = owed
        self._documents = documents
        self._sync = sync

    # Done

    def created(self, tx: Transaction, run: JobRun) -> None:
        """The machine is there, and runs if it was to be started."""
        disks_are_made(tx, run.resource_id)
        self._enter(tx, run, VmState.RUNNING if run.data["start"] else VmState.STOPPED)

    def running(self, tx: Transaction, run: JobRun) -> None:
        """The machine runs."""
        self._enter(tx, run, VmState.RUNNING)

    def paused(self, tx: Transaction, run: JobRun) -> None:
        """Its CPUs stand still."""
        self._enter(tx, run, VmState.PAUSED)

    def stopped(self, tx: Transaction, run: JobRun) -> None:
        """It is off and claims nothing of a host."""
        self._enter(tx, run, VmState.STOPPED)

    def destroyed(self, tx: Transaction, run: JobRun) -> None:
        """Into the recycle bin, or away for good if the policy is direct."""
        if run.data.get("direct"):
            self.forgotten(tx, run)
        else:
            self._enter(tx, run, VmState.DESTROYED)

    def forgotten(self, tx: Transaction, run: JobRun) -> None:
        """Delete the machine with its claims: place, address, root disk. Data disks stay."""
        vm_id = run.resource_id
        tell_hosts(tx, self._documents, groups_of_vm(vm_id))
        for ref in elastic_ips_of_vm(vm_id):
            tx.touch("elastic_ip", ref)
        networks = [row.network_id for row in NicRow.select().where(NicRow.vm_id == vm_id)]
        NicRow.delete().where(NicRow.vm_id == vm_id).execute()
        for volume in VolumeRow.select().where(VolumeRow.vm_id == vm_id, VolumeRow.kind == "root"):
            forget_snapshots(tx, volume.id)
            volume.delete_instance()
        let_go_of(tx, vm_id)
        group = affinity_of(vm_id)
        VmRow.delete().where(VmRow.id == vm_id).execute()
        tx.touch("vm", vm_id)
        if group is not None:
            tx.touch("affinity_group", group.group_id)
        _touch_host(tx, run.data["host_id"])
        for network_id in networks:
            tx.touch("network", network_id)
        tx.on_commit(lambda: self._sync.job_ended(vm_id, None))

    # Failed

    def not_created(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        """As if it had never been asked for."""
        forget_new_disks(tx, run)
        self.forgotten(tx, run)
        tx.on_commit(lambda: self._documents.soon(run.data["host_id"]))

    def not_started(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        """It stays off; if its host went away again, it is owed the start again."""
        self._enter(tx, run, VmState.STOPPED)
        debt = run.data.get("debt")
        if debt is not None and error.code in HOST_IS_AWAY:
            self._owed.owe(tx, Debt(*debt))
        tx.on_commit(lambda: self._documents.soon(run.data["host_id"]))

    def back(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        """The machine is what it was before, or as its host was seen to have it since."""
        vm_id, host_id = run.resource_id, run.data["host_id"]
        state = VmState(run.data.get("seen", run.data["before"]))
        if state in PLACED and not self._links.is_connected(host_id):
            state = VmState.UNKNOWN
        is_placed = state in PLACED
        tx.execute(
            "UPDATE vm SET state = ?, host_id = CASE WHEN ? THEN coalesce(host_id, ?) END, "
            "started_at = CASE WHEN ? THEN started_at END WHERE id = ?",
            *(state, is_placed, host_id, is_placed, vm_id),
        )
        tx.touch("vm", vm_id)
        _touch_host(tx, host_id)
        tx.on_commit(lambda: self._sync.job_ended(vm_id, state))
        tx.on_commit(lambda: self._documents.soon(host_id))

    def create_elsewhere(self, tx: Transaction, run: JobRun, error: ApiError) -> bool:
        """A host failed: place the machine on another one, if it was not pinned to this one."""
        if error.code not in HOST_FAULTS or run.data["pinned"]:
            return False
        if CleanupRow.get_or_none(CleanupRow.job_id == run.id) and _is_on_shared(run):
            return False  # the disk, and perhaps the machine, may still be in that host's hands
        failed = run.data["host_id"]
        tried = [*run.data["tried"], failed]
        if len(tried) >= MAX_HOSTS_TRIED:
            return False
        host_id = _place_again(run.resource_id, tried)
        if host_id is None:
            return False
        run.data |= {"host_id": host_id, "tried": tried}
        names = {"host": self._links.name_of(failed), "other": self._links.name_of(host_id)}
        tx.on_commit(lambda: run.note("job.moved", level="warning", **names))
        tx.on_commit(lambda: self._documents.soon(failed))
        tx.touch("vm", run.resource_id)
        _touch_host(tx, failed)
        _touch_host(tx, host_id)
        return True

    def _enter(self, tx: Transaction, run: JobRun, state: VmState) -> None:
        host_id = move(tx, run.resource_id, state)
        if state not in PLACED and host_id is not None:
            _touch_host(tx, host_id)
        tx.on_commit(lambda: self._sync.job_ended(run.resource_id, state))


def move(tx: Transaction, vm_id: str, state: VmState) -> str | None:
    """Put a machine into `state`; returns the host where it had a place before.

    Raises UndefinedTransition for what cannot be.
    """
    before, host_id, started_at, destroyed_at = tx.execute(
        "SELECT state, host_id, started_at, destroyed_at FROM vm WHERE id = ?", vm_id
    ).fetchone()
    VM_MACHINE.check(VmState(before), state)
    is_off = state in (VmState.STOPPED, VmState.DESTROYED)
    if state == VmState.RUNNING:
        started_at = started_at or now_ms()
    if VmState(before) == VmState.STARTING:
        note_started(tx, vm_id)
    tx.execute(
        "UPDATE vm SET state = ?, state_reason = '', started_at = ?, destroyed_at = ?, "
        "host_id = CASE WHEN ? THEN NULL ELSE host_id END WHERE id = ?",
        *(state, None if is_off else started_at),
        *((destroyed_at or now_ms()) if state == VmState.DESTROYED else None, is_off, vm_id),
    )
    tx.touch("vm", vm_id)
    return host_id


def _place_again(vm_id: str, tried: list[str]) -> str | None:
    """Claim a place on a host that has not been tried; None if there is none."""
    vm = VmRow.get_by_id(vm_id)
    volume = VolumeRow.get(VolumeRow.vm_id == vm_id, VolumeRow.kind == "root")
    assert volume.primary_storage_id is not None
    image = ImageRow.get_or_none(ImageRow.id == vm.image_id)
    storages = [ref for (ref,) in tuples(_storages_of(vm_id))]
    VmRow.update(host_id=None).where(VmRow.id == vm_id).execute()
    claims = _local_claims(vm_id)
    wish = Wish(
        cluster_id=vm.cluster_id,
        cpu_count=vm.cpu_count,
        memory_bytes=vm.memory_bytes,
        storage_id=volume.primary_storage_id,
        # What hosts share is claimed already, wherever the machine runs.
        disk_bytes=claims.pop(volume.primary_storage_id, 0),
        image_bytes=(image.size_bytes if image else 0) + FREE_SPACE_KEPT_BYTES,
        avoid=tried,
        needs=needs_of_vm(vm_id, vm.cluster_id),
        affinity=affinity_of(vm_id),
        networks=special_networks_of(vm_id),
        storages=to_be_reached(storages),
        others=tuple(claims.items()),
    )
    try:
        choice = choose_host(wish)
    except NoResources:
        return None
    vm.host_id = vm.last_host_id = choice.host_id
    vm.accelerator = choice.accelerator
    vm.save()
    VolumeRow.update(host_id=choice.host_id).where(
        VolumeRow.vm_id == vm_id, VolumeRow.host_id.is_null(is_null=False)
    ).execute()
    return choice.host_id


def _storages_of(vm_id: str) -> Any:
    return VolumeRow.select(VolumeRow.primary_storage).distinct().where(VolumeRow.vm_id == vm_id)


def _local_claims(vm_id: str) -> dict[str, int]:
    """What disks of a machine claim on their hosts' own storages, by the id of each."""
    query = VolumeRow.select(VolumeRow.primary_storage, peewee.fn.SUM(VolumeRow.size_bytes)).where(
        VolumeRow.vm_id == vm_id, VolumeRow.host_id.is_null(is_null=False)
    )
    return dict(tuples(query.group_by(VolumeRow.primary_storage)))


def _is_on_shared(run: JobRun) -> bool:
    """Whether a disk that a job makes is one that all hosts see."""
    disks = [run.data, *(disk for disk in run.data["data_disks"] if "volume" in disk)]
    refs = (msgspec.convert(disk["volume"], VolumeRef) for disk in disks)
    return any(is_shared(ref.storage.kind) for ref in refs)


def _touch_host(tx: Transaction, host_id: str) -> None:
    if tx.execute("SELECT 1 FROM host WHERE id = ?", host_id).fetchone():
        tx.touch("host", host_id)
