"""Bandwidth limits of ports, by what real streams carry. Only orders of magnitude count here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from tests.integration.network.stream import carried_bits_per_s

if TYPE_CHECKING:
    from hostagent.protocol.network import NetworkSpec, PortSpec
    from tests.integration.network.conftest import Guest, Host

LIMIT = 10_000_000
MUCH = 100_000_000  # what no limited NIC carries, and any other one does


async def carried(sender: Guest, receiver: Guest, address: str) -> float:
    return await asyncio.to_thread(carried_bits_per_s, sender.name, receiver.name, address)


def holds(bits_per_s: float, limit: int) -> bool:
    return limit / 10 < bits_per_s < limit * 2


async def pair(host: Host, **limits: int) -> tuple[NetworkSpec, list[Guest]]:
    """Two VMs; the first one's NIC has limits."""
    ports = [host.port("one", "10.70.0.10", **limits), host.port("two", "10.70.0.11")]
    network = host.network("net", ports=ports)
    await host.must_apply(network)
    guests = [host.guest(port) for port in ports]
    for guest, port in zip(guests, ports, strict=True):
        guest.static(f"{port.address}/24", "10.70.0.1")
        host.plug(guest, network)
    return network, guests


def changed(network: NetworkSpec, **limits: int | None) -> NetworkSpec:
    one: PortSpec = msgspec.structs.replace(network.ports[0], **limits)
    return msgspec.structs.replace(network, ports=[one, *network.ports[1:]])


async def test_each_direction_has_its_own_limit_which_changes_while_traffic_flows(
    host: Host,
) -> None:
    network, (one, two) = await pair(host, inbound_bits_per_s=LIMIT)
    assert holds(await carried(two, one, "10.70.0.10"), LIMIT)
    assert await carried(one, two, "10.70.0.11") > MUCH

    flow = asyncio.create_task(
        asyncio.to_thread(carried_bits_per_s, one.name, two.name, "10.70.0.11", 3.5, 5.5)
    )
    await asyncio.sleep(1.5)
    await host.must_apply(changed(network, inbound_bits_per_s=None, outbound_bits_per_s=LIMIT))
    assert holds(await flow, LIMIT)
    assert await carried(two, one, "10.70.0.10") > MUCH

    status = await host.manager.status()
    assert {drop.nic_id for drop in status.drops if drop.limited_packets} == {"one"}
    await host.must_apply(changed(network, inbound_bits_per_s=None))
    assert await carried(one, two, "10.70.0.11") > MUCH


async def test_limits_hold_towards_the_outside_too(host: Host) -> None:
    network, (one, _) = await pair(host, inbound_bits_per_s=LIMIT, outbound_bits_per_s=2 * LIMIT)
    await host.must_apply(msgspec.structs.replace(network, snat=False))
    outside = host.outside("198.51.100.9/24", "eth9", "198.51.100.1/24")
    outside.do("ip", "route", "replace", "default", "via", "198.51.100.1")

    assert holds(await carried(one, outside, "198.51.100.9"), 2 * LIMIT)
    assert holds(await carried(outside, one, "10.70.0.10"), LIMIT)


async def test_a_limit_is_there_before_its_tap(host: Host) -> None:
    network, (one, two) = await pair(host, inbound_bits_per_s=LIMIT)
    one.do("ip", "link", "del", "eth0")
    again = host.guest(network.ports[0])
    again.static("10.70.0.10/24", "10.70.0.1")
    host.plug(again, network)

    assert holds(await carried(two, again, "10.70.0.10"), LIMIT)
