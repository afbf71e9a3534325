"""A real guest in QEMU that puts forged frames on its NIC by a raw socket."""

from __future__ import annotations

import asyncio
import struct
import sys
from typing import TYPE_CHECKING

import pytest

from hostagent.network.wire.frames import arp_request, dhcp_release, mac_bytes
from tests.integration.network.conftest import run
from tests.integration.network.frames import UDP, ip_frame
from tests.integration.network.test_anti_spoofing import router_advertisement
from tests.lab.guest import run as lab

if TYPE_CHECKING:
    from hostagent.protocol.network import PortSpec
    from tests.integration.network.conftest import Host

pytestmark = pytest.mark.timeout(240)
RUN_WITHIN_S = 180.0
TIMES = 50  # many more than what a guest sends in vain while its NIC comes up
BAD, GOOD, GATEWAY = "10.70.0.10", "10.70.0.11", "10.70.0.1"
STRANGER_MAC = "0a:de:ad:be:ef:00"
DATAGRAM = struct.pack("!HHHH", 5000, 5000, 8, 0)


def forgeries(bad: PortSpec, good: PortSpec) -> dict[str, bytes]:
    """Frames that no machine may send, by what they pretend."""
    rogue_dhcp = bytearray(dhcp_release(bad.mac, BAD, good.mac, GOOD))
    rogue_dhcp[34:38] = struct.pack("!HH", 67, 68)
    octets = mac_bytes(bad.mac)
    link_local = b"\xfe\x80" + bytes(6) + bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe"
    return {
        "another's MAC": ip_frame(STRANGER_MAC, good.mac, BAD, GOOD, UDP, DATAGRAM),
        "another's address": ip_frame(bad.mac, good.mac, "10.70.0.99", GOOD, UDP, DATAGRAM),
        "the gateway's ARP": arp_request(bad.mac, GATEWAY, GOOD),
        "its neighbour's ARP": arp_request(bad.mac, GOOD, GOOD),
        "a DHCP server's answer": bytes(rogue_dhcp),
        "a router's advertisement": router_advertisement(bad.mac, link_local + octets[3:]),
    }


async def test_what_a_real_guest_forges_is_dropped_and_counted(host: Host) -> None:
    bad, good = host.port("bad", BAD), host.port("good", GOOD)
    neighbour = host.guest(good)
    run("ip", "tuntap", "add", "dev", bad.tap, "mode", "tap")
    run("ip", "link", "set", bad.tap, "up")
    await host.must_apply(host.network("net", ports=[bad, good]))
    neighbour.static(f"{GOOD}/24", GATEWAY)
    neighbour.watch(
        f"ether saddr {STRANGER_MAC}",
        "ip saddr 10.70.0.99",
        f"arp saddr ip {GATEWAY} ether saddr {bad.mac}",
        f"arp saddr ip {GOOD}",
        f"udp sport 67 ether saddr {bad.mac}",
        "icmpv6 type nd-router-advert",
    )
    frames = forgeries(bad, good)
    before = await host.drops(bad)
    folder = host.folder / "qemu"
    folder.mkdir()
    result = await asyncio.to_thread(
        lab.run,
        folder,
        [sys.executable, "-m", "tests.integration.network.forger", GATEWAY, str(TIMES),
         *(frame.hex() for frame in frames.values())],
        devices=[
            "-netdev", f"tap,id=nic,ifname={bad.tap},script=no,downscript=no",
            "-device", f"virtio-net-pci,netdev=nic,mac={bad.mac}",
        ],
        timeout_s=RUN_WITHIN_S,
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert f"lease of {BAD} obtained" in result.output
    assert await host.drops(bad) >= before + TIMES * len(frames)
    assert dict(zip(frames, neighbour.seen(), strict=True)) == dict.fromkeys(frames, 0)
