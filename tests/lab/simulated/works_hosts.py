"""What jobs on hosts do there: see `works.py`."""

from __future__ import annotations

from tests.lab.simulated.stages import Stage
from tests.lab.simulated.work import Work, asked


async def _with_machine(stage: Stage) -> str:
    """The host, on which a machine runs."""
    await stage.make_vm()
    return stage.host.id


HOST_WORKS = (
    Work(
        operation="host.reconnect",
        prepare=_with_machine,
        ask=asked("host.reconnect"),
        commands=("host.facts", "network.apply", "domain.list", "storage.check_path"),
        before="enabled",
        after="enabled",
    ),
)
