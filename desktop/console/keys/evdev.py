"""Linux: X11 and Wayland give evdev codes plus eight."""

from __future__ import annotations

from desktop.console.keys.codes import CODES

XKB_OFFSET = 8

_NAMES: dict[int, str] = {
    85: "kana",  # zenkaku/hankaku
    89: "ro",
    92: "henkan",
    93: "kana",
    94: "muhenkan",
    96: "kp_enter",
    97: "ctrl_right",
    98: "kp_divide",
    99: "print",
    100: "alt_right",
    102: "home",
    103: "up",
    104: "page_up",
    105: "left",
    106: "right",
    107: "end",
    108: "down",
    109: "page_down",
    110: "insert",
    111: "delete",
    113: "mute",
    114: "volume_down",
    115: "volume_up",
    117: "kp_equal",
    119: "pause",
    121: "kp_comma",
    124: "yen",
    125: "super",
    126: "super_right",
    127: "menu",
}

_EXACT: dict[int, int] = {85: 0x76, 122: 0x72, 123: 0x71}
"""Keys of Japanese and Korean keyboards without a name of ours."""


def scancode(native_scan_code: int) -> int:
    """The XT scan code for Qt's `nativeScanCode` under X11 or Wayland; 0 if unknown."""
    code = native_scan_code - XKB_OFFSET
    if 1 <= code <= 83 or 86 <= code <= 88:  # Linux numbered these after the XT codes
        return code
    if code in _EXACT:
        return _EXACT[code]
    name = _NAMES.get(code)
    return CODES[name] if name else 0
