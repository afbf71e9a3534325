"""A private network: addresses, names, metadata and the way out, seen from its VMs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from hostagent.network.services import metadata_server
from hostagent.protocol.network import HostRoute

if TYPE_CHECKING:
    from tests.integration.network.conftest import Host


async def test_vm_gets_address_routes_names_and_metadata(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    other = host.port("two", "10.70.0.11")
    network = host.network("net", ports=[port, other], mtu=1400)
    guest = host.guest(port)
    await host.must_apply(network)
    host.plug(guest, network)

    lease = await guest.dhcp()

    assert lease["ip"] == "10.70.0.10"
    assert lease["mtu"] == "1400"
    assert lease["domain"] == "lab.test"
    assert lease["dns"] == "10.70.0.2"
    assert "169.254.169.254" in guest.do("ip", "route")
    assert (await guest.get("/latest/meta-data/instance-id")) == "vm-one"
    assert (await guest.get("/latest/user-data")) == "#!/bin/sh\necho one\n"
    assert "10.70.0.11" in await guest.ado("busybox", "nslookup", "host-two.lab.test", "10.70.0.2")


async def test_vm_gets_the_routes_of_its_network(host: Host) -> None:
    ports = [
        host.port("one", "10.70.0.10"),
        host.port("two", "10.70.0.11", anti_spoofing=False),  # a router speaks for others
    ]
    network = host.network("net", ports=ports)
    await host.must_apply(network)
    guest, router = (host.guest(port) for port in ports)
    router.static("10.70.0.11/24", "10.70.0.1")
    router.do("ip", "address", "add", "10.99.0.1/32", "dev", "lo")
    await guest.dhcp()
    assert "10.99.0.0/16" not in guest.do("ip", "route")

    route = HostRoute(destination="10.99.0.0/16", next_hop="10.70.0.11")
    await host.must_apply(msgspec.structs.replace(network, host_routes=[route]))
    await guest.dhcp()

    ways = guest.do("ip", "route")
    assert "10.99.0.0/16 via 10.70.0.11" in ways
    assert "169.254.169.254" in ways
    assert "default via 10.70.0.1" in ways
    assert "1 packets received" in await guest.ado(
        "busybox", "ping", "-c", "1", "-W", "5", "10.99.0.1"
    )


async def test_only_the_default_nic_is_told_the_way_out(host: Host) -> None:
    port = host.port("one", "10.70.0.10", is_default=False)
    route = HostRoute(destination="10.99.0.0/16", next_hop="10.70.0.11")
    network = host.network("net", ports=[port], dns=["192.0.2.53"])
    guest = host.guest(port)
    await host.must_apply(network)

    lease = await guest.dhcp()

    assert lease["ip"] == "10.70.0.10"
    assert {"router", "dns", "staticroutes"}.isdisjoint(lease)
    assert "default" not in guest.do("ip", "route")
    await host.must_apply(msgspec.structs.replace(network, host_routes=[route]))
    await guest.dhcp()
    ways = guest.do("ip", "route")
    assert "10.99.0.0/16 via 10.70.0.11" in ways
    assert "default" not in ways
    default = msgspec.structs.replace(port, is_default=True)
    await host.must_apply(msgspec.structs.replace(network, ports=[default]))
    await guest.dhcp()
    assert "default via 10.70.0.1" in guest.do("ip", "route")


async def test_metadata_without_classless_route_goes_by_the_gateway(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    await host.must_apply(host.network("net", ports=[port]))

    lease = await guest.dhcp(classless=False)

    assert "staticroutes" not in lease
    assert "169.254" not in guest.do("ip", "route")
    assert (await guest.get("/latest/meta-data/local-ipv4")) == "10.70.0.10"


async def test_metadata_on_link_as_with_zeroconf(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    await host.must_apply(host.network("net", ports=[port]))
    guest.static("10.70.0.10/24", "10.70.0.1")
    guest.do("ip", "route", "add", "169.254.0.0/16", "dev", "eth0")

    assert (await guest.get("/latest/meta-data/mac")) == guest.mac


async def test_metadata_speaks_as_ec2_does(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    await host.must_apply(host.network("net", ports=[port]))
    guest.static("10.70.0.10/24", "10.70.0.1")

    token = await guest.get(
        "/latest/api/token", "-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60"
    )
    header = f"X-aws-ec2-metadata-token: {token}"
    listing = await guest.get("/2009-04-04/meta-data/", "-H", header)
    assert {"instance-id", "public-keys/", "placement/"} <= set(listing.splitlines())
    assert (await guest.get("/latest/meta-data/public-keys/")) == "0=key-0"
    key = await guest.get("/latest/meta-data/public-keys/0/openssh-key")
    assert key == "ssh-ed25519 AAAA one@test\n"
    code = ["-o", "/dev/null", "-w", "%{http_code}"]
    status = await guest.ado("curl", "-s", *code, "http://169.254.169.254/latest/no-such")
    assert status == "404"
    assert json.loads(await guest.get("/nocloud/meta-data"))["local-hostname"] == "host-one"
    url = "http://169.254.169.254/latest/meta-data/hostname"
    wget = await guest.ado("busybox", "wget", "-q", "-O-", url)
    assert wget == "host-one"


async def test_way_out_is_masqueraded_and_no_way_in(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    server = host.outside("192.0.2.9/24", "wan0", "192.0.2.1/24")
    server.do("ip", "route", "add", "10.70.0.0/24", "via", "192.0.2.1")
    await host.must_apply(host.network("net", ports=[port]))
    guest.static("10.70.0.10/24", "10.70.0.1")

    server.watch("ip saddr 192.0.2.1", "ip saddr 10.70.0.10")

    assert guest.pings("192.0.2.9")
    masqueraded, bare = server.seen()
    assert masqueraded > 0
    assert bare == 0
    assert not server.pings("10.70.0.10")


async def test_private_networks_do_not_reach_each_other(host: Host) -> None:
    here, there = host.port("one", "10.70.0.10"), host.port("two", "10.71.0.10")
    one, two = host.guest(here), host.guest(there)
    await host.must_apply(
        host.network("net", ports=[here]), host.network("net2", "10.71.0.0/24", ports=[there])
    )
    one.static("10.70.0.10/24", "10.70.0.1")
    two.static("10.71.0.10/24", "10.71.0.1")

    assert one.pings("10.70.0.1")
    assert two.pings("10.71.0.1")
    assert not one.pings("10.71.0.10")


async def test_reused_address_is_given_to_the_new_vm(host: Host) -> None:
    old, new = host.port("old", "10.70.0.10"), host.port("new", "10.70.0.10")
    first, second = host.guest(old), host.guest(new)
    await host.must_apply(host.network("net", ports=[old]))
    assert (await first.dhcp())["ip"] == "10.70.0.10"
    first.do("ip", "link", "set", "eth0", "down")

    await host.must_apply(host.network("net", ports=[new]))

    assert (await second.dhcp())["ip"] == "10.70.0.10"


async def test_names_outside_are_asked_from_the_given_server(host: Host) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    server = host.outside("192.0.2.9/24", "wan0", "192.0.2.1/24")
    pid_file = host.folder / "outside.pid"
    server.do(
        "dnsmasq", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
        f"--pid-file={pid_file}", "--host-record=example.test,203.0.113.7", "--local=/test/",
    )  # fmt: skip
    try:
        await host.must_apply(host.network("net", ports=[port], dns=["192.0.2.9"]))
        await guest.dhcp()
        answer = await guest.ado("busybox", "nslookup", "example.test", "10.70.0.2")
    finally:
        server.do("kill", pid_file.read_text().strip())
    assert "203.0.113.7" in answer


async def test_metadata_connections_end_by_themselves(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata_server, "_CONNECTION_MAX_S", 0.2)
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    await host.must_apply(host.network("net", ports=[port]))
    guest.static("10.70.0.10/24", "10.70.0.1")

    # The client says nothing and waits until the server hangs up.
    # `read` ends with 1 at the end of the stream and with more than 128 when time is up.
    script = "exec 3<>/dev/tcp/169.254.169.254/80; read -t 8 -u 3 line; [ $? -le 1 ]"
    await guest.ado("bash", "-c", script)
