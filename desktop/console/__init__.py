"""The console of a virtual machine: its screen over RFB, and its serial line."""

from __future__ import annotations

from desktop.console.viewport import ScaleMode
from desktop.console.window import ConsoleWindow

__all__ = ["ConsoleWindow", "ScaleMode"]
