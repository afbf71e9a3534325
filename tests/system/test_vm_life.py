"""A real guest on a real host: addresses, consoles, every verb, and nothing left at the end."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from appliance.client import JobFailed, wait
from appliance.client.client import ConsoleConnection
from appliance.protocol.errors import ApiError, Conflict, NoResources
from appliance.protocol.resources import VmState
from tests.system.conftest import Cloud

pytestmark = pytest.mark.timeout(300)
LOGIN_WITHIN_S = 90
ANSWERS_WITHIN_S = 10.0
LOGINS = 5


async def read_until(
    console: ConsoleConnection, text: bytes, timeout_s: float = ANSWERS_WITHIN_S * 4
) -> bytes:
    """What a console says until `text` is among it."""
    seen = b""
    async with asyncio.timeout(timeout_s):
        while text not in seen:
            seen += await console.receive()
    return seen


async def log_in(console: ConsoleConnection) -> None:
    """Come to a shell. What is typed while the guest puts out its prompt anew is lost, so again."""
    for _ in range(LOGINS):
        await console.send(b"root\r")
        with contextlib.suppress(TimeoutError):
            await read_until(console, b"# ", ANSWERS_WITHIN_S)
            return
    raise AssertionError("the guest lets nobody in")


async def test_a_guest_lives_and_leaves_nothing(cloud: Cloud) -> None:
    vm = await cloud.create("web", user_data="#!/bin/sh\necho from user data\n")
    assert vm.state == VmState.RUNNING
    address = vm.nics[0].address

    # The guest took this address by DHCP and shows it over its prompt.
    said = await cloud.read_serial(vm.id, b"web login:", LOGIN_WITHIN_S)
    assert address.encode() in said

    # It reads its metadata, and only its own.
    console = await cloud.client.open_console(vm.id, kind="serial")
    await log_in(console)
    await console.send(
        b"wget -qO- http://169.254.169.254/latest/meta-data/instance-id; echo =$?=\r"
    )
    seen = await read_until(console, b"=0=")
    assert vm.id.encode() in seen
    await console.close()

    # Its screen is there, as a picture and as RFB, and a second viewer is served as well.
    assert (await cloud.client.screenshot(vm.id)).startswith(b"\x89PNG")
    screens = [await cloud.client.open_console(vm.id) for _ in range(2)]
    assert [await screen.receive() for screen in screens] == [b"RFB 003.008\n"] * 2
    for screen in screens:
        await screen.close()
    watched = await cloud.client.open_console(vm.id, view_only=True)
    assert await watched.receive() == b"RFB 003.008\n"
    await watched.send(b"RFB 003.008\n")
    assert await watched.receive() == b"\x01\x01"  # one security type: None
    await watched.close()

    # While the guest serves its network, its DHCP server is one that `left` would see.
    assert "dnsmasq" in cloud.lab.left()

    await cloud.do("vm.pause", vm.id)
    assert (await cloud.vm(vm.id)).state == VmState.PAUSED
    await cloud.do("vm.resume", vm.id)
    await cloud.do("vm.stop", vm.id, timeout_s=60)
    stopped = await cloud.vm(vm.id)
    assert (stopped.state, stopped.host_id) == (VmState.STOPPED, None)
    assert stopped.nics[0].address == address
    with pytest.raises(Conflict) as caught:
        await cloud.client.open_console(vm.id)
    assert caught.value.code == "vm.no_host"

    await cloud.do("vm.start", vm.id)
    await cloud.read_serial(vm.id, b"web login:", LOGIN_WITHIN_S)
    await cloud.do("vm.reboot", vm.id, force=True)
    await cloud.read_serial(vm.id, b"web login:", LOGIN_WITHIN_S)
    await cloud.do("vm.reboot", vm.id)  # gracefully: the guest shuts down by itself
    await cloud.read_serial(vm.id, b"web login:", LOGIN_WITHIN_S)
    await cloud.do("vm.destroy", vm.id)
    await cloud.do("vm.recover", vm.id)
    assert (await cloud.vm(vm.id)).state == VmState.STOPPED
    await cloud.do("vm.destroy", vm.id)
    await cloud.do("vm.expunge", vm.id)
    assert set(cloud.leftovers().values()) == {""}

    await cloud.flow.remove()
    assert cloud.lab.left() == {}


async def test_what_happens_behind_our_back_is_seen(cloud: Cloud) -> None:
    vm = await cloud.create("web")
    domain = f"anyun-{vm.id}"
    host = cloud.lab.host

    host.run("virsh", "suspend", domain)
    await cloud.vm_becomes(vm.id, lambda v: v.state == VmState.PAUSED, 20)
    host.run("virsh", "resume", domain)
    await cloud.vm_becomes(vm.id, lambda v: v.state == VmState.RUNNING, 20)

    # While the agent is away nobody knows; when it is back, it tells what happened meanwhile.
    cloud.lab.kill_agent()
    await cloud.vm_becomes(vm.id, lambda v: v.state == VmState.UNKNOWN, 40)
    host.run("virsh", "destroy", domain)
    cloud.lab.start_agent()
    seen = await cloud.vm_becomes(vm.id, lambda v: v.state == VmState.STOPPED, 40)
    assert seen.host_id is None

    await cloud.do("vm.start", vm.id)
    host.restart_libvirtd()
    host.run("virsh", "destroy", domain)
    await cloud.vm_becomes(vm.id, lambda v: v.state == VmState.STOPPED, 40)
    await cloud.do("vm.start", vm.id)
    assert (await cloud.vm(vm.id)).state == VmState.RUNNING


async def test_bad_requests_are_refused_with_numbers_and_change_nothing(cloud: Cloud) -> None:
    client = cloud.client
    before = (await client.call("vm.list")).total
    with pytest.raises(NoResources) as memory:
        await client.call("vm.create", **cloud.vm_request("big", memory_bytes=2 * 1024**4))
    assert memory.value.code == "placement.no_memory"
    assert memory.value.params["needed_bytes"] == 2 * 1024**4
    with pytest.raises(NoResources) as cpu:
        await client.call("vm.create", **cloud.vm_request("big", cpu_count=1000))
    assert cpu.value.code == "placement.no_cpu"
    with pytest.raises(ApiError) as outside:
        await client.call("vm.create", **cloud.vm_request("x", address="10.1.2.3"))
    assert (outside.value.code, outside.value.field) == (
        "network.address_not_offered",
        "address",
    )
    with pytest.raises(ApiError) as name:
        await client.call("vm.create", **cloud.vm_request("x" * 300))
    assert (name.value.code, name.value.field) == ("request.bad_value", "name")
    with pytest.raises(ApiError) as unknown:
        await client.call("vm.create", **cloud.vm_request("x", colour="red"))
    assert (unknown.value.code, unknown.value.params["name"]) == (
        "request.unknown_field",
        "colour",
    )
    assert (await client.call("vm.list")).total == before


async def test_a_small_range_gives_exactly_its_addresses(cloud: Cloud) -> None:
    client = cloud.client
    accepted = await client.call(
        "network.create",
        name="tiny",
        cluster_id=cloud.flow.step("cluster").request["id"],
        cidr="10.77.0.0/28",
        gateway="10.77.0.1",
        ranges=[{"first": "10.77.0.2", "last": "10.77.0.4"}],
    )
    await wait(client, accepted, timeout_s=60)
    network_id = accepted.resource_ids[0]
    requests = [
        client.call("vm.create", **cloud.vm_request(f"t{n}", network_id=network_id, start=False))
        for n in range(6)
    ]
    answers = await asyncio.gather(*requests, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, NoResources)]
    assert len(refused) == 3
    assert {error.code for error in refused} == {"network.no_address"}
    vms = (await client.call("vm.list", q="10.77.0.")).items
    assert sorted(vm.nics[0].address for vm in vms) == ["10.77.0.2", "10.77.0.3", "10.77.0.4"]


async def test_the_same_id_twice_makes_one_machine(cloud: Cloud) -> None:
    request = cloud.vm_request("once", id="01a206dc-e382-7311-a163-2d756d9b5f5d", start=False)
    first = await cloud.client.call("vm.create", **request)
    second = await cloud.client.call("vm.create", **request)
    assert first.resource_ids == second.resource_ids
    with pytest.raises(Conflict) as caught:
        await cloud.client.call("vm.create", **(request | {"name": "other"}))
    assert caught.value.code == "request.id_taken"


async def test_ten_at_once_work_like_one(cloud: Cloud) -> None:
    accepted = await cloud.client.call("vm.create", **cloud.vm_request("many", count=10))
    await wait(cloud.client, accepted, timeout_s=240)
    vms = (await cloud.client.call("vm.list", state="running")).items
    assert sorted(vm.name for vm in vms) == sorted(f"many-{n}" for n in range(1, 11))
    assert len({vm.nics[0].address for vm in vms}) == 10
    for vm in vms:
        accepted = await cloud.client.call("vm.destroy", id=vm.id)
    await wait(cloud.client, accepted, timeout_s=60)


async def test_hostile_and_broken_images_are_refused(cloud: Cloud) -> None:
    folder = cloud.lab.folder
    backed, nonsense = folder / "backed.qcow2", folder / "nonsense.qcow2"
    nonsense.write_bytes(b"no image " * 1000)
    base = cloud.lab.starter / "starter.qcow2"
    cloud.lab.host.run(
        "qemu-img", "create", "-f", "qcow2", "-F", "qcow2", "-b", str(base), str(backed)
    )
    for path, code in ((backed, "image.hostile"), (nonsense, "image.not_an_image")):
        accepted = await cloud.client.call(
            "image.create",
            name=path.name,
            image_store_id=cloud.flow.step("image_store").request["id"],
            source="upload",
            size_bytes=path.stat().st_size,
        )
        await cloud.client.upload_image(accepted.resource_ids[0], path)
        with pytest.raises(JobFailed) as caught:
            await wait(cloud.client, accepted, timeout_s=60)
        assert caught.value.error.code == code
    images = (await cloud.client.call("image.list")).items
    assert [image.name for image in images] == ["starter"]
    files = cloud.lab.host.run("find", str(cloud.lab.state / "storage/image-store"), "-type", "f")
    suffixes = sorted(Path(name).suffix for name in files.split())
    assert suffixes == [".json", ".qcow2"], "the starter image, and what is known of it"
