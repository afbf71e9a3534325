"""Operations on snapshots, and what one may ask about them."""

from __future__ import annotations

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict
from appliance.protocol.snapshots import ChainFile, VolumeChain
from appliance.services.common import find, updater
from appliance.services.compute.standing import read_standing
from appliance.services.parts import Parts
from appliance.services.snapshots import rows
from appliance.services.snapshots.holding import host_of, refuse_native
from appliance.services.snapshots.merging import Merging
from appliance.services.snapshots.models import SnapshotRow
from appliance.services.snapshots.reverting import Reverting
from appliance.services.snapshots.taking import Taking
from appliance.services.snapshots.views import read_snapshots
from appliance.services.storage.models import VolumeRow
from appliance.services.volumes.disks import disk_of
from appliance.services.volumes.holding import Holding
from appliance.store.kinds import Relation, ResourceKind
from hostagent.protocol import commands as c
from hostagent.protocol.snapshots import ChainParams, ChainReport, NodeSpec


class Snapshots:
    """All snapshots of volumes."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._links = parts.hosts
        parts.store.kinds.add(
            ResourceKind(
                name="snapshot",
                model=SnapshotRow,
                read=read_snapshots,
                search=("name", "id", "description"),
                owner="owner_id",
                internal=frozenset({"node", "place_id"}),
                relations={"volume": Relation("volume", ("volume_id", "id"))},
                aliases={"volume_name": "volume.name", "vm_id": "volume.vm_id"},
            )
        )
        parts.store.kinds.relate(
            "volume", "snapshots", Relation("snapshot", ("id", "volume_id"), many=True)
        )
        holding = Holding(parts.store, parts.hosts)
        Taking(parts, holding)
        Reverting(parts, holding, Merging(parts, holding))
        parts.registry.bind("snapshot.update", updater(parts.store, SnapshotRow, "snapshot"))
        parts.registry.bind("volume.check_chain", self._check_chain)

    async def _check_chain(self, call: Call, _: q.Empty) -> VolumeChain:
        """Ask a host that reaches the volume; nothing is changed."""

        def read() -> tuple[str, ChainParams, dict[str, str | None]]:
            volume = find(VolumeRow, call.target, "volume")
            if volume.primary_storage_id is None:
                raise Conflict("snapshot.not_made", name=volume.name)
            refuse_native(volume)
            vm = read_standing(volume.vm_id) if volume.vm_id else None
            return host_of([volume], vm), _params(volume), _owners(volume)

        host_id, params, owners = await self._store.read(read)
        report: ChainReport = await self._links.call(host_id, c.VOLUME_CHAIN, params)
        files = [
            ChainFile(
                snapshot_id=owners[one.node],
                path=one.path,
                size_bytes=one.size_bytes,
                used_bytes=one.used_bytes,
                problem=one.problem,
                reason=one.reason,
            )
            for one in report.nodes
        ]
        return VolumeChain(
            volume_id=call.target,
            is_sound=not any(one.problem for one in files),
            files=files,
            strangers=report.strangers,
        )


def _params(volume: VolumeRow) -> ChainParams:
    """The files of a volume as they should be, the one that is written to first."""
    tree = rows.tree_of(volume)

    def file_of(ref: str | None) -> str | None:
        return None if ref is None else tree.by_id[ref].node

    nodes = [NodeSpec(node=volume.head, parent=file_of(tree.current_id))]
    nodes += [
        NodeSpec(node=node.node, parent=file_of(node.parent_id)) for node in tree.by_id.values()
    ]
    return ChainParams(volume=disk_of(volume.id).volume, nodes=nodes)


def _owners(volume: VolumeRow) -> dict[str, str | None]:
    """What each file keeps: a snapshot, or what is written now."""
    tree = rows.tree_of(volume)
    owners: dict[str, str | None] = {node.node: node.id for node in tree.by_id.values()}
    return owners | {volume.head: None}
