"""What tests of IPv6 need: networks with it, guests that learn it, and forged packets."""

from __future__ import annotations

import json
import struct
from ipaddress import IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Any

from hostagent.network.plan.network import derived_mac
from hostagent.protocol.ipv6 import Ipv6Spec, link_local_of, slaac_address
from hostagent.protocol.network import mac_for
from tests.integration.network.conftest import until
from tests.integration.network.frames import ICMPV6, checksum

if TYPE_CHECKING:
    from tests.integration.network.conftest import Guest, Host

PREFIX = IPv6Network("fd00:70::/64")
GATEWAY, SERVICE = "fd00:70::1", "fd00:70::2"
ROUTER_ADVERTISEMENT, SOLICITATION, ADVERTISEMENT, REDIRECT = 134, 135, 136, 137
_ALL_NODES, _ALL_NODES_MAC = "ff02::1", "33:33:00:00:00:01"
_OVERRIDE = 0x2000_0000


def part(mode: str = "slaac", **more: Any) -> Ipv6Spec:
    """The IPv6 part of a test network."""
    fields = {"cidr": str(PREFIX), "mode": mode, "gateway": GATEWAY, "service_address": SERVICE}
    return Ipv6Spec(**{**fields, **more})


def eui64(nic: str, prefix: IPv6Network = PREFIX) -> str:
    """The address that a NIC makes itself."""
    return str(slaac_address(prefix, mac_for(nic)))


def router(network: str = "net") -> str:
    """The link-local address of a private network's bridge."""
    return link_local_of(derived_mac("bridge", network))


def addresses(guest: Guest) -> list[str]:
    """A guest's global IPv6 addresses that it may use."""
    found = json.loads(guest.do("ip", "-j", "-6", "addr", "show", "dev", "eth0", "scope", "global"))
    return [
        item["local"]
        for link in found
        for item in link.get("addr_info", [])
        if "local" in item and not item.get("tentative")
    ]


def routers(guest: Guest) -> list[str]:
    """The next hops of a guest's IPv6 default routes."""
    found = json.loads(guest.do("ip", "-j", "-6", "route", "show", "default"))
    return [hop["gateway"] for route in found for hop in [route, *route.get("nexthops", [])]
            if "gateway" in hop]  # fmt: skip


async def boot(guest: Guest) -> None:
    """Let a guest begin anew, as a machine that starts, until its link-local address is good."""
    setting = "net.ipv6.conf.eth0.disable_ipv6"
    guest.do("sysctl", "-qw", f"{setting}=1")
    guest.do("sysctl", "-qw", f"{setting}=0")
    await until(lambda: is_ready(guest, link_local_of(guest.mac)))


def is_ready(guest: Guest, address: str) -> bool:
    """Whether a guest has an address and nobody else answered for it."""
    text = guest.do("ip", "-6", "addr", "show", "dev", "eth0", "-tentative", "-dadfailed")
    return f" {address}/" in text


async def learns(guest: Guest, address: str, via: str) -> None:
    """A guest starts and has this very address and default route, and no others."""
    await boot(guest)
    await until(lambda: is_ready(guest, address))
    assert addresses(guest) == [address]
    await until(lambda: routers(guest) == [via])


def static6(guest: Guest, address: str, gateway: str = GATEWAY) -> None:
    """Set an IPv6 address by hand."""
    guest.do("sysctl", "-qw", "net.ipv6.conf.eth0.accept_ra=0")
    guest.do("ip", "-6", "addr", "replace", f"{address}/64", "dev", "eth0", "nodad")
    guest.do("ip", "-6", "route", "replace", "default", "via", gateway)


async def nic(host: Host, name: str, number: int, mode: str = "slaac", **more: Any) -> Any:
    """A port with both addresses, and its guest."""
    address6 = eui64(name) if mode == "slaac" else f"fd00:70::{number:x}:1"
    port = host.port(name, f"10.70.0.{number}", ipv6_address=address6, **more)
    return port, host.guest(port)


def neighbour(
    kind: int,
    mac: str,
    source: str,
    target: str,
    *,
    destination: str = _ALL_NODES,
    destination_mac: str = _ALL_NODES_MAC,
    fragment: bool = False,
) -> bytes:
    """A frame with a neighbour solicitation or advertisement about `target` (RFC 4861, 4.3)."""
    flags = _OVERRIDE if kind == ADVERTISEMENT else 0
    body = struct.pack("!BBHI", kind, 0, 0, flags) + IPv6Address(target).packed
    if source != "::":
        body += bytes([2 if kind == ADVERTISEMENT else 1, 1]) + bytes.fromhex(mac.replace(":", ""))
    return icmpv6_frame(
        mac, source, body, destination=destination, destination_mac=destination_mac,
        fragment=fragment,
    )  # fmt: skip


def icmpv6_frame(
    mac: str,
    source: str,
    body: bytes,
    *,
    destination: str = _ALL_NODES,
    destination_mac: str = _ALL_NODES_MAC,
    fragment: bool = False,
) -> bytes:
    """A frame with an ICMPv6 message and hop limit 255; `fragment` gives it a header of one."""
    packed = IPv6Address(source).packed + IPv6Address(destination).packed
    pseudo = packed + struct.pack("!II", len(body), ICMPV6)
    body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    kind = ICMPV6
    if fragment:  # the only one, which is enough to hide what it is (RFC 6980)
        body, kind = struct.pack("!BBHI", ICMPV6, 0, 0, 7) + body, 44
    header = struct.pack("!IHBB", 6 << 28, len(body), kind, 255) + packed
    return bytes.fromhex((destination_mac + mac).replace(":", "")) + b"\x86\xdd" + header + body
