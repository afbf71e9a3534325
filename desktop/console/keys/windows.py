"""Windows: scan codes with the extended bit, and the left Ctrl that AltGr pretends to press."""

from __future__ import annotations

from desktop.console.keys.codes import CODES, EXTENDED

EXTENDED_BIT = 0x100

_FIXED: dict[int, int] = {
    0x45: CODES["pause"],
    0x145: CODES["num_lock"],
    0x136: CODES["shift_right"],
    0x137: CODES["print"],
}

FAKE_CTRL_PATIENCE_S = 0.05
"""How long a left Ctrl is held back to see whether AltGr follows."""


def scancode(native_scan_code: int) -> int:
    """The XT scan code for Qt's `nativeScanCode` under Windows; 0 if unknown."""
    if native_scan_code in _FIXED:
        return _FIXED[native_scan_code]
    code = native_scan_code & 0x7F
    if not code:
        return 0
    return code | EXTENDED if native_scan_code & EXTENDED_BIT else code


class AltGrFilter:
    """Drops the left Ctrl that Windows reports just before AltGr.

    Feed every press and release; what comes back is to be sent, in that order. When `is_pending`
    after a press, call `expire` once FAKE_CTRL_PATIENCE_S have passed.
    """

    def __init__(self) -> None:
        self.is_pending = False
        self._is_dropped = False

    def press(self, code: int) -> list[tuple[int, bool]]:
        """A key went down; answers (scan code, is down)."""
        ctrl = CODES["ctrl"]
        if code == ctrl and not self.is_pending:
            self.is_pending = True
            return []
        before = self.expire()
        if code == CODES["alt_right"] and before:
            self._is_dropped = True
            before = []
        return [*before, (code, True)]

    def release(self, code: int) -> list[tuple[int, bool]]:
        """A key went up."""
        if code == CODES["ctrl"] and self._is_dropped:
            self._is_dropped = False
            return []
        return [*self.expire(), (code, False)]

    def expire(self) -> list[tuple[int, bool]]:
        """No AltGr followed: the Ctrl was a real one."""
        if not self.is_pending:
            return []
        self.is_pending = False
        return [(CODES["ctrl"], True)]
