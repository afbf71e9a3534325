"""What becomes of a machine that ran when its host went, after the host has rebooted."""

from __future__ import annotations

from typing import Any

from appliance.protocol import resources as r
from desktop.pages.actions import Action, call_each
from desktop.pages.base import Shell
from desktop.texts import translate


def recovery_words(vm: r.Vm) -> str:
    """What becomes of it."""
    if vm.on_host_boot == "leave_off":
        return translate("VmRecovery", "stays off")
    return translate("VmRecovery", "starts again, if it ran before")


def recovery_actions(*, group: int) -> list[Action]:
    """Start it again, or leave it off."""

    def choose(value: str) -> Any:
        async def run(shell: Shell, vms: list[Any]) -> None:
            await call_each(shell, "vm.set_recovery", vms, on_host_boot=value)

        return run

    def is_already(value: str) -> Any:
        words = translate("VmRecovery", "That is so already.")
        return lambda vm: words if vm.on_host_boot == value else ""

    return [
        Action(
            name="restart_after_boot",
            title=translate("VmRecovery", "After a reboot of its host: start again"),
            icon="restart",
            run=choose("restart"),
            reason=is_already("restart"),
            group=group,
        ),
        Action(
            name="off_after_boot",
            title=translate("VmRecovery", "After a reboot of its host: leave off"),
            icon="restart-off",
            run=choose("leave_off"),
            reason=is_already("leave_off"),
            group=group,
        ),
    ]
