"""What jobs on the inside of machines do on hosts: see `works.py`."""

from __future__ import annotations

from collections.abc import Awaitable

from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from tests.lab.simulated.stages import MiB, Stage
from tests.lab.simulated.work import Work, asked


async def _off(stage: Stage) -> str:
    return await stage.make_vm(start=False)


def _other_image(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.client.call("vm.change_image", id=ref, image_id=stage.image_id)


async def _beside_disc(stage: Stage) -> str:
    await stage.make_iso()
    return await stage.make_vm()


async def _with_disc(stage: Stage) -> str:
    ref = await _beside_disc(stage)
    await stage.done(await _insert(stage, ref))
    return ref


async def _off_with_disc(stage: Stage) -> str:
    await stage.make_iso()
    ref = await stage.make_vm(start=False)
    await stage.done(await _insert(stage, ref))
    return ref


def _insert(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.client.call("vm.attach_iso", id=ref, image_id=stage.iso_id)


async def _new_beside_disc(stage: Stage) -> str:
    await stage.make_iso()
    return new_id()


async def _from_disc(stage: Stage, ref: str) -> Accepted:
    return await stage.client.call(
        "vm.create",
        id=ref,
        name=f"vm-{ref[-6:]}",
        iso_id=stage.iso_id,
        root_disk_bytes=64 * MiB,
        network_id=stage.network_id,
        cpu_count=1,
        memory_bytes=64 * MiB,
    )


GUEST_WORKS = (
    Work(
        operation="vm.create",
        situation="from a disc",
        prepare=_new_beside_disc,
        ask=_from_disc,
        commands=("volume.create_empty", "image.ensure_cached"),
        before="gone",
        after="running",
    ),
    Work(
        operation="vm.start",
        situation="with a disc",
        prepare=_off_with_disc,
        ask=asked("vm.start"),
        commands=("image.ensure_cached",),
        before="stopped",
        after="running",
    ),
    Work(
        operation="vm.attach_iso",
        prepare=_beside_disc,
        ask=_insert,
        commands=("image.ensure_cached", "domain.set_disc"),
        before="running",
        after="running",
    ),
    Work(
        operation="vm.attach_iso",
        situation="undone",
        prepare=_beside_disc,
        ask=_insert,
        commands=("domain.set_disc",),
        before="running",
        after="running",
        fails_at="domain.set_disc",
    ),
    Work(
        operation="vm.detach_iso",
        prepare=_with_disc,
        ask=asked("vm.detach_iso"),
        commands=("domain.set_disc",),
        before="running",
        after="running",
    ),
    Work(
        operation="vm.detach_iso",
        situation="undone",
        prepare=_with_disc,
        ask=asked("vm.detach_iso"),
        commands=("domain.set_disc",),
        before="running",
        after="running",
        fails_at="domain.set_disc",
    ),
    Work(
        operation="vm.reimage",
        prepare=_off,
        ask=asked("vm.reimage"),
        commands=("image.ensure_cached", "volume.create_overlay"),
        before="stopped",
        after="stopped",
    ),
    Work(
        operation="vm.reimage",
        situation="undone",
        prepare=_off,
        ask=asked("vm.reimage"),
        commands=("volume.delete",),
        before="stopped",
        after="stopped",
        fails_at="volume.create_overlay",
    ),
    Work(
        operation="vm.reimage",
        situation="at its end",
        prepare=_off,
        ask=asked("vm.reimage"),
        commands=("volume.delete",),
        before="stopped",
        after="stopped",
        can_cancel=False,
    ),
    Work(
        operation="vm.change_image",
        prepare=_off,
        ask=_other_image,
        commands=("image.ensure_cached", "volume.create_overlay"),
        before="stopped",
        after="stopped",
    ),
    Work(
        operation="vm.change_image",
        situation="at its end",
        prepare=_off,
        ask=_other_image,
        commands=("volume.delete",),
        before="stopped",
        after="stopped",
        can_cancel=False,
    ),
)
