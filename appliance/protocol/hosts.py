"""Hosts: their states, how busy they are, and the requests that concern one host."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.protocol.hardware import ClusterCpuMode, CpuModel
from appliance.protocol.requests import Ratio, Request, Update

ReservedBytes = Annotated[int, Meta(ge=0)]


class HostState(StrEnum):
    """What the administrator wants of a host."""

    ENABLED = "enabled"
    DISABLED = "disabled"  # no new VMs; what runs goes on
    PRE_MAINTENANCE = "pre_maintenance"  # its VMs are leaving it
    MAINTENANCE = "maintenance"  # nothing runs on it


class FileSystemLoad(msgspec.Struct, kw_only=True, frozen=True):
    """How full a file system of a host is."""

    path: str
    total_bytes: int
    available_bytes: int


class HostLoad(msgspec.Struct, kw_only=True, frozen=True):
    """How busy a host is now. `cpu_share` is from 0 to 1, all its CPUs together; `load_1` the
    number of processes that wanted a CPU, averaged over a minute.
    """

    cpu_share: float
    load_1: float
    memory_total_bytes: int
    memory_used_bytes: int
    file_systems: list[FileSystemLoad]
    at: datetime


class ClusterUpdate(Update, kw_only=True, frozen=True):
    """Change of a cluster: name, description, how much VMs may claim of its hosts, and the
    processor of machines that follow the cluster.

    What VMs may claim holds for hosts that have no value of their own; null: as the global
    settings say.
    """

    cpu_ratio: Ratio | UnsetType | None = UNSET
    memory_ratio: Ratio | UnsetType | None = UNSET
    memory_reserved_bytes: ReservedBytes | UnsetType | None = UNSET
    cpu_mode: ClusterCpuMode | UnsetType = UNSET
    cpu_model: CpuModel | UnsetType = UNSET


class HostUpdate(Update, kw_only=True, frozen=True):
    """Change of a host: name, description, and how much of it VMs may claim.

    A ratio above 1 lets VMs claim more than is there; what is reserved is for the host itself.
    Null: as the cluster says.
    """

    cpu_ratio: Ratio | UnsetType | None = UNSET
    memory_ratio: Ratio | UnsetType | None = UNSET
    memory_reserved_bytes: ReservedBytes | UnsetType | None = UNSET


Policy = Literal["migrate_or_stop", "migrate", "stop"]


class HostMaintenancePlan(Request, kw_only=True, frozen=True):
    """Ask what emptying a host would do to its machines.

    policy: `migrate_or_stop` stops what cannot move; `migrate` refuses if something cannot;
        `stop` moves nothing.
    """

    policy: Policy = "migrate_or_stop"


class HostEnterMaintenance(HostMaintenancePlan, kw_only=True, frozen=True):
    """Empty a host, and place nothing on it until it leaves maintenance.

    `parallel` machines leave at once. A guest that does not shut down within `timeout_s` is
    switched off.
    """

    parallel: Annotated[int, Meta(ge=1, le=32)] = 2
    timeout_s: Annotated[int, Meta(ge=1, le=3600)] = 60


class HostLeaveMaintenance(Request, kw_only=True, frozen=True):
    """Let a host return to the state that it came from.

    With `restart`, the machines that were stopped for its maintenance are started again.
    """

    restart: bool = True


class MaintenanceReason(msgspec.Struct, kw_only=True, frozen=True):
    """Why a machine cannot move: a word of the catalogue with its values. `host_name` is the host
    that lacks something; empty if it is about no host.
    """

    code: str
    params: dict[str, Any] = {}
    host_name: str = ""


class MaintenanceWarning(msgspec.Struct, kw_only=True, frozen=True):
    """What else people would miss: a word of the catalogue with its values."""

    code: str
    params: dict[str, Any] = {}


class PlannedMachine(msgspec.Struct, kw_only=True, frozen=True):
    """What becomes of a machine. It migrates, to `host_name` as things are now; it is stopped; or
    it stays, and so the host cannot be emptied. `reasons` say why it cannot move.
    """

    vm_id: str
    vm_name: str
    state: str
    cpu_count: int
    memory_bytes: int
    action: Literal["migrate", "stop", "stays"]
    host_id: str = ""
    host_name: str = ""
    reasons: list[MaintenanceReason]


class MaintenancePlan(msgspec.Struct, kw_only=True, frozen=True):
    """What emptying a host would do; nothing of it is done yet."""

    host_id: str
    host_name: str
    state: HostState
    policy: Policy
    machines: list[PlannedMachine]
    warnings: list[MaintenanceWarning]


class VmSetRecovery(Request, kw_only=True, frozen=True):
    """Say what becomes of a machine that ran when its host went, once the host has booted."""

    on_host_boot: Literal["restart", "leave_off"]


class HostRefreshFacts(Request, kw_only=True, frozen=True):
    """Ask a host anew what it is; with `probe`, also whether KVM works, which takes a minute."""

    probe: bool = False
