"""The real service in a process of its own, and twenty simulated hosts in the test's."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
import structlog

from appliance.client import Client, wait
from appliance.client.jobs import JobFailed
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import Vm, VmState
from tests.lab.simulated.cloud import SimulatedCloud, set_up, side_by_side, until_all
from tests.lab.simulated.fleet import Fleet
from tests.lab.simulated.host import SimulatedHost
from tests.lab.simulated.service import ServiceProcess
from tests.lab.simulated.tokens import prepare_secrets, tokens_for

HOSTS = 20


@dataclass
class Lab:
    """A cloud with everything that tests turn knobs on."""

    service: ServiceProcess
    fleet: Fleet
    cloud: SimulatedCloud

    @property
    def client(self) -> Client:
        """Logged in as administrator."""
        return self.cloud.client

    async def create(self, name: str, count: int = 1, **fields: Any) -> Accepted:
        """Ask for machines, without waiting for them."""
        return await self.client.call(
            "vm.create", **self.cloud.vm_request(name, count=count, **fields)
        )

    async def ended(self, accepted: Accepted, timeout_s: float = 20.0) -> list[str]:
        """Wait for the jobs; returns the error codes of those that failed."""
        failed = []
        try:
            await wait(self.client, accepted, timeout_s=timeout_s)
        except JobFailed:
            for job in accepted.jobs:
                now = await self.client.call("job.get", id=job.id)
                failed += [now.error.code] if now.error is not None else []
        return failed

    async def on_all(self, operation: str, vm_ids: Iterable[str], **fields: Any) -> list[str]:
        """One operation on many machines side by side; returns the error codes of failed jobs."""
        accepted = await side_by_side(
            lambda vm_id=vm_id: self.client.call(operation, id=vm_id, **fields) for vm_id in vm_ids
        )
        jobs = [job for one in accepted for job in one.jobs]
        timeout_s = 20 + len(jobs) / 20
        return await self.ended(Accepted(jobs=jobs, resource_ids=[]), timeout_s)

    async def vms(self) -> list[Vm]:
        """All machines as the service sees them."""
        return [vm async for vm in self.client.iterate("vm.list")]

    async def becomes(self, vm_id: str, state: VmState) -> None:
        """Wait until the service sees a machine in this state."""
        await until_all(self.client, "vm", [vm_id], lambda vm: vm is not None and vm.state == state)

    async def disconnected(self, host_id: str) -> None:
        """Wait until the service has noticed that a host is away."""
        await until_all(self.client, "host", [host_id], lambda host: host.status == "disconnected")

    async def service_sees_away(self, host: SimulatedHost) -> None:
        """Let a host hang up, until the service has noticed."""
        await host.stop()
        await self.disconnected(host.id)

    async def until(self, is_so: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Wait until something holds on the simulated hosts."""
        async with asyncio.timeout(timeout_s):
            while not is_so():
                await asyncio.sleep(0.01)

    async def retry_cleanup(self) -> None:
        """Try now what could not be undone when a host was away."""
        async for item in self.client.iterate("cleanup.list"):
            await self.client.call("cleanup.retry", id=item.id)

    async def remove_all(self) -> None:
        """Destroy and expunge whatever is left."""
        found = await self.vms()
        assert await self.on_all("vm.destroy", [vm.id for vm in found]) == []
        assert await self.on_all("vm.expunge", [vm.id for vm in found]) == []

    async def assert_clean(self) -> None:
        """Nothing of machines is left: not on hosts, not in the API, not in the ledger."""
        assert await self.vms() == []
        # Documents of hosts may be on their way still when a job that failed has ended.
        with contextlib.suppress(TimeoutError):
            await self.until(lambda: self.fleet.leftovers() == {})
        assert self.fleet.leftovers() == {}
        assert (await self.client.call("ledger.check")).differences == []
        assert (await self.client.call("volume.list")).items == []
        assert (await self.client.call("cleanup.list")).items == []
        async for host in self.client.iterate("host.list"):
            assert (host.cpu_claimed, host.memory_claimed_bytes) == (0, 0)
        network = await self.client.call("network.get", id=self.cloud.network_ids[0])
        assert network.addresses_used == 0


@pytest.fixture(scope="session", autouse=True)
def calm_log() -> None:
    """A long run shows its own progress, and not what each host does."""
    if "ANYUN_SOAK_MINUTES" in os.environ:
        calm = structlog.make_filtering_bound_logger(logging.ERROR)
        structlog.configure(wrapper_class=calm)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def module_lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    state = tmp_path_factory.mktemp("simulated") / "state"
    words = await asyncio.to_thread(prepare_secrets, state, HOSTS)
    service = ServiceProcess(state)
    try:
        ready = await service.start()
        client = await service.log_in()
        async with client, Fleet(tokens_for(ready, words)) as fleet:
            yield Lab(service, fleet, await set_up(client, fleet.ids))
    finally:
        await service.stop()


@pytest.fixture
def lab(module_lab: Lab) -> Lab:
    """The cloud without faults and with counts at zero: each test leaves it clean."""
    module_lab.fleet.plan.replace([])
    module_lab.fleet.forget_counts()
    return module_lab
