"""Primary storages that simulated hosts share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import StorageRef, VolumeRef

if TYPE_CHECKING:
    from tests.lab.simulated.state import Domain, HostState, SimFile


@dataclass
class SharedTruth:
    """What lies on shared storages, and which hosts see it. `marks` say by directory, pool or
    export which storage it is.
    """

    files: dict[str, SimFile] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    hosts: list[HostState] = field(default_factory=list)
    firmware: set[str] = field(default_factory=set)


def is_shared(storage: StorageRef) -> bool:
    """Whether hosts see the same on it."""
    return storage.kind != "local"


def files_on(state: HostState, storage: StorageRef) -> dict[str, SimFile]:
    """The files of a storage as a host sees them; raises CommandFailed if it does not."""
    if not is_shared(storage):
        return state.files
    refuse_broken(state, storage)
    check_mark(state, storage)
    return state.shared.files


def firmware_on(state: HostState, storage: StorageRef) -> set[str]:
    """The folders of firmware and TPMs beside disks on a storage; Ceph's are on hosts."""
    return state.firmware if storage.kind in ("local", "ceph") else state.shared.firmware


def firmware_folder(vm_id: str, storage: StorageRef) -> str:
    """The folder of one machine."""
    return f"{storage.path or '/var/lib/anyun'}/firmware/{vm_id}"


def check_mark(state: HostState, storage: StorageRef) -> None:
    """Raises CommandFailed if what a host sees is not that storage."""
    place = storage.source or storage.path
    found = None if place in state.unshared else state.shared.marks.get(place)
    if found is None:
        raise CommandFailed("storage.not_shared", f"{place} has no mark", path=place)
    if found != storage.storage_id:
        raise CommandFailed("storage.other", f"{place} is {found}", path=place, id=found)


def refuse_broken(state: HostState, storage: StorageRef) -> None:
    """Raises CommandFailed if a test says that the host does not reach the storage."""
    if storage.storage_id in state.broken:
        place = storage.source or storage.path
        raise CommandFailed("storage.hangs", f"{place} does not answer", path=place)


def others_with(state: HostState, domain_id: str, volume: VolumeRef) -> list[Domain]:
    """Machines that run with a volume, on all hosts that see it, but for `domain_id` here."""
    hosts = state.shared.hosts if is_shared(volume.storage) else [state]
    return [
        domain
        for host in hosts
        for domain in host.domains.values()
        if domain.is_active
        and not (host is state and domain.spec.vm_id == domain_id)
        and any(
            (disk.volume.volume_id, disk.volume.storage.storage_id)
            == (volume.volume_id, volume.storage.storage_id)
            for disk in domain.spec.disks
        )
    ]
