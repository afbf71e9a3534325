"""A real guest from inside: its start-up disc, and its agent, which tells, takes passwords, stands
still and shuts down.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time

import pytest

from appliance.protocol.errors import Conflict
from appliance.protocol.guests import GuestInfo
from appliance.protocol.resources import VmState
from tests.lab.cloud import ROOT
from tests.system.conftest import Cloud
from tests.system.test_vm_life import LOGIN_WITHIN_S, log_in, read_until

pytestmark = pytest.mark.timeout(300)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINO6Gd9npKxGVH4jE/4nq/ynod9eE2QeQKTT+PdQKpgJ me@here"
SCRIPT = "#!/bin/sh\necho from the disc >/root/seeded\n"
PASSWORD = "s3cret: wörd $HOME"


async def answering(cloud: Cloud, vm_id: str) -> GuestInfo:
    """What the guest tells as soon as its agent answers."""
    async with asyncio.timeout(LOGIN_WITHIN_S):
        while not (told := await cloud.client.call("vm.guest_info", id=vm_id)).is_answering:
            await asyncio.sleep(1)
    return told


def is_frozen(cloud: Cloud, vm_id: str) -> bool:
    question = json.dumps({"execute": "guest-fsfreeze-status"})
    said = cloud.lab.host.run("virsh", "qemu-agent-command", f"anyun-{vm_id}", question)
    return json.loads(said)["return"] == "frozen"


def stand_still(cloud: Cloud, vm_id: str) -> subprocess.Popen[str]:
    """A process on the host that lets the guest stand still."""
    folder = str(cloud.lab.state / "agent" / "frozen")
    process = subprocess.Popen(
        cloud.lab.host.command(*(sys.executable, "-m", "tests.system.stand_still", vm_id, folder)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    return process


async def test_a_guest_answers(cloud: Cloud) -> None:
    call = cloud.client.call
    vm = await cloud.create(
        "web", hostname="inside", cloud_init="seed", user_data=SCRIPT, ssh_public_key=KEY
    )
    told = await answering(cloud, vm.id)
    await cloud.read_serial(vm.id, b"inside login:", LOGIN_WITHIN_S)

    told = await answering(cloud, vm.id)
    (nic,) = [nic for nic in told.nics if nic.mac == vm.nics[0].mac]
    assert vm.nics[0].address in [address.partition("/")[0] for address in nic.addresses]
    assert (told.hostname, told.os) == ("inside", "Anyun starter image")
    (root,) = [one for one in told.file_systems if one.mount_point == "/"]
    assert root.kind == "ext4"
    assert 0 < root.used_bytes < root.total_bytes

    # A password is set; nobody but the guest learns it.
    with pytest.raises(Conflict) as caught:
        await call("vm.set_password", id=vm.id, user="nobody-here", password=PASSWORD)
    assert caught.value.code == "guest.password_refused"
    assert caught.value.params["name"] == "web"
    await call("vm.set_password", id=vm.id, user="root", password=PASSWORD)
    kept = [path for path in cloud.lab.folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if PASSWORD.encode() in path.read_bytes()]

    # It stands still, and goes on even if whoever let it stand still dies.
    process = await asyncio.to_thread(stand_still, cloud, vm.id)
    assert is_frozen(cloud, vm.id)
    process.communicate("\n", timeout=30)
    assert not is_frozen(cloud, vm.id)
    process = await asyncio.to_thread(stand_still, cloud, vm.id)
    process.kill()
    process.communicate()  # closes its pipes as well
    assert is_frozen(cloud, vm.id)
    cloud.lab.kill_agent()
    cloud.lab.start_agent()
    async with asyncio.timeout(30):
        while is_frozen(cloud, vm.id):
            await asyncio.sleep(0.5)
    await cloud.vm_becomes(vm.id, lambda now: now.state == VmState.RUNNING, 30)

    # The new password is asked for at the console, and lets root in.
    console = await cloud.client.open_console(vm.id, kind="serial")
    await console.send(b"root\r")
    await read_until(console, b"Password:")
    await console.send(f"{PASSWORD}\r".encode())
    await read_until(console, b"# ")

    # It read its start-up disc, which only the host's root can read, and that not for ever.
    await console.send(b"touch /root/old; cat /root/seeded /root/.ssh/authorized_keys; echo =$?=\r")
    seen = (await read_until(console, b"=0=")).decode(errors="replace")
    assert "from the disc" in seen
    assert KEY in seen.replace("\r\n", "")
    seed = f"/run/anyun/seeds/{vm.id}.iso"
    assert cloud.lab.host.run("stat", "-c", "%a %U", seed).split() == ["600", "root"]

    # One that hangs is not waited for.
    await console.send(b"killall -STOP qemu-ga; echo =$?=\r")
    await read_until(console, b"=0=")
    before = time.monotonic()
    assert not (await call("vm.guest_info", id=vm.id)).is_answering
    with pytest.raises(Conflict) as caught:
        await call("vm.set_password", id=vm.id, user="root", password="x")
    assert caught.value.code == "guest.no_agent"
    assert time.monotonic() - before < 25
    await console.send(b"killall -CONT qemu-ga; echo =$?=\r")
    await read_until(console, b"=0=")
    await answering(cloud, vm.id)

    # A guest that does not hear the power button is shut down through its agent, in time.
    await console.send(b"killall acpid; echo =$?=\r")
    await read_until(console, b"=0=")
    await console.close()
    before = time.monotonic()
    await cloud.do("vm.stop", vm.id, timeout_s=9)
    assert time.monotonic() - before < 9
    assert (await cloud.vm(vm.id)).state == VmState.STOPPED
    assert cloud.lab.host.run("find", "/run/anyun/seeds", "-type", "f") == ""
    with pytest.raises(Conflict) as caught:
        await call("vm.guest_info", id=vm.id)
    assert caught.value.code == "vm.wrong_state"

    # Its root disk made anew has nothing of all this; what it is told at its start is told again.
    old = vm.volumes[0].id
    await cloud.do("vm.reimage", vm.id)
    (root,) = (await cloud.vm(vm.id)).volumes
    files = cloud.lab.host.run("find", str(cloud.lab.state / "storage"), "-name", "*.qcow2")
    assert root.id in files
    assert old not in files
    await cloud.do("vm.start", vm.id)
    await cloud.read_serial(vm.id, b"inside login:", LOGIN_WITHIN_S)
    console = await cloud.client.open_console(vm.id, kind="serial")
    await log_in(console)
    await console.send(b"ls /root; cat /root/seeded; echo =$?=\r")
    seen = await read_until(console, b"=0=")
    await console.close()
    assert b"from the disc" in seen
    assert b"old" not in seen
