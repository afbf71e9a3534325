"""A simulated host whose networks are real: python -m tests.lab.simulated.real_network FOLDER.

Reads a join token from its first line of input, serves the service from then on, and takes
everything away when its input ends. Machines are simulated, and the test makes their taps; what
the rules say of packets is the kernel's. Start it in network and mount namespaces of its own.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog

from hostagent.network.manager import NetworkManager
from hostagent.protocol import network as n
from hostagent.protocol.commands import Nothing
from hostagent.protocol.drops import CountDrops, DropCounts
from hostagent.protocol.link import CallContext
from tests.lab.simulated.faults import FaultPlan
from tests.lab.simulated.host import SimulatedHost
from tests.lab.simulated.network import Networks
from tests.lab.simulated.state import HostState, Traits


class RealNetworks(Networks):
    """Leaves everything to an agent's network part."""

    def __init__(self, state: HostState, manager: NetworkManager) -> None:
        super().__init__(state)
        self._manager = manager

    async def apply(self, document: n.NetworkDocument, _: CallContext) -> n.NetworkReport:
        """Make it so; simulated machines look at the document for their bridges."""
        report = await self._manager.apply(document)
        if report.applied:
            self._state.document = document
        return report

    async def check(self, check: n.NetworkCheck, _: CallContext) -> n.NetworkCheckResult:
        """Look at the host."""
        return await self._manager.check(check)

    async def status(self, _: Nothing, __: CallContext) -> n.NetworkStatus:
        """As it is."""
        return await self._manager.status()

    async def drops(self, asked: CountDrops, _: CallContext) -> DropCounts:
        """As the kernel counts."""
        return await self._manager.count_drops(asked)

    async def release(self, _: Nothing, __: CallContext) -> Nothing:
        """Take everything away."""
        await self._manager.remove_all()
        return Nothing()


async def serve(folder: Path) -> None:
    """Serve until the end of the input."""
    token = (await asyncio.to_thread(sys.stdin.readline)).strip()
    manager = NetworkManager(folder / "network")
    await manager.start()
    state = HostState(Traits(), {})
    identity = folder / "agent"
    identity.mkdir(parents=True, exist_ok=True)
    networks = RealNetworks(state, manager)
    host = SimulatedHost(folder.name, identity, state, FaultPlan([], 0), networks)
    await host.join(token)
    host.start()
    print(host.id, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await host.stop()
    await manager.remove_all()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))
    asyncio.run(serve(Path(sys.argv[1])))
