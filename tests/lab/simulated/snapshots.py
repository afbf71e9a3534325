"""The simulated snapshots of one host: files that stand on each other, by name and size only."""

from __future__ import annotations

from dataclasses import replace

from msgspec.structs import replace as with_fields

from hostagent.protocol import snapshots as s
from hostagent.protocol.commands import Nothing
from hostagent.protocol.link import CallContext, CommandFailed
from hostagent.protocol.storage import VolumeInfo, VolumeRef
from hostagent.storage.paths import node_path
from tests.lab.simulated.contents import shown, take_over
from tests.lab.simulated.sharing import files_on
from tests.lab.simulated.state import HostState, SimFile, file_of

OVERLAY_BYTES = 196_624

Files = dict[str, SimFile]


class Snapshots:
    """The rules of real hosts: nothing is merged or dropped on which others stand."""

    def __init__(self, state: HostState) -> None:
        self._state = state

    async def take(self, params: s.TakeParams, _: CallContext) -> s.TakeResult:
        """New heads for all volumes at once, unless they are there."""
        frozen = []
        for volume in params.volumes:
            files = files_on(self._state, volume.storage)
            old, new = _paths(volume, volume.fallback or "", volume.head)
            below = self._must_exist(files, old)
            if new not in files:
                files[new] = SimFile(OVERLAY_BYTES, below.virtual_size_bytes, backing=old)
                self._state.note("snapshot.take", volume.volume_id)
            self._plug(volume, volume.head)
            size_bytes, used_bytes = below.virtual_size_bytes, below.size_bytes
            frozen.append(
                s.Frozen(volume_id=volume.volume_id, size_bytes=size_bytes, used_bytes=used_bytes)
            )
        return s.TakeResult(frozen=frozen, is_quiesced=False)

    async def take_back(self, params: s.TakeParams, _: CallContext) -> Nothing:
        """The old heads again."""
        for volume in params.volumes:
            files = files_on(self._state, volume.storage)
            old, new = _paths(volume, volume.fallback or "", volume.head)
            if new in files:
                below = self._must_exist(files, old)
                files[old] = take_over(below, files[new])
                self._remove(files, new)
                self._state.note("snapshot.take_back", volume.volume_id)
            self._plug(volume, volume.fallback or "")
        return Nothing()

    async def revert(self, params: s.RevertParams, _: CallContext) -> VolumeInfo:
        """An empty head on a frozen file."""
        self._refuse_open(params.volume)
        files = files_on(self._state, params.volume.storage)
        below, new = _paths(params.volume, params.node, params.volume.head)
        found = self._must_exist(files, below)
        size_bytes = found.virtual_size_bytes
        if new not in files:
            files[new] = SimFile(OVERLAY_BYTES, size_bytes, backing=below)
            self._state.note("snapshot.revert", params.volume.volume_id)
        return VolumeInfo(path=new, size_bytes=size_bytes, used_bytes=OVERLAY_BYTES)

    async def drop(self, params: s.DropParams, _: CallContext) -> Nothing:
        """Delete a file, unless it is gone."""
        files = files_on(self._state, params.volume.storage)
        (path,) = _paths(params.volume, params.node)
        if path in files:
            if file_of(self._state, params.volume) == path:
                self._state.anomalies.append(f"{path} is the head and was to be dropped")
            self._remove(files, path)
            self._state.note("snapshot.drop", params.volume.volume_id)
        return Nothing()

    async def merge(self, params: s.MergeParams, context: CallContext) -> s.MergeResult:
        """The lower file takes the place of the upper one."""
        files = files_on(self._state, params.volume.storage)
        lower, upper, *above = _paths(params.volume, params.lower, params.upper, *params.above)
        found = self._must_exist(files, lower)
        if upper not in files:
            return s.MergeResult(used_bytes=found.size_bytes)
        self._refuse_others(files, lower, {upper, *above})
        self._refuse_others(files, upper, set(above))
        context.progress(1, 1, "bytes")
        size_bytes = max(found.virtual_size_bytes, files[upper].virtual_size_bytes)
        files[lower] = take_over(replace(found, virtual_size_bytes=size_bytes), files[upper])
        for path in above:
            files[path] = replace(files[path], backing=lower)
        if upper == _paths(params.volume, params.volume.head)[0]:
            self._plug(params.volume, params.lower)
        self._remove(files, upper)
        self._state.note("snapshot.merge", params.volume.volume_id)
        return s.MergeResult(used_bytes=files[lower].size_bytes)

    async def settle(self, params: s.SettleParams, _: CallContext) -> s.SettleResult:
        """What is there."""
        files = files_on(self._state, params.volume.storage)
        mark = f"/volumes/{params.volume.volume_id}."
        names = (path.partition(mark)[2] for path in files if mark in path)
        return s.SettleResult(
            nodes=[name.removesuffix("qcow2").removesuffix(".") for name in names]
        )

    async def copy(self, params: s.CopyParams, context: CallContext) -> VolumeInfo:
        """A file that stands on none."""
        files = files_on(self._state, params.source.storage)
        source, target = file_of(self._state, params.source), file_of(self._state, params.target)
        found = self._must_exist(files, source)
        if target not in files:
            context.progress(100, 100, "percent")
            written = shown(files, source)
            files[target] = SimFile(found.size_bytes, params.size_bytes, written=written)
            self._state.note("volume.copy", params.target.volume_id)
        return VolumeInfo(path=target, size_bytes=params.size_bytes, used_bytes=found.size_bytes)

    async def chain(self, params: s.ChainParams, _: CallContext) -> s.ChainReport:
        """The files as they are."""
        nodes, known = [], set()
        files = files_on(self._state, params.volume.storage)
        for one in params.nodes:
            (path,) = _paths(params.volume, one.node)
            known.add(path)
            found = files.get(path)
            wanted = "" if one.parent is None else _paths(params.volume, one.parent)[0]
            problem = "missing" if found is None else ""
            if found is not None and found.backing != wanted and "/cache/" not in found.backing:
                problem = "wrong_link"
            nodes.append(
                s.NodeReport(
                    node=one.node,
                    path=path,
                    size_bytes=found.virtual_size_bytes if found else 0,
                    used_bytes=found.size_bytes if found else 0,
                    problem=problem,
                )
            )
        mine = {path for path in files if f"/{params.volume.volume_id}." in path}
        return s.ChainReport(nodes=nodes, strangers=sorted(mine - known))

    def _plug(self, volume: VolumeRef, head: str) -> None:
        """A machine that runs goes on with another file of its disk."""
        for domain in self._state.domains.values():
            domain.spec = with_fields(
                domain.spec,
                disks=[
                    with_fields(disk, volume=with_fields(disk.volume, head=head, fallback=None))
                    if disk.volume.volume_id == volume.volume_id
                    else disk
                    for disk in domain.spec.disks
                ],
            )

    def _refuse_open(self, volume: VolumeRef) -> None:
        for domain in self._state.domains.values():
            ids = {disk.volume.volume_id for disk in domain.spec.disks}
            if domain.is_active and volume.volume_id in ids:
                self._state.anomalies.append(f"{volume.volume_id} was to go back while it is open")
                raise CommandFailed("volume.in_use", "it is open", path="", vm=domain.spec.vm_id)

    def _refuse_others(self, files: Files, path: str, known: set[str]) -> None:
        others = {name for name, file in files.items() if file.backing == path}
        if others - known:
            self._state.anomalies.append(f"{path} was to change under {others - known}")
            raise _damaged(path, "others stand on it")

    def _must_exist(self, files: Files, path: str) -> SimFile:
        found = files.get(path)
        if found is None:
            raise _damaged(path, "it is missing")
        if found.backing and found.backing not in files:
            raise _damaged(found.backing, "it is missing")
        return found

    def _remove(self, files: Files, path: str) -> None:
        self._refuse_others(files, path, set())
        del files[path]


def _paths(volume: VolumeRef, *nodes: str) -> list[str]:
    return [str(node_path(volume, node)) for node in nodes]


def _damaged(path: str, reason: str) -> CommandFailed:
    return CommandFailed(
        "volume.chain_damaged", f"{path}: {reason}", path=path, reason=reason, needed_by=path
    )
