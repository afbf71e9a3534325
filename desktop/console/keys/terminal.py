"""From Qt's key events to the bytes that a VT sends."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

K = Qt.Key

_CURSOR = {
    K.Key_Up: "A",
    K.Key_Down: "B",
    K.Key_Right: "C",
    K.Key_Left: "D",
    K.Key_Home: "H",
    K.Key_End: "F",
}
_NUMBERED = {
    K.Key_Insert: 2,
    K.Key_Delete: 3,
    K.Key_PageUp: 5,
    K.Key_PageDown: 6,
    **dict(
        zip(
            (K(K.Key_F1.value + n) for n in range(12)),
            (11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24),
            strict=True,
        )
    ),
}
_PF = {K.Key_F1: "P", K.Key_F2: "Q", K.Key_F3: "R", K.Key_F4: "S"}
_PLAIN = {
    K.Key_Return: b"\r",
    K.Key_Enter: b"\r",
    K.Key_Backspace: b"\x7f",
    K.Key_Tab: b"\t",
    K.Key_Backtab: b"\x1b[Z",
    K.Key_Escape: b"\x1b",
}
_CONTROLS = {
    ord(" "): 0,
    ord("@"): 0,
    ord("["): 27,
    ord("\\"): 28,
    ord("]"): 29,
    ord("^"): 30,
    ord("_"): 31,
    ord("/"): 31,
    ord("?"): 127,
}


def key_bytes(event: QKeyEvent, *, is_application: bool = False, is_mac: bool = False) -> bytes:
    """What the key sends; b"" for a key that sends nothing.

    `is_application`: the machine asked for the application form of the arrows. `is_mac`: Qt names
    the Control key Meta there.
    """
    key = K(event.key())
    held = event.modifiers()
    control_name = (
        Qt.KeyboardModifier.MetaModifier if is_mac else Qt.KeyboardModifier.ControlModifier
    )
    has_control = bool(held & control_name)
    has_alt = bool(held & Qt.KeyboardModifier.AltModifier)
    has_shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
    modifier = 1 + has_shift + 2 * has_alt + 4 * has_control
    if key in _CURSOR or key in _PF:
        return _function(key, modifier, is_application)
    if key in _NUMBERED:
        tail = f";{modifier}" if modifier > 1 else ""
        return f"\x1b[{_NUMBERED[key]}{tail}~".encode()
    data = _PLAIN.get(key)
    if data is None:
        data = _character(event, has_control)
    return b"\x1b" + data if has_alt and data else data


def _function(key: Qt.Key, modifier: int, is_application: bool) -> bytes:
    final = _CURSOR.get(key) or _PF[key]
    if modifier > 1:
        return f"\x1b[1;{modifier}{final}".encode()
    return f"\x1b{'O' if is_application or key in _PF else '['}{final}".encode()


def _character(event: QKeyEvent, has_control: bool) -> bytes:
    value = event.key()
    if has_control:
        if K.Key_A.value <= value <= K.Key_Z.value:
            return bytes([value - K.Key_A.value + 1])
        if value in _CONTROLS:
            return bytes([_CONTROLS[value]])
    return event.text().encode()
