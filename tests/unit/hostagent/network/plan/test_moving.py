"""A host's document when a machine has come or gone, before the service says so."""

from __future__ import annotations

from hostagent.network.plan.host import host_plan
from hostagent.network.plan.moving import with_machine, without_machine
from hostagent.network.plan.network import validate
from hostagent.protocol.network import (
    ElasticAddress,
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

HERE, THERE = "192.0.2.1", "192.0.2.2"


def port(nic: str, number: int) -> PortSpec:
    return PortSpec(
        nic_id=nic,
        vm_id=f"vm-{nic}",
        tap=tap_name(nic),
        mac=mac_for(nic),
        address=f"10.70.0.{number}",
        hostname=nic,
        metadata=InstanceMetadata(instance_id=nic, hostname=nic),
    )


def elastic(nic: str, number: int) -> ElasticAddress:
    return ElasticAddress(address=f"203.0.113.{number}", network_id="pub", nic_id=nic)


def document() -> NetworkDocument:
    """Machine a is here, b is on its way, c is elsewhere."""
    remote = [RemoteMac(mac=mac_for(nic), endpoint=THERE) for nic in ("b", "c")]
    private = NetworkSpec(
        id="net", kind="vxlan", bridge=bridge_name("net"), cidr="10.70.0.0/24",
        gateway="10.70.0.1", dhcp_address="10.70.0.2", ports=[port("a", 10), port("b", 11)],
        vxlan=VxlanSpec(vni=7001, endpoint=HERE, peers=[THERE], remote_macs=remote),
    )  # fmt: skip
    public = NetworkSpec(
        id="pub", kind="physical", bridge=bridge_name("pub"), cidr="203.0.113.0/24",
        gateway="203.0.113.1", dhcp_address="203.0.113.250", physical_interface="eth0",
    )  # fmt: skip
    return NetworkDocument(
        generation=1, networks=[private, public],
        elastic_addresses=[elastic("a", 20)], coming_addresses=[elastic("b", 21)],
    )  # fmt: skip


def held(it: NetworkDocument) -> list[str]:
    assert validate(it) == []
    return [item.address for item in host_plan(it).held]


def test_one_that_comes_has_its_address_and_no_tunnel_leads_to_it() -> None:
    before = document()
    assert held(before) == ["203.0.113.20"]
    assert [item.address for item in host_plan(before).elastic] == ["203.0.113.20", "203.0.113.21"]
    after = with_machine(before, "vm-b")
    assert held(after) == ["203.0.113.20", "203.0.113.21"]
    assert after.coming_addresses == []
    tunnels = after.networks[0].vxlan
    assert tunnels is not None
    assert [item.mac for item in tunnels.remote_macs] == [mac_for("c")]
    assert with_machine(after, "vm-b") is after, "once is enough"


def test_one_that_goes_has_none_here() -> None:
    after = without_machine(document(), "vm-a")
    assert held(after) == []
    assert without_machine(after, "vm-a") is after


def test_one_address_comes_to_one_machine() -> None:
    both = NetworkDocument(
        generation=1, networks=document().networks,
        elastic_addresses=[elastic("a", 20)], coming_addresses=[elastic("b", 20)],
    )  # fmt: skip
    assert validate(both)
