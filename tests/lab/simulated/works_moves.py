"""What moving volumes does on hosts: see `works.py`."""

from __future__ import annotations

from collections.abc import Awaitable

from appliance.protocol.operations import Accepted
from tests.lab.simulated.stages import Stage
from tests.lab.simulated.work import Work


async def _on_host(stage: Stage) -> str:
    await stage.make_storage()
    return await stage.make_volume(host_id=stage.host.id, primary_storage_id=stage.storage_id)


async def _of_machine(stage: Stage) -> str:
    await stage.make_storage()
    vm_id = await stage.make_vm("stop", primary_storage_id=stage.storage_id)
    found = await stage.client.call("vm.get", id=vm_id)
    return found.volumes[0].id


def _move(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.client.call("volume.move", id=ref, primary_storage_id=stage.other_storage_id)


async def _of_running(stage: Stage) -> str:
    await stage.make_storage()
    vm_id = await stage.make_vm(primary_storage_id=stage.storage_id)
    return await stage.make_volume(vm_id=vm_id, primary_storage_id=stage.storage_id)


MOVE_WORKS = (
    Work(
        operation="volume.move",
        prepare=_on_host,
        ask=_move,
        commands=("volume.transfer",),
        before="ready",
        after="ready",
    ),
    Work(
        operation="volume.move",
        situation="with no way back",
        prepare=_on_host,
        ask=_move,
        commands=("volume.delete",),
        before="ready",
        after="ready",
        can_cancel=False,
    ),
    Work(
        operation="volume.move",
        situation="undone",
        prepare=_on_host,
        ask=_move,
        commands=("volume.delete",),
        before="ready",
        after="ready",
        fails_at="volume.transfer",
    ),
    Work(
        operation="volume.move",
        situation="of a machine",
        prepare=_of_machine,
        ask=_move,
        commands=("volume.transfer",),
        before="attached",
        after="attached",
    ),
    Work(
        operation="volume.move",
        situation="while its machine runs",
        prepare=_of_running,
        ask=_move,
        commands=("volume.mirror",),
        before="attached",
        after="attached",
    ),
    Work(
        operation="volume.move",
        situation="while its machine runs, undone",
        prepare=_of_running,
        ask=_move,
        commands=("volume.settle", "volume.delete"),
        before="attached",
        after="attached",
        fails_at="volume.mirror",
    ),
)
