"""An elastic IP on a real guest: reached from outside, seen outside, and moved while it runs.

The public network is on the host's only NIC, so its own connection to the service moves under a
bridge and back on the way.
"""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from appliance.client import wait
from tests.system.conftest import Cloud
from tests.system.test_vm_life import LOGIN_WITHIN_S, log_in

pytestmark = pytest.mark.timeout(300)
EFFECT_WITHIN_S = 10.0  # it takes less than one; machines under load are slow


async def until(address: str, *, answered: bool) -> None:
    """Wait until an address answers the outside world's ping, or does not any more."""
    async with asyncio.timeout(EFFECT_WITHIN_S):
        while await asyncio.to_thread(_pings, address) != answered:
            await asyncio.sleep(0.1)


def _pings(address: str) -> bool:
    command = ["busybox", "ping", "-c1", "-W1", address]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


async def test_a_real_guest_is_reached_and_seen_under_its_elastic_ip(cloud: Cloud) -> None:
    call, host = cloud.client.call, cloud.lab.host
    base = host.outer_address.rpartition(".")[0]
    one, two = await cloud.create("one"), await cloud.create("two")
    accepted = await call(
        "network.create",
        name="public",
        cluster_id=one.cluster_id,
        kind="physical",
        physical_interface="eth0",
        cidr=f"{base}.0/24",
        gateway=host.outer_address,
        ranges=[{"first": f"{base}.100", "last": f"{base}.110"}],
    )
    await wait(cloud.client, accepted, timeout_s=60)
    public_id = accepted.resource_ids[0]
    taken = await call("elastic_ip.create", name="shop", network_id=public_id)
    await asyncio.gather(
        *(cloud.read_serial(vm.id, b" login:", LOGIN_WITHIN_S) for vm in (one, two))
    )

    await call("elastic_ip.bind", id=taken.id, vm_id=one.id)
    await until(taken.address, answered=True)
    assert await _seen_from(cloud, one.id) == taken.address
    assert await _seen_from(cloud, two.id) == host.inner_address

    await cloud.do("vm.stop", one.id, force=True)
    await until(taken.address, answered=False)
    await call("elastic_ip.bind", id=taken.id, vm_id=two.id)
    await until(taken.address, answered=True)
    assert await _seen_from(cloud, two.id) == taken.address
    await call("elastic_ip.unbind", id=taken.id)
    await until(taken.address, answered=False)
    assert await _seen_from(cloud, two.id) == host.inner_address

    await call("elastic_ip.delete", id=taken.id)
    for vm in (one, two):
        await cloud.do("vm.destroy", vm.id)
        await cloud.do("vm.expunge", vm.id)
    await wait(cloud.client, await call("network.delete", id=public_id), timeout_s=60)
    await cloud.flow.remove()
    assert cloud.lab.left() == {}


async def _seen_from(cloud: Cloud, vm_id: str) -> str:
    """Under which address a guest appears to a server outside."""
    callers: asyncio.Queue[str] = asyncio.Queue()

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.put_nowait(writer.get_extra_info("peername")[0])
        writer.close()

    outside = cloud.lab.host.outer_address
    server = await asyncio.start_server(note, outside, 0)
    console = await cloud.client.open_console(vm_id, kind="serial")
    try:
        await log_in(console)
        port = server.sockets[0].getsockname()[1]
        await console.send(f"nc -w 5 {outside} {port} </dev/null\r".encode())
        async with asyncio.timeout(EFFECT_WITHIN_S):
            return await callers.get()
    finally:
        await console.close()
        server.close()
