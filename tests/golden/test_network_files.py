"""The nft rules and dnsmasq files that a typical document gives."""

from __future__ import annotations

from ipaddress import IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hostagent.network.plan.host import HostPlan, host_plan
from hostagent.network.plan.network import plan_of, validate
from hostagent.network.rules.groups import group_counter_name
from hostagent.network.rules.limits import limited_counter_name
from hostagent.network.rules.ruleset import counter_name, render_removal, render_rules
from hostagent.network.services.dhcp import (
    DhcpFiles,
    render_config,
    render_hosts,
    render_local_names,
    render_names,
)
from hostagent.protocol.firewall import SecurityGroupSpec, SecurityRule
from hostagent.protocol.ipv6 import Ipv6Spec, slaac_address
from hostagent.protocol.network import (
    ElasticAddress,
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

if TYPE_CHECKING:
    from tests.conftest import Golden


def port(nic: str, address: str, **more: Any) -> PortSpec:
    metadata = InstanceMetadata(instance_id=f"vm-{nic}", hostname=nic)
    return PortSpec(
        nic_id=nic, vm_id=f"vm-{nic}", tap=tap_name(nic), mac=mac_for(nic), address=address,
        hostname=nic, metadata=metadata, **more,
    )  # fmt: skip


DOCUMENT = NetworkDocument(
    generation=7,
    networks=[
        NetworkSpec(
            id="private", kind="nat", bridge=bridge_name("private"), cidr="10.1.0.0/24",
            gateway="10.1.0.1", dhcp_address="10.1.0.254", dns=["192.0.2.53", "192.0.2.54"],
            domain="cloud.test", ports=[port("web-1", "10.1.0.10"), port("web-2", "10.1.0.11")],
        ),
        NetworkSpec(
            id="routed", kind="nat", bridge=bridge_name("routed"), cidr="10.2.0.0/16",
            gateway="10.2.0.1", dhcp_address="10.2.255.254", snat=False, mtu=1400,
            host_routes=[HostRoute(destination="10.9.0.0/16", next_hop="10.2.0.7")],
            names=False, metadata=False,
        ),
        NetworkSpec(
            id="office", kind="physical", bridge=bridge_name("office"), cidr="192.168.5.0/24",
            gateway="192.168.5.1", dhcp_address="192.168.5.254", physical_interface="eno1",
            dns=["192.168.5.1"],
            ports=[port("db-1", "192.168.5.20"), port("fw", "192.168.5.21", anti_spoofing=False)],
        ),
    ],
)  # fmt: skip
GROUPS = [
    SecurityGroupSpec(
        id="web",
        rules=[
            SecurityRule(id="a", direction="in", protocol="tcp", ports=(80, 80)),
            SecurityRule(id="b", direction="in", protocol="tcp", ports=(8000, 8010)),
            SecurityRule(id="c", direction="in", protocol="icmp", icmp_type=8, icmp_code=0),
            SecurityRule(id="d", direction="in", protocol="icmpv6", icmp_type=128),
            SecurityRule(id="e", direction="in", peer_group_id="web"),
            SecurityRule(id="f", direction="in", protocol="udp", cidr="192.0.2.0/25"),
            SecurityRule(id="g", direction="in", protocol="udp", cidr="198.51.100.0/24"),
            SecurityRule(id="h", direction="in", protocol="udp", cidr="2001:db8::/32"),
            SecurityRule(id="i", direction="in", action="deny", cidr="192.0.2.64/26", priority=10),
            SecurityRule(id="j", direction="out", cidr="0.0.0.0/0"),
        ],
        member_addresses=["192.168.5.21", "fe80::1"],
        private_members={"private": ["10.1.0.10", "10.1.0.11"], "elsewhere": ["10.3.0.9"]},
    ),
    SecurityGroupSpec(
        id="admin",
        rules=[
            SecurityRule(
                id="k", direction="in", protocol="tcp", ports=(22, 22), peer_group_id="web"
            ),
            SecurityRule(id="l", direction="out", action="deny", protocol="udp", priority=5),
            SecurityRule(id="m", direction="out"),
        ],
    ),
]
NUMBERS = {"private": 11, "routed": 12}
PLANS = [plan_of(spec, NUMBERS.get(spec.id, 0)) for spec in DOCUMENT.networks]


def with_groups(spec: NetworkSpec, groups: dict[str, list[str]]) -> NetworkSpec:
    ports = [
        msgspec.structs.replace(port, security_group_ids=groups.get(port.nic_id, []))
        for port in spec.ports
    ]
    return msgspec.structs.replace(spec, ports=ports)


def test_document_is_valid() -> None:
    assert validate(DOCUMENT) == []


def test_rules(golden: Golden) -> None:
    counters = {counter_name(tap_name("web-1")): (12, 900)}
    golden.check("network/rules.nft", render_rules(HostPlan(PLANS), "0a1b2c", counters))


def test_rules_with_security_groups(golden: Golden) -> None:
    guarded, office = DOCUMENT.networks[0], DOCUMENT.networks[2]
    networks = [
        with_groups(guarded, {"web-1": ["web"], "web-2": ["admin", "web"]}),
        with_groups(office, {"fw": ["web"]}),
    ]
    document = NetworkDocument(generation=8, networks=networks, security_groups=GROUPS)
    assert validate(document) == []
    counters = {group_counter_name(tap_name("web-1")): (3, 180)}
    plans = host_plan(document, NUMBERS).networks
    golden.check(
        "network/rules-groups.nft", render_rules(HostPlan(plans, GROUPS), "0a1b2c", counters)
    )


def test_rules_that_log_drops(golden: Golden) -> None:
    guarded = with_groups(DOCUMENT.networks[0], {"web-1": ["web"], "web-2": ["admin"]})
    told = [msgspec.structs.replace(port, log_forged=True) for port in guarded.ports[:1]]
    networks = [msgspec.structs.replace(guarded, ports=[*told, *guarded.ports[1:]])]
    groups = [msgspec.structs.replace(GROUPS[0], log_drops=True), GROUPS[1]]
    document = NetworkDocument(generation=9, networks=networks, security_groups=groups)
    assert validate(document) == []
    plans = [plan_of(spec, NUMBERS.get(spec.id, 0)) for spec in networks]
    golden.check("network/rules-logged.nft", render_rules(HostPlan(plans, groups), "0a1b2c", {}))


def test_rules_with_elastic_addresses(golden: Golden) -> None:
    elastic = [
        ElasticAddress(address="192.168.5.99", network_id=DOCUMENT.networks[2].id, nic_id="web-1"),
    ]
    document = msgspec.structs.replace(DOCUMENT, elastic_addresses=elastic)
    assert validate(document) == []
    golden.check(
        "network/rules-elastic.nft", render_rules(host_plan(document, NUMBERS), "0a1b2c", {})
    )


def test_rules_with_bandwidth_limits(golden: Golden) -> None:
    private = DOCUMENT.networks[0]
    limits = [
        {"inbound_bits_per_s": 10_000_000, "outbound_bits_per_s": 2_000_000},
        {"outbound_bits_per_s": 1_000_000_000},
    ]
    ports = [
        msgspec.structs.replace(port, **more)
        for port, more in zip(private.ports, limits, strict=True)
    ]
    networks = [msgspec.structs.replace(private, ports=ports)]
    document = NetworkDocument(generation=9, networks=networks)
    assert validate(document) == []
    counters = {limited_counter_name(tap_name("web-1")): (7, 10_500)}
    golden.check(
        "network/rules-limits.nft", render_rules(host_plan(document, NUMBERS), "0a1b2c", counters)
    )


def with_ipv6() -> NetworkDocument:
    """A private network with IPv6 by DHCP, and a physical one whose machines make addresses."""
    private, office = DOCUMENT.networks[0], DOCUMENT.networks[2]
    ports = [
        msgspec.structs.replace(port, ipv6_address=f"fd00:1::{place:x}", security_group_ids=["web"])
        for place, port in enumerate(private.ports, 10)
    ]
    wired = [
        msgspec.structs.replace(
            port, ipv6_address=str(slaac_address(IPv6Network("2001:db8:5::/64"), port.mac))
        )
        for port in office.ports
    ]
    networks = [
        msgspec.structs.replace(
            private, ports=ports, dns=["192.0.2.53", "2001:db8::53"],
            ipv6=Ipv6Spec(cidr="fd00:1::/64", mode="dhcp", gateway="fd00:1::1",
                          service_address="fd00:1::ffff"),
        ),
        msgspec.structs.replace(
            office, ports=wired,
            ipv6=Ipv6Spec(cidr="2001:db8:5::/64", mode="slaac", service_address="2001:db8:5::2"),
        ),
    ]  # fmt: skip
    return NetworkDocument(generation=9, networks=networks, security_groups=GROUPS)


def test_rules_with_ipv6(golden: Golden) -> None:
    document = with_ipv6()
    assert validate(document) == []
    golden.check("network/rules-ipv6.nft", render_rules(host_plan(document), "0a1b2c", {}))


def test_dnsmasq_with_ipv6(golden: Golden) -> None:
    plan = plan_of(with_ipv6().networks[0])
    files = DhcpFiles(Path("/run/anyun-network/0a1b2c") / plan.namespace)
    golden.check("network/dnsmasq-ipv6.conf", render_config(plan, files, "nobody", "nogroup"))
    golden.check("network/dnsmasq-ipv6.names", render_names(plan))


def test_rules_of_a_vxlan_network(golden: Golden) -> None:
    tunnels = VxlanSpec(
        vni=7001,
        endpoint="192.0.2.1",
        peers=["192.0.2.2", "192.0.2.3"],
        remote_macs=[RemoteMac(mac=mac_for("web-9"), endpoint="192.0.2.2")],
    )
    private = msgspec.structs.replace(DOCUMENT.networks[0], kind="vxlan", vxlan=tunnels, mtu=1450)
    document = NetworkDocument(
        generation=9,
        networks=[with_groups(private, {"web-1": ["web"]})],
        security_groups=GROUPS[:1],
    )
    assert validate(document) == []
    golden.check("network/rules-vxlan.nft", render_rules(host_plan(document), "0a1b2c", {}))


def test_rules_of_a_vlan_network(golden: Golden) -> None:
    office = DOCUMENT.networks[2]
    tagged = msgspec.structs.replace(office, kind="vlan", vlan_id=120)
    document = NetworkDocument(generation=9, networks=[tagged])
    assert validate(document) == []
    golden.check("network/rules-vlan.nft", render_rules(host_plan(document), "0a1b2c", {}))


def test_rules_of_an_empty_host(golden: Golden) -> None:
    golden.check("network/rules-empty.nft", render_rules(HostPlan(), "0a1b2c", {}))


def test_rules_removed(golden: Golden) -> None:
    golden.check("network/rules-removed.nft", render_removal("0a1b2c"))


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.spec.id)
def test_dnsmasq(golden: Golden, plan: Any) -> None:
    files = DhcpFiles(Path("/run/anyun-network/0a1b2c") / plan.namespace)
    name = f"network/dnsmasq-{plan.spec.id}"
    golden.check(f"{name}.conf", render_config(plan, files, "nobody", "nogroup"))
    golden.check(f"{name}.hosts", render_hosts(plan))
    golden.check(f"{name}.names", render_names(plan))
    golden.check(f"{name}.local-names", render_local_names(plan))
