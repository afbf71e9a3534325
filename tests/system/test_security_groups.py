"""Security groups between real guests: what is allowed passes at once, nothing else does."""

from __future__ import annotations

import asyncio
import time

import pytest

from appliance.client.client import ConsoleConnection
from tests.system.conftest import Cloud
from tests.system.test_vm_life import LOGIN_WITHIN_S, log_in, read_until

pytestmark = pytest.mark.timeout(300)
EFFECT_WITHIN_S = 10.0  # it takes less than one; machines under load are slow


async def answers(console: ConsoleConnection, address: str) -> bool:
    """Whether an address answers the guest's ping."""
    mark = f"{time.monotonic_ns()}"
    await console.send(f"ping -c1 -W1 {address} >/dev/null; echo {mark}=$?=\r".encode())
    # The first time is the echo of what was typed, which has no number yet.
    while True:
        seen = await read_until(console, b"=\r\n")
        if f"{mark}=0=".encode() in seen:
            return True
        if f"{mark}=1=".encode() in seen:
            return False


async def until(console: ConsoleConnection, address: str, *, answered: bool) -> None:
    """Wait until an address answers, or does not any more."""
    async with asyncio.timeout(EFFECT_WITHIN_S):
        while await answers(console, address) != answered:
            await asyncio.sleep(0.1)


async def test_rules_hold_between_real_guests_at_once(cloud: Cloud) -> None:
    call = cloud.client.call
    group = await call("security_group.create", name="closed", log_drops=True)
    asking = await cloud.create("asking")
    asked = await cloud.create("asked", security_group_ids=[group.id])
    address = asked.nics[0].address
    await asyncio.gather(
        *(cloud.read_serial(vm.id, b" login:", LOGIN_WITHIN_S) for vm in (asking, asked))
    )
    console = await cloud.client.open_console(asking.id, kind="serial")
    await log_in(console)
    assert not await answers(console, address), "no rule allows it"
    found = await call("vm.trace", id=asking.id, to_vm_id=asked.id, protocol="icmp")
    assert (found.is_reached, found.steps[-1].code) == (False, "trace.no_rule_in")

    shown = await call("host.network", id=asked.host_id or "")
    assert all(network.is_healthy for network in shown.networks), shown
    (lost,) = [item for item in shown.drops if item.vm_id == asked.id]
    assert (lost.vm_name, lost.address) == ("asked", address)
    assert lost.refused_packets >= 1

    noted = await call("vm.drops", id=asked.id)
    (losses,) = noted.nics
    assert (losses.address, losses.is_logging_refused) == (address, True)
    assert losses.refused_packets >= 1
    pings = [one for one in noted.packets if one.protocol == "icmp" and one.direction == "in"]
    assert {(one.source, one.destination) for one in pings} == {(asking.nics[0].address, address)}
    assert pings[0].message == "No rule of closed lets this in."

    rule = await call(
        "security_rule.create", security_group_id=group.id, direction="in", protocol="icmp"
    )
    await until(console, address, answered=True)
    found = await call("vm.trace", id=asking.id, to_vm_id=asked.id, protocol="icmp")
    assert found.is_reached

    await call("security_rule.update", id=rule.id, is_enabled=False)
    await until(console, address, answered=False)
    await call("vm.set_security_groups", id=asked.id)
    await until(console, address, answered=True)
    await console.close()
    for vm in (asking, asked):
        await cloud.do("vm.destroy", vm.id)
        await cloud.do("vm.expunge", vm.id)
    await call("security_group.delete", id=group.id)
    await cloud.flow.remove()
    assert cloud.lab.left() == {}
