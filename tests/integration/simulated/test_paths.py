"""Probes of the paths between hosts through the API, over wires that are broken in known ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.errors import ApiError
from appliance.protocol.paths import NetworkPaths
from hostagent.protocol import commands as c
from tests.integration.simulated.conftest import HOSTS, Lab
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAIRS = HOSTS * (HOSTS - 1)


@pytest_asyncio.fixture(loop_scope="module")
async def wired(lab: Lab) -> AsyncIterator[Lab]:
    lab.fleet.paths.heal()
    yield lab
    lab.fleet.paths.heal()


async def probe(lab: Lab, **fields: Any) -> NetworkPaths:
    fields = fields or {"physical_interface": "eth1", "vlan_id": 42}
    return await lab.client.call("cluster.probe_paths", id=lab.cloud.cluster_ids[0], **fields)


def codes(found: NetworkPaths) -> list[str]:
    return [body.code for body in found.findings]


def states(found: NetworkPaths) -> dict[str, int]:
    counts: dict[str, int] = {}
    for path in found.paths:
        counts[path.state] = counts.get(path.state, 0) + 1
    return counts


async def called(lab: Lab) -> dict[str, str]:
    """What the service calls the hosts, by their own names."""
    by_id = {host.id: host.name async for host in lab.client.iterate("host.list")}
    return {host.name: by_id[host.id] for host in lab.fleet.hosts}


async def test_every_pair_is_probed_each_way(wired: Lab) -> None:
    found = await probe(wired)
    assert (found.wire, found.mtu, codes(found)) == ("eth1, VLAN 42", 1500, [])
    assert states(found) == {"works": PAIRS}
    assert {path.round_trip_us for path in found.paths} == {250}
    assert sorted(host.host_id for host in found.hosts) == sorted(wired.fleet.ids)
    for command in (c.NETWORK_PROBE_LISTEN, c.NETWORK_PROBE_SEND, c.NETWORK_PROBE_END):
        assert wired.fleet.calls[command.name] == HOSTS, "one of each host, not of each pair"


async def test_broken_wires_are_told_by_what_to_look_at(wired: Lab) -> None:
    names, known = [host.name for host in wired.fleet.hosts], await called(wired)
    paths = wired.fleet.paths
    paths.cut_off(names[3], names)
    found = await probe(wired)
    assert [(body.code, body.params["name"]) for body in found.findings] == [
        ("path.cut_off", known[names[3]])
    ]
    assert "VLAN 42" in found.findings[0].message
    assert states(found) == {"works": PAIRS - 2 * (HOSTS - 1), "silent": 2 * (HOSTS - 1)}

    paths.heal()
    paths.dead.add((names[0], names[1]))
    paths.small[names[5], names[6]] = 1400
    found = await probe(wired)
    assert codes(found) == ["path.silent", "path.small"]
    one_way = {(p.from_host_name, p.to_host_name): p for p in found.paths}
    first, second = known[names[0]], known[names[1]]
    assert one_way[first, second].state == "silent"
    back = one_way[second, first]
    assert (back.state, back.round_trip_us) == ("works", None), "heard, though no answer came back"
    assert one_way[known[names[5]], known[names[6]]].max_bytes == 1400

    paths.heal()
    paths.retagged[names[0], names[1]] = 7
    assert codes(await probe(wired)) == ["path.other_tag"]


async def test_hosts_that_take_no_part_are_named(wired: Lab) -> None:
    host = wired.fleet.hosts[0]
    fault = Fault(kind="fail", command=c.NETWORK_PROBE_SEND.name, host=host.name)
    wired.fleet.plan.replace([fault])
    found = await probe(wired)
    (problem,) = found.findings
    assert (await called(wired))[host.name] in problem.message
    assert len(found.paths) == (HOSTS - 1) * (HOSTS - 2)
    wired.fleet.plan.replace([])

    found = await probe(wired, physical_interface="eth7")
    assert (codes(found), found.paths) == (["path.no_interface"] * HOSTS + ["path.few_hosts"], [])

    await host.stop()
    await wired.disconnected(host.id)
    found = await probe(wired)
    assert codes(found) == ["host.not_connected"]
    assert {path.state for path in found.paths} == {"works"}
    host.start()
    await wired.until(lambda: host.is_linked)


async def test_a_network_is_probed_as_it_is(wired: Lab) -> None:
    accepted = await wired.client.call(
        "network.create",
        name="wired",
        cluster_id=wired.cloud.cluster_ids[0],
        kind="physical",
        physical_interface="eth1",
        cidr="172.22.0.0/24",
        gateway="172.22.0.1",
        mtu=1400,
        ranges=[{"first": "172.22.0.10", "last": "172.22.0.20"}],
    )
    assert await wired.ended(accepted) == []
    network_id = accepted.resource_ids[0]
    found = await wired.client.call("network.probe", id=network_id)
    assert (found.wire, found.mtu, states(found)) == ("eth1", 1400, {"works": PAIRS})
    several = [wired.client.call("network.probe", id=network_id) for _ in range(5)]
    assert all(not one.findings for one in await asyncio.gather(*several))
    assert await wired.ended(await wired.client.call("network.delete", id=network_id)) == []


async def test_what_cannot_be_probed(wired: Lab) -> None:
    async def refused(operation: str, **fields: Any) -> tuple[str, str | None]:
        with pytest.raises(ApiError) as caught:
            await wired.client.call(operation, **fields)
        return caught.value.code, caught.value.field

    cluster = {"id": wired.cloud.cluster_ids[0]}
    private = {"id": wired.cloud.network_ids[0]}
    assert await refused("network.probe", **private) == ("path.no_wire", None)
    one_wire = ("path.one_wire", "physical_interface")
    assert await refused("cluster.probe_paths", **cluster) == one_wire
    both = {"physical_interface": "eth0", "underlay_cidr": "10.0.0.0/24"}
    assert await refused("cluster.probe_paths", **cluster, **both) == one_wire
    tag = {"vlan_id": 4, "underlay_cidr": "10.0.0.0/24"}
    assert await refused("cluster.probe_paths", **cluster, **tag) == (
        "path.tag_in_tunnel", "vlan_id",
    )  # fmt: skip
    bad = {"underlay_cidr": "ten"}
    assert await refused("cluster.probe_paths", **cluster, **bad) == (
        "path.bad_underlay", "underlay_cidr",
    )  # fmt: skip


async def test_a_host_that_cut_itself_off_is_not_asked_for_it_twice(wired: Lab) -> None:
    """The job names the NIC; what was taken back stays so until somebody lets it be tried."""
    host = wired.fleet.hosts[2]
    host.state.cutting_nics.add("eth1")
    request = {
        "name": "cut",
        "cluster_id": wired.cloud.cluster_ids[0],
        "kind": "physical",
        "physical_interface": "eth1",
        "cidr": "172.23.0.0/24",
        "gateway": "172.23.0.1",
        "ranges": [{"first": "172.23.0.10", "last": "172.23.0.20"}],
    }
    accepted = await wired.client.call("network.create", **request)
    assert await wired.ended(accepted) == ["network.rolled_back"]
    job = await wired.client.call("job.get", id=accepted.jobs[0].id)
    assert "eth1" in job.error.message
    assert host.name in job.error.message
    assert "retry-network" in job.error.remedy
    await wired.until(lambda: not host.state.rolled_back)

    await host.stop()
    await wired.disconnected(host.id)
    accepted = await wired.client.call("network.create", **request)
    assert await wired.ended(accepted) == []
    wired.fleet.forget_counts()
    host.start()
    async with asyncio.timeout(10):
        while "eth1" not in await waiting_for(wired, host.id):
            await asyncio.sleep(0.05)
    asked = host.calls["network.apply"]
    await asyncio.sleep(3)
    assert host.calls["network.apply"] == asked, "the service does not insist"
    assert host.state.effects["network.apply", "roll back"] == 1
    with pytest.raises(ApiError) as caught:
        await wired.client.call("host.retry_network", id=host.id)
    assert caught.value.code == "network.rolled_back"
    assert host.state.effects["network.apply", "roll back"] == 2
    host.state.cutting_nics.clear()
    shown = await wired.client.call("host.retry_network", id=host.id)
    assert shown.waiting_for == ""
    network_id = accepted.resource_ids[0]
    assert await wired.ended(await wired.client.call("network.delete", id=network_id)) == []


async def waiting_for(lab: Lab, host_id: str) -> str:
    try:
        return (await lab.client.call("host.network", id=host_id)).waiting_for
    except ApiError:
        return ""  # it is just connecting
