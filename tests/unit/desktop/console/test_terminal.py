"""The terminal behind the serial console."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.console.terminal import SCROLLBACK_LINES, Terminal


def terminal(columns: int = 20, lines: int = 5) -> tuple[Terminal, list[bytes]]:
    """A terminal, and what it answered."""
    answers: list[bytes] = []
    return Terminal(columns, lines, answers.append), answers


def rows(made: Terminal) -> list[str]:
    """All rows, kept and shown."""
    return [made.text(index) for index in range(made.row_count())]


def test_lines_scroll_away_and_are_kept() -> None:
    made, _ = terminal()
    made.feed(b"".join(b"line %d\r\n" % number for number in range(8)))
    assert rows(made) == [f"line {number}" for number in range(8)] + [""]
    assert len(made.screen.scrolled) == 4


def test_scrollback_has_an_end() -> None:
    made, _ = terminal(20, 5)
    made.feed(b"x\r\n" * (SCROLLBACK_LINES + 50))
    assert len(made.screen.scrolled) == SCROLLBACK_LINES


def test_full_screen_programs_leave_no_trace() -> None:
    made, _ = terminal()
    made.feed(b"before\r\n$ ")
    made.feed(b"\x1b[?1049h\x1b[H" + b"editor\r\n" * 20)
    assert made.text(0) == "editor"
    assert len(made.screen.scrolled) == 0
    made.feed(b"\x1b[?1049l")
    assert rows(made)[:2] == ["before", "$"]
    assert (made.screen.cursor.x, made.screen.cursor.y) == (2, 1)


def test_where_is_the_cursor() -> None:
    made, answers = terminal()
    made.feed(b"abc\x1b[6n")
    assert answers == [b"\x1b[1;4R"]


def test_wide_characters_and_broken_utf8() -> None:
    made, _ = terminal()
    made.feed("安云".encode()[:4])
    made.feed("安云".encode()[4:] + b"\xff!")
    assert made.text(0).startswith("安云")
    assert made.screen.cursor.x >= 5


def test_application_keys_and_bracketed_paste() -> None:
    made, _ = terminal()
    assert not made.has_application_cursor
    made.feed(b"\x1b[?1h\x1b[?2004h\x1b[?25l")
    assert made.has_application_cursor
    assert made.has_bracketed_paste
    assert not made.is_cursor_shown


def test_fewer_lines_keep_the_cursor_in_sight() -> None:
    made, _ = terminal(20, 8)
    made.feed(b"1\r\n2\r\n3\r\n4\r\n5\r\n6")
    made.resize(20, 3)
    assert rows(made) == ["1", "2", "3", "4", "5", "6"]
    assert made.screen.cursor.y == 2
    made.feed(b"\r\n7")
    assert rows(made)[-3:] == ["5", "6", "7"]


def test_fewer_lines_below_an_empty_end() -> None:
    made, _ = terminal(20, 8)
    made.feed(b"1\r\n2")
    made.resize(10, 4)
    assert rows(made) == ["1", "2", "", ""]
    made.resize(30, 10)
    assert rows(made)[:2] == ["1", "2"]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=30), st.tuples(st.integers(1, 60), st.integers(1, 30))))
)
def test_nothing_crashes_it(steps: list[bytes | tuple[int, int]]) -> None:
    made, _ = terminal()
    for step in steps:
        if isinstance(step, bytes):
            made.feed(b"\x1b[" + step)
            made.feed(step)
        else:
            made.resize(*step)
    assert made.row_count() >= 1
    assert 0 <= made.screen.cursor.y < made.screen.lines
    rows(made)
