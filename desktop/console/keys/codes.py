"""Names of keys on a PC keyboard and their XT set-1 scan codes.

Codes of keys that send a 0xE0 prefix have bit 7 set, as QEMU's key message wants them.
"""

from __future__ import annotations

from dataclasses import dataclass

EXTENDED = 0x80


@dataclass(frozen=True)
class Key:
    """A key: its scan code and its X11 keysym; 0 where one is not known."""

    scancode: int
    keysym: int


def _rows() -> dict[str, int]:
    """The block of letters and digits, whose codes run along the rows of the keyboard."""
    codes: dict[str, int] = {}
    rows = ((0x02, "1234567890-="), (0x10, "qwertyuiop[]"), (0x1E, "asdfghjkl;'`"))
    for first, row in (*rows, (0x2B, "\\zxcvbnm,./")):
        codes.update({name: first + index for index, name in enumerate(row)})
    return codes


CODES: dict[str, int] = {
    **_rows(),
    "escape": 0x01,
    "backspace": 0x0E,
    "tab": 0x0F,
    "enter": 0x1C,
    "ctrl": 0x1D,
    "shift": 0x2A,
    "shift_right": 0x36,
    "kp_multiply": 0x37,
    "alt": 0x38,
    "space": 0x39,
    "caps_lock": 0x3A,
    **{f"f{number}": 0x3A + number for number in range(1, 11)},
    "num_lock": 0x45,
    "scroll_lock": 0x46,
    **{f"kp_{digit}": 0x47 + index for index, digit in enumerate((7, 8, 9))},
    "kp_subtract": 0x4A,
    **{f"kp_{digit}": 0x4B + index for index, digit in enumerate((4, 5, 6))},
    "kp_add": 0x4E,
    **{f"kp_{digit}": 0x4F + index for index, digit in enumerate((1, 2, 3, 0))},
    "kp_decimal": 0x53,
    "print": 0x54,
    "less": 0x56,
    "f11": 0x57,
    "f12": 0x58,
    "kp_equal": 0x59,
    "kana": 0x70,
    "ro": 0x73,
    "henkan": 0x79,
    "muhenkan": 0x7B,
    "yen": 0x7D,
    "kp_comma": 0x7E,
    "kp_enter": 0x9C,
    "ctrl_right": 0x9D,
    "mute": 0xA0,
    "volume_down": 0xAE,
    "volume_up": 0xB0,
    "kp_divide": 0xB5,
    "alt_right": 0xB8,
    "pause": 0xC6,
    "home": 0xC7,
    "up": 0xC8,
    "page_up": 0xC9,
    "left": 0xCB,
    "right": 0xCD,
    "end": 0xCF,
    "down": 0xD0,
    "page_down": 0xD1,
    "insert": 0xD2,
    "delete": 0xD3,
    "super": 0xDB,
    "super_right": 0xDC,
    "menu": 0xDD,
}

KEYSYMS: dict[str, int] = {
    **{name: ord(name) for name in _rows()},
    "space": 0x20,
    "backspace": 0xFF08,
    "tab": 0xFF09,
    "enter": 0xFF0D,
    "pause": 0xFF13,
    "scroll_lock": 0xFF14,
    "escape": 0xFF1B,
    "henkan": 0xFF23,
    "muhenkan": 0xFF22,
    "kana": 0xFF27,
    "home": 0xFF50,
    "left": 0xFF51,
    "up": 0xFF52,
    "right": 0xFF53,
    "down": 0xFF54,
    "page_up": 0xFF55,
    "page_down": 0xFF56,
    "end": 0xFF57,
    "print": 0xFF61,
    "insert": 0xFF63,
    "menu": 0xFF67,
    "num_lock": 0xFF7F,
    "kp_enter": 0xFF8D,
    "kp_multiply": 0xFFAA,
    "kp_add": 0xFFAB,
    "kp_comma": 0xFFAC,
    "kp_subtract": 0xFFAD,
    "kp_decimal": 0xFFAE,
    "kp_divide": 0xFFAF,
    "kp_equal": 0xFFBD,
    **{f"kp_{digit}": 0xFFB0 + digit for digit in range(10)},
    **{f"f{number}": 0xFFBD + number for number in range(1, 13)},
    "shift": 0xFFE1,
    "shift_right": 0xFFE2,
    "ctrl": 0xFFE3,
    "ctrl_right": 0xFFE4,
    "caps_lock": 0xFFE5,
    "alt": 0xFFE9,
    "alt_right": 0xFE03,  # AltGr; plain right Alt has the same scan code
    "super": 0xFFEB,
    "super_right": 0xFFEC,
    "delete": 0xFFFF,
    "less": 0x3C,
    "yen": 0xA5,
    "ro": 0x5C,
    "mute": 0x1008FF12,
    "volume_down": 0x1008FF11,
    "volume_up": 0x1008FF13,
}


def key(name: str) -> Key:
    """The key called `name`; raises KeyError for a name that is in neither table."""
    return Key(CODES[name], KEYSYMS.get(name, 0))


def keysym_of(character: str) -> int:
    """The X11 keysym of one character."""
    point = ord(character)
    if 0x20 <= point < 0x7F or 0xA0 <= point <= 0xFF:
        return point
    return 0x01000000 | point
