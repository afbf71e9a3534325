"""From Qt's key events to keys of a PC keyboard, for each window system."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from desktop.console.keys import evdev, macos, windows
from desktop.console.keys.codes import CODES, KEYSYMS, Key, keysym_of
from desktop.console.keys.typing import stroke_of

K = Qt.Key

_NAMES: dict[Qt.Key, str] = {
    K.Key_Escape: "escape",
    K.Key_Tab: "tab",
    K.Key_Backtab: "tab",
    K.Key_Backspace: "backspace",
    K.Key_Return: "enter",
    K.Key_Enter: "kp_enter",
    K.Key_Insert: "insert",
    K.Key_Delete: "delete",
    K.Key_Pause: "pause",
    K.Key_Print: "print",
    K.Key_SysReq: "print",
    K.Key_Home: "home",
    K.Key_End: "end",
    K.Key_Left: "left",
    K.Key_Up: "up",
    K.Key_Right: "right",
    K.Key_Down: "down",
    K.Key_PageUp: "page_up",
    K.Key_PageDown: "page_down",
    K.Key_Shift: "shift",
    K.Key_Control: "ctrl",
    K.Key_Meta: "super",
    K.Key_Super_L: "super",
    K.Key_Super_R: "super_right",
    K.Key_Alt: "alt",
    K.Key_AltGr: "alt_right",
    K.Key_CapsLock: "caps_lock",
    K.Key_NumLock: "num_lock",
    K.Key_ScrollLock: "scroll_lock",
    K.Key_Menu: "menu",
    **{K(K.Key_F1.value + number - 1): f"f{number}" for number in range(1, 13)},
}

# Cocoa's modifier keys come without native codes, and Qt swaps Control and Command there.
_MAC_NAMES = {**_NAMES, K.Key_Control: "super", K.Key_Meta: "ctrl"}


class Translator:
    """Translates key events of one window system.

    `platform` is `QGuiApplication.platformName()`: xcb, wayland, windows, cocoa; others (offscreen,
    vnc) may carry evdev codes too, and else are translated by what the key means.
    """

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._names = _MAC_NAMES if platform == "cocoa" else _NAMES

    def translate(self, event: QKeyEvent) -> Key:
        """The key behind an event; its codes are 0 where they cannot be told."""
        name = self._names.get(K(event.key()), "")
        code = self._native(event)
        if not code:
            code = CODES[name] if name else self._code_by_text(event)
        return Key(code, self._keysym(event, name))

    def _native(self, event: QKeyEvent) -> int:
        if self._platform == "windows":
            return windows.scancode(event.nativeScanCode())
        if self._platform == "cocoa":
            # 0 is the key A, and also what modifiers carry.
            if event.nativeVirtualKey() == 0 and K(event.key()) in self._names:
                return 0
            return macos.scancode(event.nativeVirtualKey())
        return evdev.scancode(event.nativeScanCode())

    def _keysym(self, event: QKeyEvent, name: str) -> int:
        if self._platform in ("xcb", "wayland") and event.nativeVirtualKey():
            return event.nativeVirtualKey()
        if name:
            return KEYSYMS.get(name, 0)
        text = event.text()
        if len(text) == 1 and text.isprintable():
            return keysym_of(text)
        value = event.key()
        if 0x20 <= value <= 0x7E:  # with Ctrl held the text is a control character
            return ord(chr(value).lower())
        return 0

    def _code_by_text(self, event: QKeyEvent) -> int:
        value = event.key()
        if not 0x20 <= value <= 0x7E:
            return 0
        is_keypad = bool(event.modifiers() & Qt.KeyboardModifier.KeypadModifier)
        keypad = f"kp_{chr(value)}"
        if is_keypad and keypad in CODES:
            return CODES[keypad]
        stroke = stroke_of(chr(value).lower())
        return stroke.key.scancode if stroke else 0
