"""A cloud of two real hosts, and a guest on the wire that moves between them."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

from appliance.client import wait
from appliance.client.jobs import ENDED
from appliance.protocol.errors import ApiError
from appliance.protocol.resources import Vm
from tests.lab.host import LabHost
from tests.lab.pair import LabPair
from tests.lab.ssh import GuestShell
from tests.system.conftest import Cloud
from tests.system.test_two_hosts import BOOTED_WITHIN_S

MiB = 1024**2


class Moving:
    """The cloud, its two hosts, and a guest with a data disk."""

    def __init__(self, cloud: Cloud, lab: LabPair, key: Path) -> None:
        self.cloud, self.lab, self.key = cloud, lab, key
        self.call = cloud.client.call
        self.host_ids: list[str] = []
        self.vm_id = ""
        self.lan_id = ""

    async def prepare(self) -> None:
        """Both hosts, the network on the wire, and the guest on the first."""
        await self._small_disk()
        first = self.cloud.flow.step("host").request["candidate_id"]
        cluster_id = self.cloud.flow.step("cluster").request["id"]
        self.host_ids = [first, await self.lab.join_second(self.cloud.client, cluster_id)]
        base = self.lab.wire.address.rpartition(".")[0]
        accepted = await self.call(
            "network.create", name="lan", cluster_id=cluster_id, kind="physical",
            physical_interface="eth1", cidr=f"{base}.0/24", gateway=self.lab.wire.address,
            ranges=[{"first": f"{base}.100", "last": f"{base}.120"}],
        )  # fmt: skip
        self.lan_id = accepted.resource_ids[0]
        await wait(self.cloud.client, accepted, timeout_s=60)
        vm = await self.cloud.create(
            "mover", host_id=first, network_id=self.lan_id,
            ssh_public_key=self.key.with_suffix(".pub").read_text().strip(),
            data_disks=[{"size_bytes": 64 * MiB}],
        )  # fmt: skip
        self.vm_id = vm.id
        self.shell = GuestShell(self.lab.wire.command(), vm.nics[0].address, self.key)
        await self.shell.is_up(BOOTED_WITHIN_S)

    async def _small_disk(self) -> None:
        """The second host's storage is a file system of its own, which can be filled."""
        file = str(self.lab.folder / "second-disk")
        await run(self.lab.second, "truncate", "-s", "4G", file)
        await run(self.lab.second, "mkfs.ext4", "-q", "-m", "0", file)
        await run(self.lab.second, "mount", "-o", "loop", file, str(self.storage))

    @property
    def storage(self) -> Path:
        """Where the disks lie on each host."""
        return self.lab.state / "storage" / "primary-storage"

    async def vm(self) -> Vm:
        return await self.cloud.vm(self.vm_id)

    async def sides(self) -> tuple[int, int]:
        """Numbers of the host that the machine is on, and of the other."""
        here = self.host_ids.index((await self.vm()).host_id or "")
        return here, 1 - here

    async def begin(self, **fields: Any) -> str:
        """Ask for a migration to the other host when that has its storage; returns the job."""
        _, there = await self.sides()
        async with asyncio.timeout(30):  # a full disk is seen to be none by the next probe
            while not await self.reaches_storage(self.host_ids[there]):
                await asyncio.sleep(0.5)
        accepted = await self.call(
            "vm.migrate", id=self.vm_id, host_id=self.host_ids[there], **fields
        )
        return accepted.jobs[0].id

    async def reaches_storage(self, host_id: str) -> bool:
        """Whether a host is known to reach all storages."""
        storages = (await self.call("primary_storage.list")).items
        seen = [one.status for item in storages for one in item.hosts if one.host_id == host_id]
        return set(seen) == {"connected"}

    async def ended(self, job_id: str, within_s: float = 90.0) -> Any:
        async with asyncio.timeout(within_s):
            while (job := await self.call("job.get", id=job_id)).state not in ENDED:
                await asyncio.sleep(0.2)
        return job

    async def in_the_middle(self, job_id: str) -> None:
        """Wait until the machine is really being sent."""
        async with asyncio.timeout(60):
            while True:
                host = self.lab.hosts[(await self.sides())[1]]
                if f"anyun-{self.vm_id}" in await running(host):
                    break
                await asyncio.sleep(0.1)
        await asyncio.sleep(1.5)
        assert (await self.call("job.get", id=job_id)).state not in ENDED

    async def is_on_one_side(self) -> str:
        """What libvirt says of it where the service says that it is; nothing is elsewhere."""
        vm = await self.vm()
        name = f"anyun-{self.vm_id}"
        names = [name in await running(host) for host in self.lab.hosts]
        if vm.host_id is None:
            assert names == [False, False]
            return "off"
        assert names == [host_id == vm.host_id for host_id in self.host_ids]
        host = self.lab.hosts[self.host_ids.index(vm.host_id)]
        return (await run(host, "virsh", "-q", "domstate", name)).strip()

    async def settled(self) -> None:
        """Clean-up work is done, and the disks are on one host alone."""
        async with asyncio.timeout(60):
            while items := (await self.call("cleanup.list")).items:
                for item in items:
                    with contextlib.suppress(ApiError):  # a host is on its way back
                        await self.call("cleanup.retry", id=item.id)
                await asyncio.sleep(0.5)
        vm = await self.vm()
        here = {disk.host_id for disk in vm.volumes}
        assert len(here) == 1
        for host_id, host in zip(self.host_ids, self.lab.hosts, strict=True):
            files = (await run(host, "find", str(self.storage), "-name", "*.qcow2")).split()
            names = [file for file in files if "/volumes/" in file]
            assert len(names) == (len(vm.volumes) if host_id in here else 0), names
            left = await run(host, "sh", "-c", "ls /run/anyun/migration 2>/dev/null; true")
            assert left == "", left
        assert (await self.call("ledger.check")).differences == []

    async def start(self) -> None:
        """A guest that was lost comes up again."""
        await self.cloud.do("vm.start", self.vm_id)
        await self.shell.is_up(BOOTED_WITHIN_S)


async def run(host: LabHost, *command: str) -> str:
    return await asyncio.to_thread(host.run, *command)


async def running(host: LabHost) -> str:
    return await run(host, "virsh", "-q", "list", "--name")
