"""A whole cloud on a test host, set up once for the tests of a module."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from appliance.client import Client, wait
from appliance.client.setup import SetupFlow
from appliance.protocol.resources import Job, Vm
from tests.lab.cloud import LabCloud

PASSWORD = "correct horse battery"
GUEST_MEMORY_BYTES = 160 * 1024**2


@dataclass
class Cloud:
    """A lab cloud with somebody logged in."""

    lab: LabCloud
    client: Client
    flow: SetupFlow

    async def do(self, operation: str, vm_id: str, **fields: Any) -> list[Job]:
        """Run an operation on a VM to its end; raises JobFailed."""
        accepted = await self.client.call(operation, id=vm_id, **fields)
        return await wait(self.client, accepted, timeout_s=120)

    async def create(self, name: str, **fields: Any) -> Vm:
        """A running VM from the starter image."""
        accepted = await self.client.call("vm.create", **self.vm_request(name, **fields))
        await wait(self.client, accepted, timeout_s=120)
        return await self.vm(accepted.resource_ids[0])

    def vm_request(self, name: str, **fields: Any) -> dict[str, Any]:
        """What `vm.create` needs for a small guest."""
        return {
            "name": name,
            "image_id": self.flow.step("image").request["id"],
            "network_id": self.flow.step("network").request["id"],
            "cpu_count": 1,
            "memory_bytes": GUEST_MEMORY_BYTES,
        } | fields

    async def vm(self, vm_id: str) -> Vm:
        """The VM as the service sees it now."""
        return await self.client.call("vm.get", id=vm_id)

    async def vm_becomes(self, vm_id: str, check: Callable[[Vm], bool], timeout_s: float) -> Vm:
        """Wait until `check` holds for the VM; looks whenever the feed tells of a change."""
        async with asyncio.timeout(timeout_s):
            while True:
                feed = self.client.feed()
                try:
                    async for _ in feed:
                        vm = await self.vm(vm_id)
                        if check(vm):
                            return vm
                except ConnectionError:
                    continue
                finally:
                    await feed.aclose()  # type: ignore[attr-defined]

    async def read_serial(self, vm_id: str, until: bytes, timeout_s: float) -> bytes:
        """What a VM's serial line says, until `until` is among it."""
        console = await self.client.open_console(vm_id, kind="serial")
        seen = b""
        try:
            async with asyncio.timeout(timeout_s):
                await console.send(b"\r")
                while until not in seen:
                    chunk = await console.receive()
                    assert chunk, f"the console ended: {seen[-200:]!r}"
                    seen += chunk
        except TimeoutError:
            pytest.fail(f"no {until!r} within {timeout_s} s; last was {seen[-400:]!r}")
        finally:
            await console.close()
        return seen

    def leftovers(self) -> dict[str, str]:
        """What of VMs is on the host: empty texts when there is nothing."""
        host = self.lab.host
        links = host.run("ip", "-o", "link")
        files = host.run("find", str(self.lab.state / "storage"), "-type", "f")
        return {
            "domains": host.run("virsh", "-q", "list", "--all", "--name").strip(),
            "taps": "\n".join(line for line in links.splitlines() if ": anyt" in line),
            "volumes": "\n".join(line for line in files.splitlines() if "/volumes/" in line),
        }


async def set_up(lab: LabCloud) -> Cloud:
    """Log in with the set-up code and run the seven steps with the proposed values."""
    ready = json.loads((lab.state / "service" / "ready.json").read_text())
    client = Client(ready["url"], fingerprint=ready["ca_fingerprint"])
    await client.set_first_password(ready["setup_code"], PASSWORD)
    flow = SetupFlow(client)
    async with asyncio.timeout(60):
        while not (await flow.load()).steps[2].request["candidate_id"]:
            await asyncio.sleep(0.2)
    await flow.run_all()
    return Cloud(lab, client, flow)


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with LabCloud(3) as lab:
        cloud = await set_up(lab)
        yield cloud
        await cloud.client.close()
