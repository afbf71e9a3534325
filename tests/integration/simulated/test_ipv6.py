"""IPv6 of networks: at creation and later, addresses of machines, what hosts are told, refusals."""

from __future__ import annotations

from ipaddress import IPv6Network
from typing import Any

import pytest

from appliance.protocol.errors import ApiError
from appliance.protocol.resources import Network, Vm
from hostagent.protocol.ipv6 import Ipv6Spec, slaac_address
from hostagent.protocol.network import NetworkDocument
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")

PREFIX = "fd00:21::/64"


async def make_network(lab: Lab, name: str, **fields: Any) -> str:
    accepted = await lab.client.call(
        "network.create",
        **{
            "name": name,
            "cluster_id": lab.cloud.cluster_ids[0],
            "cidr": "172.21.0.0/24",
            "gateway": "172.21.0.1",
            "ranges": [{"first": "172.21.0.10", "last": "172.21.0.99"}],
            **fields,
        },
    )
    assert await lab.ended(accepted) == []
    return accepted.resource_ids[0]


async def remove(lab: Lab, network_id: str) -> None:
    await lab.remove_all()
    assert (await lab.client.call("ledger.check")).differences == []
    accepted = await lab.client.call("network.delete", id=network_id)
    assert await lab.ended(accepted) == []
    await lab.assert_clean()


async def machine(lab: Lab, network_id: str, name: str = "web", **fields: Any) -> Vm:
    accepted = await lab.create(name, network_id=network_id, **fields)
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


async def refused(lab: Lab, operation: str, **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        await lab.client.call(operation, **fields)
    return caught.value.code, caught.value.field


def own(vm: Vm) -> str:
    return str(slaac_address(IPv6Network(PREFIX), vm.nics[0].mac))


def document_of(lab: Lab, vm: Vm) -> NetworkDocument:
    return next(host.state.document for host in lab.fleet.hosts if host.id == vm.host_id)


def told(lab: Lab, vm: Vm, network_id: str) -> tuple[Ipv6Spec | None, str]:
    """What the host of a machine runs: the network's IPv6 part, and the machine's address."""
    document = document_of(lab, vm)
    network = next(one for one in document.networks if one.id == network_id)
    port = next(one for one in network.ports if one.vm_id == vm.id)
    return network.ipv6, port.ipv6_address


async def test_machines_make_their_own_address(lab: Lab) -> None:
    network_id = await make_network(lab, "slaac", ipv6_mode="slaac", ipv6_cidr=PREFIX)
    network: Network = await lab.client.call("network.get", id=network_id)
    assert (network.ipv6_cidr, network.ipv6_gateway) == (PREFIX, "fd00:21::1")
    assert network.ipv6_ranges == []

    vm = await machine(lab, network_id)

    assert vm.nics[0].ipv6_address == own(vm)
    part, address = told(lab, vm, network_id)
    assert part == Ipv6Spec(
        cidr=PREFIX, mode="slaac", gateway="fd00:21::1", service_address="fd00:21::2"
    )
    assert address == own(vm)
    fixed = lab.cloud.vm_request("x", network_id=network_id, ipv6_address="fd00:21::99")
    assert await refused(lab, "vm.create", **fixed) == ("network.ipv6_slaac", "ipv6_address")
    await remove(lab, network_id)


async def test_addresses_are_given_out_in_order_and_come_round(lab: Lab) -> None:
    network_id = await make_network(
        lab,
        "dhcp",
        ipv6_mode="dhcp",
        ipv6_cidr=PREFIX,
        ipv6_ranges=[{"first": "fd00:21::10", "last": "fd00:21::12"}],
    )
    vms = [await machine(lab, network_id, f"web-{number}") for number in range(2)]
    assert [vm.nics[0].ipv6_address for vm in vms] == ["fd00:21::10", "fd00:21::11"]
    for operation in ("vm.destroy", "vm.expunge"):
        assert await lab.on_all(operation, [vms[0].id]) == []
    vms = [await machine(lab, network_id, f"more-{number}") for number in range(2)]
    assert [vm.nics[0].ipv6_address for vm in vms] == ["fd00:21::12", "fd00:21::10"]
    full = await refused(lab, "vm.create", **lab.cloud.vm_request("x", network_id=network_id))
    assert full == ("network.no_ipv6_address", "network_id")
    more = await lab.client.call(
        "network.set_ipv6",
        id=network_id,
        ipv6_ranges=[{"first": "fd00:21::10", "last": "fd00:21::1f"}],
    )
    assert [(one.first, one.last) for one in more.ipv6_ranges] == [("fd00:21::10", "fd00:21::1f")]
    fixed = await machine(lab, network_id, "fixed", ipv6_address="FD00:21:0::1F")
    assert fixed.nics[0].ipv6_address == "fd00:21::1f"
    for address, code in (
        ("fd00:21::1f", "network.address_taken"),
        ("fd00:21::99", "network.address_not_offered"),
        ("zz", "network.bad_ipv6_address"),
    ):
        request = lab.cloud.vm_request("x", network_id=network_id, ipv6_address=address)
        assert await refused(lab, "vm.create", **request) == (code, "ipv6_address")
    await remove(lab, network_id)


async def test_ipv6_comes_and_goes_while_machines_run(lab: Lab) -> None:
    network_id = await make_network(lab, "later")
    vm = await machine(lab, network_id)
    assert vm.nics[0].ipv6_address == ""
    assert told(lab, vm, network_id) == (None, "")
    group = await lab.client.call("security_group.create", name="six")
    rule = {"security_group_id": group.id, "direction": "in", "peer_group_id": group.id}
    await lab.client.call("security_rule.create", **rule)
    await lab.client.call("vm.set_security_groups", id=vm.id, security_group_ids=[group.id])

    await lab.client.call("network.set_ipv6", id=network_id, ipv6_mode="slaac", ipv6_cidr=PREFIX)

    vm = await lab.client.call("vm.get", id=vm.id)
    assert vm.nics[0].ipv6_address == own(vm)
    await lab.until(lambda: told(lab, vm, network_id)[1] == own(vm))
    known = document_of(lab, vm).security_groups[0]
    assert known.private_members == {network_id: [vm.nics[0].address]}
    assert known.member_addresses == [own(vm)], "no two networks share it"
    found = await lab.client.call(
        "vm.list", filter=f'nics.ipv6_address = "{own(vm).upper()}"', count=True
    )
    assert [one.id for one in found.items] == [vm.id]
    found = await lab.client.call("vm.list", q=own(vm)[-9:])
    assert [one.id for one in found.items] == [vm.id]
    addresses = await lab.client.call("network.addresses", id=network_id)
    assert [(one.address, one.use, one.vm_id) for one in addresses.ipv6] == [
        ("fd00:21::1", "gateway", None),
        ("fd00:21::2", "dhcp", None),
        (own(vm), "vm", vm.id),
    ]
    trace = await lab.client.call("vm.trace", id=vm.id, to_address=own(vm), protocol="icmp")
    assert [step.code for step in trace.steps][-1] == "trace.no_rule_out"

    for fields, wanted in (
        ({"ipv6_mode": "dhcp"}, ("network.ipv6_used", "ipv6_cidr")),
        ({"ipv6_cidr": "fd00:22::/64"}, ("network.ipv6_used", "ipv6_cidr")),
        ({"ipv6_gateway": own(vm)}, ("network.range_used", "ipv6_ranges")),
        ({"ipv6_gateway": "fd00:22::1"}, ("network.outside", "ipv6_gateway")),
    ):
        assert await refused(lab, "network.set_ipv6", id=network_id, **fields) == wanted
    await lab.client.call("network.update", id=network_id, dns=["1.1.1.1", "2001:db8::53"])
    left = await refused(lab, "network.set_ipv6", id=network_id, ipv6_mode="none")
    assert left == ("network.ipv6_dns_left", "ipv6_mode")
    await lab.client.call("network.update", id=network_id, dns=["1.1.1.1"])

    off: Network = await lab.client.call("network.set_ipv6", id=network_id, ipv6_mode="none")

    assert (off.ipv6_mode, off.ipv6_cidr, off.ipv6_gateway) == ("none", "", "")
    vm = await lab.client.call("vm.get", id=vm.id)
    assert vm.nics[0].ipv6_address == ""
    await lab.until(lambda: told(lab, vm, network_id)[1] == "")
    refusal = await refused(lab, "network.update", id=network_id, dns=["2001:db8::53"])
    assert refusal == ("network.dns_needs_ipv6", "dns")
    await lab.client.call("vm.set_security_groups", id=vm.id, security_group_ids=[])
    await lab.client.call("security_group.delete", id=group.id)
    await remove(lab, network_id)


async def test_prefixes_do_not_overlap(lab: Lab) -> None:
    network_id = await make_network(lab, "first", ipv6_mode="slaac", ipv6_cidr=PREFIX)
    other = {
        "name": "second",
        "cluster_id": lab.cloud.cluster_ids[0],
        "cidr": "172.22.0.0/24",
        "gateway": "172.22.0.1",
        "ranges": [{"first": "172.22.0.10", "last": "172.22.0.99"}],
        "ipv6_mode": "dhcp",
        "ipv6_cidr": "fd00:21::/112",
    }
    assert await refused(lab, "network.create", **other) == ("network.cidr_overlap", "ipv6_cidr")
    await remove(lab, network_id)
