"""The declarations of all operations: from this one table come the REST routes, OpenAPI, the
command line, the SDK's methods, permission names and audit lines.

A service binds a handler to each declaration (`appliance.engine.registry`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from appliance.protocol import requests as q
from appliance.protocol import resources as r

T = TypeVar("T")

API_VERSION = 1


class Page(msgspec.Struct, Generic[T], kw_only=True, frozen=True):
    """Part of a list. `next` is the cursor of the following page, `seq` the feed's place."""

    items: list[T]
    next: str | None
    total: int
    seq: int


class Accepted(msgspec.Struct, kw_only=True, frozen=True):
    """Answer 202: the jobs that now do the work, and the resources that they work on."""

    jobs: list[r.Job]
    resource_ids: list[str]


class Kind(StrEnum):
    """How an operation answers."""

    READ = "read"  # 200 with the answer
    CHANGE = "change"  # 200 or 201 with the resource, done at once
    JOB = "job"  # 202 with Accepted


class Access(StrEnum):
    """Who may call an operation, before its permission is asked."""

    PUBLIC = "public"
    LOGIN = "login"
    ADMIN = "admin"


@dataclass(frozen=True, kw_only=True)
class OperationSpec:
    """One operation. Names in braces in `path` are ids; the request is body or query."""

    name: str
    summary: str
    method: str
    path: str
    kind: Kind
    access: Access
    request: type[Any]
    response: Any

    @property
    def noun(self) -> str:
        """The resource: `vm` of `vm.start`."""
        return self.name.partition(".")[0]

    @property
    def verb(self) -> str:
        """What is done: `start` of `vm.start`."""
        return self.name.partition(".")[2]


OPERATIONS: dict[str, OperationSpec] = {}


def _add(
    name: str,
    route: str,
    summary: str,
    response: Any,
    *,
    request: type[Any] = q.Empty,
    kind: Kind | None = None,
    access: Access = Access.ADMIN,
) -> None:
    method, _, path = route.partition(" ")
    if kind is None:
        kind = Kind.READ if method == "GET" else Kind.CHANGE
    OPERATIONS[name] = OperationSpec(
        name=name,
        summary=summary,
        method=method,
        path="/v1" + path,
        kind=kind,
        access=access,
        request=request,
        response=response,
    )


def _job(name: str, route: str, summary: str, request: type[Any] = q.Empty) -> None:
    _add(name, route, summary, Accepted, request=request, kind=Kind.JOB)


def _reads(noun: str, collection: str, resource: type[Any], words: str) -> None:
    _add(f"{noun}.list", f"GET /{collection}", f"List {words}s", Page[resource])
    _add(f"{noun}.get", f"GET /{collection}/{{id}}", f"Show one {words}", resource)


def _update(
    noun: str,
    collection: str,
    resource: type[Any],
    words: str,
    request: type[q.Update] = q.Update,
) -> None:
    path = f"PATCH /{collection}/{{id}}"
    summary = f"Rename or describe a {words}" if request is q.Update else f"Change a {words}"
    _add(f"{noun}.update", path, summary, resource, request=request)


# Identity
_add("info.get", "GET /info", "What this appliance is", r.Info, access=Access.PUBLIC)
_add(
    "session.set_first_password",
    "POST /sessions/first-password",
    "Set the first administrator's password with the set-up code, and log in",
    r.Session,
    request=q.SetFirstPassword,
    access=Access.PUBLIC,
)
_add("session.create", "POST /sessions", "Log in", r.Session, request=q.Login, access=Access.PUBLIC)
_add("session.get", "GET /sessions/current", "Who am I?", r.Account, access=Access.LOGIN)
_add("session.delete", "DELETE /sessions/current", "Log out", None, access=Access.LOGIN)
_add(
    "session.change_password",
    "POST /sessions/current/password",
    "Change one's own password",
    None,
    request=q.ChangePassword,
    access=Access.LOGIN,
)
_add("audit.list", "GET /audit", "List who changed what", Page[r.AuditEntry])
_add("overview.get", "GET /overview", "Figures of the start page", r.Overview)

# Jobs
_reads("job", "jobs", r.Job, "job")
_add("job.cancel", "POST /jobs/{id}/cancel", "Cancel a job: it is undone", r.Job)
_add("job.log", "GET /jobs/{id}/log", "Read what a job noted on its way", r.JobLog)
_reads("cleanup", "cleanups", r.Cleanup, "piece of clean-up work")
_add("cleanup.retry", "POST /cleanups/{id}/retry", "Try a piece of clean-up work now", None)

# Settings and deletion
_add("setting.show", "GET /settings", "Show all global settings", r.SettingList)
_add(
    "setting.change",
    "PUT /settings",
    "Give a global setting another value",
    r.Setting,
    request=q.SettingChange,
)
_add(
    "setting.reset",
    "POST /settings/reset",
    "Give a global setting its default back",
    r.Setting,
    request=q.SettingReset,
)
_add(
    "deletion.preview",
    "POST /deletions/preview",
    "List what deleting a resource would do to others",
    r.Consequences,
    request=q.DeletionPreview,
    kind=Kind.READ,
)

# The ledger
_add("ledger.check", "GET /ledger/check", "Count all claims anew and compare", r.LedgerReport)
_add(
    "ledger.recalculate",
    "POST /ledger/recalculate",
    "Count all claims anew and correct the ledger",
    r.LedgerReport,
)

# Set-up
_add("setup.get", "GET /setup", "The set-up plan with proposals for this machine", r.SetupPlan)
_add(
    "setup.update",
    "PUT /setup",
    "Keep the values typed into one step of the set-up",
    r.SetupPlan,
    request=q.SetupPlanUpdate,
)
_job("setup.remove", "DELETE /setup", "Remove a set-up and all that was made in its zone")

# Infrastructure
_add(
    "host_candidate.list",
    "GET /host-candidates",
    "List machines that have enrolled and wait to become hosts",
    Page[r.HostCandidate],
)
_reads("zone", "zones", r.Zone, "zone")
_add("zone.create", "POST /zones", "Make a zone", r.Zone, request=q.ZoneCreate)
_update("zone", "zones", r.Zone, "zone")
_job("zone.delete", "DELETE /zones/{id}", "Delete a zone and everything in it")
_reads("cluster", "clusters", r.Cluster, "cluster")
_add("cluster.create", "POST /clusters", "Make a cluster", r.Cluster, request=q.ClusterCreate)
_update("cluster", "clusters", r.Cluster, "cluster")
_add("cluster.delete", "DELETE /clusters/{id}", "Delete an empty cluster", None)
_reads("host", "hosts", r.Host, "host")
_add("host.create", "POST /hosts", "Take an enrolled machine as host", r.Host, request=q.HostCreate)
_update("host", "hosts", r.Host, "host", q.HostUpdate)
_add("host.delete", "DELETE /hosts/{id}", "Give a host back", None)
_add("host.enable", "POST /hosts/{id}/enable", "Let new VMs start on a host", r.Host)
_add("host.disable", "POST /hosts/{id}/disable", "Start no new VMs on a host", r.Host)
_add(
    "host.check_path",
    "POST /hosts/{id}/checks/path",
    "Test a directory of a host or candidate for storage",
    r.CheckResult,
    request=q.PathCheck,
    kind=Kind.READ,
)
_add(
    "host.check_network",
    "POST /hosts/{id}/checks/network",
    "Test whether a network could be made on a host",
    r.CheckResult,
    request=q.NetworkCheck,
    kind=Kind.READ,
)
_add(
    "host.check_url",
    "POST /hosts/{id}/checks/url",
    "Test whether an address answers with an image",
    r.CheckResult,
    request=q.UrlCheck,
    kind=Kind.READ,
)

# Storage
_reads("image_store", "image-stores", r.ImageStore, "image store")
_add(
    "image_store.create",
    "POST /image-stores",
    "Make an image store in a directory of a host",
    r.ImageStore,
    request=q.ImageStoreCreate,
)
_update("image_store", "image-stores", r.ImageStore, "image store")
_add("image_store.delete", "DELETE /image-stores/{id}", "Delete an empty image store", None)
_reads("primary_storage", "primary-storages", r.PrimaryStorage, "primary storage")
_add(
    "primary_storage.create",
    "POST /primary-storages",
    "Make a primary storage",
    r.PrimaryStorage,
    request=q.PrimaryStorageCreate,
)
_update(
    "primary_storage",
    "primary-storages",
    r.PrimaryStorage,
    "primary storage",
    q.PrimaryStorageUpdate,
)
_add(
    "primary_storage.delete",
    "DELETE /primary-storages/{id}",
    "Delete an empty primary storage",
    None,
)
_reads("volume", "volumes", r.Volume, "volume")

# Offerings and images
_reads("instance_offering", "instance-offerings", r.InstanceOffering, "instance offering")
_add(
    "instance_offering.create",
    "POST /instance-offerings",
    "Make an instance offering",
    r.InstanceOffering,
    request=q.InstanceOfferingCreate,
)
_update("instance_offering", "instance-offerings", r.InstanceOffering, "instance offering")
_add(
    "instance_offering.delete",
    "DELETE /instance-offerings/{id}",
    "Delete an instance offering; its VMs keep their size",
    None,
)
_reads("image", "images", r.Image, "image")
_job("image.create", "POST /images", "Add an image", q.ImageCreate)
_update("image", "images", r.Image, "image")
_job("image.delete", "DELETE /images/{id}", "Delete an image")

# Networks
_reads("network", "networks", r.Network, "network")
_job("network.create", "POST /networks", "Make a network", q.NetworkCreate)
_update("network", "networks", r.Network, "network")
_job("network.delete", "DELETE /networks/{id}", "Delete a network without VMs")

# Virtual machines
_reads("vm", "vms", r.Vm, "virtual machine")
_job("vm.create", "POST /vms", "Create virtual machines", q.VmCreate)
_update("vm", "vms", r.Vm, "virtual machine")
_add(
    "vm.plan",
    "POST /vms/plan",
    "Tell where a virtual machine would be placed, and what each filter removes",
    r.PlacementReport,
    request=q.VmCreate,
    kind=Kind.READ,
)
_job("vm.start", "POST /vms/{id}/start", "Start a virtual machine")
_job("vm.stop", "POST /vms/{id}/stop", "Stop a virtual machine", q.VmStop)
_job("vm.reboot", "POST /vms/{id}/reboot", "Restart a virtual machine", q.VmReboot)
_job("vm.pause", "POST /vms/{id}/pause", "Pause a virtual machine")
_job("vm.resume", "POST /vms/{id}/resume", "Let a paused virtual machine go on")
_job("vm.destroy", "DELETE /vms/{id}", "Move a virtual machine to the recycle bin")
_job("vm.recover", "POST /vms/{id}/recover", "Take a virtual machine out of the recycle bin")
_job("vm.expunge", "POST /vms/{id}/expunge", "Delete a destroyed virtual machine for good")
_job("vm.bulk", "POST /vms/bulk", "Do the same with many virtual machines", q.VmBulk)
_add(
    "vm.open_console",
    "POST /vms/{id}/console",
    "Get a one-time ticket for a VM's screen or serial console",
    r.ConsoleTicket,
    request=q.ConsoleOpen,
)

# Not in the table, because they carry bytes rather than structs (see appliance.api):
#   GET /v1/feed?since=N        WebSocket, messages of `appliance.protocol.events`
#   GET /v1/console             WebSocket, raw bytes of RFB or the serial line
#   GET /v1/vms/{id}/screenshot PNG of the VM's screen
#   PUT /v1/images/{id}/content the bytes of an uploaded image, answered 202 with Accepted
#   GET /v1/openapi.json
