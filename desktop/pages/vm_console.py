"""Opens console windows: one for each virtual machine, brought to front when it is open."""

from __future__ import annotations

import contextlib
from typing import Any

from PySide6.QtWidgets import QWidget

from appliance.protocol import resources as r
from desktop.pages.base import Shell

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
    with contextlib.suppress(RuntimeError):
        window.show()
        window.raise_()
        window.activateWindow()
    return window


def close_all() -> None:
    """Close all console windows, when the client ends or logs out."""
    for window in list(_open.values()):
        with contextlib.suppress(RuntimeError):
            window.close()
    _open.clear()
