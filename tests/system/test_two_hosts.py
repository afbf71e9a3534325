"""Real guests on two hosts, one wire between them, and a machine that is the world outside.

All tests use the same guests: `lan-1` and `lan-2` on the wire, `nat-1` and `nat-2` in a private
network, one of each on each host.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from appliance.client import wait
from appliance.protocol.resources import Vm, VmState
from tests.lab.pair import LabPair
from tests.lab.ssh import GuestShell, make_key
from tests.system.conftest import Cloud, set_up

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]
BOOTED_WITHIN_S = 180.0
EFFECT_WITHIN_S = 30.0  # it takes less than one; machines under load are slow
NAME = "files.example.test"
ECHO = str(Path(__file__).with_name("echo_server.py"))


class Pair:
    """The cloud, its two hosts and its guests by name."""

    def __init__(self, cloud: Cloud, lab: LabPair, key: Path) -> None:
        self.cloud, self.lab, self.key = cloud, lab, key
        self.call = cloud.client.call
        self.host_ids: list[str] = []
        self.vms: dict[str, Vm] = {}
        self.lan_id = ""

    async def prepare(self) -> None:
        """Both hosts, the network on the wire, the world's name server, and the guests."""
        lab = self.lab
        first = self.cloud.flow.step("host").request["candidate_id"]
        cluster_id = self.cloud.flow.step("cluster").request["id"]
        self.host_ids = [first, await lab.join_second(self.cloud.client, cluster_id)]
        base = lab.wire.address.rpartition(".")[0]
        accepted = await self.call(
            "network.create", name="lan", cluster_id=cluster_id, kind="physical",
            physical_interface="eth1", cidr=f"{base}.0/24", gateway=lab.wire.address,
            dns=[lab.wire.address], ranges=[{"first": f"{base}.100", "last": f"{base}.120"}],
        )  # fmt: skip
        self.lan_id = accepted.resource_ids[0]
        await wait(self.cloud.client, accepted, timeout_s=60)
        lab.wire.spawn(
            "dnsmasq", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
            "--keep-in-foreground", f"--pid-file={lab.folder}/names.pid",
            f"--host-record={NAME},{lab.wire.address}", "--local=/test/",
        )  # fmt: skip
        lab.wire.spawn(sys.executable, ECHO, lab.wire.address)
        for number, host_id in enumerate(self.host_ids, start=1):
            await self._create(f"lan-{number}", host_id, network_id=self.lan_id)
            await self._create(f"nat-{number}", host_id)
        await asyncio.gather(*(self.shell(name).is_up(BOOTED_WITHIN_S) for name in self.vms))

    async def _create(self, name: str, host_id: str, **fields: Any) -> None:
        key = self.key.with_suffix(".pub").read_text().strip()
        self.vms[name] = await self.cloud.create(
            name, host_id=host_id, ssh_public_key=key, **fields
        )

    def address(self, name: str) -> str:
        """The address of a guest in its network."""
        return self.vms[name].nics[0].address

    def shell(self, name: str) -> GuestShell:
        """The way into a guest: from the wire, or from its host to a private network."""
        host = self.lab.hosts[int(name[-1]) - 1]
        enter = self.lab.wire.command() if name.startswith("lan") else host.command()
        return GuestShell(enter, self.address(name), self.key)

    async def is_connected(self) -> bool:
        """Whether the service sees both hosts."""
        hosts = [await self.call("host.get", id=host_id) for host_id in self.host_ids]
        return all(host.status == "connected" for host in hosts)

    async def is_second_ready(self) -> bool:
        """Whether the second host has rules and a bridge for each of the two networks."""
        ask = self.lab.second.run
        rules = await asyncio.to_thread(ask, "nft", "list", "ruleset")
        bridges = await asyncio.to_thread(ask, "ip", "-o", "link", "show", "type", "bridge")
        return "any_guard" in rules and bridges.count(": anyb") == 2

    async def group(self, name: str, *rules: dict[str, Any]) -> str:
        """A new security group that lets SSH in and everything out, and what `rules` say."""
        group = await self.call("security_group.create", name=name)
        always = ({"direction": "in", "protocol": "tcp", "port_first": 22}, {"direction": "out"})
        for rule in (*always, *rules):
            await self.call("security_rule.create", security_group_id=group.id, **rule)
        return group.id


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pair() -> AsyncIterator[Pair]:
    async with LabPair(7) as lab:
        cloud = await set_up(lab)
        pair = Pair(cloud, lab, make_key(lab.folder))
        await pair.prepare()
        yield pair
        await cloud.client.close()


async def becomes(
    condition: Callable[[], Awaitable[bool]],
    *,
    true: bool = True,
    within_s: float = EFFECT_WITHIN_S,
) -> None:
    """Wait until something holds, or holds no more."""
    async with asyncio.timeout(within_s):
        while await condition() != true:
            await asyncio.sleep(0.2)


def pings(address: str) -> str:
    return f"ping -c1 -W4 {address} >/dev/null"


def gets(address: str) -> str:
    """A shell command that gets the guest's name by HTTP; SSH takes a signal for its own end."""
    return f"timeout 3 wget -qO- http://{address}/name || false"


RENEW = """\
has() { n=0; until [ "$(grep -c obtained /tmp/lease)" = "$1" ] || [ $n = 30 ]; do
    sleep 1; n=$((n + 1)); done; }
udhcpc -f -i eth0 -s /bin/true >/tmp/lease 2>&1 &
client=$!; has 1; kill -USR1 $client; has 2; kill $client; cat /tmp/lease
"""
SECOND_NIC = """\
n=0; until [ -e /sys/class/net/eth1 ] || [ $n = 30 ]; do sleep 1; n=$((n + 1)); done
ip link set eth1 up
udhcpc -i eth1 -n -q -f -O staticroutes -O mtu -s /etc/udhcpc/default.script 2>&1
"""
SERVE = "mkdir -p /www; hostname >/www/name; pidof httpd || httpd -h /www"


async def udp_count(shell: GuestShell) -> int:
    """Datagrams that came to a guest, to ports where nobody listens."""
    head, values = (await shell.run("grep ^Udp: /proc/net/snmp")).splitlines()
    return int(values.split()[head.split().index("NoPorts")])


async def all_renew(pair: Pair, *names: str) -> None:
    """Have a DHCP client of each guest take its lease and renew it."""
    await asyncio.gather(*(_renews(pair.shell(name), pair.address(name)) for name in names))


async def _renews(shell: GuestShell, address: str) -> None:
    said = await shell.run(RENEW)
    assert said.count(f"lease of {address} obtained") == 2, said
    assert "sending renew" in said, said


async def test_guests_on_two_hosts_talk(pair: Pair) -> None:
    one, two = pair.shell("lan-1"), pair.shell("lan-2")
    address = pair.address("lan-2")
    assert f"inet {address}/24" in await two.run("ip -4 address show eth0")
    assert NAME in await one.run(f"nslookup {NAME}")
    assert await one.succeeds(pings(address))
    await two.run(SERVE)
    assert await one.run(gets(address)) == "lan-2\n"
    assert await one.run(f"echo word | nc -w 3 {NAME} 7") == "word\n"
    before = await udp_count(two)
    await one.attempt(f"nslookup -type=a name {address}")
    assert await udp_count(two) > before
    await all_renew(pair, *pair.vms)


async def test_security_groups_hold_on_both_hosts(pair: Pair) -> None:
    one, two = pair.shell("lan-1"), pair.shell("lan-2")
    address = pair.address("lan-2")
    await two.run(SERVE)
    clients = await pair.group("clients")
    server = await pair.group(
        "server",
        {"direction": "in", "protocol": "tcp", "port_first": 80, "peer_group_id": clients},
    )
    lan_1, lan_2 = pair.vms["lan-1"].id, pair.vms["lan-2"].id
    await pair.call("vm.set_security_groups", id=lan_2, security_group_ids=[server])
    await becomes(lambda: one.succeeds(pings(address)), true=False)
    assert not await one.succeeds(gets(address))
    before = await udp_count(two)
    await one.attempt(f"nslookup -type=a name {address}")
    assert await udp_count(two) == before

    await pair.call("vm.set_security_groups", id=lan_1, security_group_ids=[clients])
    await becomes(lambda: one.succeeds(gets(address)))
    assert not await one.succeeds(pings(address))
    world = pair.lab.wire.command("curl", "-s", "-m", "2", f"http://{address}/name")
    assert await _exit_code(*world) != 0, "the world is no member"
    assert not await two.succeeds(pings(pair.address("lan-1"))), "nothing lets it in there"

    for vm_id in (lan_1, lan_2):
        await pair.call("vm.set_security_groups", id=vm_id)
    await becomes(lambda: two.succeeds(pings(pair.address("lan-1"))))
    for group in (server, clients):
        await pair.call("security_group.delete", id=group)


async def test_the_world_outside_by_snat_and_by_an_address_that_moves(pair: Pair) -> None:
    one, two = pair.shell("nat-1"), pair.shell("nat-2")
    world, hosts = pair.lab.wire.address, pair.lab.addresses
    seen = f"nc -w 5 {world} 8 </dev/null"
    for shell, host in zip((one, two), hosts, strict=True):
        await shell.run(SERVE)
        assert NAME in await shell.run(f"nslookup {NAME} {world}"), "UDP, both ways"
        assert await shell.run(seen) == host
    taken = await pair.call("elastic_ip.create", name="shop", network_id=pair.lan_id)
    await pair.call("elastic_ip.bind", id=taken.id, vm_id=pair.vms["nat-1"].id)
    await becomes(lambda: _says(one, seen, taken.address))

    asked = pair.lab.wire.command("curl", "-s", "-m", "2", f"http://{taken.address}/name")
    answers: list[str] = []

    async def ask() -> None:
        while True:
            answers.append(await _output(*asked))

    async def is_answered_by(name: str) -> bool:
        return f"{name}\n" in answers

    asking = asyncio.create_task(ask())
    await becomes(lambda: is_answered_by("nat-1"))
    await pair.call("elastic_ip.bind", id=taken.id, vm_id=pair.vms["nat-2"].id)
    await becomes(lambda: is_answered_by("nat-2"))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    change = answers.index("nat-2\n")
    assert "nat-1\n" not in answers[change:], answers
    assert await one.run(seen) == hosts[0]
    assert await two.run(seen) == taken.address
    assert await pair.shell("lan-1").run(gets(taken.address)) == "nat-2\n"

    await pair.call("elastic_ip.unbind", id=taken.id)
    await becomes(lambda: _says(two, seen, hosts[1]))
    await pair.call("elastic_ip.delete", id=taken.id)


async def test_a_network_over_tunnels_on_further_nics(pair: Pair) -> None:
    underlay = f"{pair.lab.wire.address.rpartition('.')[0]}.0/24"
    pool = await pair.call(
        "vxlan_pool.create",
        name="pool",
        zone_id=pair.cloud.flow.step("zone").request["id"],
        vni_first=7000,
        vni_last=7001,
        underlay_cidr=underlay,
    )
    accepted = await pair.call(
        "network.create", name="over", cluster_id=pair.vms["lan-1"].cluster_id, kind="vxlan",
        vxlan_pool_id=pool.id, cidr="10.60.0.0/24", gateway="10.60.0.1",
        ranges=[{"first": "10.60.0.10", "last": "10.60.0.20"}],
    )  # fmt: skip
    await wait(pair.cloud.client, accepted, timeout_s=60)
    network_id = accepted.resource_ids[0]
    addresses = {}
    for name in ("lan-1", "lan-2"):
        vm_id = pair.vms[name].id
        await pair.cloud.do("vm.attach_nic", vm_id, network_id=network_id)
        addresses[name] = (await pair.cloud.vm(vm_id)).nics[1].address
        said = await pair.shell(name).run(SECOND_NIC)
        assert f"lease of {addresses[name]} obtained" in said

    one, two = pair.shell("lan-1"), pair.shell("lan-2")
    assert "mtu 1450" in await one.run("ip link show eth1")
    assert await one.succeeds(f"ping -c1 -W4 -s 1422 {addresses['lan-2']}"), "a full packet"
    await two.run(SERVE)
    assert await one.run(gets(addresses["lan-2"])) == "lan-2\n"
    assert await two.succeeds(pings("10.60.0.1")), "its own host is the gateway"
    pair.lab.kill_service()
    assert await two.succeeds(pings(addresses["lan-1"]))
    await pair.lab.start_service()
    await becomes(pair.is_connected, within_s=60)

    for name in ("lan-1", "lan-2"):
        vm = await pair.cloud.vm(pair.vms[name].id)
        await pair.cloud.do("vm.detach_nic", vm.id, nic_id=vm.nics[1].id)
    accepted = await pair.call("network.delete", id=network_id)
    await wait(pair.cloud.client, accepted, timeout_s=60)
    await pair.call("vxlan_pool.delete", id=pool.id)


async def test_all_of_it_goes_on_without_the_service(pair: Pair) -> None:
    taken = await pair.call("elastic_ip.create", name="stays", network_id=pair.lan_id)
    await pair.call("elastic_ip.bind", id=taken.id, vm_id=pair.vms["nat-2"].id)
    closed = await pair.group("closed")
    vm_id = pair.vms["lan-2"].id
    await pair.call("vm.set_security_groups", id=vm_id, security_group_ids=[closed])
    one, two = pair.shell("lan-1"), pair.shell("lan-2")
    await becomes(lambda: one.succeeds(pings(pair.address("lan-2"))), true=False)
    pair.lab.kill_service()

    assert await two.succeeds(pings(pair.address("lan-1")))
    assert not await one.succeeds(pings(pair.address("lan-2")))
    await all_renew(pair, *pair.vms)
    assert await pair.shell("nat-2").run(f"nc -w 5 {pair.lab.wire.address} 8 </dev/null") == (
        taken.address
    )
    assert pair.vms["nat-2"].name in await pair.shell("nat-2").run("nslookup nat-2")

    await pair.lab.start_service()
    await becomes(pair.is_connected, within_s=60)
    await pair.call("vm.set_security_groups", id=vm_id)
    await becomes(lambda: one.succeeds(pings(pair.address("lan-2"))))
    await pair.call("security_group.delete", id=closed)
    await pair.call("elastic_ip.delete", id=taken.id)


async def test_a_host_comes_back_from_a_power_cut_without_the_service(pair: Pair) -> None:
    lab = pair.lab
    pair.lab.kill_service()
    await asyncio.to_thread(lab.second.crash)
    assert "any" not in lab.second.run("ip", "-o", "link")
    lab.start_second_agent()

    await becomes(pair.is_second_ready, within_s=60)
    for name in ("lan-2", "nat-2"):
        lab.second.run("virsh", "start", f"anyun-{pair.vms[name].id}")
    await asyncio.gather(*(pair.shell(n).is_up(BOOTED_WITHIN_S) for n in ("lan-2", "nat-2")))
    assert await pair.shell("lan-1").succeeds(pings(pair.address("lan-2")))
    await all_renew(pair, "lan-2", "nat-2")

    await lab.start_service()
    for name, vm in pair.vms.items():
        await pair.cloud.vm_becomes(vm.id, lambda seen: seen.state == VmState.RUNNING, 60)
        assert (await pair.cloud.vm(vm.id)).nics[0].address == pair.address(name)


async def test_nothing_is_left_on_either_host(pair: Pair) -> None:
    for vm in pair.vms.values():
        await pair.cloud.do("vm.destroy", vm.id)
        await pair.cloud.do("vm.expunge", vm.id)
    await wait(pair.cloud.client, await pair.call("network.delete", id=pair.lan_id), timeout_s=60)
    await pair.cloud.flow.remove()
    assert pair.lab.left() == {}


async def _says(shell: GuestShell, command: str, wanted: str) -> bool:
    return await shell.run(command) == wanted


async def _output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode()


async def _exit_code(*command: str) -> int:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    return await process.wait()
