"""What of disks must hold whenever it is quiet: their files, what these show, and who has them."""

from __future__ import annotations

from collections import Counter, defaultdict

from appliance.client import Client
from appliance.protocol.resources import Job, Vm, Volume
from appliance.protocol.snapshots import Snapshot
from tests.integration.simulated.model.contents import Contents
from tests.lab.simulated.contents import shown
from tests.lab.simulated.fleet import Fleet
from tests.lab.simulated.sharing import files_on
from tests.lab.simulated.state import SimFile, file_of
from tests.lab.simulated.truth import inserted, name_of, sizes

PLACED = ("running", "paused")
QUIET = ("not_made", "ready", "deleted")


async def disagreements(
    client: Client,
    fleet: Fleet,
    vms: dict[str, Vm],
    volumes: dict[str, Volume],
    jobs: dict[str, Job],
    contents: Contents,
) -> list[str]:
    """Everything about disks that is not as it must be."""
    snapshots = [one async for one in client.iterate("snapshot.list")]
    wrong = [
        *(f"volume {one.id} is {one.status}" for one in volumes.values()
          if one.status not in QUIET),
        *_owned(vms, volumes, fleet),
        *_files(volumes, snapshots, fleet),
    ]  # fmt: skip
    for host in fleet.hosts:
        there = [vm for vm in vms.values() if vm.host_id == host.id]
        wrong += [*inserted(there, host.state)]
        wrong += [text for text in sizes(there, host.state) if "firmware" not in text]
    if wrong:
        return wrong
    heads, kept, wrong = await _chains(client, fleet, volumes, snapshots)
    return (
        wrong
        or _written(fleet, heads)
        or contents.disagreements(jobs, snapshots, _seen(fleet, volumes, heads), kept)
    )


def _owned(vms: dict[str, Vm], volumes: dict[str, Volume], fleet: Fleet) -> list[str]:
    """Machines that run have just their own disks, and no disk is in two of them."""
    plugged: dict[str, set[str]] = {}
    writers: Counter[str] = Counter()
    for host in fleet.hosts:
        for ref, domain in host.state.domains.items():
            plugged[ref] = {disk.volume.volume_id for disk in domain.spec.disks}
            writers.update(plugged[ref] if domain.is_active else ())
    wrong = [f"volume {ref} has {count} writers" for ref, count in writers.items() if count > 1]
    return wrong + [
        f"{vm.name} should have the disks {said}, and has {found}"
        for vm in vms.values()
        if vm.state in PLACED
        for said in [{one.id for one in volumes.values() if one.vm_id == vm.id}]
        for found in [plugged.get(vm.id, set())]
        if said != found
    ]


def _files(volumes: dict[str, Volume], snapshots: list[Snapshot], fleet: Fleet) -> list[str]:
    """Each volume has its files where it lies, and there are no others."""
    there: dict[tuple[str | None, str], list[int]] = defaultdict(list)
    places = [(host.id, host.state.files) for host in fleet.hosts]
    for place, files in [*places, (None, fleet.shared.files)]:
        for path, file in files.items():
            if "/volumes/" in path:
                there[place, name_of(path)].append(file.virtual_size_bytes)
    made = {(one.host_id, one.id): one for one in volumes.values() if one.status != "not_made"}
    made = {key: one for key, one in made.items() if one.primary_storage_id is not None}
    kept = Counter(one.volume_id for one in snapshots)
    return [
        *(f"volume {key} is on no host" for key in made.keys() - there.keys()),
        *(f"volume {key} is not known there" for key in there.keys() - made.keys()),
        *(
            f"volume {key[1]} has {len(there[key])} files and {kept[key[1]]} snapshots"
            for key in made.keys() & there.keys()
            if len(there[key]) != kept[key[1]] + 1
        ),
        *(
            f"volume {key[1]} has {there[key]} bytes, not {made[key].size_bytes}"
            for key in made.keys() & there.keys()
            if made[key].size_bytes not in there[key]
        ),
    ]


async def _chains(
    client: Client, fleet: Fleet, volumes: dict[str, Volume], snapshots: list[Snapshot]
) -> tuple[dict[str, str], dict[str, int], list[str]]:
    """The files that volumes with snapshots are written to, what these hold, and what is wrong."""
    heads: dict[str, str] = {}
    kept: dict[str, int] = {}
    wrong = []
    for ref in {one.volume_id for one in snapshots}:
        chain = await client.call("volume.check_chain", id=ref)
        if not chain.is_sound or chain.strangers:
            wrong.append(f"volume {ref} has the chain {chain}")
            continue
        files = _files_of(fleet, volumes[ref])
        for file in chain.files:
            if file.snapshot_id is None:
                heads[ref] = file.path
            else:
                kept[file.snapshot_id] = shown(files, file.path)
    # What is hidden may have been given what stands on it already.
    hidden = {one.id for one in snapshots if one.status != "ready"}
    return heads, {ref: what for ref, what in kept.items() if ref not in hidden}, wrong


def _written(fleet: Fleet, heads: dict[str, str]) -> list[str]:
    """Machines write to the files that are said to be written to."""
    return [
        f"{domain.spec.name} writes to {path}, not to {heads[ref]}"
        for host in fleet.hosts
        for domain in host.state.domains.values()
        for disk in domain.spec.disks
        for ref, path in [(disk.volume.volume_id, file_of(host.state, disk.volume))]
        if heads.get(ref, path) != path
    ]


def _seen(fleet: Fleet, volumes: dict[str, Volume], heads: dict[str, str]) -> dict[str, int]:
    """What each volume shows, as a guest would read it."""
    found: dict[str, int] = {}
    for ref, volume in volumes.items():
        files = _files_of(fleet, volume)
        head = heads.get(ref) or next((path for path in files if f"/volumes/{ref}." in path), "")
        found[ref] = shown(files, head)
    for host in fleet.hosts:  # and as it really does
        for domain in host.state.domains.values():
            for disk in domain.spec.disks:
                files = files_on(host.state, disk.volume.storage)
                found[disk.volume.volume_id] = shown(files, file_of(host.state, disk.volume))
    return found


def _files_of(fleet: Fleet, volume: Volume) -> dict[str, SimFile]:
    if volume.host_id is None:
        return fleet.shared.files
    return fleet[volume.host_id].state.files
