"""Whatever step of moving a NIC fails, or kills the agent, the host keeps its addresses."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from hostagent.network.links.netlink import Links
from hostagent.network.links.physical import PhysicalNics
from hostagent.network.manager import NetworkManager

if TYPE_CHECKING:
    from tests.integration.network.conftest import Host, Waiter

STEPS = ("set", "add_address", "remove_address")


class Fault(OSError):
    """The injected failure."""


class FaultyLinks:
    """Lets the n-th change of links or addresses fail, once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        self.fired = False
        for name in STEPS:
            monkeypatch.setattr(Links, name, self._wrap(getattr(Links, name)))

    def arm(self, number: int) -> None:
        self.left, self.fired = number, False

    def _wrap(self, original: Any) -> Any:
        async def step(links: Links, *arguments: Any, **fields: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self.fired = True
                raise Fault(f"injected before {original.__name__}")
            return await original(links, *arguments, **fields)

        return step


def state_of(link: str) -> tuple[set[str], set[str]]:
    def lines(*arguments: str) -> set[str]:
        done = subprocess.run(["ip", "-j", *arguments], check=True, capture_output=True, text=True)
        return {json.dumps(item, sort_keys=True) for item in json.loads(done.stdout)}

    found = lines("addr", "show", "dev", link)
    info = json.loads(found.pop())["addr_info"]
    addresses = {f"{a['local']}/{a['prefixlen']}" for a in info if a["scope"] == "global"}
    return addresses, {
        route for route in lines("route", "show", "dev", link) if '"linkdown"' not in route
    }


@pytest.fixture
def before(host: Host) -> tuple[set[str], set[str]]:
    host.outside("10.70.0.1/24", "wan0", "10.70.0.5/24")
    for arguments in (
        "addr add 10.70.0.6/24 dev wan0",
        "route add default via 10.70.0.1 dev wan0 metric 50",
        "route add 198.51.100.0/24 via 10.70.0.1 src 10.70.0.6",
    ):
        subprocess.run(["ip", *arguments.split()], check=True)
    return state_of("wan0")


async def test_each_failing_step_is_rolled_back(
    host: Host, before: tuple[set[str], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = host.network("lan", kind="physical", physical_interface="wan0")
    faults = FaultyLinks(monkeypatch)
    number = 0
    while True:
        number += 1
        faults.arm(number)
        report = await host.apply(network)
        if not faults.fired:
            break
        assert not report.applied, number
        assert report.errors[0].network_id == "lan"
        assert state_of("wan0") == before, f"after a failure at step {number}"
    assert number > len(STEPS), "some steps were tried"
    assert report.applied
    assert state_of(network.bridge)[0] == before[0]


async def test_agent_killed_at_each_step_leaves_the_host_reachable(
    host: Host, before: tuple[set[str], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = host.network("lan", kind="physical", physical_interface="wan0")
    faults = FaultyLinks(monkeypatch)
    number, faults.fired = 0, True
    while faults.fired:
        number += 1
        await host.manager.stop()  # nobody repairs behind our back
        with monkeypatch.context() as dead:
            dead.setattr(PhysicalNics, "give_back", _dead)
            dead.setattr(NetworkManager, "_roll_back", _dead)
            faults.arm(number)
            await host.apply(network)
            await host.manager.stop()
        if faults.fired:
            host.manager = NetworkManager(host.folder / "state")
            await host.manager.start()
            assert state_of("wan0") == before, f"after a death at step {number}"
    assert number > len(STEPS)


async def test_agent_killed_while_giving_back_loses_nothing(
    host: Host, before: tuple[set[str], set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = host.network("lan", kind="physical", physical_interface="wan0")
    await host.must_apply(network)
    faults = FaultyLinks(monkeypatch)
    number, faults.fired = 0, True
    while faults.fired:
        number += 1
        await host.manager.stop()
        with monkeypatch.context() as dead:
            dead.setattr(NetworkManager, "_roll_back", _dead)
            faults.arm(number)
            await host.apply()
            await host.manager.stop()
        if faults.fired:
            host.manager = NetworkManager(host.folder / "state")
            await host.manager.start()
            addresses, routes = state_of(network.bridge)
            assert (addresses, len(routes)) == (before[0], len(before[1])), f"step {number}"
    assert number > 1
    assert state_of("wan0") == before


async def test_a_nic_that_goes_and_returns_is_missed_and_taken_back(
    host: Host, before: tuple[set[str], set[str]], wait_until: Waiter
) -> None:
    """As when a driver is loaded anew: another index, no addresses, perhaps another MAC."""
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    network = host.network("lan", kind="physical", physical_interface="wan0", ports=[port])
    private = host.network("other", "10.71.0.0/24")
    await host.must_apply(network, private)
    assert (await guest.dhcp())["ip"] == "10.70.0.10"
    addresses, routes = state_of(network.bridge)

    subprocess.run(["ip", "link", "del", "wan0"], check=True)
    async with asyncio.timeout(15):
        while not (errors := (await host.manager.status()).errors):
            await asyncio.sleep(0.1)
    (error,) = errors
    assert (error.code, error.network_id) == ("network.interface_missing", "lan")
    assert error.params == {"name": "wan0"}
    states = {item.id: item for item in (await host.manager.status()).networks}
    assert states["lan"].drift == ["physical_interface"]
    assert states["other"].healthy
    assert state_of(network.bridge)[0] == addresses, "the host's own addresses wait on the bridge"
    assert (await guest.dhcp())["ip"] == "10.70.0.10", "its machines go on among themselves"
    second = host.port("two", "10.70.0.11")
    newcomer = host.guest(second)
    network = host.network("lan", kind="physical", physical_interface="wan0", ports=[port, second])
    await host.must_apply(network, private)
    assert (await newcomer.dhcp())["ip"] == "10.70.0.11", "machines come while the NIC is away"
    assert newcomer.pings("10.70.0.10")
    assert [error.code for error in (await host.manager.status()).errors] == [error.code]
    third = host.network("more", kind="physical", physical_interface="wan1")
    refused = await host.apply(network, private, third)
    assert [error.network_id for error in refused.errors] == ["more"], "others must have theirs"
    await host.must_apply(network)
    assert [item.id for item in (await host.manager.status()).networks] == ["lan"]

    router = host.outside("10.70.0.1/24", "wan0", None)
    subprocess.run(["ip", "link", "set", "wan0", "address", "0a:ff:ff:ff:ff:77"], check=True)
    await wait_until(lambda: router.pings("10.70.0.5"))
    await wait_until(lambda: len(state_of(network.bridge)[1]) == len(routes))
    assert state_of(network.bridge)[0] == addresses
    assert state_of("wan0")[0] == set()
    async with asyncio.timeout(15):
        while (await host.manager.status()).errors:
            await asyncio.sleep(0.1)
    assert guest.pings("10.70.0.1")

    await host.must_apply()
    assert state_of("wan0")[0] == before[0], "what it had before it went, it has again"


async def test_a_nic_that_is_away_when_its_network_goes_is_forgotten(
    host: Host, before: tuple[set[str], set[str]]
) -> None:
    await host.must_apply(host.network("lan", kind="physical", physical_interface="wan0"))
    subprocess.run(["ip", "link", "del", "wan0"], check=True)
    await host.must_apply()
    assert not list((host.folder / "state").glob("nic-*"))


async def _dead(*_: object) -> None:
    """A dead agent takes nothing back."""
