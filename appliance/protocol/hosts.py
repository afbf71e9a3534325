"""Hosts: their states, how busy they are, and the requests that concern one host."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

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
    """Change of a cluster: name, description, and how much VMs may claim of its hosts.

    This holds for hosts that have no value of their own; null: as the global settings say.
    """

    cpu_ratio: Ratio | UnsetType | None = UNSET
    memory_ratio: Ratio | UnsetType | None = UNSET
    memory_reserved_bytes: ReservedBytes | UnsetType | None = UNSET


class HostUpdate(Update, kw_only=True, frozen=True):
    """Change of a host: name, description, and how much of it VMs may claim.

    A ratio above 1 lets VMs claim more than is there; what is reserved is for the host itself.
    Null: as the cluster says.
    """

    cpu_ratio: Ratio | UnsetType | None = UNSET
    memory_ratio: Ratio | UnsetType | None = UNSET
    memory_reserved_bytes: ReservedBytes | UnsetType | None = UNSET


class VmSetRecovery(Request, kw_only=True, frozen=True):
    """Say what becomes of a machine that ran when its host went, once the host has booted."""

    on_host_boot: Literal["restart", "leave_off"]


class HostRefreshFacts(Request, kw_only=True, frozen=True):
    """Ask a host anew what it is; with `probe`, also whether KVM works, which takes a minute."""

    probe: bool = False
