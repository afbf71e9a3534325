"""Keys: tables, typing, held keys, what window systems leave out."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.console.keys import evdev, macos, special, windows
from desktop.console.keys.codes import CODES, KEYSYMS, Key, key, keysym_of
from desktop.console.keys.keyboard import Keyboard
from desktop.console.keys.typing import KeyEvent, events_of, type_text


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a", 0x1E), ("z", 0x2C), ("1", 0x02), ("=", 0x0D), ("`", 0x29), ("\\", 0x2B),
        ("/", 0x35), ("f1", 0x3B), ("f10", 0x44), ("f12", 0x58), ("kp_7", 0x47), ("kp_0", 0x52),
        ("ctrl_right", 0x9D), ("alt_right", 0xB8), ("up", 0xC8), ("delete", 0xD3),
    ],
)  # fmt: skip
def test_scan_codes_by_name(name: str, code: int) -> None:
    assert CODES[name] == code


def test_no_scan_code_has_two_names() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert set(KEYSYMS) <= set(CODES)


@pytest.mark.parametrize(
    ("native", "name"),
    [
        (38, "a"), (9, "escape"), (36, "enter"), (95, "f11"), (94, "less"), (104, "kp_enter"),
        (105, "ctrl_right"), (106, "kp_divide"), (107, "print"), (108, "alt_right"),
        (110, "home"), (111, "up"), (113, "left"), (118, "insert"), (119, "delete"),
        (127, "pause"), (133, "super"), (135, "menu"), (77, "num_lock"),
    ],
)  # fmt: skip
def test_linux(native: int, name: str) -> None:
    assert evdev.scancode(native) == CODES[name]


@pytest.mark.parametrize("native", [-5, 0, 1, 8, 500])
def test_linux_unknown(native: int) -> None:
    assert evdev.scancode(native) == 0


@pytest.mark.parametrize(
    ("native", "name"),
    [
        (0x1E, "a"), (0x45, "pause"), (0x145, "num_lock"), (0x36, "shift_right"),
        (0x136, "shift_right"), (0x137, "print"), (0x11D, "ctrl_right"), (0x138, "alt_right"),
        (0x148, "up"), (0x48, "kp_8"), (0x11C, "kp_enter"), (0x15B, "super"),
    ],
)  # fmt: skip
def test_windows(native: int, name: str) -> None:
    assert windows.scancode(native) == CODES[name]


@pytest.mark.parametrize(
    ("native", "name"),
    [
        (0x00, "a"), (0x0C, "q"), (0x12, "1"), (0x24, "enter"), (0x2A, "\\"), (0x30, "tab"),
        (0x35, "escape"), (0x37, "super"), (0x3E, "ctrl_right"), (0x52, "kp_0"), (0x5C, "kp_9"),
        (0x60, "f5"), (0x6F, "f12"), (0x75, "delete"), (0x7A, "f1"), (0x7E, "up"),
    ],
)  # fmt: skip
def test_macos(native: int, name: str) -> None:
    assert macos.scancode(native) == CODES[name]


def test_everything_on_a_us_keyboard_can_be_typed() -> None:
    text = string.ascii_letters + string.digits + string.punctuation + " \t\n"
    typed = type_text(text)
    assert not typed.missing
    assert len(typed.strokes) == len(text)


def test_typing_tells_what_is_missing_once() -> None:
    typed = type_text("aä世ä\r\nb\r")
    assert typed.missing == ("ä", "世")
    assert [one.key.scancode for one in typed.strokes] == [0x1E, 0x1C, 0x30, 0x1C]


def test_shift_stays_down_over_a_run() -> None:
    shift = key("shift")
    events = events_of(type_text("aBC").strokes)
    assert [(one.key.scancode, one.is_down) for one in events] == [
        (0x1E, True), (0x1E, False), (shift.scancode, True), (0x30, True), (0x30, False),
        (0x2E, True), (0x2E, False), (shift.scancode, False),
    ]  # fmt: skip
    assert events[3].key.keysym == ord("B")


@given(st.text())
def test_typing_leaves_nothing_held(text: str) -> None:
    held: set[int] = set()
    for event in events_of(type_text(text).strokes):
        assert (event.key.scancode in held) != event.is_down
        held ^= {event.key.scancode}
    assert not held


def test_chords_release_in_reverse() -> None:
    ctrl, alt, delete = key("ctrl"), key("alt"), key("delete")
    assert special.chord(special.CTRL_ALT_DELETE) == [
        KeyEvent(ctrl, True), KeyEvent(alt, True), KeyEvent(delete, True),
        KeyEvent(delete, False), KeyEvent(alt, False), KeyEvent(ctrl, False),
    ]  # fmt: skip
    for number in range(1, 13):
        assert special.chord(special.ctrl_alt_f(number))[2].key == key(f"f{number}")


def test_keysyms() -> None:
    assert keysym_of("A") == 0x41
    assert keysym_of("é") == 0xE9
    assert keysym_of("€") == 0x010020AC


class Sent:
    """A keyboard and what it sent, as (name, is down)."""

    def __init__(self, platform: str) -> None:
        self.log: list[tuple[str, bool]] = []
        names = {code: name for name, code in CODES.items()}
        self.keyboard = Keyboard(
            lambda one, down: self.log.append((names[one.scancode], down)), platform
        )

    def taken(self) -> list[tuple[str, bool]]:
        log, self.log = self.log, []
        return log


def test_focus_lost_releases_all() -> None:
    sent = Sent("xcb")
    sent.keyboard.press(key("ctrl"))
    sent.keyboard.press(key("c"))
    sent.taken()
    sent.keyboard.release_all()
    assert sorted(sent.taken()) == [("c", False), ("ctrl", False)]
    sent.keyboard.release(key("c"))
    assert sent.taken() == []


def test_release_uses_the_keysym_of_the_press() -> None:
    log: list[tuple[Key, bool]] = []
    keyboard = Keyboard(lambda one, down: log.append((one, down)), "xcb")
    keyboard.press(Key(0x1E, ord("A")))
    keyboard.release(Key(0x1E, ord("a")))
    assert log == [(Key(0x1E, ord("A")), True), (Key(0x1E, ord("A")), False)]


def test_windows_alt_gr_drops_the_pretended_ctrl() -> None:
    sent = Sent("windows")
    sent.keyboard.press(key("ctrl"))
    assert sent.keyboard.needs_expire
    sent.keyboard.press(key("alt_right"))
    sent.keyboard.press(key("q"))
    sent.keyboard.release(key("q"))
    sent.keyboard.release(key("ctrl"))
    sent.keyboard.release(key("alt_right"))
    assert sent.taken() == [
        ("alt_right", True), ("q", True), ("q", False), ("alt_right", False),
    ]  # fmt: skip


def test_windows_real_ctrl_comes_through() -> None:
    sent = Sent("windows")
    sent.keyboard.press(key("ctrl"))
    sent.keyboard.press(key("c"))
    sent.keyboard.release(key("c"))
    sent.keyboard.release(key("ctrl"))
    sent.keyboard.press(key("ctrl"))
    sent.keyboard.expire()
    sent.keyboard.release(key("ctrl"))
    assert sent.taken() == [
        ("ctrl", True), ("c", True), ("c", False), ("ctrl", False), ("ctrl", True), ("ctrl", False),
    ]  # fmt: skip


def test_windows_loses_the_release_of_one_shift() -> None:
    sent = Sent("windows")
    sent.keyboard.press(key("shift"))
    sent.keyboard.press(key("shift_right"))
    sent.taken()
    sent.keyboard.release(key("shift"))
    assert sent.taken() == [("shift", False), ("shift_right", False)]


def test_macos_caps_lock_is_a_tap_and_command_frees_keys() -> None:
    sent = Sent("cocoa")
    sent.keyboard.press(key("caps_lock"))
    sent.keyboard.release(key("caps_lock"))
    assert sent.taken() == [("caps_lock", True), ("caps_lock", False)] * 2
    sent.keyboard.press(key("super"))
    sent.keyboard.press(key("c"))
    sent.keyboard.release(key("super"))
    assert sent.taken()[-2:] == [("super", False), ("c", False)]
