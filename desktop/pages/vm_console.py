"""Opens console windows: one for each virtual machine, brought to front when it is open."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from appliance.protocol import resources as r
from appliance.protocol.errors import ApiError
from desktop import texts
from desktop.pages import actions as acts
from desktop.pages.base import Shell
from desktop.pages.vm_actions import vm_actions

SHOWN = (
    r.VmState.RUNNING,
    r.VmState.PAUSED,
    r.VmState.REBOOTING,
    r.VmState.STOPPING,
    r.VmState.MIGRATING,
)
# The actions on machines that a console offers; the second ones in a menu.
POWER = ("start", "stop", "reboot")
MORE_POWER = ("pause", "resume", "force_stop")

_open: dict[str, QWidget] = {}


def show_console(shell: Shell, vm: r.Vm) -> QWidget:
    """Show the console of a VM in a window of its own."""
    from desktop.console import ConsoleWindow

    window = _open.get(vm.id)
    if window is None:
        made: Any = ConsoleWindow(shell.bridge, shell.ref, vm)
        window = made
        _open[vm.id] = made
        made.destroyed.connect(lambda *_: _open.pop(vm.id, None))
        _follow(shell, made, vm, _add_power(shell, made, vm))
    with contextlib.suppress(RuntimeError):
        window.show()
        window.raise_()
        window.activateWindow()
    return window


def _add_power(shell: Shell, window: Any, vm: r.Vm) -> Callable[[r.Vm], None]:
    """Give the window the machine's power actions; returns what tells them its state."""
    by_name = {action.name: action for action in vm_actions()}
    declared = [by_name[name] for name in (*POWER, *MORE_POWER)]

    async def run(action: acts.Action) -> None:
        known = shell.cache.get("vm", vm.id)
        if known is None or acts.why_not(action, [known]):
            return
        try:
            await action.run(shell, [known])
        except (ApiError, OSError) as error:
            # Said here as well: the main window may be hidden behind the console.
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                window.tell(texts.error_text(error).message)
            raise

    def trigger(action: acts.Action) -> None:
        shell.bridge.spawn(run(action))

    qactions = acts.make_qactions(declared, window, trigger)
    for action in declared:
        qactions[action.name].setProperty("icon_name", action.icon)
        qactions[action.name].setProperty("is_folded", action.name in MORE_POWER)
    window.add_power_actions(list(qactions.values()))
    acts.refresh(declared, qactions, [vm])
    return lambda changed: acts.refresh(declared, qactions, [changed])


def _follow(shell: Shell, window: Any, vm: r.Vm, told: Callable[[r.Vm], None]) -> None:
    """Tell the window and its actions what becomes of their machine."""

    def changed(kind: str, puts: list[Any], gone: list[str]) -> None:
        if kind != "vm":
            return
        for one in puts:
            if one.id == vm.id:
                window.set_name(one.name)
                window.set_machine_state(one.state in SHOWN, texts.word(f"vm.state.{one.state}"))
                told(one)
        if vm.id in gone:
            window.close()

    shell.cache.changed.connect(changed)
    window.destroyed.connect(lambda *_: _stop_following(shell, changed))


def _stop_following(shell: Shell, slot: Any) -> None:
    with contextlib.suppress(RuntimeError, TypeError):  # the application is ending
        shell.cache.changed.disconnect(slot)


def close_all() -> None:
    """Close all console windows, when the client ends or logs out."""
    for window in list(_open.values()):
        with contextlib.suppress(RuntimeError):
            window.close()
    _open.clear()
