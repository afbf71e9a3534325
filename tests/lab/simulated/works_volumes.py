"""What jobs on volumes do on hosts: see `works.py`."""

from __future__ import annotations

from collections.abc import Awaitable

from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from appliance.protocol.requests import VolumeCreateImage
from tests.lab.simulated.stages import MiB, Stage
from tests.lab.simulated.work import Prepare, Work, asked, fresh_id


async def _new_beside_vm(stage: Stage) -> str:
    await stage.make_vm()
    return new_id()


async def _not_made(stage: Stage) -> str:
    await stage.make_vm()
    return await stage.make_volume()


async def _attached(stage: Stage) -> str:
    return await stage.make_volume(vm_id=await stage.make_vm())


async def _on_host(stage: Stage) -> str:
    return await stage.make_volume(host_id=stage.host.id)


async def _binned(stage: Stage) -> str:
    return await stage.make_volume("delete", host_id=stage.host.id)


def _volume_on_host(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.ask_volume(ref, host_id=stage.host.id)


def _volume_for_vm(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.ask_volume(ref, vm_id=stage.vm_id)


async def _new_beside_image(stage: Stage) -> str:
    stage.data_image_id = await stage.make_data_image()
    return new_id()


def _volume_of_image(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.client.call(
        "volume.create", id=ref, name="copy", image_id=stage.data_image_id, host_id=stage.host.id
    )


def _attach(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.client.call("volume.attach", id=ref, vm_id=stage.vm_id)


def _to_image(prepare: Prepare) -> Prepare:
    """The image's id is known before, so that faults are meant for it."""

    async def prepared(stage: Stage) -> str:
        ref = await prepare(stage)
        stage.images.append(new_id())
        return ref

    return prepared


async def _image(stage: Stage, ref: str) -> Accepted:
    name, store_id = f"of-{ref[-6:]}", stage.store_id
    request = VolumeCreateImage(id=stage.images[-1], name=name, image_store_id=store_id)
    return await stage.client.call("volume.create_image", request, id=ref)


VOLUME_WORKS = (
    Work(
        operation="volume.create_image",
        prepare=_to_image(_on_host),
        ask=_image,
        commands=("image.export_volume",),
        before="ready",
        after="ready",
    ),
    Work(
        operation="volume.create_image",
        situation="of a machine that runs",
        prepare=_to_image(_attached),
        ask=_image,
        commands=("image.export_disk",),
        before="attached",
        after="attached",
    ),
    Work(
        operation="volume.create_image",
        situation="undone",
        prepare=_to_image(_attached),
        ask=_image,
        commands=("image.delete",),
        before="attached",
        after="attached",
        fails_at="image.export_disk",
    ),
    Work(
        operation="volume.create",
        situation="on a host",
        prepare=fresh_id,
        ask=_volume_on_host,
        commands=("volume.create_empty",),
        before="gone",
        after="ready",
    ),
    Work(
        operation="volume.create",
        situation="of an image",
        prepare=_new_beside_image,
        ask=_volume_of_image,
        commands=("image.ensure_cached", "volume.copy_image"),
        before="gone",
        after="ready",
    ),
    Work(
        operation="volume.create",
        situation="for a machine",
        prepare=_new_beside_vm,
        ask=_volume_for_vm,
        commands=("volume.create_empty", "domain.attach_disk"),
        before="gone",
        after="attached",
    ),
    Work(
        operation="volume.create",
        situation="undone",
        prepare=_new_beside_vm,
        ask=_volume_for_vm,
        commands=("domain.detach_disk", "volume.delete"),
        before="gone",
        after="attached",
        fails_at="domain.attach_disk",
    ),
    Work(
        operation="volume.attach",
        prepare=_not_made,
        ask=_attach,
        commands=("volume.create_empty", "domain.attach_disk"),
        before="not_made",
        after="attached",
    ),
    Work(
        operation="volume.attach",
        situation="undone",
        prepare=_not_made,
        ask=_attach,
        commands=("domain.detach_disk", "volume.delete"),
        before="not_made",
        after="attached",
        fails_at="domain.attach_disk",
    ),
    Work(
        operation="volume.detach",
        prepare=_attached,
        ask=asked("volume.detach"),
        commands=("domain.detach_disk",),
        before="attached",
        after="ready",
    ),
    Work(
        operation="volume.detach",
        situation="undone",
        prepare=_attached,
        ask=asked("volume.detach"),
        commands=("domain.attach_disk",),
        before="attached",
        after="ready",
        fails_at="domain.detach_disk",
    ),
    Work(
        operation="volume.resize",
        situation="of a machine",
        prepare=_attached,
        ask=asked("volume.resize", size_bytes=96 * MiB),
        commands=("domain.resize_disk",),
        before="attached",
        after="attached",
    ),
    Work(
        operation="volume.resize",
        situation="undone",
        prepare=_attached,
        ask=asked("volume.resize", size_bytes=96 * MiB),
        commands=("volume.info",),
        before="attached",
        after="attached",
        fails_at="domain.resize_disk",
    ),
    Work(
        operation="volume.resize",
        situation="of no machine",
        prepare=_on_host,
        ask=asked("volume.resize", size_bytes=96 * MiB),
        commands=("volume.resize",),
        before="ready",
        after="ready",
    ),
    Work(
        operation="volume.set_limits",
        prepare=_attached,
        ask=asked("volume.set_limits", read_iops=100),
        commands=("domain.set_disk_limits",),
        before="attached",
        after="attached",
    ),
    Work(
        operation="volume.set_limits",
        situation="undone",
        prepare=_attached,
        ask=asked("volume.set_limits", read_iops=100),
        commands=("domain.set_disk_limits",),
        before="attached",
        after="attached",
        fails_at="domain.set_disk_limits",
    ),
    Work(
        operation="volume.expunge",
        prepare=_binned,
        ask=asked("volume.expunge"),
        commands=("volume.delete",),
        before="deleted",
        after="gone",
        can_cancel=False,
    ),
)
