"""macOS: virtual key codes (kVK_…), since Cocoa tells no scan codes."""

from __future__ import annotations

from desktop.console.keys.codes import CODES

# The first row of each block below starts at the virtual key code given; "" is a gap.
_BLOCKS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0x00, tuple("asdfhgzxcv")),
    (0x0A, ("less", *"bqweryt")),
    (0x12, tuple("123465=97-80]ou[ip")),
    (0x24, ("enter", *"lj'k;\\,/nm.")),
    (0x30, ("tab", "space", "`", "backspace", "", "escape")),
    (0x36, ("super_right", "super", "shift", "caps_lock", "alt", "ctrl")),
    (0x3C, ("shift_right", "alt_right", "ctrl_right")),
    (0x41, ("kp_decimal", "", "kp_multiply", "", "kp_add", "", "num_lock")),
    (0x48, ("volume_up", "volume_down", "mute", "kp_divide", "kp_enter", "", "kp_subtract")),
    (0x51, ("kp_equal", *(f"kp_{digit}" for digit in range(8)), "", "kp_8", "kp_9")),
    (0x5D, ("yen", "ro", "kp_comma")),
    (0x60, ("f5", "f6", "f7", "f3", "f8", "f9", "muhenkan", "f11", "kana", "print")),
    (0x6B, ("scroll_lock", "", "f10", "menu", "f12", "", "pause")),
    (0x72, ("insert", "home", "page_up", "delete", "f4", "end", "f2", "page_down", "f1")),
    (0x7B, ("left", "right", "down", "up")),
)

_NAMES: dict[int, str] = {
    first + index: name for first, names in _BLOCKS for index, name in enumerate(names) if name
}


def scancode(virtual_key: int) -> int:
    """The XT scan code for Qt's `nativeVirtualKey` under macOS; 0 if unknown."""
    name = _NAMES.get(virtual_key)
    return CODES[name] if name else 0
