"""What one simulated host holds, and what commands really changed there."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hostagent.protocol.domain import DomainReport, DomainSpec, DomainState
from hostagent.protocol.facts import FileSystemFacts, HostFacts, MachineFacts, NicFacts, NumaNode
from hostagent.protocol.foreign import ForeignDomain
from hostagent.protocol.migration import ListenResult
from hostagent.protocol.network import NetworkDocument, PortDrops
from hostagent.protocol.storage import VolumeRef
from hostagent.storage.paths import node_path
from tests.lab.simulated.paths import PathTruth
from tests.lab.simulated.sharing import SharedTruth, files_on

GiB = 1024**3
NIC_MTU = 1500
UNDERLAY = "198.18.0.0/16"
SOFTWARE = {"os": "Simulated", "kernel": "6.1.0-sim", "cpu_model": "Simulated CPU"}
VERSIONS = {"libvirt_version": "9.0.0", "qemu_version": "7.2.0", "agent_version": "0.1.0"}


class Traits(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How large a simulated host is, and how its guests behave.

    With `guests_obey` false, guests do not shut down when asked.
    """

    cpu_count: int = 64
    memory_bytes: int = 256 * GiB
    disk_total_bytes: int = 8192 * GiB
    disk_available_bytes: int = 8000 * GiB
    accelerator: str = "kvm"
    nics: tuple[str, ...] = ("eth0", "eth1")
    link_kinds: tuple[str, ...] = ("vlan", "vxlan")
    guests_obey: bool = True
    boot_id: str = "first"
    abilities: tuple[str, ...] = ("kvm", "nested", "tpm", "uefi", "uefi_secure", "cpu.Simulated")
    cpu_features: tuple[str, ...] = ("aes", "avx", "sse4")


@dataclass(slots=True)
class Domain:
    """A machine that the host has defined."""

    spec: DomainSpec
    state: DomainState = DomainState.STOPPED
    reason: str = ""
    is_held: bool = False  # it stands still for a migration that is not over

    @property
    def is_active(self) -> bool:
        """Whether it runs or is paused."""
        return self.state in (DomainState.RUNNING, DomainState.PAUSED)

    def report(self) -> DomainReport:
        """As the host tells of it."""
        return DomainReport(vm_id=self.spec.vm_id, state=self.state, reason=self.reason)


@dataclass(frozen=True, slots=True)
class SimFile:
    """A file by its properties. `backing` is the path of the file that it stands on. Without a
    `content` it has nothing but zeros. `written` is what a guest has written to it last (see
    `contents.py`).
    """

    size_bytes: int
    virtual_size_bytes: int = 0
    format: str = "qcow2"
    sha256: str = ""
    backing: str = ""
    content: bytes = field(default=b"", repr=False)
    written: int | None = None


@dataclass
class MigrationTraits:
    """How migrations away from a host go: how long they take, and what breaks in the middle:
    "source" or "destination" (their process of the machine), "way", or "control" (nobody can
    tell the destination that the source is gone).
    """

    seconds: float = 0.0
    breaks: str = ""


@dataclass
class HostState:
    """Everything on one host. `stores` holds images, and may be shared by several hosts, as may
    `paths`, the wires between them.

    `cutting_nics` cut the host off when they go under a bridge; what was taken back for that, and
    is refused since, is in `rolled_back` as (network, NIC).

    `shared` is what lies on shared storages. A test says by `unshared` which directories are the
    host's own although they should not be, and by `broken` which storages it does not reach.

    `effects` counts, by command and resource, how often a command really changed something;
    `anomalies` says what no service should ever ask for.
    """

    traits: Traits
    stores: dict[str, SimFile]
    shared: SharedTruth = field(default_factory=SharedTruth)
    unshared: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    domains: dict[str, Domain] = field(default_factory=dict)
    foreign: dict[str, ForeignDomain] = field(default_factory=dict)  # what others have made
    files: dict[str, SimFile] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    paths: PathTruth = field(default_factory=PathTruth)
    cutting_nics: set[str] = field(default_factory=set)
    rolled_back: set[tuple[str, str]] = field(default_factory=set)
    document: NetworkDocument = field(default_factory=lambda: NetworkDocument(generation=0))
    firmware: set[str] = field(default_factory=set)  # folders of machines' firmware and TPMs
    drops: dict[str, PortDrops] = field(default_factory=dict)  # by NIC, as a test says
    effects: Counter[tuple[str, str]] = field(default_factory=Counter)
    anomalies: list[str] = field(default_factory=list)
    migrations: MigrationTraits = field(default_factory=MigrationTraits)
    listening: dict[str, ListenResult] = field(default_factory=dict)  # for volumes, by move
    received: dict[str, list[VolumeRef]] = field(default_factory=dict)  # by secret

    def note(self, command: str, ref: str) -> None:
        """A command had its effect on a resource."""
        self.effects[command, ref] += 1

    def leftovers(self) -> dict[str, list[str]]:
        """What is on the host because of machines; empty lists when there is nothing."""
        ports = [port.vm_id for network in self.document.networks for port in network.ports]
        return {
            "domains": sorted(self.domains),
            "volumes": sorted(path for path in self.files if "/volumes/" in path),
            "ports": sorted(ports),
            "firmware": sorted(self.firmware),
        }

    def facts(self, name: str) -> HostFacts:
        """What the agent reports of its machine."""
        traits = self.traits
        return HostFacts(
            hostname=name,
            cpu_count=traits.cpu_count,
            memory_bytes=traits.memory_bytes,
            accelerator=traits.accelerator,
            probed_at=1.0,
            nics=[
                _nic(index, nic, [address_of(name)] if index == 0 else [])
                for index, nic in enumerate(traits.nics)
            ],
            link_kinds=list(traits.link_kinds),
            boot_id=traits.boot_id,
            machine=MachineFacts(
                abilities=list(traits.abilities),
                host_cpu=" ".join(traits.cpu_features),
                numa=[_node(traits)],
            ),
            file_systems=[
                FileSystemFacts(
                    path="/",
                    kind="ext4",
                    total_bytes=traits.disk_total_bytes,
                    available_bytes=traits.disk_available_bytes,
                )
            ],
            **SOFTWARE,
            **VERSIONS,
        )


def _node(traits: Traits) -> NumaNode:
    """All that a simulated host has is one node."""
    cpus = list(range(traits.cpu_count))
    return NumaNode(number=0, memory_bytes=traits.memory_bytes, cpus=cpus)


def file_of(state: HostState, volume: VolumeRef) -> str:
    """The file of a volume that is written to, by what is on the host."""
    head = str(node_path(volume, volume.head))
    if volume.fallback is None or head in files_on(state, volume.storage):
        return head
    return str(node_path(volume, volume.fallback))


def summary(states: dict[str, HostState]) -> dict[str, Any]:
    """What is wrong or left over on any of the hosts, by host; without hosts that are clean."""
    found: dict[str, Any] = {}
    for name, state in states.items():
        left = {what: items for what, items in state.leftovers().items() if items}
        if state.anomalies:
            left["anomalies"] = list(state.anomalies)
        if left:
            found[name] = left
    return found


def address_of(name: str) -> str:
    """The address of a host's first NIC, which follows from its name: others can tell it, too."""
    number = zlib.crc32(name.encode()) % 65_000 + 256
    return f"198.18.{number >> 8}.{number & 255}/16"


def _nic(index: int, name: str, addresses: list[str]) -> NicFacts:
    return NicFacts(
        name=name,
        addresses=addresses,
        mtu=NIC_MTU,
        mac=f"52:54:00:00:00:{index:02x}",
        speed_mbit_s=10_000,
        is_up=True,
        is_default_route=index == 0,
    )
