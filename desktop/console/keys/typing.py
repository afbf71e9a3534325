"""Text as keystrokes on a US keyboard, for guests that share no clipboard with us."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.console.keys.codes import CODES, Key, key

_SHIFTED = dict(zip('!@#$%^&*()_+{}:"~|<>?', "1234567890-=[];'`\\,./", strict=True))
_NAMED = {" ": "space", "\n": "enter", "\t": "tab"}


@dataclass(frozen=True)
class Stroke:
    """One key that is pressed and released, with Shift or without."""

    key: Key
    with_shift: bool = False


@dataclass(frozen=True)
class KeyEvent:
    """One key that goes down or up."""

    key: Key
    is_down: bool


@dataclass(frozen=True)
class Typed:
    """The strokes for a text, and the characters no US keyboard has (each once, in order)."""

    strokes: tuple[Stroke, ...]
    missing: tuple[str, ...]


def stroke_of(character: str) -> Stroke | None:
    """The keystroke for one character; None if a US keyboard cannot type it."""
    if character in _NAMED:
        return Stroke(key(_NAMED[character]))
    base = _SHIFTED.get(character)
    if base is None and len(character) == 1 and "A" <= character <= "Z":
        base = character.lower()
    if base is not None:
        return Stroke(Key(CODES[base], ord(character)), with_shift=True)
    return Stroke(key(character)) if len(character) == 1 and character in CODES else None


def type_text(text: str) -> Typed:
    """The keystrokes for `text`. Line ends of every kind become Enter."""
    strokes: list[Stroke] = []
    missing: dict[str, None] = {}
    for character in text.replace("\r\n", "\n").replace("\r", "\n"):
        stroke = stroke_of(character)
        if stroke is None:
            missing[character] = None
        else:
            strokes.append(stroke)
    return Typed(tuple(strokes), tuple(missing))


def events_of(strokes: tuple[Stroke, ...] | list[Stroke]) -> list[KeyEvent]:
    """What goes down and up; Shift stays down over a run of shifted keys."""
    events: list[KeyEvent] = []
    shift = key("shift")
    is_shifted = False
    for stroke in strokes:
        if stroke.with_shift != is_shifted:
            is_shifted = stroke.with_shift
            events.append(KeyEvent(shift, is_shifted))
        events += [KeyEvent(stroke.key, True), KeyEvent(stroke.key, False)]
    if is_shifted:
        events.append(KeyEvent(shift, False))
    return events
