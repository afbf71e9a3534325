"""What jobs on the inside of machines do on hosts: see `works.py`."""

from __future__ import annotations

from collections.abc import Awaitable

from appliance.protocol.operations import Accepted
from tests.lab.simulated.stages import Stage
from tests.lab.simulated.work import Work, asked


async def _off(stage: Stage) -> str:
    return await stage.make_vm(start=False)


def _other_image(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.client.call("vm.change_image", id=ref, image_id=stage.image_id)


GUEST_WORKS = (
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
