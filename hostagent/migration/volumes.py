"""Volumes that no machine has open, on their way from one host's own storage to another's.

They take the way that machines that are off take their disks by: encrypted, let in by certificate
and secret, copied whole and compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from hostagent.migration.copying import Receiver, send
from hostagent.migration.way import Credentials, Entrance, make_folder, remove_folder
from hostagent.protocol.commands import Nothing
from hostagent.protocol.link import CallContext
from hostagent.protocol.migration import CopyParams, ListenResult
from hostagent.protocol.moves import VolumeListenParams, VolumeMoveRef, VolumeSendParams

OWNER = (0, 0)  # the agent's own programs read and write here, and no machine


@dataclass(frozen=True)
class _Open:
    entrance: Entrance
    result: ListenResult
    receiver: Receiver


class TravellingVolumes:
    """Volumes that come and go, by move."""

    def __init__(self, credentials: Callable[[], Credentials]) -> None:
        self._credentials = credentials
        self._open: dict[str, _Open] = {}

    async def listen(self, params: VolumeListenParams, _: CallContext) -> ListenResult:
        """Be ready for volumes; a second time it answers the same."""
        known = self._open.get(params.migration_id)
        if known is not None:
            return known.result
        await asyncio.to_thread(make_folder, params.migration_id, OWNER)
        receiver = Receiver()
        entrance = Entrance(params, self._credentials(), lambda: False)
        try:
            await receiver.start(params.migration_id, params.received)
            result = entrance.open()
        except BaseException:
            await receiver.stop()
            remove_folder(params.migration_id)
            raise
        self._open[params.migration_id] = _Open(entrance, result, receiver)
        return result

    async def send(self, params: VolumeSendParams, context: CallContext) -> Nothing:
        """Fill the other host's volume and compare; raises CommandFailed."""
        copy = CopyParams(
            migration_id=params.move_id,
            vm_id=params.volume.volume_id,
            way=params.way,
            volumes=[params.volume],
        )
        await send(copy, self._credentials(), context.progress)
        return Nothing()

    async def end(self, params: VolumeMoveRef, _: CallContext) -> Nothing:
        """Let go of the volumes, which hold what was written; does nothing if that is done."""
        await self._close(params.move_id)
        return Nothing()

    async def stop(self) -> None:
        """Listen no more."""
        for move_id in list(self._open):
            await self._close(move_id)

    async def _close(self, move_id: str) -> None:
        known = self._open.pop(move_id, None)
        if known is not None:
            known.entrance.close()
            await known.receiver.stop()
            remove_folder(move_id)
