"""VLAN and VXLAN networks on simulated hosts: what they are told, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.protocol.networks import Network
from hostagent.protocol.network import NetworkSpec
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.state import UNDERLAY, address_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def pool(lab: Lab) -> AsyncIterator[str]:
    """A VXLAN pool with two VNIs; networks and machines are gone afterwards."""
    pool = await make_pool(lab, 5000, 5001)
    yield pool
    await lab.remove_all()
    async for network in lab.client.iterate("network.list"):
        if network.id not in lab.cloud.network_ids:
            assert await lab.ended(await lab.client.call("network.delete", id=network.id)) == []
    await lab.client.call("vxlan_pool.delete", id=pool)
    assert (await lab.client.call("ledger.check")).differences == []
    await lab.assert_clean()


@pytest_asyncio.fixture(loop_scope="module")
async def second_cluster(lab: Lab, pool: str) -> str:
    """A further cluster with the last of the hosts and a storage of its own."""
    zone_id, host = lab.cloud.zone_id, lab.fleet.hosts[-1]
    cluster = await lab.client.call("cluster.create", name="cluster-far", zone_id=zone_id)
    await lab.client.call("host.delete", id=host.id)
    await lab.client.call(
        "host.create", name="host-far", cluster_id=cluster.id, candidate_id=host.id
    )
    await lab.client.call(
        "primary_storage.create", name="disks-far", cluster_id=cluster.id, path="/srv/far/disks"
    )
    return cluster.id


async def make_pool(lab: Lab, first: int, last: int, **more: Any) -> str:
    request = {"zone_id": lab.cloud.zone_id, "underlay_cidr": UNDERLAY} | more
    made = await lab.client.call(
        "vxlan_pool.create", name=f"pool-{first}", vni_first=first, vni_last=last, **request
    )
    return made.id


def request(lab: Lab, number: int, **more: Any) -> dict[str, Any]:
    return {
        "name": f"l2-{number}",
        "cluster_id": lab.cloud.cluster_ids[0],
        "cidr": f"172.{number}.0.0/24",
        "gateway": f"172.{number}.0.1",
        "ranges": [{"first": f"172.{number}.0.10", "last": f"172.{number}.0.99"}],
    } | more


async def made(lab: Lab, number: int, **more: Any) -> Network:
    accepted = await lab.client.call("network.create", **request(lab, number, **more))
    assert await lab.ended(accepted) == []
    return await lab.client.call("network.get", id=accepted.resource_ids[0])


async def refused(lab: Lab, operation: str, **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        await lab.client.call(operation, **fields)
    return caught.value.code, caught.value.field


def specs(lab: Lab, network_id: str) -> dict[str, NetworkSpec]:
    """What each host was told of a network, by the host's name."""
    return {
        host.name: spec
        for host in lab.fleet.hosts
        for spec in host.state.document.networks
        if spec.id == network_id
    }


def endpoint(name: str) -> str:
    return address_of(name).partition("/")[0]


async def machine(lab: Lab, network_id: str, **fields: Any) -> Any:
    accepted = await lab.create(f"vm-{new_id()[-6:]}", network_id=network_id, **fields)
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


async def test_hosts_of_a_vxlan_network_know_each_other_and_their_machines(
    lab: Lab, pool: str
) -> None:
    network = await made(lab, 40, kind="vxlan", vxlan_pool_id=pool)
    assert (network.vni, network.mtu) == (5000, 1450)
    told = specs(lab, network.id)
    assert len(told) > 1
    for name, spec in told.items():
        assert spec.vxlan is not None
        assert (spec.vxlan.vni, spec.vxlan.endpoint) == (5000, endpoint(name))
        assert set(spec.vxlan.peers) == {endpoint(other) for other in told if other != name}
        assert spec.vxlan.remote_macs == []

    hosts = [host for host in lab.fleet.hosts if host.name in told][:2]
    vms = [await machine(lab, network.id, host_id=host.id) for host in hosts]

    def knows(host: Any, vm: Any, other: Any) -> bool:
        tunnels = specs(lab, network.id)[host.name].vxlan
        wanted = {(vm.nics[0].mac, endpoint(other.name))}
        return tunnels is not None and wanted == {(m.mac, m.endpoint) for m in tunnels.remote_macs}

    await lab.until(lambda: knows(hosts[0], vms[1], hosts[1]))
    await lab.until(lambda: knows(hosts[1], vms[0], hosts[0]))
    third = next(name for name in told if name not in {host.name for host in hosts})
    bystander = specs(lab, network.id)[third].vxlan
    assert bystander is not None
    assert bystander.remote_macs == []

    assert await lab.on_all("vm.stop", [vms[1].id], force=True) == []

    def forgot() -> bool:
        tunnels = specs(lab, network.id)[hosts[0].name].vxlan
        return tunnels is not None and tunnels.remote_macs == []

    await lab.until(forgot)


async def test_vnis_come_out_of_the_pool(lab: Lab, pool: str) -> None:
    vxlan = {"kind": "vxlan", "vxlan_pool_id": pool}
    second = await made(lab, 41, vni=5001, **vxlan)
    first = await made(lab, 42, **vxlan)
    assert (first.vni, second.vni) == (5000, 5001)
    assert (await lab.client.call("vxlan_pool.get", id=pool)).networks == 2
    create = "network.create"
    assert await refused(lab, create, **request(lab, 43, **vxlan)) == (
        "network.no_vni",
        "vxlan_pool_id",
    )
    taken = request(lab, 43, vni=5000, **vxlan)
    assert await refused(lab, create, **taken) == ("network.vni_taken", "vni")
    outside = request(lab, 43, vni=7000, **vxlan)
    assert await refused(lab, create, **outside) == ("network.vni_outside", "vni")
    assert await refused(lab, create, **request(lab, 43, kind="vxlan")) == (
        "network.pool_needed",
        "vxlan_pool_id",
    )
    assert await refused(lab, create, **request(lab, 43, vni=5)) == ("network.not_of_kind", "vni")
    large = request(lab, 43, mtu=1451, **vxlan)
    assert (await refused(lab, create, **large))[0] == "network.no_vni"
    update = "vxlan_pool.update"
    assert await refused(lab, update, id=pool, vni_last=5000) == (
        "vxlan_pool.vni_used",
        "vni_last",
    )
    wider = await lab.client.call(update, id=pool, vni_last=5002)
    assert wider.vni_last == 5002
    assert await refused(lab, create, **large) == ("network.mtu_too_large", "mtu")
    assert await refused(lab, "vxlan_pool.delete", id=pool) == ("resource.in_use", None)


async def test_pools_do_not_overlap(lab: Lab, pool: str) -> None:
    other = {"zone_id": lab.cloud.zone_id, "underlay_cidr": UNDERLAY, "name": "other"}
    create = "vxlan_pool.create"
    overlap = await refused(lab, create, vni_first=4000, vni_last=5000, **other)
    assert overlap == ("vxlan_pool.overlap", "vni_first")
    reversed_ = await refused(lab, create, vni_first=4001, vni_last=4000, **other)
    assert reversed_ == ("vxlan_pool.reversed", "vni_last")
    bad = other | {"underlay_cidr": "10.0.0.1/24"}
    assert await refused(lab, create, vni_first=1, vni_last=2, **bad) == (
        "network.bad_cidr",
        "underlay_cidr",
    )


async def test_an_underlay_where_no_host_is_is_refused(lab: Lab, pool: str) -> None:
    far = await make_pool(lab, 9000, 9001, underlay_cidr="192.0.2.0/24")
    wanted = request(lab, 44, kind="vxlan", vxlan_pool_id=far)
    assert await refused(lab, "network.create", **wanted) == (
        "network.endpoint_missing",
        "vxlan_pool_id",
    )
    await lab.client.call("vxlan_pool.delete", id=far)


async def test_a_tag_is_one_networks_only(lab: Lab, pool: str) -> None:
    vlan = {"kind": "vlan", "physical_interface": "eth1"}
    network = await made(lab, 45, vlan_id=120, **vlan)
    assert network.mtu == 1500
    for spec in specs(lab, network.id).values():
        assert (spec.kind, spec.vlan_id, spec.physical_interface) == ("vlan", 120, "eth1")
    create = "network.create"
    again = request(lab, 46, vlan_id=120, **vlan)
    assert await refused(lab, create, **again) == ("network.vlan_taken", "vlan_id")
    assert await refused(lab, create, **request(lab, 46, **vlan)) == (
        "network.tag_needed",
        "vlan_id",
    )
    for tag in (0, 4095):
        assert (await refused(lab, create, **request(lab, 46, vlan_id=tag, **vlan)))[1] == (
            "vlan_id"
        )
    nowhere = vlan | {"physical_interface": "eth9"}
    assert await refused(lab, create, **request(lab, 46, vlan_id=7, **nowhere)) == (
        "network.interface_missing",
        "physical_interface",
    )
    large = request(lab, 46, vlan_id=7, mtu=9000, **vlan)
    assert await refused(lab, create, **large) == ("network.mtu_too_large", "mtu")
    other = await made(lab, 46, vlan_id=121, **vlan)
    under = await made(lab, 47, kind="physical", physical_interface="eth1")
    assert {network.kind, other.kind, under.kind} == {"vlan", "physical"}


async def test_a_network_in_two_clusters(lab: Lab, pool: str, second_cluster: str) -> None:
    first, second = lab.cloud.cluster_ids[0], second_cluster
    network = await made(lab, 48, kind="vxlan", vxlan_pool_id=pool)
    assert network.cluster_ids == [first]
    before = set(specs(lab, network.id))

    attach, detach = "network.attach_cluster", "network.detach_cluster"
    accepted = await lab.client.call(attach, id=network.id, cluster_id=second)
    assert await lab.ended(accepted) == []

    network = await lab.client.call("network.get", id=network.id)
    assert network.cluster_ids == [first, second]
    after = set(specs(lab, network.id))
    assert before < after
    near = next(host for host in lab.fleet.hosts if host.name in before)
    far = next(host for host in lab.fleet.hosts if host.name in after - before)
    here = await machine(lab, network.id, host_id=near.id)
    there = await machine(lab, network.id, host_id=far.id)
    assert (here.cluster_id, there.cluster_id) == (first, second)
    assert await refused(lab, attach, id=network.id, cluster_id=second) == (
        "network.in_cluster",
        "cluster_id",
    )
    assert await refused(lab, detach, id=network.id, cluster_id=second) == (
        "network.cluster_used",
        "cluster_id",
    )
    await lab.remove_all()
    accepted = await lab.client.call(detach, id=network.id, cluster_id=first)
    assert await lab.ended(accepted) == []
    network = await lab.client.call("network.get", id=network.id)
    assert (network.cluster_id, network.cluster_ids) == (second, [second])
    assert set(specs(lab, network.id)) == after - before
    assert await refused(lab, detach, id=network.id, cluster_id=second) == (
        "network.last_cluster",
        "cluster_id",
    )
    assert await refused(lab, detach, id=network.id, cluster_id=first) == (
        "network.not_in_cluster",
        "cluster_id",
    )
