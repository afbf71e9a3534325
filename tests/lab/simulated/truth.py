"""What the service says beside what stages really hold: everything that does not agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from appliance.client import Client
from appliance.protocol.resources import Vm, Volume
from appliance.protocol.snapshots import Snapshot
from tests.lab.simulated.stages import Stage
from tests.lab.simulated.state import HostState

PLACED = ("running", "paused")
OFF = ("stopped", "destroyed")


@dataclass(frozen=True)
class View:
    """What the service says of everything, read in a few requests."""

    vms: dict[str, Vm]
    volumes: dict[str, Volume]
    snapshots: dict[str, Snapshot]
    networks: dict[str, Any]
    images: dict[str, Any]
    hosts: dict[str, Any]
    zones: dict[str, Any]
    ledger: list[str]

    @classmethod
    async def read(cls, client: Client) -> View:
        """Read it now."""
        kinds: dict[str, dict[str, Any]] = {
            f"{kind}s": {item.id: item async for item in client.iterate(f"{kind}.list")}
            for kind in ("vm", "volume", "snapshot", "network", "image", "host", "zone")
        }
        report = await client.call("ledger.check")
        ledger = [
            f"ledger: {item.holder} {item.unit}: kept {item.kept}, counted {item.counted}"
            for item in report.differences
        ]
        return cls(**kinds, ledger=ledger)

    def standing(self, ref: str) -> str:
        """How a resource stands: its state or status, or gone."""
        if ref in self.vms:
            return self.vms[ref].state
        if ref in self.images:
            return self.images[ref].status
        if ref in self.volumes:
            volume = self.volumes[ref]
            is_attached = volume.status == "ready" and volume.vm_id is not None
            return "attached" if is_attached else volume.status
        if ref in self.snapshots:
            snapshot = self.snapshots[ref]
            is_current = snapshot.is_current and snapshot.status == "ready"
            return "current" if is_current else snapshot.status
        found = self.networks.get(ref) or self.zones.get(ref) or self.hosts.get(ref)
        return "gone" if found is None else found.state


def disagreements(stage: Stage, view: View) -> list[str]:
    """Where a stage's host is not as the service says; empty when all is well."""
    state = stage.host.state
    vms = [vm for vm in view.vms.values() if vm.cluster_id == stage.cluster_id]
    return [
        *_machines(vms, state),
        *sizes(vms, state),
        *_claims(vms, stage.host.id),
        *_disks(stage, vms, view, state),
        *_plugged(vms, state),
        *inserted(vms, state),
        *_networks(stage, vms, view, state),
        *_images(stage, view, vms),
        *(f"on {stage.host.name}: {text}" for text in state.anomalies),
        *_folders(stage, view),
    ]


def sizes(vms: list[Vm], state: HostState) -> list[str]:
    """Machines have what is claimed for them; firmware keeps nothing of machines that are gone."""
    known = tuple(vm.id for vm in vms)
    wrong = [f"{folder} is left" for folder in state.firmware if not folder.endswith(known)]
    for vm in vms:
        domain = state.domains.get(vm.id)
        if domain is None or vm.state not in PLACED:
            continue
        there = (domain.spec.cpu_count, domain.spec.memory_bytes)
        if there != (vm.cpu_count, vm.memory_bytes):
            wrong.append(f"{vm.name} has {there}, not {(vm.cpu_count, vm.memory_bytes)}")
    return wrong


def _machines(vms: list[Vm], state: HostState) -> list[str]:
    wrong = []
    for vm in vms:
        domain = state.domains.get(vm.id)
        there = domain.state.value if domain is not None else "undefined"
        fits = there == vm.state if vm.state in PLACED else there == "undefined"
        if not fits or vm.state not in (*PLACED, *OFF):
            wrong.append(f"{vm.name} is {vm.state}, its host has it {there}")
    known = {vm.id for vm in vms}
    return wrong + [f"domain {ref} is of no machine" for ref in state.domains if ref not in known]


def _claims(vms: list[Vm], host_id: str) -> list[str]:
    return [
        f"{vm.name} is {vm.state} and claims host {vm.host_id}"
        for vm in vms
        if vm.host_id != (host_id if vm.state in PLACED else None)
    ]


def _disks(stage: Stage, vms: list[Vm], view: View, state: HostState) -> list[str]:
    free = [
        volume
        for volume in view.volumes.values()
        if volume.primary_storage_id in (stage.storage_id, stage.other_storage_id)
        and volume.vm_id is None
    ]
    known = [*free, *(volume for vm in vms for volume in vm.volumes)]
    said = {volume.id: volume.size_bytes for volume in known}
    files: dict[str, list[int]] = defaultdict(list)
    for path, file in state.files.items():
        if "/volumes/" in path:
            files[name_of(path)].append(file.virtual_size_bytes)
    kept = Counter(snapshot.volume_id for snapshot in view.snapshots.values())
    return [
        *(f"volume {ref} is of nobody" for ref in files.keys() - said.keys()),
        *(f"volume {ref} is on no host" for ref in said.keys() - files.keys()),
        *(
            f"volume {ref} has {files[ref]} bytes, not {said[ref]}"
            for ref in said.keys() & files.keys()
            if said[ref] not in files[ref]
        ),
        *(
            f"volume {ref} has {len(files[ref])} files and {kept[ref]} snapshots"
            for ref in said.keys() & files.keys()
            if len(files[ref]) != kept[ref] + 1
        ),
        *(
            f"{path} stands on {file.backing}, which is not there"
            for path, file in state.files.items()
            if file.backing and file.backing not in state.files
        ),
        *_twice([volume.id for volume in known], "volume"),
    ]


def _plugged(vms: list[Vm], state: HostState) -> list[str]:
    """Machines that run have the disks that they are said to have, with their limits."""
    wrong = []
    for vm in vms:
        domain = state.domains.get(vm.id)
        if domain is None or vm.state not in PLACED:
            continue
        said = {(one.id, one.read_iops) for one in vm.volumes if one.status == "ready"}
        there = {(one.volume.volume_id, one.limits.read_iops) for one in domain.spec.disks}
        if said != there:
            wrong.append(f"{vm.name} is said to have the disks {said}, but has {there}")
    return wrong


def inserted(vms: list[Vm], state: HostState) -> list[str]:
    """Machines that run have the discs that they are said to have, and no others."""
    wrong = []
    for vm in vms:
        domain = state.domains.get(vm.id)
        if domain is None or vm.state not in PLACED:
            continue
        said = {(one.slot, one.image_id) for one in vm.cds}
        there = {(one.slot, one.image_id) for one in domain.spec.cds if one.image_id}
        if said != there:
            wrong.append(f"{vm.name} is said to have the discs {said}, but has {there}")
    return wrong


def _networks(stage: Stage, vms: list[Vm], view: View, state: HostState) -> list[str]:
    said = {item.id for item in view.networks.values() if stage.cluster_id in item.cluster_ids}
    if stage.host.id not in view.hosts:
        said = set()
    there = {network.id for network in state.document.networks}
    ports = {port.vm_id for network in state.document.networks for port in network.ports}
    placed = {vm.id for vm in vms if vm.host_id is not None}
    return [
        *(f"network {ref} is on the host, but gone" for ref in there - said),
        *(f"network {ref} is not on the host" for ref in said - there),
        *(f"port of {ref}, which is not placed there" for ref in ports - placed),
        *(f"no port for {ref}" for ref in placed - ports),
    ]


def _images(stage: Stage, view: View, vms: list[Vm]) -> list[str]:
    state = stage.host.state
    # In the recycle bin they have all that they had before.
    ready = {ref for ref in stage.images if view.standing(ref) in ("ready", "deleted")}
    stored = {name_of(path) for path in state.stores} & set(stage.images)
    used = {vm.image_id for vm in vms} | {one.image_id for vm in vms for one in vm.cds}
    cached = {name_of(path) for path in state.files if "/cache/" in path}
    others = {ref: view.standing(ref) for ref in stage.images if ref not in ready}
    return [
        *(f"image {ref} is in the store, but gone" for ref in stored - ready),
        *(f"image {ref} is ready, but not in the store" for ref in ready - stored),
        *(f"image {ref} is {what}" for ref, what in others.items() if what != "gone"),
        *(f"image {ref} is cached for nobody" for ref in cached - ready - used),
        *(f"{path} is left over" for path in state.files if "/incoming/" in path),
    ]


def _folders(stage: Stage, view: View) -> list[str]:
    if stage.zone_id in view.zones:
        return []
    return [f"folder {path} was not given back" for path in sorted(stage.host.state.folders)]


def name_of(path: str) -> str:
    """The id in the name of a file."""
    return path.rpartition("/")[2].partition(".")[0]


def _twice(refs: Iterable[str], what: str) -> list[str]:
    found = list(refs)
    return [f"{what} {ref} is there twice" for ref in set(found) if found.count(ref) > 1]
