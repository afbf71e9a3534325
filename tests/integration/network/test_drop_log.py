"""What is told of dropped packets: of which NIC, what they were, why, and not too many."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from hostagent.network.rules.drops import BURST
from hostagent.network.wire.frames import arp_request, dhcp_release
from hostagent.protocol.drops import CountDrops, DroppedPacket
from tests.integration.network.test_anti_spoofing import router_advertisement
from tests.integration.network.vms import OUT, Vms, allow, group

if TYPE_CHECKING:
    from hostagent.network.drops.log import DropLog
    from hostagent.protocol.firewall import SecurityGroupSpec
    from tests.integration.network.conftest import Host

WITHIN_S = 3.0
QUIET_S = 0.4  # the kernel hands packets over after a tenth of a second


def told(spec: SecurityGroupSpec) -> SecurityGroupSpec:
    """The group, telling what it refuses."""
    return msgspec.structs.replace(spec, log_drops=True)


async def heard(drops: DropLog, protocol: str = "") -> list[DroppedPacket]:
    """What has been told by the time that nothing more comes."""
    found: list[DroppedPacket] = []
    async with asyncio.timeout(WITHIN_S):
        await drops.some()
    while packets := drops.take().packets:
        found += packets
        await asyncio.sleep(QUIET_S)
    return [one for one in found if not protocol or one.protocol == protocol]


async def nothing(drops: DropLog) -> bool:
    await asyncio.sleep(2 * QUIET_S)
    return not drops.take().packets


async def test_refused_packets_are_told_with_the_reason(host: Host, vms: Vms) -> None:
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11", "all")
    web.listens("tcp", 80, 81, 82)
    deny = allow("no-82", "tcp", 82, action="deny", cidr="10.70.0.0/24", priority=5)
    await vms.apply(told(group("web", allow("http", "tcp", 80), deny)), group("all", OUT))
    before = time.time()

    assert client.reaches("tcp", "10.70.0.10", 80)
    assert not client.reaches("tcp", "10.70.0.10", 81, allowed=False)
    assert not client.reaches("tcp", "10.70.0.10", 82, allowed=False)
    assert not web.reaches("udp", "10.70.0.11", 53, allowed=False)
    found = await heard(host.manager.drops)

    assert {one.nic_id for one in found} == {"web"}
    assert all(before - 1 < one.at < time.time() + 1 for one in found)
    tcp = [one for one in found if one.protocol == "tcp"]
    ends = {(one.direction, one.source, one.destination) for one in tcp}
    assert ends == {("in", "10.70.0.11", "10.70.0.10")}
    assert all(one.source_port for one in tcp)
    why = {one.destination_port: (one.reason, one.rule_id, one.group_id) for one in tcp}
    assert why == {81: ("no_rule", "", ""), 82: ("denied", "no-82", "web")}
    out = [one for one in found if one.protocol == "udp"]
    assert {(one.direction, one.destination, one.destination_port, one.reason) for one in out} == {
        ("out", "10.70.0.11", 53, "no_rule")
    }


async def test_a_cut_connection_is_told_as_such(host: Host, vms: Vms) -> None:
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11", "all")
    web.listens("tcp", 80)
    rules = (allow("http", "tcp", 80), OUT)
    await vms.apply(told(group("web", *rules)), group("all", OUT))
    connection = client.open("tcp", "10.70.0.10", 80)
    await vms.apply(told(group("web", OUT)), group("all", OUT))
    host.manager.drops.take()

    assert not client.says(connection, allowed=False)
    found = await heard(host.manager.drops, "tcp")

    assert {(one.nic_id, one.direction, one.reason) for one in found} <= {
        ("web", "in", "no_rule"),
        ("web", "out", "cut"),
    }
    assert found


async def test_a_flood_is_told_in_part_and_counted_in_full(host: Host, vms: Vms) -> None:
    vms.add("web", "10.70.0.10", "web")
    vms.add("other", "10.70.0.12", "web")
    vms.add("client", "10.70.0.11")
    await vms.apply(told(group("web", OUT)))
    ping = ("busybox", "ping", "-q", "-i", "0.01", "-W", "1")
    vms.guests["client"].do(*ping, "-c", "200", "10.70.0.10", check=False)
    vms.guests["client"].do(*ping, "-c", "3", "10.70.0.12", check=False)

    found = await heard(host.manager.drops, "icmp")

    by_nic = [one.nic_id for one in found]
    assert BURST <= by_nic.count("web") <= BURST + 4
    assert by_nic.count("other") == 3, "each NIC has a limit of its own"
    assert {(one.icmp_type, one.icmp_code) for one in found} == {(8, 0)}
    counted = await host.manager.count_drops(CountDrops(nic_ids=["web", "nobody"]))
    assert [(one.nic_id, one.refused_packets) for one in counted.drops] == [("web", 200)]


async def test_forged_packets_are_told_with_the_reason(host: Host, vms: Vms) -> None:
    vms.add("bad", "10.70.0.10", log_forged=True)
    vms.add("quiet", "10.70.0.11")
    await vms.apply()
    mac = vms.ports["bad"].mac
    bad, quiet = vms.guests["bad"], vms.guests["quiet"]
    for guest in (bad, quiet):
        guest.do("ip", "addr", "add", "10.70.0.99/24", "dev", "eth0")
        guest.pings("10.70.0.1", source="10.70.0.99")
    bad.send(arp_request(mac, "10.70.0.1", "10.70.0.11"))
    bad.send(arp_request("0a:de:ad:be:ef:00", "10.70.0.10", "10.70.0.11"))
    bad.send(router_advertisement(mac, b"\xfe\x80" + bytes(13) + b"\x01"))
    bad.send(b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) + b"\x88\xcc" + bytes(46))
    found = await heard(host.manager.drops)

    assert {(one.nic_id, one.direction) for one in found} == {("bad", "out")}
    told_as = {(one.reason, one.protocol, one.source) for one in found}
    assert {
        ("forged_address", "arp", "10.70.0.99"),
        ("forged_address", "arp", "10.70.0.1"),
        ("forged_mac", "arp", "10.70.0.10"),
        ("router", "icmpv6", "fe80::1"),
        ("foreign_protocol", "0x88cc", ""),
    } <= told_as
    macs = {one.source_mac for one in found if one.reason == "forged_mac"}
    assert macs == {"0a:de:ad:be:ef:00"}
    assert {one.source_mac for one in found if one.reason != "forged_mac"} == {mac}


async def test_an_answer_of_a_dhcp_server_is_told_as_such(host: Host, vms: Vms) -> None:
    vms.add("bad", "10.70.0.10", log_forged=True)
    await vms.apply()
    mac = vms.ports["bad"].mac
    frame = dhcp_release(mac, "10.70.0.10", "0a:00:00:00:00:99", "10.70.0.11")
    ports = frame.index(b"\x00\x44\x00\x43")
    vms.guests["bad"].send(frame[:ports] + b"\x00\x43\x00\x44" + frame[ports + 4 :])

    found = await heard(host.manager.drops, "udp")

    assert [(one.reason, one.source_port) for one in found] == [("dhcp_server", 67)]


async def test_nothing_is_told_unless_asked_for(host: Host, vms: Vms) -> None:
    vms.add("web", "10.70.0.10", "web")
    client = vms.add("client", "10.70.0.11")
    await vms.apply(told(group("web")))
    assert not client.reaches("tcp", "10.70.0.10", 80, allowed=False)
    assert await heard(host.manager.drops)

    await vms.apply(group("web"))
    assert not client.reaches("tcp", "10.70.0.10", 80, allowed=False)
    assert await nothing(host.manager.drops)

    await vms.apply(told(group("web")))
    assert not client.reaches("tcp", "10.70.0.10", 80, allowed=False)
    assert await heard(host.manager.drops, "tcp")


async def test_logging_is_no_drift(host: Host, vms: Vms) -> None:
    """What the limits have used up changes nothing that the agent would have to repair."""
    vms.add("web", "10.70.0.10", "web")
    client = vms.add("client", "10.70.0.11")
    await vms.apply(told(group("web")))
    assert not client.reaches("tcp", "10.70.0.10", 80, allowed=False)
    vms.guests["web"].do("true")
    host.manager._firewall._intact_at = None  # as if somebody had changed other rules

    assert not await host.manager._firewall.load(host.manager._plan)
