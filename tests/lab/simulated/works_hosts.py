"""What jobs on hosts do there: see `works.py`."""

from __future__ import annotations

from collections.abc import Awaitable

from appliance.protocol.ids import new_id
from appliance.protocol.operations import Accepted
from tests.lab.simulated.foreign import add_foreign
from tests.lab.simulated.stages import Stage
from tests.lab.simulated.work import Work, asked


async def _with_machine(stage: Stage) -> str:
    """The host, on which a machine runs."""
    await stage.make_vm()
    return stage.host.id


async def _in_maintenance(stage: Stage) -> str:
    """The host, emptied of a machine."""
    await _with_machine(stage)
    entered = await stage.client.call(
        "host.enter_maintenance", id=stage.host.id, policy="stop", timeout_s=1
    )
    return await stage.done(entered)


async def _foreign(stage: Stage) -> str:
    """A machine that somebody has made on the host by hand, with UEFI and two disks."""
    ref = new_id()
    add_foreign(stage.host.state, ref, disks=2, firmware="uefi")
    return ref


def _adopted(stage: Stage, ref: str) -> Awaitable[Accepted]:
    return stage.client.call(
        "host.adopt_vm",
        id=stage.host.id,
        machine=ref,
        primary_storage_id=stage.storage_id,
        nics=[{"network_id": stage.network_id}],
    )


HOST_WORKS = (
    Work(
        operation="host.adopt_vm",
        prepare=_foreign,
        ask=_adopted,
        commands=("foreign.take_disk", "foreign.take_firmware"),
        before="gone",
        after="stopped",
    ),
    Work(
        operation="host.adopt_vm",
        situation="beyond return",
        prepare=_foreign,
        ask=_adopted,
        commands=("foreign.release",),
        before="gone",
        after="stopped",
        can_cancel=False,
    ),
    Work(
        operation="host.adopt_vm",
        situation="undone",
        prepare=_foreign,
        ask=_adopted,
        commands=("volume.delete",),
        before="gone",
        after="stopped",
        fails_at="foreign.take_disk",
    ),
    Work(
        operation="host.adopt_vm",
        situation="undone with its firmware",
        prepare=_foreign,
        ask=_adopted,
        commands=("domain.forget",),
        before="gone",
        after="stopped",
        fails_at="foreign.take_firmware",
    ),
    Work(
        operation="host.leave_maintenance",
        prepare=_in_maintenance,
        ask=asked("host.leave_maintenance", restart=False),
        commands=("network.apply", "domain.list", "storage.check_path", "storage.apply"),
        before="maintenance",
        after="enabled",
    ),
    Work(
        operation="host.reconnect",
        prepare=_with_machine,
        ask=asked("host.reconnect"),
        commands=(
            "host.facts",
            "network.apply",
            "domain.list",
            "storage.check_path",
            "storage.apply",
        ),
        before="enabled",
        after="enabled",
        shared=True,
    ),
)
