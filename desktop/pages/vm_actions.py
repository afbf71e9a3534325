"""The actions on virtual machines: in which states they fit, and what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.pages.actions import Action
from desktop.pages.affinity import member_action
from desktop.pages.base import Shell
from desktop.pages.security_groups import groups_of
from desktop.pages.sheets.drops import show_drops
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.effective_rules import show_effective_rules
from desktop.pages.sheets.expunging import expunge
from desktop.pages.sheets.guest_password import show_password
from desktop.pages.sheets.hardware import show_hardware, show_size
from desktop.pages.sheets.migrate import show_migration
from desktop.pages.sheets.reimage import show_change_image, show_reimage
from desktop.pages.sheets.security_members import show_members
from desktop.pages.sheets.start_data import show_start_data
from desktop.pages.sheets.trace import show_trace
from desktop.pages.vm_bulk import act, bulk
from desktop.texts import translate

S = r.VmState
WORKING = {
    S.STARTING,
    S.STOPPING,
    S.REBOOTING,
    S.PAUSING,
    S.RESUMING,
    S.MIGRATING,
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


async def open_console(shell: Shell, vms: list[Any]) -> None:
    """Open the console window of one VM."""
    from desktop.pages.vm_console import show_console

    show_console(shell, vms[0])


async def choose_groups(shell: Shell, vms: list[Any]) -> None:
    """Say which security groups one VM is in."""
    show_members(shell, vms[0], groups_of(shell, vms[0].owner_id))


async def trace(shell: Shell, vms: list[Any]) -> None:
    """Find out why one VM does not reach something."""
    show_trace(shell, vms[0])


async def effective_rules(shell: Shell, vms: list[Any]) -> None:
    """Show which rules hold for each NIC of one VM."""
    show_effective_rules(shell, vms[0])


async def drops(shell: Shell, vms: list[Any]) -> None:
    """Show which packets of one VM were thrown away."""
    show_drops(shell, vms[0])


async def start_data(shell: Shell, vms: list[Any]) -> None:
    """Change what one VM's guest reads at its start."""
    show_start_data(shell, vms[0])


async def migrate(shell: Shell, vms: list[Any]) -> None:
    """Move one VM to another host."""
    show_migration(shell, vms[0])


async def guest_password(shell: Shell, vms: list[Any]) -> None:
    """Give a user of one VM's guest another password."""
    show_password(shell, vms[0])


async def reimage(shell: Shell, vms: list[Any]) -> None:
    """Make one VM's root disk anew."""
    show_reimage(shell, vms[0])


async def change_image(shell: Shell, vms: list[Any]) -> None:
    """Make one VM's root disk from another image."""
    show_change_image(shell, vms[0])


async def resize(shell: Shell, vms: list[Any]) -> None:
    """Give one VM another size."""
    show_size(shell, vms[0])


async def change_hardware(shell: Shell, vms: list[Any]) -> None:
    """Change firmware, processor and room to grow of one VM."""
    show_hardware(shell, vms[0])


async def destroy(shell: Shell, vms: list[Any]) -> None:
    """Move to the recycle bin at once; the notice offers to undo it."""
    jobs = await act(shell, "destroy", vms)
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
        on_action=lambda: shell.bridge.spawn(_recover_when_destroyed(shell, ids, jobs)),
    )


async def _recover_when_destroyed(shell: Shell, ids: list[str], jobs: list[r.Job]) -> None:
    # The destroy jobs may still run: recovering queues behind them.
    for job in jobs:
        await shell.cache.wait_job(job.id)
    for job in shell.cache.all("job"):
        if job.resource_id in ids and job.operation == "vm.destroy":
            await shell.cache.wait_job(job.id)
    known = [shell.cache.get("vm", one) for one in ids]
    await act(shell, "recover", [vm for vm in known if vm is not None])


def vm_actions() -> list[Action]:
    """All actions on VMs, in the order of bar and menus."""
    alive = (S.CREATED, S.RUNNING, S.STOPPED, S.PAUSED, S.ERROR, S.UNKNOWN)
    return [
        Action(
            name="start",
            title=translate("VmActions", "Start"),
            icon="play",
            run=bulk("start"),
            reason=allowed_in(S.STOPPED),
            is_main=True,
        ),
        Action(
            name="stop",
            title=translate("VmActions", "Stop"),
            icon="stop",
            run=bulk("stop"),
            reason=allowed_in(S.RUNNING),
            is_main=True,
        ),
        Action(
            name="reboot",
            title=translate("VmActions", "Reboot"),
            icon="restart",
            run=bulk("reboot"),
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
            run=bulk("pause"),
            reason=allowed_in(S.RUNNING),
            group=1,
        ),
        Action(
            name="resume",
            title=translate("VmActions", "Resume"),
            icon="play-pause",
            run=bulk("resume"),
            reason=allowed_in(S.PAUSED),
            group=1,
        ),
        Action(
            name="force_stop",
            title=translate("VmActions", "Force stop"),
            icon="power-plug-off-outline",
            run=bulk("stop", force=True),
            reason=allowed_in(S.RUNNING, S.PAUSED, S.UNKNOWN, S.STOPPING),
            group=1,
        ),
        edit_action("vm", group=2),
        Action(
            name="resize",
            title=translate("Hardware", "Change size …"),
            icon="resize",
            run=resize,
            reason=allowed_in(S.RUNNING, S.STOPPED),
            is_single=True,
            group=2,
        ),
        Action(
            name="hardware",
            title=translate("Hardware", "Change hardware …"),
            icon="chip",
            run=change_hardware,
            reason=allowed_in(S.RUNNING, S.PAUSED, S.STOPPED),
            is_single=True,
            group=2,
        ),
        Action(
            name="start_data",
            title=translate("Guest", "Start-up data …"),
            icon="card-account-details-outline",
            run=start_data,
            is_single=True,
            group=2,
        ),
        Action(
            name="guest_password",
            title=translate("Guest", "Set password in the guest …"),
            icon="key-outline",
            run=guest_password,
            reason=allowed_in(S.RUNNING),
            is_single=True,
            group=2,
        ),
        member_action(group=2),
        Action(
            name="reimage",
            title=translate("Reimage", "Reimage …"),
            icon="backup-restore",
            run=reimage,
            reason=allowed_in(S.STOPPED),
            is_single=True,
            group=2,
        ),
        Action(
            name="change_image",
            title=translate("Reimage", "Change image …"),
            icon="swap-horizontal",
            run=change_image,
            reason=allowed_in(S.STOPPED),
            is_single=True,
            group=2,
        ),
        Action(
            name="security",
            title=translate("Security", "Security groups …"),
            icon="shield-outline",
            run=choose_groups,
            is_single=True,
            group=2,
        ),
        Action(
            name="trace",
            title=translate("Security", "Why can’t it reach …?"),
            icon="map-marker-path",
            run=trace,
            is_single=True,
            group=2,
        ),
        Action(
            name="effective_rules",
            title=translate("Effective", "Rules that hold …"),
            icon="shield-search",
            run=effective_rules,
            is_single=True,
            group=2,
        ),
        Action(
            name="drops",
            title=translate("Drops", "Refused packets …"),
            icon="package-variant-remove",
            run=drops,
            is_single=True,
            group=2,
        ),
        Action(
            name="destroy",
            title=translate("VmActions", "Move to the recycle bin"),
            icon="delete-outline",
            run=destroy,
            reason=allowed_in(*alive),
            shortcut="Del",
            group=3,
        ),
        *recycle_actions(group=3),
    ]


def guard_actions(*, group: int) -> list[Action]:
    """Moving machines, holding them to their own addresses, or letting them go: for
    administrators.
    """

    def switch(*, is_enabled: bool) -> Any:
        async def run(shell: Shell, vms: list[Any]) -> None:
            for vm in vms:
                call = shell.ref.call("vm.set_anti_spoofing", id=vm.id, is_enabled=is_enabled)
                await shell.bridge.run(call)

        return run

    def is_already(words: str, *, guarded: bool) -> Callable[[r.Vm], str]:
        return lambda vm: words if is_guarded(vm) is guarded else ""

    free = translate("VmActions", "It may use other addresses already.")
    held = translate("VmActions", "It is held to its own addresses already.")
    return [
        Action(
            name="migrate",
            title=translate("Migrate", "Move to another host …"),
            icon="swap-horizontal",
            run=migrate,
            reason=allowed_in(S.RUNNING, S.PAUSED, S.STOPPED),
            is_single=True,
            group=group,
        ),
        Action(
            name="let_spoof",
            title=translate("VmActions", "Let it use other addresses, as routers do"),
            icon="shield-off-outline",
            run=switch(is_enabled=False),
            reason=is_already(free, guarded=False),
            group=group,
        ),
        Action(
            name="hold",
            title=translate("VmActions", "Hold it to its own addresses"),
            icon="shield-lock-outline",
            run=switch(is_enabled=True),
            reason=is_already(held, guarded=True),
            group=group,
        ),
    ]


def is_guarded(vm: r.Vm) -> bool:
    """Whether a machine may use no addresses but its own."""
    return all(nic.anti_spoofing for nic in vm.nics)


def recycle_actions(*, group: int, is_main: bool = False) -> list[Action]:
    """What can be done with machines in the recycle bin."""
    return [
        Action(
            name="recover",
            title=translate("VmActions", "Recover"),
            icon="delete-restore",
            run=bulk("recover"),
            reason=allowed_in(S.DESTROYED),
            group=group,
            is_main=is_main,
        ),
        Action(
            name="expunge",
            title=translate("VmActions", "Delete for good …"),
            icon="delete-forever-outline",
            run=expunge,
            reason=allowed_in(S.DESTROYED),
            group=group,
            is_main=is_main,
        ),
    ]
