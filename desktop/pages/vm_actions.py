"""The actions on virtual machines: in which states they fit, and what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.pages.actions import Action, call_each
from desktop.pages.base import Shell
from desktop.pages.sheets.editing import edit_action
from desktop.texts import translate

S = r.VmState
WORKING = {
    S.STARTING,
    S.STOPPING,
    S.REBOOTING,
    S.PAUSING,
    S.RESUMING,
    S.DESTROYING,
    S.EXPUNGING,
}


def allowed_in(*states: r.VmState) -> Callable[[r.Vm], str]:
    """A reason function: the VM must be in one of `states`."""
    wanted = set(states)

    def reason(vm: r.Vm) -> str:
        if vm.state in wanted:
            return ""
        state = texts.word(f"vm.state.{vm.state.value}")
        if vm.state in WORKING:
            words = translate("VmActions", "{name} is busy: {state}.")
            return words.format(name=vm.name, state=state)
        needed = ", ".join(texts.word(f"vm.state.{one.value}") for one in states)
        words = translate("VmActions", "{name} is in state “{state}”; this needs: {needed}.")
        return words.format(name=vm.name, state=state, needed=needed)

    return reason


def _simple(operation: str, **request: Any) -> Callable[[Shell, list[Any]], Any]:
    async def run(shell: Shell, vms: list[Any]) -> None:
        await call_each(shell, operation, vms, **request)

    return run


async def open_console(shell: Shell, vms: list[Any]) -> None:
    """Open the console window of one VM."""
    from desktop.pages.vm_console import show_console

    show_console(shell, vms[0])


async def destroy(shell: Shell, vms: list[Any]) -> None:
    """Move to the recycle bin at once; the notice offers to undo it."""
    await call_each(shell, "vm.destroy", vms)
    ids = [vm.id for vm in vms]
    if len(vms) == 1:
        words = translate("VmActions", "{name} is moved to the recycle bin.")
        words = words.format(name=vms[0].name)
    else:
        words = translate("VmActions", "{count} virtual machines are moved to the recycle bin.")
        words = words.format(count=len(vms))
    shell.notices.show(
        words,
        action=translate("VmActions", "Undo"),
        on_action=lambda: shell.bridge.spawn(_recover_when_destroyed(shell, ids)),
    )


async def _recover_when_destroyed(shell: Shell, ids: list[str]) -> None:
    # The destroy jobs may still run: recovering queues behind them.
    for job in shell.cache.all("job"):
        if job.resource_id in ids and job.operation == "vm.destroy":
            await shell.cache.wait_job(job.id)
    known = [shell.cache.get("vm", one) for one in ids]
    await call_each(shell, "vm.recover", [vm for vm in known if vm is not None])


async def expunge(shell: Shell, vms: list[Any]) -> None:
    """Delete for good, after the consequences were shown and the name was typed in."""
    from desktop.widgets.confirm import ConfirmForGood

    if len(vms) == 1:
        name = vms[0].name
    else:
        name = translate("VmActions", "{count} virtual machines").format(count=len(vms))
    disks = sum(volume.size_bytes for vm in vms for volume in vm.volumes)
    consequences = [
        translate("VmActions", "The virtual machine and its disks ({size}) are deleted.").format(
            size=texts.size(disks)
        ),
        translate("VmActions", "Its addresses become free for others."),
        translate("VmActions", "Nobody can bring them back."),
    ]
    dialog = ConfirmForGood(
        translate("VmActions", "Delete {name} for good").format(name=name),
        consequences,
        name,
        translate("VmActions", "Delete for good"),
        shell.window,
    )
    dialog.confirmed.connect(lambda: shell.bridge.spawn(call_each(shell, "vm.expunge", vms)))
    dialog.open()


def vm_actions() -> list[Action]:
    """All actions on VMs, in the order of bar and menus."""
    alive = (S.CREATED, S.RUNNING, S.STOPPED, S.PAUSED, S.ERROR, S.UNKNOWN)
    return [
        Action(
            name="start",
            title=translate("VmActions", "Start"),
            icon="play",
            run=_simple("vm.start"),
            reason=allowed_in(S.STOPPED),
            is_main=True,
        ),
        Action(
            name="stop",
            title=translate("VmActions", "Stop"),
            icon="stop",
            run=_simple("vm.stop"),
            reason=allowed_in(S.RUNNING),
            is_main=True,
        ),
        Action(
            name="reboot",
            title=translate("VmActions", "Reboot"),
            icon="restart",
            run=_simple("vm.reboot"),
            reason=allowed_in(S.RUNNING),
            is_main=True,
        ),
        Action(
            name="console",
            title=translate("VmActions", "Open console"),
            icon="monitor",
            run=open_console,
            reason=allowed_in(S.RUNNING, S.PAUSED),
            shortcut="Ctrl+Return",
            is_single=True,
            is_main=True,
        ),
        Action(
            name="pause",
            title=translate("VmActions", "Pause"),
            icon="pause",
            run=_simple("vm.pause"),
            reason=allowed_in(S.RUNNING),
            group=1,
        ),
        Action(
            name="resume",
            title=translate("VmActions", "Resume"),
            icon="play-pause",
            run=_simple("vm.resume"),
            reason=allowed_in(S.PAUSED),
            group=1,
        ),
        Action(
            name="force_stop",
            title=translate("VmActions", "Force stop"),
            icon="power-plug-off-outline",
            run=_simple("vm.stop", force=True),
            reason=allowed_in(S.RUNNING, S.PAUSED, S.UNKNOWN, S.STOPPING),
            group=1,
        ),
        edit_action("vm", group=2),
        Action(
            name="destroy",
            title=translate("VmActions", "Move to the recycle bin"),
            icon="delete-outline",
            run=destroy,
            reason=allowed_in(*alive),
            shortcut="Del",
            group=3,
        ),
        Action(
            name="recover",
            title=translate("VmActions", "Recover"),
            icon="delete-restore",
            run=_simple("vm.recover"),
            reason=allowed_in(S.DESTROYED),
            group=3,
        ),
        Action(
            name="expunge",
            title=translate("VmActions", "Delete for good …"),
            icon="delete-forever-outline",
            run=expunge,
            reason=allowed_in(S.DESTROYED),
            group=3,
        ),
    ]
