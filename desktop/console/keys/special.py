"""Key combinations that the window system keeps to itself, to be sent from a menu."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.console.keys.codes import key
from desktop.console.keys.typing import KeyEvent

CTRL_ALT_DELETE = ("ctrl", "alt", "delete")
CTRL_ALT_BACKSPACE = ("ctrl", "alt", "backspace")
ALT_TAB = ("alt", "tab")
ALT_F4 = ("alt", "f4")
CTRL_SHIFT_ESCAPE = ("ctrl", "shift", "escape")
PRINT = ("print",)
SUPER = ("super",)
PAUSE = ("pause",)
MENU = ("menu",)
F11 = ("f11",)
SYSRQ = ("alt", "print")


def ctrl_alt_f(number: int) -> tuple[str, str, str]:
    """Ctrl+Alt+F1 to F12: the text consoles of Linux."""
    return ("ctrl", "alt", f"f{number}")


def chord(names: Sequence[str]) -> list[KeyEvent]:
    """Press the keys in order and release them in reverse."""
    keys = [key(name) for name in names]
    return [KeyEvent(one, True) for one in keys] + [KeyEvent(one, False) for one in reversed(keys)]
