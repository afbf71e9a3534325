"""What must hold whenever it is quiet."""

from __future__ import annotations

from collections import Counter

from appliance.client import Client
from appliance.protocol.resources import Vm
from tests.integration.simulated.model import disks
from tests.integration.simulated.model.contents import Contents
from tests.integration.simulated.model.expected import GONE, UNKNOWN, Expected
from tests.integration.simulated.model.replay import Replay
from tests.lab.simulated.fleet import Fleet

PLACED = ("running", "paused")


async def disagreements(
    client: Client, fleet: Fleet, replay: Replay, expected: Expected, contents: Contents
) -> list[str]:
    """Everything that is not as it must be; empty when all is well."""
    vms = {vm.id: vm async for vm in client.iterate("vm.list")}
    volumes = {volume.id: volume async for volume in client.iterate("volume.list")}
    report = await client.call("ledger.check")
    found = [
        *(f"ledger: {item.holder} {item.unit}" for item in report.differences),
        *_states(vms, expected),
        *_hosts(vms, fleet),
        *_nics(vms, fleet),
        *_addresses(vms),
        *await _claims(client, vms),
        *_feed(vms, replay),
    ]
    found = found or await disks.disagreements(client, fleet, vms, volumes, replay.jobs, contents)
    if not found:
        _settle(vms, expected)
    return found


def _states(vms: dict[str, Vm], expected: Expected) -> list[str]:
    said = {ref: vms[ref].state.value if ref in vms else GONE for ref in vms | expected.states}
    return [
        f"{vms[ref].name if ref in vms else ref} is {state}, "
        f"and not {' or '.join(sorted(expected.may_be(ref)))}"
        for ref, state in said.items()
        if state not in expected.may_be(ref) - {UNKNOWN}  # when it is quiet, all is known
    ]


def _settle(vms: dict[str, Vm], expected: Expected) -> None:
    """What agrees is certain from here on."""
    for ref in vms.keys() | expected.states.keys():
        expected.is_seen(ref, vms[ref].state.value if ref in vms else GONE)


def _hosts(vms: dict[str, Vm], fleet: Fleet) -> list[str]:
    domains: dict[str, tuple[str, str]] = {}
    wrong: list[str] = []
    ports: set[tuple[str, str]] = set()
    for host in fleet.hosts:
        state = host.state
        wrong += [f"{host.name}: {text}" for text in state.anomalies]
        for ref, domain in state.domains.items():
            if ref in domains:
                wrong.append(f"{ref} is on two hosts")
            domains[ref] = host.id, domain.state.value
        ports |= {
            (host.id, port.vm_id) for network in state.document.networks for port in network.ports
        }
    really = {vm.id: (vm.host_id, vm.state.value) for vm in vms.values() if vm.state in PLACED}
    wrong += [
        f"{ref}: said {really.get(ref)}, found {domains.get(ref)}"
        for ref in really.keys() | domains.keys()
        if really.get(ref) != domains.get(ref)
    ]
    wrong += [
        f"{_named(vms, vm.id)} has its root disk on another host"
        for vm in vms.values()
        if vm.host_id and vm.volumes and vm.volumes[0].host_id not in (None, vm.host_id)
    ]
    placed = {(vm.host_id, vm.id) for vm in vms.values() if vm.host_id is not None}
    wrong += [f"{_named(vms, ref)} has a port on a host" for _, ref in ports - placed]
    return wrong + [f"{_named(vms, ref)} has no port on its host" for _, ref in placed - ports]


def _nics(vms: dict[str, Vm], fleet: Fleet) -> list[str]:
    """Running machines have the NICs that are said, in their hosts' documents and plugged in."""
    plugged: dict[str, set[str]] = {}
    told: dict[str, set[str]] = {}
    for host in fleet.hosts:
        for ref, domain in host.state.domains.items():
            plugged[ref] = {nic.mac for nic in domain.spec.nics}
        for port in (port for one in host.state.document.networks for port in one.ports):
            told.setdefault(port.vm_id, set()).add(port.mac)
    return [
        f"{vm.name} should have NICs {said}, and has {found}"
        for vm in vms.values()
        if vm.state in PLACED
        for said in [{nic.mac for nic in vm.nics}]
        for found in (plugged.get(vm.id, set()), told.get(vm.id, set()))
        if said != found
    ]


def _named(vms: dict[str, Vm], ref: str) -> str:
    return f"{vms[ref].name}, {vms[ref].state}," if ref in vms else f"{ref}, gone,"


def _addresses(vms: dict[str, Vm]) -> list[str]:
    given = Counter(nic.address for vm in vms.values() for nic in vm.nics)
    return [f"{address} is given {count} times" for address, count in given.items() if count > 1]


async def _claims(client: Client, vms: dict[str, Vm]) -> list[str]:
    wrong = []
    cpus: Counter[str] = Counter()
    for vm in vms.values():
        if (vm.host_id is not None) != (vm.state in PLACED):
            wrong.append(f"{vm.name} is {vm.state} and claims host {vm.host_id}")
        cpus[vm.host_id or ""] += vm.cpu_count
    async for host in client.iterate("host.list"):
        if host.cpu_claimed != cpus[host.id]:
            wrong.append(f"{host.name}: {host.cpu_claimed} CPUs claimed, {cpus[host.id]} counted")
    used = sum([item.addresses_used async for item in client.iterate("network.list")])
    nics = sum(len(vm.nics) for vm in vms.values())
    if used != nics:
        wrong.append(f"{used} addresses used by {nics} NICs")
    return wrong


def _feed(vms: dict[str, Vm], replay: Replay) -> list[str]:
    wrong = [f"the feed has {ref} otherwise" for ref in vms if replay.vms.get(ref) != vms[ref]]
    wrong += [f"the feed has {ref}, which is gone" for ref in replay.vms.keys() - vms.keys()]
    wrong += [f"job {ref} ended {count} times" for ref, count in replay.ends.items() if count > 1]
    return wrong + (["the feed lost changes"] if replay.resets else [])
