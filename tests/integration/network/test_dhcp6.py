"""DHCPv6 in private networks, asked by two real clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.network.dhcp6_clients import Dhcp6Client
from tests.integration.network.ipv6 import (
    GATEWAY,
    SERVICE,
    addresses,
    boot,
    nic,
    part,
    router,
    routers,
)

if TYPE_CHECKING:
    from tests.integration.network.conftest import Host, Waiter


async def test_two_clients_get_the_address_of_the_document(host: Host, wait_until: Waiter) -> None:
    one, first = await nic(host, "one", 10, "dhcp")
    two, second = await nic(host, "two", 11, "dhcp")
    await host.must_apply(host.network("net", ports=[one, two], ipv6=part("dhcp")))
    await boot(first)
    await boot(second)

    told = await Dhcp6Client(first, host.folder).dhclient()
    assert told["new_ip6_address"] == one.ipv6_address
    assert told["new_dhcp6_name_servers"] == SERVICE
    assert told["new_dhcp6_domain_search"] == "lab.test."

    told = await Dhcp6Client(second, host.folder).dhcpcd()
    assert told["new_dhcp6_ia_na1_ia_addr1"] == two.ipv6_address
    assert told["new_dhcp6_name_servers"] == SERVICE

    for guest in (first, second):
        await wait_until(lambda guest=guest: routers(guest) == [router()])
        assert guest.pings(GATEWAY)
    assert first.pings(two.ipv6_address)
    assert addresses(first) == [one.ipv6_address], "none made up beside it"


async def test_a_machine_installed_anew_gets_its_address_at_once(host: Host) -> None:
    """It calls itself by another identifier, and so does another client in it."""
    port, guest = await nic(host, "one", 10, "dhcp")
    await host.must_apply(host.network("net", ports=[port], ipv6=part("dhcp")))
    await boot(guest)
    client = Dhcp6Client(guest, host.folder)

    for identifier in ("LLT", "LL"):
        told = await client.dhclient(identifier=identifier)
        assert told["new_ip6_address"] == port.ipv6_address
        guest.do("ip", "-6", "addr", "flush", "dev", "eth0", "scope", "global")
    told = await client.dhcpcd()
    assert told["new_dhcp6_ia_na1_ia_addr1"] == port.ipv6_address


async def test_strangers_get_nothing(host: Host) -> None:
    known, _ = await nic(host, "known", 10, "dhcp")
    stranger = host.port("stranger", "10.70.0.11")
    guest = host.guest(stranger)
    network = host.network("net", ports=[known], ipv6=part("dhcp"))
    await host.must_apply(network)
    host.plug(guest, network)
    await boot(guest)

    assert await Dhcp6Client(guest, host.folder).dhclient() == {}


async def test_a_side_nic_gets_an_address_and_no_servers(host: Host) -> None:
    port, guest = await nic(host, "one", 10, "dhcp", is_default=False)
    await host.must_apply(host.network("net", ports=[port], ipv6=part("dhcp")))
    await boot(guest)

    told = await Dhcp6Client(guest, host.folder).dhclient()

    assert told["new_ip6_address"] == port.ipv6_address
    assert "new_dhcp6_name_servers" not in told


async def test_a_machine_free_of_anti_spoofing_is_known_by_its_identifier(host: Host) -> None:
    port, guest = await nic(host, "one", 10, "dhcp", anti_spoofing=False)
    await host.must_apply(host.network("net", ports=[port], ipv6=part("dhcp")))
    await boot(guest)
    guest.do("ip", "-6", "addr", "flush", "dev", "eth0", "scope", "link")
    guest.do("ip", "-6", "addr", "add", "fe80::77/64", "dev", "eth0", "nodad")

    told = await Dhcp6Client(guest, host.folder).dhclient()

    assert told["new_ip6_address"] == port.ipv6_address
