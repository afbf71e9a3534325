"""Which keys are held down in the guest, so that every press gets its release."""

from __future__ import annotations

from collections.abc import Callable

from desktop.console.keys.codes import CODES, Key
from desktop.console.keys.windows import AltGrFilter

Send = Callable[[Key, bool], object]
"""Takes a key and whether it goes down."""

_MODIFIERS = {
    CODES[name]
    for name in ("shift", "shift_right", "ctrl", "ctrl_right", "alt", "alt_right", "super")
} | {CODES["super_right"]}
_COMMANDS = {CODES["super"], CODES["super_right"]}
_SHIFTS = {CODES["shift"], CODES["shift_right"]}


class Keyboard:
    """Presses and releases keys through `send`, mending what window systems leave out.

    On Windows call `expire` when `needs_expire` and FAKE_CTRL_PATIENCE_S have passed.
    """

    def __init__(self, send: Send, platform: str) -> None:
        self._send = send
        self._platform = platform
        self._held: dict[int, Key] = {}
        self._alt_gr = AltGrFilter()
        self._last_ctrl = Key(CODES["ctrl"], 0xFFE3)

    @property
    def needs_expire(self) -> bool:
        """Whether a left Ctrl is held back."""
        return self._alt_gr.is_pending

    def press(self, key: Key) -> None:
        """A key goes down, or repeats."""
        if self._platform == "windows" and key.scancode:
            if key.scancode == CODES["ctrl"] and key.scancode in self._held:
                self._down(key)
                return
            self._pass_on(self._alt_gr.press(key.scancode), key)
        elif self._platform == "cocoa" and key.scancode == CODES["caps_lock"]:
            self._tap(key)
        else:
            self._down(key)

    def release(self, key: Key) -> None:
        """A key goes up; ignored if it never went down here."""
        if self._platform == "windows" and key.scancode:
            self._pass_on(self._alt_gr.release(key.scancode), key)
            if key.scancode in _SHIFTS:  # the release of the other one is never told
                self._up_all(_SHIFTS)
        elif self._platform == "cocoa" and key.scancode == CODES["caps_lock"]:
            self._tap(key)  # Cocoa tells the lamp, not the key
        else:
            self._up(key)
            if self._platform == "cocoa" and key.scancode in _COMMANDS:
                # Releases are not told while Command is held.
                self._up_all(set(self._held) - _MODIFIERS)

    def expire(self) -> None:
        """No AltGr came after the Ctrl."""
        self._pass_on(self._alt_gr.expire(), self._last_ctrl)

    def release_all(self) -> None:
        """Nothing is held any more: the focus went elsewhere."""
        self._alt_gr = AltGrFilter()
        self._up_all(set(self._held))

    def forget(self) -> None:
        """The connection is gone, and with it what was held."""
        self._alt_gr = AltGrFilter()
        self._held.clear()

    def _pass_on(self, changes: list[tuple[int, bool]], key: Key) -> None:
        for code, is_down in changes:
            one = key if code == key.scancode else self._last_ctrl
            if is_down:
                self._down(one)
            else:
                self._up(one)

    def _tap(self, key: Key) -> None:
        self._send(key, True)
        self._send(key, False)

    def _down(self, key: Key) -> None:
        identity = key.scancode or -key.keysym
        if identity:
            self._held[identity] = key
            self._send(key, True)

    def _up(self, key: Key) -> None:
        # The keysym of the press is used: it may differ now that Shift is up.
        held = self._held.pop(key.scancode or -key.keysym, None)
        if held is not None:
            self._send(held, False)

    def _up_all(self, identities: set[int]) -> None:
        for identity in list(self._held):
            if identity in identities:
                self._send(self._held.pop(identity), False)
