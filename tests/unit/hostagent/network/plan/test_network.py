"""What a network document may say."""

from __future__ import annotations

from typing import Any

import pytest

from hostagent.network.plan.network import plan_of, short_hostname, validate
from hostagent.protocol.ipv6 import link_local_of
from hostagent.protocol.network import (
    HostRoute,
    InstanceMetadata,
    NetworkDocument,
    NetworkSpec,
    PortSpec,
    RemoteMac,
    VxlanSpec,
    bridge_name,
    mac_for,
    tap_name,
)


def port(nic: str = "a", /, **more: Any) -> PortSpec:
    fields: dict[str, Any] = {
        "nic_id": nic, "vm_id": "v", "tap": tap_name(nic), "mac": mac_for(nic),
        "address": "10.0.0.10", "hostname": "web",
        "metadata": InstanceMetadata(instance_id="v", hostname="web"),
    }  # fmt: skip
    return PortSpec(**{**fields, **more})


def network(name: str = "n", /, **more: Any) -> NetworkSpec:
    fields: dict[str, Any] = {
        "id": name, "kind": "nat", "bridge": bridge_name(name), "cidr": "10.0.0.0/24",
        "gateway": "10.0.0.1", "dhcp_address": "10.0.0.2",
    }  # fmt: skip
    return NetworkSpec(**{**fields, **more})


def problems(*networks: NetworkSpec) -> list[tuple[str, Any]]:
    document = NetworkDocument(generation=1, networks=list(networks))
    return [(error.code, error.params["field"]) for error in validate(document)]


def test_plain_network_is_fine() -> None:
    assert problems(network(ports=[port()])) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cidr", "10.0.0.1/24"),
        ("cidr", "10.0.0.0/30"),
        ("cidr", "fd00::/64"),
        ("gateway", "10.0.1.1"),
        ("gateway", "10.0.0.0"),
        ("gateway", 'x" } ; flush ruleset'),
        ("dhcp_address", "10.0.0.255"),
        ("dhcp_address", "10.0.0.1"),
        ("bridge", "eth0"),
        ("bridge", "any" + "x" * 13),
        ("bridge", 'any" drop'),
        ("mtu", 100),
        ("dns", ["1.1.1.1\nserver=evil"]),
        ("host_routes", [HostRoute(destination="10.9.0.1/16", next_hop="10.0.0.9")]),
        ("host_routes", [HostRoute(destination="10.9.0.0/16", next_hop="10.1.0.9")]),
        ("host_routes", [HostRoute(destination="10.9.0.0/16", next_hop="10.0.0.9\nx")]),
        ("domain", "a b"),
        ("domain", "a\nb"),
    ],
)
def test_bad_network_field_is_named(field: str, value: Any) -> None:
    assert ("network.invalid", field) in problems(network(**{field: value}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tap", "vnet0"),
        ("inbound_bits_per_s", 8_000),
        ("outbound_bits_per_s", 0),
        ("outbound_bits_per_s", 10**13),
        ("mac", "0b:00:00:00:00:01"),
        ("mac", "0A:00:00:00:00:01"),
        ("address", "10.0.0.1"),
        ("address", "10.0.0.2"),
        ("address", "10.9.0.5"),
        ("hostname", "-x"),
        ("hostname", "a,b"),
        ("hostname", ""),
    ],
)
def test_bad_port_field_is_named(field: str, value: Any) -> None:
    assert problems(network(ports=[port(**{field: value})])) == [("network.invalid", field)]


def tunnels(**more: Any) -> VxlanSpec:
    fields: dict[str, Any] = {"vni": 7, "endpoint": "192.0.2.1", "peers": ["192.0.2.2"]}
    return VxlanSpec(**{**fields, **more})


def test_tags_and_tunnels_are_fine() -> None:
    vlan = network("a", kind="vlan", physical_interface="eno1", vlan_id=4094)
    cidr = {"cidr": "10.9.0.0/24", "gateway": "10.9.0.1", "dhcp_address": "10.9.0.2"}
    assert problems(vlan, network("b", kind="vxlan", vxlan=tunnels(), **cidr)) == []


@pytest.mark.parametrize("tag", [None, 0, -1, 4095, 70_000])
def test_a_bad_tag_is_named(tag: int | None) -> None:
    spec = network(kind="vlan", physical_interface="eno1", vlan_id=tag)
    assert problems(spec) == [("network.invalid", "vlan_id")]


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("vni", {"vni": 0}),
        ("vni", {"vni": 2**24}),
        ("port", {"port": 0}),
        ("endpoint", {"endpoint": "224.0.0.1"}),
        ("endpoint", {"endpoint": "fd00::1"}),
        ("peers", {"peers": ["192.0.2.1"]}),
        ("peers", {"peers": ["192.0.2.2 } drop"]}),
        (
            "remote_macs",
            {"remote_macs": [RemoteMac(mac="01:00:5e:00:00:01", endpoint="192.0.2.2")]},
        ),
        ("remote_macs", {"remote_macs": [RemoteMac(mac=mac_for("x"), endpoint="127.0.0.1")]}),
    ],
)
def test_a_bad_tunnel_is_named(field: str, more: dict[str, Any]) -> None:
    spec = network(kind="vxlan", vxlan=tunnels(**more))
    assert problems(spec) == [("network.invalid", field)]


def test_tags_and_tunnels_belong_to_their_kinds() -> None:
    assert problems(network(vlan_id=5)) == [("network.invalid", "vlan_id")]
    assert problems(network(vxlan=tunnels())) == [("network.invalid", "vxlan")]
    assert problems(network(kind="vxlan")) == [("network.invalid", "vxlan")]


def test_a_tag_on_a_nic_and_a_vni_are_one_networks_only() -> None:
    cidr = {"cidr": "10.9.0.0/24", "gateway": "10.9.0.1", "dhcp_address": "10.9.0.2"}
    tagged: dict[str, Any] = {"kind": "vlan", "vlan_id": 5}
    one = network("a", physical_interface="eno1", **tagged)
    two = network("b", physical_interface="eno1", **tagged, **cidr)
    other = network("b", physical_interface="eno2", **tagged, **cidr)
    assert problems(one, two) == [("network.conflict", "vlan_id on eno1")]
    assert problems(one, other) == []
    under = network("u", kind="physical", physical_interface="eno1", **cidr)
    assert problems(one, under) == []
    tunnel = network("a", kind="vxlan", vxlan=tunnels())
    again = network("b", kind="vxlan", vxlan=tunnels(), **cidr)
    assert problems(tunnel, again) == [("network.conflict", "vni")]


def test_physical_network_needs_a_nic() -> None:
    assert problems(network(kind="physical")) == [("network.invalid", "physical_interface")]


def test_what_two_may_not_share() -> None:
    one = network("a", kind="physical", physical_interface="eno1", ports=[port()])
    two = network(
        "b", kind="physical", physical_interface="eno1", cidr="10.0.0.128/25",
        gateway="10.0.0.129", dhcp_address="10.0.0.130",
    )  # fmt: skip
    assert problems(one, two) == [
        ("network.conflict", "physical_interface"),
        ("network.conflict", "cidr"),
    ]


def test_ports_may_not_share_an_address() -> None:
    assert problems(network(ports=[port("a"), port("b")])) == [("network.conflict", "address in n")]


def test_same_network_twice_is_a_conflict() -> None:
    assert ("network.conflict", "id") in problems(network(), network())


def test_derived_names_fit_and_repeat() -> None:
    plan = plan_of(network())
    assert plan == plan_of(network())
    assert len(plan.service_link) <= 15
    assert len({plan.service_mac, plan.bridge_mac}) == 2
    assert all(int(mac[:2], 16) & 3 == 2 for mac in (plan.service_mac, mac_for("x")))


def test_link_local_address_of_a_mac() -> None:
    assert link_local_of("0a:00:27:0e:25:b8") == "fe80::800:27ff:fe0e:25b8"


def test_short_hostname() -> None:
    assert short_hostname("web.example.org") == "web"
