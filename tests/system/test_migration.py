"""A real guest moves between two real hosts while it writes and answers; and whatever is killed in
the middle, it is on exactly one of them.

One guest on the wire serves all tests; its disks are on the hosts' own storage, so they move, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.client import wait
from appliance.protocol.resources import VmState
from tests.lab.host import LabHost
from tests.lab.pair import LabPair
from tests.lab.ssh import GuestShell, make_key
from tests.system.conftest import set_up
from tests.system.moving import Moving, run
from tests.system.test_two_hosts import BOOTED_WITHIN_S

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
MiB = 1024**2
SLOW = 4 * MiB  # bytes a second: long enough to break something in the middle
# Writes numbered blocks of noise to the data disk, and says in memory what it wrote.
WRITE = """\
cat >/tmp/write <<'END'
n=0
while [ ! -e /tmp/stop ] && [ $n -lt 400 ]; do
  dd if=/dev/urandom of=/tmp/block bs=64k count=1 2>/dev/null
  dd if=/tmp/block of=/dev/vdb bs=64k seek=$n conv=fsync,notrunc 2>/dev/null || break
  echo "$n $(md5sum </tmp/block)" >>/tmp/written
  n=$((n + 1))
done
END
rm -f /tmp/stop /tmp/written; sh /tmp/write >/dev/null 2>&1 </dev/null & exit 0
"""
VERIFY = """\
touch /tmp/stop; sleep 1; echo 3 >/proc/sys/vm/drop_caches
good=0
while read n sum rest; do
  now=$(dd if=/dev/vdb bs=64k skip=$n count=1 2>/dev/null | md5sum)
  [ "${now%% *}" = "$sum" ] || { echo "block $n differs"; exit 1; }
  good=$((good + 1))
done </tmp/written
echo "good $good"
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def moving() -> AsyncIterator[Moving]:
    async with LabPair(21) as lab:
        cloud = await set_up(lab)
        moving = Moving(cloud, lab, make_key(lab.folder))
        await moving.prepare()
        yield moving
        await cloud.client.close()


async def test_it_goes_on_writing_and_answering_while_it_moves(moving: Moving) -> None:
    address = (await moving.vm()).nics[0].address
    taken = await moving.call("elastic_ip.create", name="shop", network_id=moving.lan_id)
    assert taken.address
    await moving.shell.run(WRITE)
    world = moving.lab.wire.command("ping", "-n", "-D", "-i", "0.05", "-W", "1", address)
    pinging = await asyncio.create_subprocess_exec(*world, stdout=asyncio.subprocess.PIPE)
    for _ in range(2):  # there and back
        before = (await moving.vm()).host_id
        job = await moving.ended(await moving.begin())
        assert job.state == "succeeded", job.error
        noted = (await moving.call("job.log", id=job.id)).items
        is_emulated = (await moving.vm()).accelerator == "tcg"
        codes = {line.code for line in noted}
        assert ("migration.emulated" in codes) == is_emulated
        assert "migration.connections_lost" not in codes
        assert (await moving.vm()).host_id != before
        assert await moving.is_on_one_side() == "running"
    pinging.send_signal(signal.SIGINT)
    said = (await pinging.communicate())[0].decode()
    times = [float(one) for one in re.findall(r"\[(\d+\.\d+)\].*icmp_seq", said)]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert max(gaps) < 3, f"nobody answered for {max(gaps)} s"
    assert "good" in (verified := await moving.shell.run(VERIFY)), verified
    assert int(verified.split()[-1]) > 20, verified
    await moving.call("elastic_ip.delete", id=taken.id)
    await moving.settled()


async def test_it_is_called_off(moving: Moving) -> None:
    await moving.shell.run(WRITE)
    job_id = await moving.begin(bandwidth_bytes_s=SLOW)
    before = (await moving.vm()).host_id
    await moving.in_the_middle(job_id)
    assert (await moving.vm()).state == VmState.MIGRATING
    await moving.call("job.cancel", id=job_id)
    assert (await moving.ended(job_id)).state == "cancelled"
    assert (await moving.vm()).host_id == before
    assert await moving.is_on_one_side() == "running"
    assert "good" in await moving.shell.run(VERIFY)
    await moving.settled()


async def test_it_moves_while_it_is_off(moving: Moving) -> None:
    write = "dd if=/dev/urandom of=/dev/vdb bs=1M count=8 conv=fsync 2>/dev/null"
    check = "dd if=/dev/vdb bs=1M count=8 2>/dev/null | md5sum"
    before = await moving.shell.run(f"{write}; {check}")
    _, there = await moving.sides()
    await moving.cloud.do("vm.stop", moving.vm_id, force=True, timeout_s=1)
    accepted = await moving.call("vm.migrate", id=moving.vm_id, host_id=moving.host_ids[there])
    job = await moving.ended(accepted.jobs[0].id)
    assert job.state == "succeeded", job.error
    assert (await moving.vm()).state == VmState.STOPPED
    await moving.settled()
    await moving.start()
    assert (await moving.vm()).host_id == moving.host_ids[there]
    assert await moving.shell.run(check) == before
    assert await moving.is_on_one_side() == "running"


async def kept_on(moving: Moving, host: LabHost) -> dict[str, str]:
    """Sums of what firmware and TPMs keep on a host, by the path below the machine's folder."""
    folder = f"{moving.storage}/firmware"
    look = f"find {folder} -type f ! -name .lock -exec md5sum {{}} + 2>/dev/null; true"
    found = [line.split() for line in (await run(host, "sh", "-c", look)).splitlines()]
    return {path.removeprefix(folder).split("/", 2)[2]: total for total, path in found}


async def tpms_made(moving: Moving, vm_id: str) -> list[str]:
    """How often swtpm_setup says that it has made something for a machine, on each host."""
    log = f"/var/log/swtpm/libvirt/qemu/anyun-{vm_id}-swtpm.log"
    count = f"grep -c 'Successfully created' {log} 2>/dev/null; true"
    return [(await run(host, "sh", "-c", count)).strip() for host in moving.lab.hosts]


async def test_firmware_and_tpm_come_along(moving: Moving) -> None:
    vm = await moving.cloud.create(
        "sealed",
        host_id=moving.host_ids[0],
        hardware={"firmware": "uefi", "tpm": True},
        memory_bytes=256 * MiB,
    )
    first, second = moving.lab.hosts
    await moving.cloud.do("vm.stop", vm.id, force=True)
    before = await kept_on(moving, first)
    assert {name.rpartition("/")[2] for name in before} >= {"uefi.fd", "tpm2-00.permall"}
    accepted = await moving.call("vm.migrate", id=vm.id, host_id=moving.host_ids[1])
    job = await moving.ended(accepted.jobs[0].id)
    assert job.state == "succeeded", job.error
    assert await kept_on(moving, first) == {}
    assert await kept_on(moving, second) == before

    # QEMU and swtpm work with what has come, each as its own user; it is no new TPM.
    made = await tpms_made(moving, vm.id)
    assert int(made[0]) > 0
    await moving.cloud.do("vm.start", vm.id)
    after = await kept_on(moving, second)
    assert after.keys() >= before.keys()
    assert await tpms_made(moving, vm.id) == made, "it is the same TPM"

    # Running, it takes them back; nothing stays behind.
    accepted = await moving.call("vm.migrate", id=vm.id, host_id=moving.host_ids[0])
    job = await moving.ended(accepted.jobs[0].id)
    assert job.state == "succeeded", job.error
    assert await kept_on(moving, second) == {}
    assert (await kept_on(moving, first)).keys() >= before.keys()
    await moving.cloud.do("vm.destroy", vm.id)
    await moving.cloud.do("vm.expunge", vm.id)
    assert await kept_on(moving, first) == {}


async def test_a_volume_goes_by_itself_and_comes_back(moving: Moving) -> None:
    """From the own storage of one host to that of the other, over the encrypted way."""
    (local,) = (await moving.call("primary_storage.list")).items
    place = {"primary_storage_id": local.id}
    accepted = await moving.call(
        "volume.create", name="traveller", size_bytes=96 * MiB, host_id=moving.host_ids[0], **place
    )
    await wait(moving.cloud.client, accepted, timeout_s=60)
    ref = accepted.resource_ids[0]
    file, check = str(moving.storage / "volumes" / f"{ref}.qcow2"), "read -P 0x42 7M 9M"
    first, second = moving.lab.hosts
    await run(first, "qemu-io", "-f", "qcow2", "-c", "write -P 0x42 7M 9M", file)
    for here, there, number in ((first, second, 1), (second, first, 0)):
        host_id = moving.host_ids[number]
        accepted = await moving.call("volume.move", id=ref, host_id=host_id, **place)
        await wait(moving.cloud.client, accepted, timeout_s=90)
        assert (await moving.call("volume.get", id=ref)).host_id == host_id
        said = await run(there, "qemu-io", "-r", "-f", "qcow2", "-c", check, file)
        assert "verification failed" not in said
        assert ref not in await run(here, "ls", str(moving.storage / "volumes"))
    for verb in ("delete", "expunge"):
        accepted = await moving.call(f"volume.{verb}", id=ref)
        await wait(moving.cloud.client, accepted, timeout_s=60)
    await moving.settled()


@pytest.mark.parametrize("side", ["source", "destination"])
async def test_an_agent_is_killed_in_the_middle(moving: Moving, side: str) -> None:
    here, there = await moving.sides()
    job_id = await moving.begin(bandwidth_bytes_s=SLOW)
    await moving.in_the_middle(job_id)
    number = here if side == "source" else there
    lab = moving.lab
    agent = (lab.agent, lab.second_agent)[number]
    assert agent is not None
    agent.kill()
    agent.wait()
    await asyncio.sleep(1)
    (lab.start_agent, lab.start_second_agent)[number]()
    await moving.ended(job_id)
    await moving.cloud.vm_becomes(moving.vm_id, lambda vm: vm.state == VmState.RUNNING, 60)
    assert await moving.is_on_one_side() == "running"
    assert await moving.shell.succeeds("true")
    await moving.settled()


@pytest.mark.parametrize("side", ["source", "destination"])
async def test_qemu_is_killed_in_the_middle(moving: Moving, side: str) -> None:
    here, there = await moving.sides()
    job_id = await moving.begin(bandwidth_bytes_s=SLOW)
    await moving.in_the_middle(job_id)
    host = moving.lab.hosts[here if side == "source" else there]
    pid = await run(host, "cat", f"/run/libvirt/qemu/anyun-{moving.vm_id}.pid")
    os.kill(int(pid), signal.SIGKILL)
    job = await moving.ended(job_id)
    assert job.state == "failed"
    if side == "source":
        assert await moving.is_on_one_side() == "off"
        await moving.settled()
        await moving.start()
    assert await moving.is_on_one_side() == "running"
    assert await moving.shell.succeeds("true")
    await moving.settled()


async def test_the_service_is_killed_in_the_middle(moving: Moving) -> None:
    before = (await moving.vm()).host_id
    job_id = await moving.begin(bandwidth_bytes_s=SLOW)
    await moving.in_the_middle(job_id)
    await asyncio.to_thread(moving.lab.kill_service)
    await moving.lab.start_service()
    assert (await moving.ended(job_id)).state == "succeeded"
    assert (await moving.vm()).host_id != before
    assert await moving.is_on_one_side() == "running"
    assert await moving.shell.succeeds("true")
    await moving.settled()


async def test_libvirtd_of_the_source_is_killed_in_the_middle(moving: Moving) -> None:
    here, _ = await moving.sides()
    job_id = await moving.begin(bandwidth_bytes_s=SLOW)
    await moving.in_the_middle(job_id)
    await asyncio.to_thread(moving.lab.hosts[here].restart_libvirtd)
    await moving.ended(job_id)
    await moving.cloud.vm_becomes(moving.vm_id, lambda vm: vm.state == VmState.RUNNING, 60)
    assert await moving.is_on_one_side() == "running"
    assert await moving.shell.succeeds("true")
    await moving.settled()


async def test_the_destination_has_a_full_disk(moving: Moving) -> None:
    if (await moving.sides())[1] == 0:
        await moving.ended(await moving.begin())
    here, _ = await moving.sides()
    await moving.shell.run("dd if=/dev/urandom of=/dev/vdb bs=1M count=48 conv=fsync 2>/dev/null")
    job_id = await moving.begin(bandwidth_bytes_s=SLOW)
    await moving.in_the_middle(job_id)
    filler = str(moving.storage / "filler")
    second = moving.lab.second
    free = int((await run(second, "stat", "-f", "-c", "%f", str(moving.storage))).strip())
    size = int((await run(second, "stat", "-f", "-c", "%S", str(moving.storage))).strip())
    with contextlib.suppress(subprocess.CalledProcessError):  # it takes what there is
        await run(second, "fallocate", "-l", str((free - 64) * size), filler)
        await run(second, "dd", "if=/dev/zero", f"of={filler}-2", "bs=4k")
    job = await moving.ended(job_id)
    await run(second, "rm", "-f", filler, f"{filler}-2")
    assert job.state == "failed"
    assert job.error.code == "storage.no_space"
    assert (await moving.vm()).host_id == moving.host_ids[here]
    assert await moving.is_on_one_side() == "running"
    assert await moving.shell.succeeds("true")
    await moving.settled()


async def test_a_host_is_lost_in_the_middle(moving: Moving) -> None:
    """Its destination loses its power: the machine goes on where it was."""
    here, there = await moving.sides()
    if there == 0:  # the service is reached through the first host's namespace
        await moving.ended(await moving.begin())
        here, there = await moving.sides()
    job_id = await moving.begin(bandwidth_bytes_s=SLOW)
    await moving.in_the_middle(job_id)
    await asyncio.to_thread(moving.lab.second.crash)
    job = await moving.ended(job_id)
    assert job.state == "failed"
    vm = await moving.vm()
    assert (vm.state, vm.host_id) == (VmState.RUNNING, moving.host_ids[here])
    assert await moving.shell.succeeds("true")
    moving.lab.start_second_agent()
    await moving.settled()
    assert await moving.is_on_one_side() == "running"


async def test_a_machine_on_shared_storage_moves_with_its_snapshots(moving: Moving) -> None:
    write = "dd if=/dev/urandom of=/dev/vdb bs=1M count=8 conv=fsync 2>/dev/null"
    check = "echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/vdb bs=1M count=8 2>/dev/null | md5sum"
    folder = moving.lab.folder / "shared"
    folder.mkdir(mode=0o711)
    cluster_id = moving.cloud.flow.step("cluster").request["id"]
    storage = await moving.call(
        "primary_storage.create", name="shared", kind="shared", path=str(folder),
        cluster_id=cluster_id,
    )  # fmt: skip
    vm = await moving.cloud.create(
        "sharer", host_id=moving.host_ids[0], network_id=moving.lan_id,
        ssh_public_key=moving.key.with_suffix(".pub").read_text().strip(),
        data_disks=[{"size_bytes": 64 * MiB}], primary_storage_id=storage.id,
    )  # fmt: skip
    shell = GuestShell(moving.lab.wire.command(), vm.nics[0].address, moving.key)
    await shell.is_up(BOOTED_WITHIN_S)

    async def do(operation: str, ref: str = vm.id, **fields: Any) -> str:
        accepted = await moving.call(operation, id=ref, **fields)
        await wait(moving.cloud.client, accepted, timeout_s=90)
        return accepted.resource_ids[0]

    first = await shell.run(f"{write}; {check}")
    taken = await do("vm.create_snapshot", name="first")
    await shell.run(write)
    await do("vm.migrate", host_id=moving.host_ids[1])
    second = await shell.run(f"{write}; {check}")
    # On its new host the snapshot is merged under the guest.
    data = vm.volumes[1].id
    accepted = await moving.call("snapshot.create", volume_id=data, name="second")
    await wait(moving.cloud.client, accepted, timeout_s=60)
    third = await shell.run(f"{write}; {check}")
    await do("snapshot.delete", accepted.resource_ids[0])
    assert await shell.run(check) == third != second != first
    assert (await moving.call("volume.check_chain", id=data)).is_sound
    # It goes back to what the first host has kept, and starts there.
    await do("vm.stop", force=True)
    await do("vm.revert_snapshot", snapshot_id=taken)
    await moving.call("host.disable", id=moving.host_ids[1])
    await do("vm.start")
    await moving.call("host.enable", id=moving.host_ids[1])
    assert (await moving.cloud.vm(vm.id)).host_id == moving.host_ids[0]
    await shell.is_up(BOOTED_WITHIN_S)
    assert await shell.run(check) == first
    await do("vm.destroy")
    await do("vm.expunge")
    await do("volume.delete", data)
    await do("volume.expunge", data)
    await moving.call("primary_storage.delete", id=storage.id)
    assert (await moving.call("ledger.check")).differences == []


# Dirties more memory than may be sent, beside what it must not lose.
DIRTY = """\
dd if=/dev/urandom of=/tmp/kept bs=1M count=8 2>/dev/null
cat >/tmp/dirty <<'END'
while [ ! -e /tmp/stop ]; do
  dd if=/dev/urandom of=/tmp/noise bs=1M count=8 conv=notrunc 2>/dev/null
  sleep 0.2
done
END
rm -f /tmp/stop; sh /tmp/dirty >/dev/null 2>&1 </dev/null & md5sum </tmp/kept
"""


async def test_it_ends_by_post_copy(moving: Moving) -> None:
    """It writes faster than its memory may be sent: it goes on over there and fetches the rest."""
    kept = await moving.shell.run(DIRTY)
    before = (await moving.vm()).host_id
    job_id = await moving.begin(post_copy=True, auto_converge=False, bandwidth_bytes_s=SLOW)
    job = await moving.ended(job_id)
    noted = (await moving.call("job.log", id=job.id)).items
    print([(line.code, line.params) for line in noted])
    assert job.state == "succeeded", job.error
    assert "migration.post_copy" in {line.code for line in noted}
    assert (await moving.vm()).host_id != before
    assert await moving.is_on_one_side() == "running"
    assert await moving.shell.run("touch /tmp/stop; md5sum </tmp/kept") == kept
    await moving.settled()
