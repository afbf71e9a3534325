"""Snapshots that something is made of: a volume, a machine's root disk, or an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.protocol.errors import Conflict
from appliance.protocol.snapshots import SnapshotStatus
from appliance.services.common import find
from appliance.services.compute.standing import read_standing
from appliance.services.snapshots.models import SnapshotRow
from appliance.services.storage.models import PrimaryStorageRow, VolumeRow
from appliance.services.storage.refs import ref_of
from appliance.services.volumes.attaching import work_host
from appliance.services.volumes.holding import resting
from hostagent.protocol.storage import VolumeRef


@dataclass(frozen=True)
class SnapshotSource:
    """A snapshot that is to be copied, where it lies, and a host that can copy it: on local
    storage the only one.
    """

    snapshot: SnapshotRow
    volume: VolumeRow
    host_id: str
    storage: PrimaryStorageRow

    @property
    def bound_host_id(self) -> str | None:
        """The host that alone can copy it."""
        return None if self.storage.is_shared else self.host_id

    @property
    def frozen(self) -> VolumeRef:
        """The file that is copied, as its host is told of it."""
        return VolumeRef(
            volume_id=self.volume.id, storage=ref_of(self.storage), head=self.snapshot.node
        )

    @property
    def data(self) -> dict[str, Any]:
        """What the job that copies it works with."""
        return {"source": msgspec.to_builtins(self.frozen)}


def snapshot_source(snapshot_id: str) -> SnapshotSource:
    """A snapshot that a request names as `snapshot_id`; within a read or write.

    Raises NotFound, or Conflict if it cannot be copied now.
    """
    snapshot = ready_snapshot(snapshot_id)
    volume = resting(snapshot.volume_id)
    assert volume.primary_storage is not None
    vm = read_standing(volume.vm_id) if volume.vm_id else None
    return SnapshotSource(snapshot, volume, work_host(volume, vm), volume.primary_storage)


def ready_snapshot(snapshot_id: str) -> SnapshotRow:
    """The same without its place, for jobs that hold its volume themselves."""
    snapshot = find(SnapshotRow, snapshot_id, "snapshot", field="snapshot_id")
    if snapshot.status != SnapshotStatus.READY:
        raise Conflict(
            "snapshot.not_ready",
            field="snapshot_id",
            name=snapshot.name,
            snapshot_status=snapshot.status,
        )
    return snapshot
