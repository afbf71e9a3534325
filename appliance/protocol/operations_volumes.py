"""The declarations of operations on volumes."""

from __future__ import annotations

from appliance.protocol import requests as q
from appliance.protocol import volumes as v
from appliance.protocol.declaring import TENANT, add, job, reads, update


def declare_volumes() -> None:
    """Declare what one can do with disks."""
    reads("volume", "volumes", v.Volume, "volume", TENANT)
    job("volume.create", "POST /volumes", "Make a data disk", v.VolumeCreate, TENANT)
    update("volume", "volumes", v.Volume, "volume", access=TENANT)
    job(
        "volume.attach",
        "POST /volumes/{id}/attach",
        "Attach a volume to a virtual machine, also while it runs",
        v.VolumeAttach,
        TENANT,
    )
    job(
        "volume.detach",
        "POST /volumes/{id}/detach",
        "Detach a volume from its virtual machine, also while it runs",
        access=TENANT,
    )
    job(
        "volume.resize",
        "POST /volumes/{id}/resize",
        "Make a volume larger, also while its virtual machine runs",
        v.VolumeResize,
        TENANT,
    )
    job(
        "volume.set_limits",
        "POST /volumes/{id}/limits",
        "Change how much a volume may be read and written in a second",
        v.VolumeSetLimits,
        TENANT,
    )
    job(
        "volume.create_image",
        "POST /volumes/{id}/create-image",
        "Make an image out of a volume, also while its virtual machine runs",
        q.VolumeCreateImage,
        TENANT,
    )
    job(
        "volume.delete",
        "DELETE /volumes/{id}",
        "Move a volume to the recycle bin, or delete it if the policy says so",
        access=TENANT,
    )
    add(
        "volume.recover",
        "POST /volumes/{id}/recover",
        "Take a volume out of the recycle bin",
        v.Volume,
        access=TENANT,
    )
    job(
        "volume.expunge",
        "POST /volumes/{id}/expunge",
        "Delete a volume of the recycle bin for good",
        access=TENANT,
    )
