"""What jobs on snapshots do on hosts: see `works.py`."""

from __future__ import annotations

from collections.abc import Awaitable

from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from tests.lab.simulated.stages import Stage
from tests.lab.simulated.work import Prepare, Work, asked


async def _beside_volume(stage: Stage) -> str:
    stage.volume_id = await stage.make_volume(vm_id=await stage.make_vm())
    return new_id()


async def _new_of_snapshot(stage: Stage) -> str:
    await _snapshots(1)(stage)
    return new_id()


def _snapshots(count: int, *, in_use: bool = False) -> Prepare:
    """So many snapshots, one after the other; the first one is what is worked on."""

    async def prepare(stage: Stage) -> str:
        where = {"vm_id": await stage.make_vm()} if in_use else {"host_id": stage.host.id}
        stage.volume_id = await stage.make_volume(**where)
        return (await stage.make_snapshots(count))[0]

    return prepare


async def _branch(stage: Stage) -> str:
    """A snapshot on which another and the volume stand, deleted, then the other."""
    first = await _snapshots(2)(stage)
    second = (await stage.client.call("volume.get", id=stage.volume_id)).snapshot_id
    assert second is not None
    await stage.done(await stage.client.call("snapshot.revert", id=first))
    await stage.done(await stage.client.call("snapshot.delete", id=first))
    return second


async def _of_machine(stage: Stage) -> str:
    ref = await stage.make_vm("stop")
    await stage.make_volume(vm_id=ref)
    await stage.done(await stage.client.call("vm.create_snapshot", id=ref, name="all"))
    return ref


def _take(stage: Stage, ref: str) -> Awaitable[Accepted]:
    fields = {"id": ref, "name": "one", "volume_id": stage.volume_id}
    return stage.client.call("snapshot.create", **fields)


def _copy(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.ask_volume(ref, snapshot_id=stage.snapshot_id)


async def _revert_all(stage: Stage, ref: str) -> Accepted:
    snapshot_id = (await stage.client.call("vm.get", id=ref)).volumes[0].snapshot_id
    return await stage.client.call("vm.revert_snapshot", id=ref, snapshot_id=snapshot_id)


SNAPSHOT_WORKS = (
    Work(
        operation="snapshot.create",
        prepare=_beside_volume,
        ask=_take,
        commands=("snapshot.take",),
        before="gone",
        after="current",
    ),
    Work(
        operation="snapshot.create",
        situation="undone",
        prepare=_beside_volume,
        ask=_take,
        commands=("snapshot.take_back",),
        before="gone",
        after="current",
        fails_at="snapshot.take",
    ),
    Work(
        operation="vm.create_snapshot",
        prepare=lambda stage: stage.make_vm(),
        ask=asked("vm.create_snapshot", name="all"),
        commands=("snapshot.take",),
        before="running",
        after="running",
    ),
    Work(
        operation="vm.create_snapshot",
        situation="undone",
        prepare=lambda stage: stage.make_vm(),
        ask=asked("vm.create_snapshot", name="all"),
        commands=("snapshot.take_back",),
        before="running",
        after="running",
        fails_at="snapshot.take",
    ),
    Work(
        operation="snapshot.revert",
        prepare=_snapshots(2),
        ask=asked("snapshot.revert"),
        commands=("volume.info", "snapshot.revert"),
        before="ready",
        after="current",
    ),
    Work(
        operation="snapshot.revert",
        situation="with no way back",
        prepare=_snapshots(2),
        ask=asked("snapshot.revert"),
        commands=("snapshot.drop",),
        before="ready",
        after="current",
        can_cancel=False,
    ),
    Work(
        operation="snapshot.revert",
        situation="undone",
        prepare=_snapshots(2),
        ask=asked("snapshot.revert", save_as="before"),
        commands=("snapshot.drop",),
        before="ready",
        after="current",
        fails_at="snapshot.revert",
    ),
    Work(
        operation="vm.revert_snapshot",
        prepare=_of_machine,
        ask=_revert_all,
        commands=("volume.info", "snapshot.revert"),
        before="stopped",
        after="stopped",
    ),
    Work(
        operation="vm.revert_snapshot",
        situation="with no way back",
        prepare=_of_machine,
        ask=_revert_all,
        commands=("snapshot.drop",),
        before="stopped",
        after="stopped",
        can_cancel=False,
    ),
    Work(
        operation="snapshot.delete",
        situation="in use",
        prepare=_snapshots(1, in_use=True),
        ask=asked("snapshot.delete"),
        commands=("snapshot.merge",),
        before="current",
        halfway=("hidden", "ready"),
        after="gone",
    ),
    Work(
        operation="snapshot.delete",
        situation="under another",
        prepare=_snapshots(2),
        ask=asked("snapshot.delete"),
        commands=("snapshot.merge",),
        before="ready",
        halfway=("hidden",),
        after="gone",
    ),
    Work(
        operation="snapshot.delete",
        situation="of a branch",
        prepare=_branch,
        ask=asked("snapshot.delete"),
        commands=("snapshot.drop", "snapshot.merge"),
        before="ready",
        halfway=("hidden",),
        after="gone",
    ),
    Work(
        operation="snapshot.delete",
        situation="undone",
        prepare=_snapshots(1, in_use=True),
        ask=asked("snapshot.delete"),
        commands=("snapshot.settle",),
        before="current",
        halfway=("hidden",),
        after="gone",
        fails_at="snapshot.merge",
    ),
    Work(
        operation="volume.create",
        situation="of a snapshot",
        prepare=_new_of_snapshot,
        ask=_copy,
        commands=("volume.copy",),
        before="gone",
        after="ready",
    ),
)
