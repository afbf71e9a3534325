"""What VLAN networks put on the wire, over two hosts, and under elastic addresses.

Needs a kernel with VLAN devices; where there is none, `test_in_debian_guest.py` runs this.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from hostagent.network.wire.frames import arp_request, ip_bytes, mac_bytes
from hostagent.protocol.network import (
    ElasticAddress,
    NetworkDocument,
    vlan_link_name,
)
from tests.integration.network.conftest import run
from tests.integration.network.frames import ICMP
from tests.integration.network.overlay import (
    CIDR,
    FAR,
    GATEWAY,
    NEAR,
    ROOT,
    UNDERLAY,
    Overlay,
)
from tests.integration.network.vms import OUT, Vms, allow, group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostagent.protocol.network import NetworkSpec, PortSpec
    from tests.integration.network.conftest import Host, Waiter

TAG, OTHER_TAG = 100, 4094
A, B = "10.70.0.10", "10.70.0.20"
OTHER_CIDR, OTHER_GATEWAY, C = "10.71.0.0/24", "10.71.0.1", "10.71.0.10"
DEVICE = vlan_link_name("net")


class Trunk(Overlay):
    """Hosts on one wire, and a router with an address in each of the two VLANs."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        for tag, address in ((TAG, GATEWAY), (OTHER_TAG, OTHER_GATEWAY)):
            name = f"lan0.{tag}"
            self.do("ip", "link", "add", "link", "lan0", "name", name, "type", "vlan",
                    "id", str(tag))  # fmt: skip
            self.do("ip", "address", "add", f"{address}/24", "dev", name)
            self.do("ip", "link", "set", name, "up")

    def tagged(self, *ports: PortSpec, name: str = "net", **more: Any) -> NetworkSpec:
        """The network with the tag TAG as hosts are told of it."""
        fields = {"kind": "vlan", "physical_interface": "wan0", "vlan_id": TAG, **more}
        return self.host.network(name, fields.pop("cidr", CIDR), ports=list(ports), **fields)

    def other(self, *ports: PortSpec) -> NetworkSpec:
        """The network with the other tag on the same NIC."""
        return self.tagged(*ports, name="other", cidr=OTHER_CIDR, vlan_id=OTHER_TAG)

    @contextmanager
    def tags(self) -> Iterator[list[bytes]]:
        """Collects what the host puts on the wire; it is there when the block has ended."""
        frames: list[bytes] = []
        with subprocess.Popen(
            ["ip", "netns", "exec", UNDERLAY, sys.executable, "-m",
             "tests.integration.network.tag_tap", "wan-near"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        ) as listener:  # fmt: skip
            assert listener.stdout is not None
            assert listener.stdout.readline() == "ready\n"
            try:
                yield frames
            finally:
                told, _ = listener.communicate()
                frames.extend(bytes.fromhex(line) for line in told.split())

    def pings(self, address: str) -> bool:
        """Whether an address answers the router."""
        try:
            self.do("busybox", "ping", "-c1", "-W1", address)
        except AssertionError:
            return False
        return True


@pytest.fixture
def trunk(host: Host) -> Iterator[Trunk]:
    trunk = Trunk(host)
    yield trunk
    trunk.end()


def tag_of(frame: bytes) -> int | None:
    """The tag of a frame (IEEE 802.1Q)."""
    return int.from_bytes(frame[14:16]) & 0xFFF if frame[12:14] == b"\x81\x00" else None


async def test_machines_speak_with_the_tag_and_only_they(host: Host, trunk: Trunk) -> None:
    port = host.port("a", A)
    a = host.guest(port)
    await host.must_apply(trunk.tagged(port))

    with trunk.tags() as frames:
        lease = await a.dhcp()
        assert lease["ip"] == A
        assert a.pings(GATEWAY)
        assert (await a.get("/latest/meta-data/instance-id")) == "vm-a"
        assert trunk.pings(NEAR), "the host's own address stays on its NIC, without a tag"

    mine = {tag_of(frame) for frame in frames if frame[6:12] == mac_bytes(a.mac)}
    assert mine == {TAG}
    dhcp = [frame for frame in frames if b"\x63\x82\x53\x63" in frame]  # RFC 2131, 3
    assert dhcp == [], "stays on the host"
    assert a.pings(GATEWAY)
    assert not a.pings(NEAR), "the host is no member"


@pytest.mark.parametrize("is_guarded", [True, False])
async def test_machines_cannot_choose_a_tag(host: Host, trunk: Trunk, is_guarded: bool) -> None:
    port = host.port("a", A, anti_spoofing=is_guarded)
    a = host.guest(port)
    await host.must_apply(trunk.tagged(port))
    a.static(f"{A}/24", GATEWAY)
    frame = arp_request(a.mac, A, GATEWAY)

    with trunk.tags() as frames:
        for tag in (OTHER_TAG, TAG, 0):
            a.send(frame[:12] + b"\x81\x00" + tag.to_bytes(2) + frame[12:])
        a.send(frame)
        assert a.pings(GATEWAY)

    ours = [frame for frame in frames if frame[6:12] == mac_bytes(a.mac)]
    assert ours
    assert {(tag_of(frame), tag_of(frame[4:])) for frame in ours} == {(TAG, None)}


async def test_machines_on_two_hosts_with_groups(host: Host, vms: Vms, trunk: Trunk) -> None:
    far = trunk.add("far", FAR)
    db = vms.add("db", A, "db")
    ports = [host.port("app", B, security_group_ids=["app"]), host.port("other", "10.70.0.21")]
    guests = [far.guest(port.nic_id, port) for port in ports]
    for guest, port in zip(guests, ports, strict=True):
        guest.static(f"{port.address}/24", GATEWAY)
    app, other = (vms.talker(*guest.enter) for guest in guests)
    db.listens("tcp", 5432, 5433)
    sql = allow("sql", "tcp", 5432, peer_group_id="app")
    members = group("app", OUT, members=(B,))

    here = trunk.tagged(*vms.ports.values())
    await host.must_apply(here, groups=[group("db", sql), members])
    far.apply(trunk.tagged(*ports), security_groups=[members])

    assert app.reaches("tcp", A, 5432)
    assert not app.reaches("tcp", A, 5433, allowed=False)
    assert not other.reaches("tcp", A, 5432, allowed=False)
    connection = app.open("tcp", A, 5432)
    await host.must_apply(here, groups=[group("db"), members])
    assert not app.says(connection, allowed=False)
    lease = await asyncio.to_thread(lambda: asyncio.run(guests[1].dhcp()))
    assert lease["ip"] == "10.70.0.21", "by its own host"


async def test_elastic_addresses_on_a_vlan(host: Host, vms: Vms, trunk: Trunk) -> None:
    one = "10.71.0.20"
    web = vms.add("web", A)
    web.listens("tcp", 80)
    world = vms.talker("ip", "netns", "exec", UNDERLAY)
    document = NetworkDocument(
        generation=1,
        networks=[trunk.other(), vms.network()],
        elastic_addresses=[ElasticAddress(address=one, network_id="other", nic_id="web")],
    )
    report = await host.manager.apply(document)
    assert report.applied, report.errors

    assert world.reaches("tcp", one, 80)
    with trunk.tags() as frames:
        assert vms.guests["web"].pings(OTHER_GATEWAY)
    echoes = [frame for frame in frames if frame[16:18] == b"\x08\x00" and frame[27] == ICMP]
    assert {tag_of(frame) for frame in echoes} == {OTHER_TAG}
    assert {frame[30:34] for frame in echoes} == {ip_bytes(one)}


async def test_what_somebody_takes_away_comes_back(
    host: Host, trunk: Trunk, wait_until: Waiter
) -> None:
    port = host.port("a", A)
    a = host.guest(port)
    await host.must_apply(trunk.tagged(port))
    a.static(f"{A}/24", GATEWAY)

    run("ip", "link", "delete", DEVICE)
    await wait_until(lambda: a.pings(GATEWAY))
    run("ip", "link", "set", DEVICE, "down")
    await wait_until(lambda: a.pings(GATEWAY))
    run("ip", "link", "set", "wan0", "down")
    run("ip", "link", "set", "wan0", "up")
    await wait_until(lambda: a.pings(GATEWAY))
