"""Many simulated hosts in this process."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.lab.simulated.faults import Fault, FaultPlan
from tests.lab.simulated.host import SimulatedHost
from tests.lab.simulated.migrations import Ways
from tests.lab.simulated.paths import PathTruth
from tests.lab.simulated.sharing import SharedTruth
from tests.lab.simulated.state import HostState, SimFile, Traits, summary

AT_ONCE = 48  # handshakes at a time while joining
MEMORY_FOLDER = Path("/dev/shm")
FILES_A_HOST = 2


class Fleet:
    """Use as a context: joins with `tokens`, one for each host, and dials.

    All hosts see the same image stores, as if these lay on a shared file system. `folder` keeps
    keys and certificates for another run; without one they go with the fleet.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        *,
        faults: Iterable[Fault] = (),
        traits: Traits | None = None,
        folder: Path | None = None,
        prefix: str = "sim",
        seed: int = 0,
    ) -> None:
        self.plan = FaultPlan(faults, seed)
        self._tokens = list(tokens)
        self._own_folder = folder is None
        self._folder = folder or _temporary_folder()
        self._stores: dict[str, SimFile] = {}
        self.shared = SharedTruth()
        self.paths = PathTruth()
        self._ways: Ways = {}
        traits = traits or Traits()
        self.hosts = [
            self._host(f"{prefix}-{number:04}", traits) for number in range(len(self._tokens))
        ]

    def _host(self, name: str, traits: Traits) -> SimulatedHost:
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        state = HostState(traits, self._stores, paths=self.paths, shared=self.shared)
        self.shared.hosts.append(state)
        return SimulatedHost(name, folder, state, self.plan, ways=self._ways)

    async def __aenter__(self) -> Fleet:
        _allow_files(len(self.hosts) * FILES_A_HOST)
        try:
            await self._join()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Hang up everywhere."""
        await asyncio.gather(*(host.stop() for host in self.hosts))
        if self._own_folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __getitem__(self, name: str) -> SimulatedHost:
        """The host with this name or id."""
        for host in self.hosts:
            if name in (host.name, host.id):
                return host
        raise KeyError(name)

    @property
    def ids(self) -> list[str]:
        """The ids that the service gave to the hosts."""
        return [host.id for host in self.hosts]

    @property
    def calls(self) -> Counter[str]:
        """How often each command was asked for."""
        return sum((host.calls for host in self.hosts), Counter())

    def leftovers(self) -> dict[str, Any]:
        """What is on the hosts because of machines, and what was asked wrongly; by host."""
        return summary({host.name: host.state for host in self.hosts}) | self._addresses_twice()

    def domains(self) -> dict[str, str]:
        """The state of each machine that a host has defined."""
        return {
            vm_id: domain.state.value
            for host in self.hosts
            for vm_id, domain in host.state.domains.items()
        }

    def effects(self, command: str) -> Counter[str]:
        """How often `command` really changed each resource, on all hosts together."""
        found: Counter[str] = Counter()
        for host in self.hosts:
            for (name, ref), count in host.state.effects.items():
                if name == command:
                    found[ref] += count
        return found

    def forget_counts(self) -> None:
        """Count calls, effects and faults from now on."""
        self.plan.struck = 0
        for host in self.hosts:
            host.calls.clear()
            host.calls_of_jobs.clear()
            host.state.effects.clear()

    async def _join(self) -> None:
        places = asyncio.Semaphore(AT_ONCE)

        async def one(host: SimulatedHost, token: str) -> None:
            async with places:
                await host.join(token)
                host.start()

        async with asyncio.TaskGroup() as group:
            for host, token in zip(self.hosts, self._tokens, strict=True):
                group.create_task(one(host, token))

    def _addresses_twice(self) -> dict[str, Any]:
        """Addresses that two machines have at the same time, wherever they are."""
        owners: dict[tuple[str, str], set[str]] = {}
        for host in self.hosts:
            for network in host.state.document.networks:
                for port in network.ports:
                    owners.setdefault((network.id, port.address), set()).add(port.vm_id)
        twice = [f"{place[1]}: {sorted(vms)}" for place, vms in owners.items() if len(vms) > 1]
        return {"addresses_twice": twice} if twice else {}


def _temporary_folder() -> Path:
    """In memory where that can be: each identity is synced to the disk, file by file."""
    place = MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="anyun-fleet-", dir=place))


def _allow_files(needed: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = needed + 256
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
