"""What is made of logged packets, and how many are kept."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import replace

import pytest

from hostagent.network.drops.log import KEPT_MAX, REPORT_MAX, DropLog
from hostagent.network.drops.nflog import LoggedPacket
from hostagent.network.plan.host import HostPlan, host_plan
from hostagent.network.rules.drops import CUT, REFUSED, log_group
from hostagent.network.rules.groups import filtered_ports
from hostagent.protocol.firewall import SecurityGroupSpec, SecurityRule
from hostagent.protocol.network import (
    InstanceMetadata,
    NetworkDocument,
    NetworkSpec,
    PortSpec,
    bridge_name,
    mac_for,
    tap_name,
)

PORT = PortSpec(
    nic_id="n1", vm_id="v1", tap=tap_name("n1"), mac=mac_for("n1"), address="10.1.0.10",
    hostname="one", metadata=InstanceMetadata(instance_id="v1", hostname="one"),
    security_group_ids=["g"],
)  # fmt: skip
DENY = SecurityRule(id="d", direction="in", action="deny", protocol="tcp", ports=(25, 25))


PEER = SecurityRule(id="p", direction="in", action="deny", protocol="tcp", peer_group_id="peers")


def plan(*rules: SecurityRule, peers_in: str = "n") -> HostPlan:
    network = NetworkSpec(
        id="n", kind="nat", bridge=bridge_name("n"), cidr="10.1.0.0/24", gateway="10.1.0.1",
        dhcp_address="10.1.0.254", ports=[PORT],
    )  # fmt: skip
    groups = [
        SecurityGroupSpec(id="g", rules=list(rules), log_drops=True),
        SecurityGroupSpec(id="peers", private_members={peers_in: ["10.1.0.99"]}),
    ]
    return host_plan(NetworkDocument(generation=1, networks=[network], security_groups=groups))


def packet(port: int = 80, *, hook: int = 2, prefix: str = REFUSED) -> LoggedPacket:
    (item,) = filtered_ports(plan().networks)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0)
    ends = bytes([10, 1, 0, 99, 10, 1, 0, 10]) if hook else bytes([10, 1, 0, 10, 9, 9, 9, 9])
    return LoggedPacket(
        prefix=prefix, hook=hook, ether_type=0x0800, mark=item.mark, bridge_port=0,
        link_header=b"", payload=header + ends + struct.pack("!HH", 4000, port), at=5.0,
    )  # fmt: skip


@pytest.fixture
def drops(monkeypatch: pytest.MonkeyPatch) -> DropLog:
    """A log that listens to nothing: packets are handed to it."""
    drops = DropLog(1)
    monkeypatch.setattr(drops, "_listen", lambda: None)
    drops.follow(plan(DENY))
    return drops


def test_direction_and_reason(drops: DropLog) -> None:
    for one in (packet(), packet(25), packet(25, hook=0), packet(hook=0, prefix=CUT)):
        dropped = drops._understood(one)
        assert dropped is not None
        drops._keep(dropped)
    found = drops.take().packets
    assert [(one.direction, one.reason, one.rule_id) for one in found] == [
        ("in", "no_rule", ""),
        ("in", "denied", "d"),
        ("out", "no_rule", ""),
        ("out", "cut", ""),
    ]
    assert (found[0].source, found[0].source_port, found[0].destination_port) == (
        "10.1.0.99", 4000, 80,
    )  # fmt: skip


def test_what_is_allowed_meanwhile_names_no_rule(drops: DropLog) -> None:
    drops.follow(plan(SecurityRule(id="all", direction="in")))
    dropped = drops._understood(packet())
    assert dropped is not None
    assert (dropped.reason, dropped.rule_id) == ("no_rule", "")


def test_nics_that_are_gone_are_left_out(drops: DropLog) -> None:
    assert drops._understood(replace(packet(), mark=1)) is None
    assert drops._understood(replace(packet(), prefix="forged", bridge_port=1_000_000)) is None


async def test_the_queue_is_bounded_and_says_what_it_lost(drops: DropLog) -> None:
    dropped = drops._understood(packet())
    assert dropped is not None
    for _ in range(KEPT_MAX + 3):
        drops._keep(dropped)
    await asyncio.wait_for(drops.some(), 1)
    report = drops.take()
    assert (len(report.packets), report.lost) == (REPORT_MAX, {"n1": 3})
    taken = len(report.packets)
    while packets := drops.take().packets:
        taken += len(packets)
    assert taken == KEPT_MAX
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(drops.some(), 0.01)


def test_agents_have_groups_of_their_own() -> None:
    assert log_group("0a1b2c") == log_group("0a1b2c")
    assert 0x6000 <= log_group("0a1b2c") < 0x7000
    assert log_group("0a1b2c") != log_group("0a1b2d")


@pytest.mark.parametrize(("network_id", "reason"), [("n", "denied"), ("other", "no_rule")])
def test_members_are_known_in_their_own_network_alone(
    drops: DropLog, network_id: str, reason: str
) -> None:
    drops.follow(plan(PEER, peers_in=network_id))
    found = drops._understood(packet())
    assert found is not None
    assert found.reason == reason
