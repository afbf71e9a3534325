"""Primary storages as clients see them, and the requests that are theirs alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.protocol.base import Resource, State, Status
from appliance.protocol.requests import Create, Id, Request

StorageKind = Literal["local", "shared", "nfs", "ceph"]
# What each kind is told by; the rest must be left out.
FIELDS_OF_KIND: dict[str, tuple[str, ...]] = {
    "local": ("path",),
    "shared": ("path",),
    "nfs": ("source", "options"),
    "ceph": ("source", "monitors", "user", "key"),
}
KIND_FIELDS = ("path", "source", "options", "monitors", "user", "key")


class StorageHost(msgspec.Struct, kw_only=True, frozen=True):
    """How a host reaches a storage: `connected`, `broken` with the reason, or `unknown` while
    the host is away or has not looked yet.
    """

    host_id: str
    host_name: str
    status: Literal["connected", "broken", "unknown"]
    code: str = ""  # of the error, whose text says what to do
    reason: str = ""
    changed_at: datetime | None = None


class PrimaryStorageCreate(Create, kw_only=True, frozen=True):
    """Use a storage for the disks of a cluster's VMs; further clusters may follow.

    `local` is a directory of each host for itself. `shared` is one directory that all hosts see
    at the same path, mounted by the administrator. `nfs` is `source`, a server's export such as
    nas:/export, which hosts mount themselves, with further `options` if need be. `ceph` is
    `source`, a pool of the cluster of these `monitors`, used as `user` with its `key`, which is
    kept encrypted and shown to nobody.
    """

    cluster_id: Id
    kind: StorageKind = "local"
    path: Annotated[str, Meta(max_length=1024)] = ""  # of local and shared ones
    source: Annotated[str, Meta(max_length=1024)] = ""
    options: Annotated[str, Meta(max_length=255)] = ""
    monitors: Annotated[list[Annotated[str, Meta(max_length=255)]], Meta(max_length=16)] = (
        msgspec.field(default_factory=list)
    )
    user: Annotated[str, Meta(max_length=64)] = ""
    key: Annotated[str, Meta(max_length=255)] = ""


class StorageCluster(Request, kw_only=True, frozen=True):
    """Names a cluster."""

    cluster_id: Id


class StorageEnterMaintenance(Request, kw_only=True, frozen=True):
    """Let no machine use a storage until it is enabled again.

    With `stop_machines`, those that use it are stopped; a guest that does not shut down within
    `timeout_s` is switched off. Without, nothing is done if there are any.
    """

    stop_machines: bool = False
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 60


class PrimaryStorage(Resource, kw_only=True, frozen=True):
    """Where the disks of virtual machines live."""

    zone_id: str
    cluster_id: str  # its first one
    cluster_ids: list[str] = msgspec.field(default_factory=list)
    kind: str
    is_shared: bool = False  # its hosts see the same disks
    path: str
    source: str = ""  # what is mounted there, or the pool
    options: str = ""
    monitors: list[str] = msgspec.field(default_factory=list)
    user: str = ""
    state: State
    status: Status  # connected if a host reaches it
    hosts: list[StorageHost] = msgspec.field(default_factory=list)
    total_bytes: int
    available_bytes: int
    ratio: float = 1.0  # disks may claim so many times what is there
    reserved_bytes: int = 0
    threshold: float = 0.9  # nothing new is placed where more than this share is really used
    capacity_bytes: int = 0  # what disks may claim
    claimed_bytes: int
