"""Opens console windows: one for each virtual machine, brought to front when it is open."""

from __future__ import annotations

import contextlib
from typing import Any

from PySide6.QtWidgets import QWidget

from appliance.protocol import resources as r
from desktop import texts
from desktop.pages.base import Shell

SHOWN = (r.VmState.RUNNING, r.VmState.PAUSED, r.VmState.REBOOTING, r.VmState.STOPPING)

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
        _follow(shell, made, vm.id)
    with contextlib.suppress(RuntimeError):
        window.show()
        window.raise_()
        window.activateWindow()
    return window


def _follow(shell: Shell, window: Any, vm_id: str) -> None:
    """Tell the window what becomes of its machine."""

    def changed(kind: str, puts: list[Any], gone: list[str]) -> None:
        if kind != "vm":
            return
        for vm in puts:
            if vm.id == vm_id:
                window.set_name(vm.name)
                window.set_machine_state(vm.state in SHOWN, texts.word(f"vm.state.{vm.state}"))
        if vm_id in gone:
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
