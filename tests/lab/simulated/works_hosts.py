"""What jobs on hosts do there: see `works.py`."""

from __future__ import annotations

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


HOST_WORKS = (
    Work(
        operation="host.leave_maintenance",
        prepare=_in_maintenance,
        ask=asked("host.leave_maintenance", restart=False),
        commands=("network.apply", "domain.list", "storage.check_path"),
        before="maintenance",
        after="enabled",
    ),
    Work(
        operation="host.reconnect",
        prepare=_with_machine,
        ask=asked("host.reconnect"),
        commands=("host.facts", "network.apply", "domain.list", "storage.check_path"),
        before="enabled",
        after="enabled",
        shared=True,
    ),
)
