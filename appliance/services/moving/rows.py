"""What the database says of volumes that move: claims on both places, and where each lies."""

from __future__ import annotations

from typing import Any

from appliance.engine.jobs import JobRun
from appliance.engine.models import ACTIVE, CleanupRow, JobRow
from appliance.services.migration.models import VolumeCopyRow
from appliance.services.storage.models import VolumeRow
from appliance.store.database import Transaction


def claim(
    tx: Transaction, volume_id: str, place: dict[str, Any], size_bytes: int, job: str
) -> None:
    """From now on the volume claims space in a second place, too."""
    VolumeCopyRow.create(
        volume_id=volume_id,
        primary_storage_id=place["storage_id"],
        host_id=place["host_id"],
        size_bytes=size_bytes,
        job_id=job,
    )


def switch(tx: Transaction, run: JobRun) -> None:
    """The volume is in its new place, in one transaction; once is enough.

    What is left in the old place claims space there until it is deleted.
    """
    ref, old, new = run.resource_id, run.data["old"], run.data["new"]
    row = VolumeRow.get_or_none(VolumeRow.id == ref, VolumeRow.job_id == run.id)
    if row is None or _is_at(row, new):
        return
    VolumeCopyRow.delete().where(VolumeCopyRow.volume_id == ref).execute()
    VolumeRow.update(
        primary_storage=new["storage_id"],
        host_id=new["host_id"] or None,
        used_bytes=run.data["used_bytes"],
        image_id="",  # the copy stands on nothing
        head="",
        fallback_head=None,
    ).where(VolumeRow.id == ref).execute()
    claim(tx, ref, old, row.size_bytes, run.id)
    tx.touch("volume", ref)
    if row.vm_id is not None:
        tx.touch("vm", row.vm_id)


def release_copy(tx: Transaction, run: JobRun) -> None:
    """The volume claims nothing any more where it is not."""
    VolumeCopyRow.delete().where(
        VolumeCopyRow.volume_id == run.resource_id, VolumeCopyRow.job_id == run.id
    ).execute()


def forget_forsaken(tx: Transaction, volume_id: str) -> None:
    """A copy whose clean-up was given up claims nothing any more: nobody will delete it."""
    copy = VolumeCopyRow.get_or_none(VolumeCopyRow.volume_id == volume_id)
    if copy is None:
        return
    job = JobRow.select().where(JobRow.id == copy.job_id, JobRow.state.in_(ACTIVE))
    work = CleanupRow.select().where(CleanupRow.job_id == copy.job_id)
    if not job.exists() and not work.exists():
        copy.delete_instance()


def lies_at(volume_id: str, place: dict[str, Any]) -> bool:
    """Whether a volume lies in a place, as its row says; within a read."""
    row = VolumeRow.get_or_none(VolumeRow.id == volume_id)
    return row is not None and _is_at(row, place)


def _is_at(row: VolumeRow, place: dict[str, Any]) -> bool:
    return (row.primary_storage_id, row.host_id or "") == (place["storage_id"], place["host_id"])
