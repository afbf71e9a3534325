"""The declarations of all operations: from this one table come the REST routes, OpenAPI, the
command line, the SDK's methods, permission names and audit lines.

A service binds a handler to each declaration (`appliance.engine.registry`).
"""

from __future__ import annotations

from appliance.protocol import hosts as h
from appliance.protocol import requests as q
from appliance.protocol import resources as r
from appliance.protocol import results
from appliance.protocol import tenancy as t
from appliance.protocol.declaring import (
    API_VERSION,
    BYTES,
    LOGIN,
    OPERATIONS,
    PUBLIC,
    TENANT,
    Accepted,
    Access,
    Kind,
    OperationSpec,
    Page,
)
from appliance.protocol.declaring import add as _add
from appliance.protocol.declaring import job as _job
from appliance.protocol.declaring import reads as _reads
from appliance.protocol.declaring import update as _update
from appliance.protocol.guests import VmUpdate
from appliance.protocol.nodes import ManagementNode
from appliance.protocol.operations_guests import declare_guests
from appliance.protocol.operations_hardware import declare_hardware
from appliance.protocol.operations_hosts import declare_hosts, declare_recovery
from appliance.protocol.operations_layer2 import declare_network_clusters, declare_vxlan_pools
from appliance.protocol.operations_migration import declare_migration
from appliance.protocol.operations_moves import declare_moves
from appliance.protocol.operations_network import (
    declare_addresses,
    declare_elastic,
    declare_host_network,
    declare_paths,
    declare_security,
)
from appliance.protocol.operations_snapshots import declare_snapshots
from appliance.protocol.operations_storages import declare_storages
from appliance.protocol.operations_tenancy import declare_tenancy
from appliance.protocol.operations_volumes import declare_volumes

__all__ = [
    "API_VERSION",
    "BYTES",
    "OPERATIONS",
    "Accepted",
    "Access",
    "Kind",
    "OperationSpec",
    "Page",
]

# Identity
_add("info.get", "GET /info", "What this appliance is", r.Info, access=PUBLIC)
_add(
    "session.set_first_password",
    "POST /sessions/first-password",
    "Set the first administrator's password with the set-up code, and log in",
    r.Session,
    request=q.SetFirstPassword,
    access=PUBLIC,
    is_secret=True,
)
_add(
    "session.create",
    "POST /sessions",
    "Log in",
    r.Session,
    request=q.Login,
    access=PUBLIC,
    is_secret=True,
)
_add("session.get", "GET /sessions/current", "Who am I?", t.Me, access=LOGIN)
_add("session.delete", "DELETE /sessions/current", "Log out", None, access=LOGIN, by_session=True)
_add(
    "session.change_password",
    "POST /sessions/current/password",
    "Change one's own password",
    None,
    request=q.ChangePassword,
    access=LOGIN,
    by_session=True,
)
_add("audit.list", "GET /audit", "List who changed what", Page[r.AuditEntry], access=TENANT)
_add("overview.get", "GET /overview", "Figures of the start page", r.Overview, access=TENANT)
_add(
    "operation.show",
    "GET /operations",
    "Show all operations, and which of them the caller may call",
    t.OperationList,
    access=LOGIN,
)

# Accounts, users, roles, shares, tokens, quotas
declare_tenancy()

# The management service itself
_reads("management_node", "management-nodes", ManagementNode, "management node")

# Jobs
_reads("job", "jobs", r.Job, "job", TENANT)
_add("job.cancel", "POST /jobs/{id}/cancel", "Cancel a job: it is undone", r.Job, access=TENANT)
_add("job.log", "GET /jobs/{id}/log", "Read what a job noted on its way", r.JobLog, access=TENANT)
_reads("cleanup", "cleanups", r.Cleanup, "piece of clean-up work")
_add("cleanup.retry", "POST /cleanups/{id}/retry", "Try a piece of clean-up work now", None)
_add(
    "cleanup.dismiss",
    "DELETE /cleanups/{id}",
    "Forget a piece of clean-up work that can never be done",
    None,
)

# Settings and deletion
_add("setting.show", "GET /settings", "Show all global settings", results.SettingList)
_add(
    "setting.change",
    "PUT /settings",
    "Give a global setting another value",
    results.Setting,
    request=q.SettingChange,
)
_add(
    "setting.reset",
    "POST /settings/reset",
    "Give a global setting its default back",
    results.Setting,
    request=q.SettingReset,
)
_add(
    "deletion.preview",
    "POST /deletions/preview",
    "List what deleting a resource would do to others",
    results.Consequences,
    request=q.DeletionPreview,
    kind=Kind.READ,
)

# The ledger
_add("ledger.check", "GET /ledger/check", "Count all claims anew and compare", results.LedgerReport)
_add(
    "ledger.recalculate",
    "POST /ledger/recalculate",
    "Count all claims anew and correct the ledger",
    results.LedgerReport,
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
_update("cluster", "clusters", r.Cluster, "cluster", h.ClusterUpdate)
_add("cluster.delete", "DELETE /clusters/{id}", "Delete an empty cluster", None)
_reads("host", "hosts", r.Host, "host")
_add("host.create", "POST /hosts", "Take an enrolled machine as host", r.Host, request=q.HostCreate)
_update("host", "hosts", r.Host, "host", h.HostUpdate)
_add("host.delete", "DELETE /hosts/{id}", "Give a host back", None)
_add("host.enable", "POST /hosts/{id}/enable", "Let new VMs start on a host", r.Host)
_add("host.disable", "POST /hosts/{id}/disable", "Start no new VMs on a host", r.Host)
declare_hosts()
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
_reads("image_store", "image-stores", r.ImageStore, "image store", TENANT)
_add(
    "image_store.create",
    "POST /image-stores",
    "Make an image store in a directory of a host",
    r.ImageStore,
    request=q.ImageStoreCreate,
)
_update("image_store", "image-stores", r.ImageStore, "image store")
_add("image_store.delete", "DELETE /image-stores/{id}", "Delete an empty image store", None)
declare_storages()
declare_volumes()
declare_snapshots()

# Offerings and images
_reads("instance_offering", "instance-offerings", r.InstanceOffering, "instance offering", TENANT)
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
_reads("image", "images", r.Image, "image", TENANT)
_job("image.create", "POST /images", "Add an image", q.ImageCreate, TENANT)
_add(
    "image.upload_status",
    "GET /images/{id}/upload",
    "How far the upload of an image is",
    r.ImageUpload,
    access=TENANT,
)
_update("image", "images", r.Image, "image", q.ImageUpdate, access=TENANT)
_job(
    "image.delete",
    "DELETE /images/{id}",
    "Move an image to the recycle bin, or delete it if the policy says so",
    access=TENANT,
)
_add(
    "image.recover",
    "POST /images/{id}/recover",
    "Take an image out of the recycle bin",
    r.Image,
    access=TENANT,
)
_job(
    "image.expunge",
    "POST /images/{id}/expunge",
    "Delete an image of the recycle bin for good",
    access=TENANT,
)

# Networks
_reads("network", "networks", r.Network, "network", TENANT)
_job("network.create", "POST /networks", "Make a network", q.NetworkCreate)
_update("network", "networks", r.Network, "network", q.NetworkUpdate)
_job("network.delete", "DELETE /networks/{id}", "Delete a network without VMs")

declare_addresses()
declare_network_clusters()
declare_host_network()
declare_paths()

# VXLAN pools
declare_vxlan_pools()

# Elastic IPs
declare_elastic()

# Security groups
declare_security()

# Affinity groups
_reads("affinity_group", "affinity-groups", r.AffinityGroup, "affinity group", TENANT)
_add(
    "affinity_group.create",
    "POST /affinity-groups",
    "Make an affinity group",
    r.AffinityGroup,
    request=q.AffinityGroupCreate,
    access=TENANT,
)
_update("affinity_group", "affinity-groups", r.AffinityGroup, "affinity group", access=TENANT)
_add(
    "affinity_group.delete",
    "DELETE /affinity-groups/{id}",
    "Delete an affinity group; its VMs stay where they are",
    None,
    access=TENANT,
)

# Virtual machines
_reads("vm", "vms", r.Vm, "virtual machine", TENANT)
_job("vm.create", "POST /vms", "Create virtual machines", q.VmCreate, TENANT)
_update("vm", "vms", r.Vm, "virtual machine", VmUpdate, TENANT)
_add(
    "vm.plan",
    "POST /vms/plan",
    "Tell where a virtual machine would be placed, and what each filter removes",
    results.PlacementReport,
    request=q.VmCreate,
    kind=Kind.READ,
    access=TENANT,
)
_job("vm.start", "POST /vms/{id}/start", "Start a virtual machine", access=TENANT)
_job("vm.stop", "POST /vms/{id}/stop", "Stop a virtual machine", q.VmStop, TENANT)
_job("vm.reboot", "POST /vms/{id}/reboot", "Restart a virtual machine", q.VmReboot, TENANT)
_job("vm.pause", "POST /vms/{id}/pause", "Pause a virtual machine", access=TENANT)
_job("vm.resume", "POST /vms/{id}/resume", "Let a paused virtual machine go on", access=TENANT)
declare_migration()
declare_moves()
_job("vm.destroy", "DELETE /vms/{id}", "Move a virtual machine to the recycle bin", access=TENANT)
_job(
    "vm.recover",
    "POST /vms/{id}/recover",
    "Take a virtual machine out of the recycle bin",
    access=TENANT,
)
_job(
    "vm.expunge",
    "POST /vms/{id}/expunge",
    "Delete a destroyed virtual machine for good",
    access=TENANT,
)
_add(
    "vm.set_affinity_group",
    "POST /vms/{id}/affinity-group",
    "Put a virtual machine into an affinity group, or take it out",
    r.Vm,
    request=q.VmSetAffinityGroup,
    access=TENANT,
)
declare_hardware()
declare_recovery()
_job("vm.bulk", "POST /vms/bulk", "Do the same with many virtual machines", q.VmBulk, TENANT)
_add(
    "vm.open_console",
    "POST /vms/{id}/console",
    "Get a one-time ticket for a VM's screen or serial console",
    r.ConsoleTicket,
    request=q.ConsoleOpen,
    access=TENANT,
    is_secret=True,
)
declare_guests()

# What carries bytes rather than structs: permissions like the others, served by `appliance.api`.
#   GET /v1/console and GET /v1/openapi.json need none: a ticket is one, the other is public.
_add(
    "vm.screenshot",
    "GET /vms/{id}/screenshot",
    "A picture of a virtual machine's screen (PNG)",
    None,
    access=TENANT,
    into=BYTES,
)
_add(
    "image.upload",
    "PUT /images/{id}/content",
    "Send the content of an image that waits for it, or a part of it (Upload-Offset)",
    Accepted,
    kind=Kind.JOB,
    access=TENANT,
    into=BYTES,
)
_add(
    "image.download",
    "GET /images/{id}/content",
    "Get the file of an image, from an offset on if asked (Range)",
    None,
    access=TENANT,
    into=BYTES,
)
_add(
    "feed.follow",
    "GET /feed",
    "Follow what changes (WebSocket, messages of `appliance.protocol.events`)",
    None,
    access=TENANT,
    into=BYTES,
)
