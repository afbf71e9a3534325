"""The cloud's resources as clients see them. Times are UTC; sizes are in bytes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

from appliance.protocol import hardware as h
from appliance.protocol.base import Resource as Resource
from appliance.protocol.base import State as State
from appliance.protocol.base import Status as Status
from appliance.protocol.errors import ErrorBody
from appliance.protocol.hosts import FileSystemLoad as FileSystemLoad
from appliance.protocol.hosts import HostLoad as HostLoad
from appliance.protocol.hosts import HostState as HostState
from appliance.protocol.networks import AddressRange as AddressRange
from appliance.protocol.networks import Allocation as Allocation
from appliance.protocol.networks import HostRoute as HostRoute
from appliance.protocol.networks import Network as Network
from appliance.protocol.networks import Nic as Nic
from appliance.protocol.storages import PrimaryStorage as PrimaryStorage
from appliance.protocol.volumes import CdDrive as CdDrive
from appliance.protocol.volumes import Volume as Volume
from appliance.protocol.volumes import VolumeStatus as VolumeStatus


class Zone(Resource, kw_only=True, frozen=True):
    """A site: the outermost container of everything else."""

    state: State = State.ENABLED


class Cluster(Resource, kw_only=True, frozen=True):
    """Hosts of one kind that share networks and storage.

    Ratios and reserve are for its hosts that have none of their own; None: as the global
    settings say.
    """

    zone_id: str
    hypervisor: str = "kvm"
    state: State = State.ENABLED
    cpu_ratio: float | None = None
    memory_ratio: float | None = None
    memory_reserved_bytes: int | None = None
    cpu_mode: h.ClusterCpuMode = "baseline"  # the processor of machines that follow the cluster
    cpu_model: str = ""  # of mode custom
    cpu_baseline: h.CpuBaseline | None = None  # None until its hosts were compared


class HostNic(msgspec.Struct, kw_only=True, frozen=True):
    """A network interface that a host reported; addresses as CIDR text."""

    name: str
    mac: str = ""
    addresses: list[str] = []
    is_up: bool = False
    is_default_route: bool = False


class HostCandidate(msgspec.Struct, kw_only=True, frozen=True):
    """A machine whose agent has enrolled and that is no host of a cluster yet."""

    id: str
    hostname: str
    address: str
    is_local: bool
    status: Status
    accelerator: str
    accelerator_reason: str
    cpu_model: str
    cpu_count: int
    memory_bytes: int
    nics: list[HostNic]
    enrolled_at: datetime


class Host(Resource, kw_only=True, frozen=True):
    """A machine that runs virtual machines.

    Ratios and reserve are what holds; `own_…` is what was said of this very host, None where it
    follows its cluster. `load` is None while the host does not tell.
    """

    zone_id: str
    cluster_id: str
    address: str
    state: HostState
    status: Status
    accelerator: str  # "kvm", or "tcg" when the host runs emulated
    accelerator_reason: str
    cpu_model: str
    cpu_count: int
    cpu_ratio: float
    own_cpu_ratio: float | None = None
    cpu_capacity: int = 0  # what VMs may claim: CPUs times the ratio
    cpu_claimed: int
    memory_bytes: int
    memory_ratio: float = 1.0
    own_memory_ratio: float | None = None
    memory_capacity_bytes: int = 0  # memory times the ratio, less what is reserved
    memory_reserved_bytes: int
    own_memory_reserved_bytes: int | None = None
    memory_claimed_bytes: int
    load: HostLoad | None = None
    os: str
    kernel: str
    libvirt_version: str
    qemu_version: str
    agent_version: str = ""
    nics: list[HostNic]
    # What machines can have here: kvm, nested, tpm, uefi, uefi_secure; and named processors.
    abilities: list[str] = msgspec.field(default_factory=list)
    cpu_models: list[str] = msgspec.field(default_factory=list)
    numa: list[h.HostNumaNode] = msgspec.field(default_factory=list)


class ImageStore(Resource, kw_only=True, frozen=True):
    """An image server: a directory on a host that keeps images."""

    zone_id: str
    host_id: str
    kind: str = "directory"  # on the host
    path: str
    state: State
    status: Status
    total_bytes: int
    available_bytes: int


class InstanceOffering(Resource, kw_only=True, frozen=True):
    """A size of virtual machine to choose from."""

    cpu_count: int
    memory_bytes: int
    state: State = State.ENABLED
    owner_id: str = ""


class ImageStatus(StrEnum):
    """How far an image is."""

    CREATING = "creating"
    UPLOADING = "uploading"
    READY = "ready"
    ERROR = "error"
    DELETED = "deleted"  # in the recycle bin
    DELETING = "deleting"


class Image(Resource, kw_only=True, frozen=True):
    """A disk that machines start from, a disk with data, or a CD or DVD."""

    image_store_id: str
    kind: str = "root"  # what machines start from; "data": a further disk; "iso": a CD or DVD
    source: str  # "upload", "url", "starter" or "volume"
    url: str
    platform: str  # "linux", "windows" or "other"
    firmware: str = "bios"  # what its machines start with: "bios", "uefi" or "uefi_secure"
    guessed: list[str] = msgspec.field(
        default_factory=list
    )  # which of platform and firmware nobody has said
    format: str  # as it came
    status: ImageStatus
    state: State
    size_bytes: int  # what the file takes in the image store
    virtual_size_bytes: int  # what a guest sees
    sha256: str  # of what came
    stored_sha256: str = ""  # of the file in the image store
    owner_id: str = ""
    deleted_at: datetime | None = None


class ImageUpload(msgspec.Struct, kw_only=True, frozen=True):
    """How far the content of an image has come; the next part goes on there."""

    received_bytes: int
    size_bytes: int
    is_waiting: bool  # for more, or to be told that this is all


class VmState(StrEnum):
    """States of a virtual machine; the transitions are in the compute service."""

    CREATED = "created"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    REBOOTING = "rebooting"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    MIGRATING = "migrating"  # it runs on its host, and is being moved to another one
    DESTROYING = "destroying"
    DESTROYED = "destroyed"
    EXPUNGING = "expunging"
    ERROR = "error"
    UNKNOWN = "unknown"


class Vm(Resource, kw_only=True, frozen=True):
    """A virtual machine."""

    zone_id: str
    cluster_id: str
    host_id: str | None  # None while it runs nowhere
    host_name: str = ""
    last_host_id: str | None
    image_id: str
    image_name: str = ""
    offering_id: str | None
    affinity_group_id: str | None = None
    cpu_count: int
    memory_bytes: int
    state: VmState
    state_reason: str = ""  # code of why it is in this state, e.g. "guest_shutdown"
    accelerator: str
    nics: list[Nic]
    volumes: list[Volume]
    cds: list[CdDrive] = msgspec.field(default_factory=list)  # what is in its two CD drives
    hardware: h.VmHardware = h.VmHardware()
    ssh_public_key: str
    has_user_data: bool
    hostname: str = ""  # that was asked for; else it is made from the name
    cloud_init: str = "auto"
    on_host_boot: Literal["restart", "leave_off"] = "restart"  # if it ran when its host went
    owner_id: str
    started_at: datetime | None
    destroyed_at: datetime | None


class AffinityPolicy(StrEnum):
    """Whether the machines of a group shall share hosts."""

    AFFINITY = "affinity"
    ANTI_AFFINITY = "anti_affinity"


class AffinityGroup(Resource, kw_only=True, frozen=True):
    """Virtual machines that are placed together, or apart from each other."""

    policy: AffinityPolicy
    is_required: bool  # else hosts that fit are preferred, and others taken if there are none
    vm_count: int
    owner_id: str


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    UNDOING = "undoing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class StepState(StrEnum):
    """How far a step of a job is."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


class JobStep(msgspec.Struct, kw_only=True, frozen=True):
    """One step of a job; its title is a message code `step.<name>`."""

    name: str
    state: StepState
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Progress(msgspec.Struct, kw_only=True, frozen=True):
    """How far the running step is; `total` 0 when nobody knows."""

    done: int = 0
    total: int = 0
    unit: str = ""  # "bytes", "machines", "percent" or ""
    details: dict[str, int] = {}  # further numbers, their units in their names


class Waiting(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a job waits for, and for whom: a code with parameters, as errors have them."""

    code: str  # "wait.job", "wait.jobs", "wait.place", "wait.host", "wait.upload", …
    params: dict[str, Any] = {}


class JobChildren(msgspec.Struct, kw_only=True, frozen=True):
    """How far the parts of a bulk operation are."""

    total: int
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def ended(self) -> int:
        """Parts that are over."""
        return self.succeeded + self.failed + self.cancelled


class Job(msgspec.Struct, kw_only=True, frozen=True):
    """Accepted work: it ends done or undone, whatever is killed on the way."""

    id: str
    operation: str
    state: JobState
    resource_kind: str
    resource_id: str
    resource_name: str
    account_id: str
    account_name: str = ""
    address: str = ""  # where the request came from
    reason: str = ""  # why, in the words of who asked
    priority: int = 0
    after: list[str] = []  # jobs that must have succeeded before
    parent_id: str | None = None
    children: JobChildren | None = None
    steps: list[JobStep]
    percent: int
    progress: Progress | None = None  # of the running step
    waiting: Waiting | None = None
    attempts: int = 1
    cancelled_by: str = ""
    deadline_at: datetime | None = None
    error: ErrorBody | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class JobLogEntry(msgspec.Struct, kw_only=True, frozen=True):
    """A line of a job's log; `code` and `params` are texts as errors have them."""

    number: int
    at: datetime
    level: Literal["info", "warning", "error"]
    code: str
    params: dict[str, Any]


class JobLog(msgspec.Struct, kw_only=True, frozen=True):
    """What a job noted on its way, oldest first."""

    items: list[JobLogEntry]


class Cleanup(msgspec.Struct, kw_only=True, frozen=True):
    """Something that could not be undone at once: it is tried again until it works."""

    id: str
    job_id: str
    operation: str
    resource_id: str
    resource_name: str
    step: str
    attempts: int
    error: ErrorBody | None = None
    created_at: datetime
    next_at: datetime


class Account(Resource, kw_only=True, frozen=True):
    """Somebody who can log in and owns resources."""

    kind: str  # "administrator" or "tenant"
    state: State = State.ENABLED
    # What it may do at all, and its users with it.
    role_ids: list[str] = msgspec.field(default_factory=list)


class Session(msgspec.Struct, kw_only=True, frozen=True):
    """A login; `token` is shown this one time."""

    token: str
    account: Account
    user_name: str = ""  # "" when it is the account itself
    expires_at: datetime


class AuditEntry(msgspec.Struct, kw_only=True, frozen=True):
    """Who asked for which change, from where, and how it was answered."""

    id: str
    at: datetime
    account_id: str
    account_name: str
    address: str
    operation: str
    resource_id: str
    outcome: str  # "accepted", "done", or an error code
    reason: str = ""  # in the words of who asked
    request_id: str = ""


class ConsoleTicket(msgspec.Struct, kw_only=True, frozen=True):
    """Permission to open one console connection within `expires_in_s` seconds."""

    token: str
    path: str
    expires_in_s: int


class Info(msgspec.Struct, kw_only=True, frozen=True):
    """What anyone may know about this appliance before logging in."""

    product: str
    version: str
    api_version: int
    min_client_api_version: int
    needs_first_password: bool
    ca_fingerprint: str
    appliance_name: str


class Overview(msgspec.Struct, kw_only=True, frozen=True):
    """Figures of the start page."""

    counts: dict[str, int]
    vms_by_state: dict[str, int]
    cpu_total: int
    cpu_claimed: int
    memory_total_bytes: int
    memory_claimed_bytes: int
    storage_total_bytes: int
    storage_available_bytes: int
    feed_seq: int


class CheckResult(msgspec.Struct, kw_only=True, frozen=True):
    """What a test before a commitment found: problems block, warnings inform."""

    problems: list[ErrorBody]
    warnings: list[ErrorBody]
    facts: dict[str, Any]


class SetupStepPlan(msgspec.Struct, kw_only=True, frozen=True):
    """One step of the set-up: the create request with its fixed ids, and whether it is done."""

    name: str  # zone, cluster, host, image_store, primary_storage, offering, image, network
    request: dict[str, Any]
    done: bool
    job_id: str | None = None  # a job of this step that still runs


class SetupPlan(msgspec.Struct, kw_only=True, frozen=True):
    """The seven-step set-up as the service keeps it: proposals, edits and progress."""

    complete: bool
    steps: list[SetupStepPlan]
