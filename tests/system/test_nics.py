"""NICs that a real guest gets and loses while it runs: address, traffic, and the way out."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from appliance.client import wait
from appliance.client.client import ConsoleConnection
from tests.system.conftest import Cloud
from tests.system.test_vm_life import LOGIN_WITHIN_S, log_in, read_until

pytestmark = pytest.mark.timeout(300)
EFFECT_WITHIN_S = 30.0  # emulated guests under load are slow
_numbers = itertools.count(1)


async def says(console: ConsoleConnection, command: str) -> str:
    """What a command prints in the guest."""
    begin, end = f"<{(number := next(_numbers))}<", f">{number}>"
    # Quotes keep the echo of what is typed from looking like the answer.
    typed = f"echo '<'{number}'<'; {command}; echo '>'{number}'>'\r"
    await console.send(typed.encode())
    seen = (await read_until(console, end.encode())).decode(errors="replace")
    return seen.rpartition(end)[0].rpartition(begin)[2]


async def until(console: ConsoleConnection, command: str, words: str) -> None:
    """Wait until a command prints these words."""
    said = ""
    try:
        async with asyncio.timeout(EFFECT_WITHIN_S):
            while words not in (said := await says(console, command)):
                await asyncio.sleep(0.2)
    except TimeoutError:
        pytest.fail(f"{command}: no {words!r} in {said!r}")


async def test_a_running_guest_gets_and_loses_a_nic(cloud: Cloud) -> None:
    call = cloud.client.call
    one = await cloud.create("one")
    accepted = await call(
        "network.create",
        name="side",
        cluster_id=one.cluster_id,
        cidr="10.61.0.0/24",
        gateway="10.61.0.1",
        ranges=[{"first": "10.61.0.10", "last": "10.61.0.20"}],
    )
    await wait(cloud.client, accepted, timeout_s=60)
    side = accepted.resource_ids[0]
    two = await cloud.create("two", more_nics=[{"network_id": side}])
    await asyncio.gather(
        *(cloud.read_serial(vm.id, b" login:", LOGIN_WITHIN_S) for vm in (one, two))
    )
    console = await cloud.client.open_console(one.id, kind="serial")
    await log_in(console)
    way_out = await says(console, "ip route | grep ^default")
    assert "dev eth0" in way_out

    for _ in range(2):  # what is gone leaves its place
        await cloud.do("vm.attach_nic", one.id, network_id=side)
        nic = (await cloud.vm(one.id)).nics[1]
        await until(console, "ip -4 addr show dev eth1", f"inet {nic.address}/24")
        assert nic.mac in await says(console, "cat /sys/class/net/eth1/address")
        assert await says(console, "ip route | grep ^default") == way_out
        beside = two.nics[1].address
        assert "dev eth1" in await says(console, f"ip route get {beside}")
        await until(console, f"ping -c1 -W2 -I eth1 {beside}", "1 packets received")
        assert cloud.leftovers()["taps"].count("\n") == 3

        await cloud.do("vm.detach_nic", one.id, nic_id=nic.id)
        assert "eth1" not in await says(console, "ls /sys/class/net")
        await until(console, "cat /run/anyun/issue", f"{one.nics[0].address} \r\n")
        assert cloud.leftovers()["taps"].count("\n") == 2
        shown = await call("network.get", id=side)
        assert shown.addresses_used == 1
    assert await says(console, "ip route | grep ^default") == way_out

    await console.close()
    for vm in (one, two):
        await cloud.do("vm.destroy", vm.id)
        await cloud.do("vm.expunge", vm.id)
    assert cloud.leftovers() == {"domains": "", "taps": "", "volumes": ""}
    await wait(cloud.client, await call("network.delete", id=side), timeout_s=60)
    await cloud.flow.remove()
    assert cloud.lab.left() == {}
