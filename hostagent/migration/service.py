"""The commands of live migration, of both sides."""

from __future__ import annotations

from pathlib import Path

import libvirt

from hostagent.libvirt.domains import Domains
from hostagent.link import enrol
from hostagent.migration.copying import send
from hostagent.migration.incoming import Incoming
from hostagent.migration.outgoing import Outgoing, Tell
from hostagent.migration.volumes import TravellingVolumes
from hostagent.migration.way import Credentials
from hostagent.network.manager import NetworkManager
from hostagent.protocol import commands as c
from hostagent.protocol import migration as m
from hostagent.protocol.link import CallContext, CommandFailed, Peer


class Migrations:
    """Machines that come and go. `folder` holds the agent's certificate and key; `network` is
    told of them, and knows their connections.
    """

    def __init__(self, domains: Domains, folder: Path, tell: Tell, network: NetworkManager) -> None:
        self._folder = folder
        self._incoming = Incoming(domains, network)
        self._outgoing = Outgoing(domains, tell, network)
        self._volumes = TravellingVolumes(self._credentials)

    def prepare(self, peer: Peer) -> None:
        """Bind the commands to a new link."""
        peer.handle(c.MIGRATION_LISTEN, self._listen)
        peer.handle(c.MIGRATION_RUN, self._run)
        peer.handle(c.MIGRATION_COPY, self._copy)
        peer.handle(c.MIGRATION_LOOK, lambda params, _: self._outgoing.look(params))
        peer.handle(c.MIGRATION_STOP, lambda params, _: self._outgoing.stop(params))
        peer.handle(c.MIGRATION_POST_COPY, lambda params, _: self._outgoing.post_copy(params))
        peer.handle(c.MIGRATION_COMPLETE, lambda params, _: self._incoming.complete(params))
        peer.handle(c.MIGRATION_DROP, lambda params, _: self._incoming.drop(params))
        peer.handle(c.VOLUME_LISTEN, self._volumes.listen)
        peer.handle(c.VOLUME_SEND, self._volumes.send)
        peer.handle(c.VOLUME_END, self._volumes.end)

    def note(self, vm_id: str, event: int, detail: int) -> None:
        """A machine's domain changed."""
        stands = (
            libvirt.VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED,
            libvirt.VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY,
        )
        if event == libvirt.VIR_DOMAIN_EVENT_SUSPENDED and detail in stands:
            for_good = detail == libvirt.VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY
            self._outgoing.suspended(vm_id, for_good=for_good)
        elif event == libvirt.VIR_DOMAIN_EVENT_RESUMED:
            self._incoming.resumed(vm_id)

    async def stop(self) -> None:
        """The agent stops."""
        await self._outgoing.stop_all()
        await self._incoming.stop()
        await self._volumes.stop()

    async def _listen(self, params: m.ListenParams, _: CallContext) -> m.ListenResult:
        return await self._incoming.listen(params, self._credentials())

    async def _run(self, params: m.RunParams, _: CallContext) -> m.RunResult:
        return await self._outgoing.run(params, self._credentials())

    async def _copy(self, params: m.CopyParams, context: CallContext) -> c.Nothing:
        await send(params, self._credentials(), context.progress)
        return c.Nothing()

    def _credentials(self) -> Credentials:
        identity = enrol.load(self._folder)
        if identity is None:
            raise CommandFailed("agent.internal", "the agent has not enrolled")
        return Credentials(self._folder / "agent.crt", self._folder / "agent.key", identity.ca_pem)
