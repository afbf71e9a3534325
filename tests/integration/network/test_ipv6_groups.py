"""Security groups with IPv6: real traffic, allowed and refused, and connections that are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.network.dhcp6_clients import Dhcp6Client
from tests.integration.network.ipv6 import (
    GATEWAY,
    SERVICE,
    boot,
    eui64,
    learns,
    part,
    router,
    static6,
)
from tests.integration.network.vms import OUT, Vms, allow, group

if TYPE_CHECKING:
    from tests.integration.network.talker import Talker

ONE, TWO, THREE = (eui64(name) for name in ("one", "two", "three"))


def add(vms: Vms, name: str, number: int, *groups: str, **more: Any) -> Talker:
    fields = {"ipv6_address": eui64(name)} | more
    talker = vms.add(name, f"10.70.0.{number}", *groups, **fields)
    static6(vms.guests[name], fields["ipv6_address"])
    return talker


async def test_allowed_passes_and_the_rest_is_refused_and_counted(vms: Vms) -> None:
    one = add(vms, "one", 10, "web")
    two, three = add(vms, "two", 11, "clients"), add(vms, "three", 12)
    one.listens("tcp", 80, 81, 82)
    host = vms.talker()
    await vms.apply(
        group(
            "web",
            allow("members", "tcp", 80, peer_group_id="clients"),
            allow("cidr", "tcp", 81, cidr=f"{THREE}/128"),
            allow("ping", "icmpv6", icmp_type=128, cidr="fd00:70::/64"),
        ),
        group("clients", OUT, members=("10.70.0.11", TWO)),
        ipv6=part(),
    )

    assert two.reaches("tcp", ONE, 80)
    assert three.reaches("tcp", ONE, 81)
    assert vms.guests["two"].pings(ONE)
    before = await vms.host.refused(vms.ports["one"])
    assert not two.reaches("tcp", ONE, 81, allowed=False)
    assert not three.reaches("tcp", ONE, 80, allowed=False)
    assert not host.reaches("tcp", ONE, 82, allowed=False)
    assert not one.reaches("tcp", TWO, 80, allowed=False)
    assert await vms.host.refused(vms.ports["one"]) >= before + 4


async def test_without_rules_nothing_passes_but_the_services(vms: Vms) -> None:
    one = vms.add("one", "10.70.0.10", "none", ipv6_address="fd00:70::10:1")
    await vms.apply(group("none"), ipv6=part("dhcp"))
    guest = vms.guests["one"]
    await boot(guest)

    told = await Dhcp6Client(guest, vms.host.folder).dhclient()

    assert told["new_ip6_address"] == "fd00:70::10:1"
    found = await guest.ado("busybox", "nslookup", "-type=AAAA", "host-one", SERVICE)
    assert "fd00:70::10:1" in found
    host = vms.talker()
    host.listens("tcp", 88)
    assert not one.reaches("tcp", GATEWAY, 88, allowed=False)


async def test_machines_in_groups_make_their_address(vms: Vms) -> None:
    vms.add("one", "10.70.0.10", "none", ipv6_address=ONE)
    await vms.apply(group("none"), ipv6=part())

    await learns(vms.guests["one"], ONE, router())


async def test_open_connections_are_cut_when_no_longer_allowed(vms: Vms) -> None:
    one, two = add(vms, "one", 10, "web"), add(vms, "two", 11)
    one.listens("tcp", 80, 81)
    await vms.apply(group("web", allow("both", "tcp", 80, 81)), ipv6=part())
    kept, cut = two.open("tcp", ONE, 80), two.open("tcp", ONE, 81)

    await vms.apply(group("web", allow("one", "tcp", 80)), ipv6=part())

    assert two.says(kept)
    assert not two.says(cut, allowed=False)
