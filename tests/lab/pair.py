"""A cloud of two hosts on one switch, with the outside world on it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.cloud import LabCloud
from tests.lab.host import LabHost
from tests.lab.simulated.tokens import prepare_secrets, tokens_for
from tests.lab.wire import Wire


@dataclass
class LabPair(LabCloud):
    """Of two numbers that follow each other, `number` is the first.

    The second host joins when `join_second` is called. Images lie where both hosts see them, but
    each has its disks to itself.
    """

    second_agent: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        (self.folder / "second").mkdir(exist_ok=True)
        self.second = LabHost(
            f"anlab{self.number + 1}",
            self.folder / "second",
            self.number + 1,
            private=(self.state / "storage" / "primary-storage",),
        )
        self.wire = Wire(f"anwire{self.number}")

    @property
    def addresses(self) -> tuple[str, str]:
        """The hosts' own addresses on the switch."""
        base = self.wire.address.rpartition(".")[0]
        return f"{base}.11", f"{base}.12"

    @property
    def hosts(self) -> tuple[LabHost, LabHost]:
        """Both."""
        return self.host, self.second

    async def __aenter__(self) -> LabPair:
        try:
            self.wire.start()
            await asyncio.gather(*(asyncio.to_thread(host.start) for host in self.hosts))
            for host, address in zip(self.hosts, self.addresses, strict=True):
                self.wire.plug(host, f"{address}/24")
            self.state.mkdir(exist_ok=True, mode=0o711)
            secrets = prepare_secrets(self.state, 1)
            self.ready = await self.start_service()
            (self._token,) = tokens_for(self.ready, secrets)
            self.start_agent()
        except BaseException:
            await self.stop()
            raise
        return self

    async def stop(self) -> None:
        await asyncio.to_thread(self.second.stop)
        await super().stop()
        self.wire.stop()

    def left(self) -> dict[str, str]:
        """What is on the hosts because of a cloud that was removed: nothing, as it should be.

        The second host's own mount hides that the first one's files lie in the same place.
        """
        second = self._left_on(self.second, self._second_state)
        return super().left() | {f"second: {name}": text for name, text in second.items()}

    @property
    def _second_state(self) -> Path:
        return self.folder / "second-agent"

    def start_second_agent(self) -> None:
        """Start the agent on the second host; the first time it joins the service."""
        self.second_agent = self.second.spawn(
            *(sys.executable, "-m", "hostagent", "--state-dir", str(self._second_state)),
            *("--join", self._token),
            *("--probe-kernel", str(self.starter / "vmlinuz")),
            *("--probe-initrd", str(self.starter / "initrd.img")),
            log=self.folder / "second-agent.log",
        )

    async def join_second(self, client: Any, cluster_id: str) -> str:
        """Have the second host in a cluster; returns its id."""
        first = {host.id for host in (await client.call("host.list")).items}
        self.start_second_agent()
        async with asyncio.timeout(60):
            while not (found := await self._candidates(client, first)):
                await asyncio.sleep(0.2)
        host = await client.call(
            "host.create", name="second", cluster_id=cluster_id, candidate_id=found[0]
        )
        return host.id

    async def _candidates(self, client: Any, known: set[str]) -> list[str]:
        listed = (await client.call("host_candidate.list")).items
        return [candidate.id for candidate in listed if candidate.id not in known]
