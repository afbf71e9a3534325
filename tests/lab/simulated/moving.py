"""Simulated volumes that move to another storage or host: files by size only, as real hosts answer.

Hosts of a fleet find those that listen by their secrets.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from msgspec.structs import replace as with_fields

from hostagent.protocol import moves as m
from hostagent.protocol.commands import Nothing
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.migration import ListenResult
from hostagent.protocol.storage import VolumeInfo, VolumeRef
from tests.lab.simulated.contents import shown
from tests.lab.simulated.sharing import files_on, others_with
from tests.lab.simulated.state import Domain, HostState, SimFile, file_of


def _retired(path: str) -> str:
    return f"{path}.retired"


class Moves:
    """Volumes of one host."""

    def __init__(self, state: HostState) -> None:
        self._state = state

    async def transfer(self, params: m.TransferParams, context: CallContext) -> VolumeInfo:
        """A file that stands on none, on the other storage."""
        found = self._read(self._state, params.source)
        files = files_on(self._state, params.target.storage)
        target = file_of(self._state, params.target)
        if target == file_of(self._state, params.source):
            self._state.anomalies.append(f"{target} was to be copied onto itself")
        context.progress(100, 200, "percent")
        if target not in files:
            self._state.note("volume.transfer", params.target.volume_id)
        written = _shown(self._state, params.source)
        files[target] = SimFile(found.size_bytes, params.size_bytes, written=written)
        return VolumeInfo(path=target, size_bytes=params.size_bytes, used_bytes=found.size_bytes)

    async def mirror(self, params: m.MirrorParams, context: CallContext) -> VolumeInfo:
        """The machine goes on with a file on the other storage; the old one loses its name."""
        domain = self._running(params)
        if domain is None:
            raise CommandFailed("domain.not_running", "the machine does not run")
        source, target = file_of(self._state, params.source), file_of(self._state, params.target)
        here = files_on(self._state, params.source.storage)
        there = files_on(self._state, params.target.storage)
        if not self._has(domain, params.target):
            context.progress(1, 2, "bytes")
            there[target] = SimFile(here[source].size_bytes, params.size_bytes)
            self._plug(domain, params)
            self._state.note("volume.mirror", params.target.volume_id)
        if source in here:
            here[_retired(source)] = here.pop(source)
        used_bytes = there[target].size_bytes
        return VolumeInfo(path=target, size_bytes=params.size_bytes, used_bytes=used_bytes)

    async def settle(self, params: m.MirrorParams, _: CallContext) -> m.SettledMove:
        """Which copy is the newest, by what is there."""
        domain = self._running(params)
        source = file_of(self._state, params.source)
        here = files_on(self._state, params.source.storage)
        if domain is not None and self._has(domain, params.target):
            if source in here:
                here[_retired(source)] = here.pop(source)
            return m.SettledMove(side=m.MoveSide.TARGET)
        if source in here:
            return m.SettledMove(side=m.MoveSide.SOURCE)
        if _retired(source) not in here:
            raise CommandFailed("volume.missing", f"{source} does not exist", path=source)
        return m.SettledMove(side=m.MoveSide.TARGET)

    def _running(self, params: m.MirrorParams) -> Domain | None:
        domain = self._state.domains.get(params.vm_id)
        return domain if domain is not None and domain.is_active else None

    @staticmethod
    def _has(domain: Domain, volume: VolumeRef) -> bool:
        return any(disk.volume == volume for disk in domain.spec.disks)

    @staticmethod
    def _plug(domain: Domain, params: m.MirrorParams) -> None:
        disks = [
            with_fields(disk, volume=params.target)
            if disk.volume.volume_id == params.source.volume_id
            else disk
            for disk in domain.spec.disks
        ]
        domain.spec = with_fields(domain.spec, disks=disks)

    async def listen(self, params: m.VolumeListenParams, _: CallContext) -> ListenResult:
        """Be ready; the way is known by the move."""
        for volume in params.received:
            if file_of(self._state, volume) not in files_on(self._state, volume.storage):
                raise CommandFailed("migration.copy_failed", "it does not exist", reason="missing")
        known = self._state.listening.get(params.migration_id)
        secret = known.secret if known else uuid.uuid4().hex
        self._state.received[secret] = params.received
        result = ListenResult(
            addresses=params.addresses,
            port=params.ports[0],
            certificate_sha256="",
            secret=secret,
        )
        self._state.listening[params.migration_id] = result
        return result

    async def send(self, params: m.VolumeSendParams, context: CallContext) -> Nothing:
        """Fill the file of the host that listens."""
        secret = params.way.secret
        there = next((one for one in self._state.shared.hosts if secret in one.received), None)
        if there is None:
            raise CommandFailed(
                "migration.unreachable", "nobody listens", port=params.way.port,
                addresses=", ".join(params.way.addresses),
            )  # fmt: skip
        if self._state.migrations.breaks:
            raise CommandFailed("migration.copy_failed", "the way broke", reason="the way broke")
        found = self._read(self._state, params.volume)
        for volume in there.received[secret]:
            files, path = files_on(there, volume.storage), file_of(there, volume)
            written = _shown(self._state, params.volume)
            files[path] = replace(files[path], size_bytes=found.size_bytes, written=written)
        self._state.note("volume.send", params.volume.volume_id)
        context.progress(200, 200, "percent")
        return Nothing()

    async def end(self, params: m.VolumeMoveRef, _: CallContext) -> Nothing:
        """Listen no more."""
        result = self._state.listening.pop(params.move_id, None)
        if result is not None:
            self._state.received.pop(result.secret, None)
        return Nothing()

    def _read(self, state: HostState, volume: VolumeRef) -> SimFile:
        path = file_of(state, volume)
        found = files_on(state, volume.storage).get(path)
        if found is None:
            raise CommandFailed("volume.missing", f"{path} does not exist", path=path)
        if others_with(state, "", volume):
            state.anomalies.append(f"{path} was copied while it was open")
        return found


def _shown(state: HostState, volume: VolumeRef) -> int:
    return shown(files_on(state, volume.storage), file_of(state, volume))
