"""The declarations of what is done with hosts besides taking and giving them back."""

from __future__ import annotations

from appliance.protocol import foreign as f
from appliance.protocol import hosts as h
from appliance.protocol import resources as r
from appliance.protocol.declaring import TENANT, Kind, add, job


def declare_hosts() -> None:
    """Declare what one can do with a host."""
    job(
        "host.reconnect",
        "POST /hosts/{id}/reconnect",
        "Drop a host's link, and bring everything on the host in line when it is back",
    )
    add(
        "host.refresh_facts",
        "POST /hosts/{id}/facts",
        "Ask a host anew what it is",
        r.Host,
        request=h.HostRefreshFacts,
    )
    add(
        "host.maintenance_plan",
        "POST /hosts/{id}/maintenance/plan",
        "Show what emptying a host would do to each of its virtual machines",
        h.MaintenancePlan,
        request=h.HostMaintenancePlan,
        kind=Kind.READ,
    )
    job(
        "host.enter_maintenance",
        "POST /hosts/{id}/maintenance",
        "Empty a host for maintenance",
        h.HostEnterMaintenance,
    )
    job(
        "host.leave_maintenance",
        "POST /hosts/{id}/maintenance/leave",
        "Let a host return from maintenance to the state it came from",
        h.HostLeaveMaintenance,
    )
    add(
        "host.unknown_vms",
        "GET /hosts/{id}/unknown-vms",
        "Show machines on a host that this cloud does not know",
        f.UnknownVms,
    )
    job(
        "host.adopt_vm",
        "POST /hosts/{id}/unknown-vms/adopt",
        "Take over a machine on a host that this cloud does not know",
        f.HostAdoptVm,
    )


def declare_recovery() -> None:
    """Declare what becomes of machines after their host has booted."""
    add(
        "vm.set_recovery",
        "POST /vms/{id}/recovery",
        "Say whether a virtual machine is started again after its host has rebooted",
        r.Vm,
        request=h.VmSetRecovery,
        access=TENANT,
    )
