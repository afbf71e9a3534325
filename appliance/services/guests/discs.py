"""Which discs are in which drives; within a read or write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from appliance.engine.models import ACTIVE, CleanupRow, JobRow
from appliance.protocol.errors import Conflict
from appliance.protocol.guests import CD_DRIVES, CdDrive
from appliance.services.images.models import ImageRow
from appliance.store.database import Transaction
from appliance.store.fields import database
from hostagent.protocol.domain import CdSpec
from hostagent.protocol.storage import StorageRef


class Disc(NamedTuple):
    """A disc in a drive, or on its way in or out."""

    image_id: str
    image_name: str
    job_id: str | None


def store_path_of(image_id: str) -> str:
    """Where the store of an image lies on its host."""
    return ImageRow.get_by_id(image_id).image_store.path


def put_in(tx: Transaction, vm_id: str, image_id: str) -> None:
    """Let a new machine have a disc in its first drive."""
    tx.execute(
        "INSERT INTO vm_cd (vm_id, slot, image_id, job_id, is_leaving) VALUES (?, 0, ?, NULL, 0)",
        *(vm_id, image_id),
    )


def has_discs(vm_id: str) -> bool:
    """Whether a machine has a disc in a drive, or gets one."""
    row = database.execute_sql("SELECT 1 FROM vm_cd WHERE vm_id = ? LIMIT 1", (vm_id,)).fetchone()
    return row is not None


def disc_in(vm_id: str, slot: int) -> Disc | None:
    """The disc in one drive, None if that is empty."""
    row = database.execute_sql(
        "SELECT d.image_id, coalesce(i.name, ''), d.job_id FROM vm_cd d "
        "LEFT JOIN image i ON i.id = d.image_id WHERE d.vm_id = ? AND d.slot = ?",
        (vm_id, slot),
    ).fetchone()
    return None if row is None else Disc(*row)


def is_working(job_id: str | None) -> bool:
    """Whether a job still has a drive in its hands, or has left something to clean up.

    If that clean-up work was given up, the drive can be emptied, which asks the host.
    """
    if job_id is None:
        return False
    job = JobRow.select().where(JobRow.id == job_id, JobRow.state.in_(ACTIVE))
    work = CleanupRow.select().where(CleanupRow.job_id == job_id)
    return job.exists() or work.exists()


def drives_of(
    vm_id: str, storage: StorageRef, job_id: str = "", *, everything: bool = False
) -> list[CdSpec]:
    """The drives that a machine starts with: a disc that is just coming is not in them, unless by
    the job `job_id`, or `everything` is asked for.
    """
    rows = database.execute_sql(
        "SELECT slot, image_id FROM vm_cd WHERE vm_id = ? "
        "AND (job_id IS NULL OR is_leaving OR job_id = ? OR ?)",
        (vm_id, job_id, everything),
    )
    discs = dict(rows.fetchall())
    bus = _bus_of(vm_id)
    return [
        CdSpec(slot=slot, bus=bus, image_id=discs.get(slot, ""), storage=storage)
        for slot in range(CD_DRIVES)
    ]


def machines_with_disc(image_id: str) -> list[str]:
    """Ids of the machines that have a disc in a drive."""
    rows = database.execute_sql("SELECT DISTINCT vm_id FROM vm_cd WHERE image_id = ?", (image_id,))
    return [row[0] for row in rows.fetchall()]


def refuse_in_drives(image: ImageRow) -> None:
    """Raises Conflict naming the machines if the image is a disc in their drives."""
    rows = database.execute_sql(
        "SELECT DISTINCT v.name FROM vm_cd d JOIN vm v ON v.id = d.vm_id WHERE d.image_id = ? "
        "ORDER BY v.name LIMIT 11",
        (image.id,),
    )
    names = [row[0] for row in rows.fetchall()]
    if names:
        more = " …" if len(names) > 10 else ""
        raise Conflict("image.in_drives", name=image.name, vms=", ".join(names[:10]) + more)


def shown_drives(vm_ids: Sequence[str]) -> dict[str, list[CdDrive]]:
    """The drives of machines with something in them, as clients see them."""
    marks = ",".join("?" * len(vm_ids))
    rows = database.execute_sql(
        "SELECT d.vm_id, d.slot, d.image_id, coalesce(i.name, ''), d.job_id IS NOT NULL "  # noqa: S608 marks only
        "FROM vm_cd d LEFT JOIN image i ON i.id = d.image_id "
        f"WHERE d.vm_id IN ({marks}) ORDER BY d.slot",
        tuple(vm_ids),
    )
    found: dict[str, list[CdDrive]] = defaultdict(list)
    for vm_id, slot, image_id, name, is_changing in rows.fetchall():
        found[vm_id].append(
            CdDrive(slot=slot, image_id=image_id, image_name=name, is_changing=bool(is_changing))
        )
    return found


def _bus_of(vm_id: str) -> str:
    """Kernels of Linux clouds have no driver for SATA, installers none for SCSI on virtio."""
    row = database.execute_sql(
        "SELECT i.platform FROM vm v JOIN image i ON i.id = v.image_id WHERE v.id = ?", (vm_id,)
    ).fetchone()
    return "scsi" if row is not None and row[0] == "linux" else "sata"
