"""Networks with a tag on a NIC: what shares the NIC stays apart, and the host keeps its address.

For kernels with 802.1Q; on others only how a host says that it has none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hostagent.network.wire.frames import arp_request
from hostagent.protocol.network import bridge_name, vlan_link_name
from tests.integration.network.conftest import run
from tests.integration.network.kernels import kernel_has_vlan

if TYPE_CHECKING:
    from hostagent.protocol.network import NetworkSpec, PortSpec
    from tests.integration.network.conftest import Guest, Host, Waiter

HAS_VLAN = kernel_has_vlan()
needs_vlan = pytest.mark.skipif(not HAS_VLAN, reason="this kernel has no 802.1Q")
TEN, TWENTY = "10.10.0", "10.20.0"


def addresses(link: str) -> set[str]:
    found = json.loads(run("ip", "-j", "addr", "show", "dev", link))[0]["addr_info"]
    return {f"{a['local']}/{a['prefixlen']}" for a in found if a["scope"] == "global"}


def tagged(frame: bytes, tag: int) -> bytes:
    """A frame with an 802.1Q header."""
    return frame[:12] + b"\x81\x00" + tag.to_bytes(2) + frame[12:]


class Trunk:
    """The host's NIC `wan0`, and a machine behind it that is in the VLANs 10 and 20 as well."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.far: Guest = host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
        for tag, prefix in ((10, TEN), (20, TWENTY)) if HAS_VLAN else ():
            name = f"eth0.{tag}"
            self.far.do("ip", "link", "add", "link", "eth0", "name", name, "type", "vlan",
                        "id", str(tag))  # fmt: skip
            self.far.do("ip", "addr", "add", f"{prefix}.1/24", "dev", name)
            self.far.do("ip", "link", "set", name, "up")

    def vlan(self, tag: int, prefix: str, *ports: PortSpec, **more: Any) -> NetworkSpec:
        fields = {"kind": "vlan", "physical_interface": "wan0", "vlan_id": tag, "dns": []} | more
        return self.host.network(f"vlan{tag}", f"{prefix}.0/24", ports=list(ports), **fields)

    def untagged(self, *ports: PortSpec) -> NetworkSpec:
        return self.host.network(
            "lan", kind="physical", physical_interface="wan0", ports=list(ports)
        )


@pytest.fixture
def trunk(host: Host) -> Trunk:
    return Trunk(host)


@needs_vlan
async def test_vms_are_in_their_vlan_and_the_nic_stays_as_it_is(host: Host, trunk: Trunk) -> None:
    port = host.port("one", f"{TEN}.10")
    guest = host.guest(port)
    trunk.far.watch("udp sport 67", "udp sport 68", f"arp daddr ip {TEN}.2")

    await host.must_apply(trunk.vlan(10, TEN, port))
    lease = await guest.dhcp()

    assert lease["ip"] == f"{TEN}.10"
    assert guest.pings(f"{TEN}.1")
    assert (await guest.get("/latest/meta-data/instance-id")) == "vm-one"
    assert trunk.far.seen() == [0, 0, 0], "DHCP and metadata stay on this host"
    assert addresses("wan0") == {"10.70.0.5/24"}
    assert addresses(bridge_name("vlan10")) == set()
    assert trunk.far.pings("10.70.0.5")
    (state,) = (await host.manager.status()).networks
    assert state.healthy, state.drift


@needs_vlan
async def test_vlans_and_an_untagged_network_share_a_nic(host: Host, trunk: Trunk) -> None:
    ports = {
        "ten": host.port("ten", f"{TEN}.10"),
        "twenty": host.port("twenty", f"{TWENTY}.10"),
        "lan": host.port("lan", "10.70.0.10"),
    }
    guests = {name: host.guest(port) for name, port in ports.items()}
    networks = [
        trunk.vlan(10, TEN, ports["ten"]),
        trunk.untagged(ports["lan"]),
        trunk.vlan(20, TWENTY, ports["twenty"]),
    ]

    await host.must_apply(*networks)
    guests["ten"].static(f"{TEN}.10/24", f"{TEN}.1")
    guests["twenty"].static(f"{TWENTY}.10/24", f"{TWENTY}.1")
    guests["lan"].static("10.70.0.10/24", "10.70.0.1")

    assert guests["ten"].pings(f"{TEN}.1")
    assert guests["twenty"].pings(f"{TWENTY}.1")
    assert guests["lan"].pings("10.70.0.1")
    assert trunk.far.pings("10.70.0.5"), "the host's own address, on the bridge now"
    for guest in guests.values():
        others = [f"arp saddr ip {prefix}.1" for prefix in (TEN, TWENTY, "10.70.0")]
        guest.watch(*others)
    for link, prefix in (("eth0.10", TEN), ("eth0.20", TWENTY), ("eth0", "10.70.0")):
        trunk.far.do("busybox", "arping", "-c", "1", "-w", "1", "-I", link, f"{prefix}.99",
                     check=False)  # fmt: skip
    assert [count > 0 for count in guests["ten"].seen()] == [True, False, False]
    assert [count > 0 for count in guests["twenty"].seen()] == [False, True, False]
    assert [count > 0 for count in guests["lan"].seen()] == [False, False, True]

    await host.must_apply(networks[0], networks[2])
    assert addresses("wan0") == {"10.70.0.5/24"}
    assert guests["ten"].pings(f"{TEN}.1")
    assert guests["twenty"].pings(f"{TWENTY}.1")


@needs_vlan
async def test_a_machine_cannot_tag_itself_into_another_network(host: Host, trunk: Trunk) -> None:
    port = host.port("rogue", "10.70.0.10", anti_spoofing=False)
    rogue = host.guest(port)
    await host.must_apply(trunk.untagged(port), trunk.vlan(10, TEN))
    rogue.static("10.70.0.10/24", "10.70.0.1")
    trunk.far.watch(f"arp saddr ip {TEN}.66", "arp saddr ip 10.70.0.10")

    rogue.send(tagged(arp_request(rogue.mac, f"{TEN}.66", f"{TEN}.1"), 10))
    rogue.send(arp_request(rogue.mac, "10.70.0.10", "10.70.0.1"))

    assert trunk.far.seen()[0] == 0
    assert trunk.far.seen()[1] > 0


@needs_vlan
async def test_another_tag_makes_the_device_anew(
    host: Host, trunk: Trunk, wait_until: Waiter
) -> None:
    port = host.port("one", f"{TEN}.10")
    guest = host.guest(port)
    guest.static(f"{TEN}.10/24", f"{TEN}.1")
    await host.must_apply(trunk.vlan(10, TEN, port))
    assert guest.pings(f"{TEN}.1")
    other = trunk.vlan(10, TEN, port, vlan_id=20)
    await host.must_apply(other)
    assert not guest.pings(f"{TEN}.1")
    await host.must_apply(trunk.vlan(10, TEN, port))
    assert guest.pings(f"{TEN}.1")
    run("ip", "link", "del", vlan_link_name("vlan10"))
    await wait_until(lambda: guest.pings(f"{TEN}.1"))
    await host.must_apply()
    assert vlan_link_name("vlan10") not in run("ip", "link")


@needs_vlan
async def test_what_does_not_go_is_named(host: Host, trunk: Trunk) -> None:
    run("ip", "link", "add", "link", "wan0", "name", "mine", "type", "vlan", "id", "10")
    taken = await host.apply(trunk.vlan(10, TEN))
    run("ip", "link", "del", "mine")
    large = await host.apply(trunk.vlan(10, TEN, mtu=9000))
    missing = await host.apply(trunk.vlan(10, TEN, physical_interface="nope0"))

    assert (taken.errors[0].code, taken.errors[0].params["network"]) == (
        "network.vlan_taken",
        "mine",
    )
    assert (large.errors[0].code, large.errors[0].params["most"]) == ("network.mtu_too_large", 1500)
    assert missing.errors[0].code == "network.interface_missing"
    assert bridge_name("vlan10") not in run("ip", "link")


@pytest.mark.skipif(HAS_VLAN, reason="this kernel has 802.1Q")
async def test_a_kernel_without_vlans_says_so_and_keeps_what_runs(host: Host, trunk: Trunk) -> None:
    good = trunk.untagged()
    await host.must_apply(good)

    report = await host.apply(good, trunk.vlan(10, TEN))

    assert not report.applied
    (error,) = report.errors
    assert (error.code, error.network_id) == ("network.vlan_unsupported", "vlan10")
    assert "modprobe 8021q" in error.message
    assert addresses(good.bridge) == {"10.70.0.5/24"}


async def test_tags_of_machines_go_nowhere(host: Host, trunk: Trunk) -> None:
    """Also on kernels that have no VLAN devices themselves: the wire may have them."""
    ports = [
        host.port("rogue", "10.70.0.10", anti_spoofing=False),
        host.port("other", "10.70.0.11"),
    ]
    rogue, other = (host.guest(port) for port in ports)
    await host.must_apply(trunk.untagged(*ports))
    matches = ("ether type 8021q", "arp saddr ip 10.70.0.10")
    for machine in (trunk.far, other):
        machine.watch(*matches)

    frame = arp_request(rogue.mac, "10.70.0.10", "10.70.0.1")
    rogue.send(tagged(frame, 7))
    rogue.send(frame)

    for machine in (trunk.far, other):
        assert machine.seen()[0] == 0
        assert machine.seen()[1] == 1
    other.do("nft", "delete", "table", "netdev", "watch")
    other.watch("ether type 8021q", "arp saddr ip 10.70.0.77")
    answer = arp_request(trunk.far.mac, "10.70.0.77", "10.70.0.11")
    trunk.far.send(tagged(answer, 7))
    trunk.far.send(answer)
    assert other.seen() == [0, 1]
