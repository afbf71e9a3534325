"""Live migration between two hosts, as the service asks for it and as hosts report it.

The destination listens for one migration at a time of one machine; the source runs it. Each side
can always be asked how it has the machine, and the answers of both say where it lives.
"""

from enum import StrEnum

import msgspec

from hostagent.protocol.domain import DomainSpec
from hostagent.protocol.storage import VolumeRef


class MigrationSide(StrEnum):
    """How a host has the machine.

    `off`: defined, not running; on the destination only after all of the machine had come.
    `held`: there, its CPUs stand still for a migration that is not over. `postcopy`: the other
    side runs it already and fetches what is missing from here.
    """

    ABSENT = "absent"
    OFF = "off"
    HELD = "held"
    PAUSED = "paused"
    RUNNING = "running"
    POSTCOPY = "postcopy"


class MigrationRef(msgspec.Struct, kw_only=True, frozen=True):
    """Names a migration and its machine."""

    migration_id: str
    vm_id: str


class ListenParams(msgspec.Struct, kw_only=True, frozen=True):
    """Be ready to receive a machine from one host and from no other.

    `spec` is the machine as it would be started here: what it needs beside its disks is made.
    `received` are disks here that are filled from there while the machine is off.
    `addresses` are tried for listening in this order, one port for all of them, between the two
    `ports` (both included). With `post_copy` it may have to go on here before all of it has come.
    """

    migration_id: str
    vm_id: str
    spec: DomainSpec
    source_host_id: str
    addresses: list[str]
    ports: tuple[int, int]
    received: list[VolumeRef] = []
    post_copy: bool = False


class ListenResult(msgspec.Struct, kw_only=True, frozen=True):
    """Where the destination listens, the SHA-256 of the certificate that it shows there, and the
    secret that it made for this migration. `takes_flows`: it can be told of open connections.
    """

    addresses: list[str]
    port: int
    certificate_sha256: str
    secret: str
    takes_flows: bool = False


class RunParams(msgspec.Struct, kw_only=True, frozen=True):
    """Move a running machine to the host that listens; answered when it is over.

    `mirrored` volumes are copied; with `on_base` only what they have beyond the
    files they stand on. `is_shared` says that its other disks are really the same on both hosts,
    which libvirt cannot always know. `bandwidth_bytes_s` 0 is no limit. `resumes` is false for a
    machine that was paused before.
    """

    migration_id: str
    vm_id: str
    way: ListenResult
    mirrored: list[VolumeRef] = []
    on_base: bool = False
    is_shared: bool = False
    auto_converge: bool = True
    post_copy: bool = False
    bandwidth_bytes_s: int = 0
    resumes: bool = True


class RunResult(msgspec.Struct, kw_only=True, frozen=True):
    """A migration that succeeded. `is_resumed` is false if the destination could not be told to
    let the machine go on. `downtime_ms` is from the last instant here to its going on there, 0 if
    that was not seen; `bytes` is what went over the wire. `connections` is how many open ones the
    destination was told of, None if that did not work.
    """

    is_resumed: bool
    downtime_ms: int = 0
    seconds: float = 0.0
    bytes: int = 0
    connections: int | None = None


class CopyParams(msgspec.Struct, kw_only=True, frozen=True):
    """Fill the disks that the other host receives, in their order, and compare them after.

    Nobody may have them open here.
    """

    migration_id: str
    vm_id: str
    way: ListenResult
    volumes: list[VolumeRef]


class SideReport(msgspec.Struct, kw_only=True, frozen=True):
    """How a host has the machine; `is_working` while it is migrating it away. `connections` is how
    many open connections came along with it, None if nothing was said of any.
    """

    side: MigrationSide
    is_working: bool = False
    connections: int | None = None


class MigrationProgress(msgspec.Struct, kw_only=True, frozen=True):
    """How far a migration is; sizes in bytes, rates in bytes a second, 0 for what is not known.

    `round` counts the passes over the memory; `throttle_percent` is how much the machine is
    slowed down so that it can be followed.
    """

    migration_id: str
    vm_id: str
    total_bytes: int = 0
    done_bytes: int = 0
    remaining_bytes: int = 0
    memory_total_bytes: int = 0
    memory_remaining_bytes: int = 0
    disk_total_bytes: int = 0
    disk_remaining_bytes: int = 0
    rate_bytes_s: int = 0
    dirty_bytes_s: int = 0
    downtime_ms: int = 0
    round: int = 0
    throttle_percent: int = 0


class CompleteParams(msgspec.Struct, kw_only=True, frozen=True):
    """The source has the machine no more: let it go on here, unless it was paused before."""

    migration_id: str
    vm_id: str
    resumes: bool = True
