"""Security groups on one host: real traffic between VMs, the host and the outside."""

from __future__ import annotations

from pathlib import Path

from hostagent.protocol.firewall import SecurityRule
from hostagent.protocol.ipv6 import link_local_of
from tests.integration.network.frames import UDP, datagram, ip_frame
from tests.integration.network.vms import OUT, Vms, allow, group

SWITCH = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")


def udp_frame(source_mac: str, mac: str, source: str, destination: str, port: int) -> bytes:
    """An Ethernet frame with an empty datagram."""
    return ip_frame(source_mac, mac, source, destination, UDP, datagram(5555, port))


async def test_allowed_passes_and_the_rest_is_refused_and_counted(vms: Vms) -> None:
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11")
    web.listens("tcp", 80, 81)
    web.listens("udp", 53, 54)
    client.listens("tcp", 99)

    await vms.apply(
        group("web", allow("http", "tcp", 80), allow("dns", "udp", 53), allow("ping", "icmp"), OUT)
    )

    assert client.reaches("tcp", "10.70.0.10", 80)
    assert client.reaches("udp", "10.70.0.10", 53)
    assert vms.guests["client"].pings("10.70.0.10")
    assert web.reaches("tcp", "10.70.0.11", 99)
    before = await vms.host.refused(vms.ports["web"])
    assert not client.reaches("tcp", "10.70.0.10", 81, allowed=False)
    assert not client.reaches("udp", "10.70.0.10", 54, allowed=False)
    assert await vms.host.refused(vms.ports["web"]) >= before + 2
    assert SWITCH.read_text().strip() == "1"


async def test_without_rules_nothing_passes_but_the_services(vms: Vms) -> None:
    one, two = vms.add("one", "10.70.0.10", "none"), vms.add("two", "10.70.0.11")
    one.listens("tcp", 80)
    two.listens("tcp", 80)
    host = vms.talker()
    host.listens("tcp", 88)
    await vms.apply(group("none"))

    assert not two.reaches("tcp", "10.70.0.10", 80, allowed=False)
    assert not one.reaches("tcp", "10.70.0.11", 80, allowed=False)
    assert not one.reaches("tcp", "10.70.0.1", 88, allowed=False)
    assert not host.reaches("tcp", "10.70.0.10", 80, allowed=False)
    assert two.reaches("tcp", "10.70.0.1", 88)
    assert host.reaches("tcp", "10.70.0.11", 80)
    guest = vms.guests["one"]
    assert (await guest.dhcp())["ip"] == "10.70.0.10"
    assert (await guest.get("/latest/meta-data/instance-id")) == "vm-one"
    assert (await guest.dhcp(classless=False))["ip"] == "10.70.0.10"
    assert (await guest.get("/latest/meta-data/instance-id")) == "vm-one"
    assert "10.70.0.11" in await guest.ado("busybox", "nslookup", "host-two", "10.70.0.2")


async def test_order_port_ranges_and_networks(vms: Vms) -> None:
    web = vms.add("web", "10.70.0.10", "web")
    near, far = vms.add("near", "10.70.0.20"), vms.add("far", "10.70.0.130")
    web.listens("tcp", 79, 80, 85, 90, 91)
    await vms.apply(
        group(
            "web",
            allow("range", "tcp", 80, 90, cidr="10.70.0.0/25"),
            allow("wide", "tcp", 80, cidr="0.0.0.0/0", priority=50),
            allow("no", "tcp", 85, action="deny"),
            allow("not-far", "tcp", 80, action="deny", cidr="10.70.0.130/32", priority=10),
        )
    )

    assert [near.reaches("tcp", "10.70.0.10", port) for port in (80, 90)] == [True, True]
    for port in (79, 85, 91):
        assert not near.reaches("tcp", "10.70.0.10", port, allowed=False)
    for port in (80, 90):
        assert not far.reaches("tcp", "10.70.0.10", port, allowed=False)


async def test_two_groups_on_a_nic_and_members_as_peers(vms: Vms) -> None:
    db = vms.add("db", "10.70.0.10", "db", "admin")
    app, other = vms.add("app", "10.70.0.11", "app"), vms.add("other", "10.70.0.12")
    db.listens("tcp", 22, 5432)
    await vms.apply(
        group("db", allow("sql", "tcp", 5432, peer_group_id="app")),
        group("admin", allow("ssh", "tcp", 22)),
        group("app", OUT, members=("10.70.0.11",)),
    )

    assert app.reaches("tcp", "10.70.0.10", 5432)
    assert app.reaches("tcp", "10.70.0.10", 22)
    assert other.reaches("tcp", "10.70.0.10", 22)
    assert not other.reaches("tcp", "10.70.0.10", 5432, allowed=False)


async def test_icmp_types(vms: Vms) -> None:
    vms.add("one", "10.70.0.10", "echo")
    vms.add("two", "10.70.0.11")
    await vms.apply(group("echo", allow("echo", "icmp", icmp_type=8), OUT))
    assert vms.guests["two"].pings("10.70.0.10")

    await vms.apply(group("echo", allow("stamp", "icmp", icmp_type=13), OUT))
    assert not vms.guests["two"].pings("10.70.0.10")
    assert vms.guests["one"].pings("10.70.0.11"), "answers come in"


async def test_ipv6_link_local(vms: Vms) -> None:
    web, client = vms.add("web", "10.70.0.10", "web"), vms.add("client", "10.70.0.11")
    web.listens("tcp", 80, 81)
    await vms.apply(group("web", allow("http", "tcp", 80, cidr="fe80::/10"), OUT))
    for name, guest in vms.guests.items():
        own = f"{link_local_of(vms.ports[name].mac)}/64"
        guest.do("ip", "-6", "addr", "replace", own, "dev", "eth0", "nodad")
    address = f"{link_local_of(vms.ports['web'].mac)}%eth0"

    assert client.reaches("tcp", address, 80)
    assert not client.reaches("tcp", address, 81, allowed=False)
    assert not client.reaches("tcp", "10.70.0.10", 80, allowed=False)
    assert not vms.guests["client"].pings(address)


async def test_way_out_through_snat(vms: Vms) -> None:
    server = vms.host.outside("192.0.2.9/24", "wan0", "192.0.2.1/24")
    outside = vms.talker("ip", "netns", "exec", server.name)
    outside.listens("tcp", 80, 81)
    one = vms.add("one", "10.70.0.10", "one")
    rule = SecurityRule(
        id="web", direction="out", protocol="tcp", ports=(80, 80), cidr="192.0.2.0/24"
    )
    await vms.apply(group("one", rule))

    assert one.reaches("tcp", "192.0.2.9", 80)
    assert not one.reaches("tcp", "192.0.2.9", 81, allowed=False)
    assert not vms.guests["one"].pings("192.0.2.9")


async def test_groups_cannot_be_gone_round(vms: Vms) -> None:
    """Frames with a VLAN tag, broadcasts, and packets for others at one's own MAC."""
    vms.add("web", "10.70.0.10", "web", anti_spoofing=False)
    vms.add("bad", "10.70.0.11")
    web, bad = vms.guests["web"], vms.guests["bad"]
    await vms.apply(group("web", allow("port", "udp", 7)))
    web.watch("@th,16,16 9", "ip daddr 10.70.0.77", "ether type vlan", "@th,16,16 7")
    plain = udp_frame(bad.mac, web.mac, "10.70.0.11", "10.70.0.10", 9)

    bad.send(plain)
    bad.send(plain[:12] + b"\x81\x00\x00\x05" + plain[12:])
    bad.send(udp_frame(bad.mac, web.mac, "10.70.0.11", "10.70.0.77", 9))
    for address in ("255.255.255.255", "10.70.0.255", "224.0.0.251"):
        bad.send(udp_frame(bad.mac, "ff:ff:ff:ff:ff:ff", "10.70.0.11", address, 9))
    web.send(plain[:12] + b"\x81\x00\x00\x05" + plain[12:])
    assert web.seen() == [0, 0, 0, 0]
    bad.send(udp_frame(bad.mac, "ff:ff:ff:ff:ff:ff", "10.70.0.11", "10.70.0.255", 7))
    assert web.seen() == [0, 0, 0, 1], "a broadcast that a rule allows is heard"


async def test_port_without_anti_spoofing_is_judged_by_its_link(vms: Vms) -> None:
    router, two = (
        vms.add("router", "10.70.0.10", "out", anti_spoofing=False),
        vms.add("two", "10.70.0.11"),
    )
    two.listens("tcp", 80, 81)
    vms.guests["router"].static("10.70.0.99/24", "10.70.0.1")
    rule = SecurityRule(id="web", direction="out", protocol="tcp", ports=(80, 80))
    await vms.apply(group("out", rule))

    assert router.reaches("tcp", "10.70.0.11", 80)
    assert not router.reaches("tcp", "10.70.0.11", 81, allowed=False)
    assert not vms.guests["two"].pings("10.70.0.99")
