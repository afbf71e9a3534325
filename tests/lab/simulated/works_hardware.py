"""What jobs on the hardware of machines do on hosts: see `works.py`."""

from __future__ import annotations

from tests.lab.simulated.stages import MiB, Stage
from tests.lab.simulated.work import Work, asked

ROOM = {"max_cpu_count": 4, "max_memory_bytes": 512 * MiB, "firmware": "uefi", "tpm": True}


async def _with_room(stage: Stage) -> str:
    return await stage.make_vm(hardware=ROOM)


HARDWARE_WORKS = (
    Work(
        operation="vm.resize",
        prepare=_with_room,
        ask=asked("vm.resize", cpu_count=2),
        commands=("domain.grow",),
        before="running",
        after="running",
    ),
    Work(
        operation="vm.resize",
        situation="undone",
        prepare=_with_room,
        ask=asked("vm.resize", cpu_count=2),
        commands=("domain.size",),
        before="running",
        after="running",
        fails_at="domain.grow",
    ),
)
