"""The nft rules and dnsmasq files that a typical document gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hostagent.network.dhcp import (
    DhcpFiles,
    render_config,
    render_hosts,
    render_local_names,
    render_names,
)
from hostagent.network.plan import plan_of, validate
from hostagent.network.rules import counter_name, render_removal, render_rules
from hostagent.protocol.network import (
    InstanceMetadata,
    NetworkDocument,
    NetworkSpec,
    PortSpec,
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
        ),
        NetworkSpec(
            id="office", kind="physical", bridge=bridge_name("office"), cidr="192.168.5.0/24",
            gateway="192.168.5.1", dhcp_address="192.168.5.254", physical_interface="eno1",
            dns=["192.168.5.1"],
            ports=[port("db-1", "192.168.5.20"), port("fw", "192.168.5.21", anti_spoofing=False)],
        ),
    ],
)  # fmt: skip
PLANS = [plan_of(spec) for spec in DOCUMENT.networks]


def test_document_is_valid() -> None:
    assert validate(DOCUMENT) == []


def test_rules(golden: Golden) -> None:
    counters = {counter_name(tap_name("web-1")): (12, 900)}
    golden.check("network/rules.nft", render_rules(PLANS, "0a1b2c", counters))


def test_rules_of_an_empty_host(golden: Golden) -> None:
    golden.check("network/rules-empty.nft", render_rules([], "0a1b2c", {}))


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
