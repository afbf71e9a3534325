"""The declarations of operations on snapshots."""

from __future__ import annotations

from appliance.protocol import snapshots as s
from appliance.protocol.declaring import TENANT, add, job, reads, update


def declare_snapshots() -> None:
    """Declare what one can do with snapshots."""
    reads("snapshot", "snapshots", s.Snapshot, "snapshot", TENANT)
    job(
        "snapshot.create",
        "POST /snapshots",
        "Take a snapshot of a volume, also while its virtual machine runs",
        s.SnapshotCreate,
        TENANT,
    )
    update("snapshot", "snapshots", s.Snapshot, "snapshot", access=TENANT)
    job(
        "snapshot.revert",
        "POST /snapshots/{id}/revert",
        "Let a volume hold again what it held when a snapshot was taken",
        s.SnapshotRevert,
        TENANT,
    )
    job(
        "snapshot.delete",
        "DELETE /snapshots/{id}",
        "Delete a snapshot; the volume and all other snapshots stay as they are",
        access=TENANT,
    )
    job(
        "vm.create_snapshot",
        "POST /vms/{id}/snapshots",
        "Take a snapshot of all disks of a virtual machine at one instant",
        s.VmCreateSnapshot,
        TENANT,
    )
    job(
        "vm.revert_snapshot",
        "POST /vms/{id}/snapshots/revert",
        "Let all disks of a virtual machine hold again what they held at a snapshot",
        s.VmRevertSnapshot,
        TENANT,
    )
    add(
        "volume.check_chain",
        "GET /volumes/{id}/chain",
        "Compare the files of a volume with what they should be; changes nothing",
        s.VolumeChain,
        access=TENANT,
    )
