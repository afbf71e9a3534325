"""Domains on a simulated host that are no machines of the cloud."""

from __future__ import annotations

from dataclasses import dataclass

from hostagent.protocol.commands import Nothing
from hostagent.protocol.domain import DomainState
from hostagent.protocol.foreign import (
    ForeignDisk,
    ForeignDomain,
    ForeignList,
    ForeignNic,
    ForeignParams,
    ReleaseDomainParams,
    TakeDiskParams,
    TakeFirmwareParams,
)
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import VolumeInfo
from hostagent.storage.paths import volume_path
from tests.lab.simulated.state import HostState, SimFile

MiB = 1024**2


@dataclass
class Foreign:
    """What somebody else has made on the host."""

    state: HostState

    async def list(self, params: ForeignParams, _: CallContext) -> ForeignList:
        """All of them, and machines of ours that are not known."""
        found = list(self.state.foreign.values())
        for domain in self.state.domains.values():
            if domain.spec.vm_id not in params.known:
                found.append(
                    ForeignDomain(
                        domain_id=domain.spec.vm_id,
                        name=f"anyun-{domain.spec.vm_id}",
                        title=domain.spec.name,
                        state=domain.state,
                        is_ours=True,
                        cpu_count=domain.spec.cpu_count,
                        memory_bytes=domain.spec.memory_bytes,
                        disks=[],
                        nics=[],
                        problems=["runs"] if domain.is_active else [],
                    )
                )
        return ForeignList(domains=found)

    async def take_disk(self, params: TakeDiskParams, _: CallContext) -> VolumeInfo:
        """Give the file a second name."""
        domain = self.state.foreign.get(params.domain_id)
        path = str(volume_path(params.volume))
        if domain is None and path not in self.state.files:
            raise CommandFailed("foreign.gone", "there is no such domain", id=params.domain_id)
        if domain is not None and domain.state != DomainState.STOPPED:
            raise CommandFailed("foreign.runs", "the domain runs", name=domain.name)
        if path not in self.state.files:
            self.state.files[path] = self.state.files[params.path]
            self.state.note("foreign.take_disk", params.volume.volume_id)
        size_bytes = self.state.files[path].virtual_size_bytes
        return VolumeInfo(path=path, size_bytes=size_bytes, used_bytes=MiB)

    async def take_firmware(self, params: TakeFirmwareParams, _: CallContext) -> Nothing:
        """The machine has variables from now on."""
        if params.domain_id not in self.state.foreign:
            raise CommandFailed("foreign.gone", "there is no such domain", id=params.domain_id)
        self.state.firmware.add(params.domain_id)
        self.state.note("foreign.take_firmware", params.domain_id)
        return Nothing()

    async def release(self, params: ReleaseDomainParams, _: CallContext) -> Nothing:
        """Forget it."""
        if self.state.foreign.pop(params.domain_id, None) is not None:
            self.state.note("foreign.release", params.domain_id)
        for disk in params.disks:
            self.state.files.pop(disk.path, None)
        return Nothing()


def mac_of(domain_id: str) -> str:
    """What the guest of such a domain has for its address."""
    return f"52:54:00:aa:{domain_id[-4:-2]}:{domain_id[-2:]}"


def add_foreign(
    state: HostState, domain_id: str, *, running: bool = False, disks: int = 1, **changes: object
) -> ForeignDomain:
    """A domain that somebody has made on the host by hand."""
    paths = [f"/var/lib/libvirt/images/{domain_id}-{number}.qcow2" for number in range(disks)]
    for path in paths:
        state.files[path] = SimFile(MiB, 64 * MiB)
    values = {
        "domain_id": domain_id,
        "name": f"old-{domain_id[-6:]}",
        "state": DomainState.RUNNING if running else DomainState.STOPPED,
        "is_ours": False,
        "cpu_count": 2,
        "memory_bytes": 128 * MiB,
        "disks": [
            ForeignDisk(
                path=path,
                target="sda",
                bus="sata",
                our_bus="sata",
                format="qcow2",
                size_bytes=64 * MiB,
                used_bytes=MiB,
                is_plain=True,
            )
            for path in paths
        ],
        "nics": [ForeignNic(mac=mac_of(domain_id), source="br0")],
        "problems": ["runs"] if running else [],
    }
    found = ForeignDomain(**(values | changes))  # type: ignore[arg-type] as they are said above
    state.foreign[domain_id] = found
    return found
