"""Compares what the service says with what follows from its machines, and with the hosts."""

from __future__ import annotations

from collections import Counter
from typing import Any

from appliance.client import Client
from appliance.protocol.resources import Vm
from tests.lab.simulated.process import FleetProcess

ON_HOSTS = frozenset({"running", "paused"})


async def all_vms(client: Client) -> dict[str, Vm]:
    """Every machine, by id."""
    return {vm.id: vm async for vm in client.iterate("vm.list")}


async def ledger_differences(client: Client, vms: dict[str, Vm]) -> list[str]:
    """Where claims do not agree with a recalculation from the machines; empty when all do."""
    cpus: Counter[str] = Counter()
    memory: Counter[str] = Counter()
    addresses: Counter[str] = Counter()
    disks: Counter[str] = Counter()
    for vm in vms.values():
        if vm.host_id is not None:
            cpus[vm.host_id] += vm.cpu_count
            memory[vm.host_id] += vm.memory_bytes
        for nic in vm.nics:
            addresses[nic.network_id] += 1
        for volume in vm.volumes:
            if volume.primary_storage_id is not None:
                disks[volume.primary_storage_id] += volume.size_bytes
    wrong: list[str] = []

    def compare(what: str, kept: int, counted: int) -> None:
        if kept != counted:
            wrong.append(f"{what}: kept {kept}, counted {counted}")

    async for host in client.iterate("host.list"):
        compare(f"{host.name} cpu", host.cpu_claimed, cpus[host.id])
        compare(f"{host.name} memory", host.memory_claimed_bytes, memory[host.id])
    async for network in client.iterate("network.list"):
        compare(f"{network.name} addresses", network.addresses_used, addresses[network.id])
    async for storage in client.iterate("primary_storage.list"):
        compare(f"{storage.name} bytes", storage.claimed_bytes, disks[storage.id])
    given = [nic.address for vm in vms.values() for nic in vm.nics]
    compare("addresses given once", len(set(given)), len(given))
    report = await client.call("ledger.check")
    return wrong + [f"{item.holder} {item.unit}" for item in report.differences]


async def strays(fleet: FleetProcess, vms: dict[str, Vm]) -> list[str]:
    """What hosts and service see differently; empty when they agree."""
    left: dict[str, Any] = await fleet.ask("leftovers")
    wrong: list[str] = list(left.pop("addresses_twice", []))
    defined: Counter[str] = Counter()
    volumes: Counter[str] = Counter()
    for name, found in left.items():
        wrong += [f"{name}: {text}" for text in found.get("anomalies", [])]
        defined.update(found.get("domains", []))
        volumes.update(path.rpartition("/")[2] for path in found.get("volumes", []))
    for vm_id, count in defined.items():
        if count > 1:
            wrong.append(f"{vm_id} is on {count} hosts")
        if vm_id not in vms:
            wrong.append(f"{vm_id} is on a host, but gone")
    really: dict[str, str] = await fleet.ask("domains")
    for vm in vms.values():
        state = really.get(vm.id, "on no host")
        if (vm.state in ON_HOSTS or state in ON_HOSTS) and vm.state != state:
            wrong.append(f"{vm.id} is {vm.state}, but {state}")
    expected = {f"{volume.id}.qcow2" for vm in vms.values() for volume in vm.volumes}
    wrong += [f"volume {name} is on a host, but gone" for name in volumes if name not in expected]
    wrong += [f"volume {name} is on no host" for name in expected if name not in volumes]
    return wrong
