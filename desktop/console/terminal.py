"""A terminal without a window: what a VT shows after the bytes it got, with lines scrolled away."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pyte
import structlog
from pyte import modes
from pyte.screens import Char

log = structlog.get_logger(__name__)

SCROLLBACK_LINES = 5000
ALTERNATE_SCREEN_MODES = {47 << 5, 1047 << 5, 1049 << 5}
APPLICATION_CURSOR_MODE = 1 << 5
BRACKETED_PASTE_MODE = 2004 << 5

Row = dict[int, Char]


class Screen(pyte.Screen):
    """pyte's screen, with scrollback, the alternate screen, and answers to questions."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], object]) -> None:
        self.scrolled: deque[Row] = deque(maxlen=SCROLLBACK_LINES)
        self.scrolled_in_all = 0
        self._answer = answer
        self._main: tuple[Any, Any] | None = None
        super().__init__(columns, lines)

    def index(self) -> None:
        """Move down a line; the first one is kept when it leaves."""
        top, bottom = self.margins or (0, self.lines - 1)
        if self.cursor.y == bottom and top == 0 and self._main is None:
            self.scrolled.append(dict(self.buffer[0]))
            self.scrolled_in_all += 1
        super().index()

    def set_mode(self, *numbers: int, **options: Any) -> None:
        """Also know the alternate screen of full-screen programs."""
        if options.get("private") and _is_alternate(numbers) and self._main is None:
            self._main = (deepcopy(self.buffer), deepcopy(self.cursor))
            self.erase_in_display(2)
        super().set_mode(*numbers, **options)

    def reset_mode(self, *numbers: int, **options: Any) -> None:
        """Come back from the alternate screen."""
        if options.get("private") and _is_alternate(numbers) and self._main is not None:
            self.buffer, cursor = self._main
            self._main = None
            self.cursor.x = min(cursor.x, self.columns - 1)
            self.cursor.y = min(cursor.y, self.lines - 1)
            self.dirty.update(range(self.lines))
        super().reset_mode(*numbers, **options)

    def select_graphic_rendition(self, *attributes: int, **options: Any) -> None:
        """Colours; the private form of this sequence means something else."""
        if not options.get("private"):
            super().select_graphic_rendition(*attributes)

    def report_device_status(self, mode: int = 0, **options: Any) -> None:
        """Answer where the cursor is."""
        if not options.get("private"):
            super().report_device_status(mode)

    def write_process_input(self, data: str) -> None:
        """Answers to the machine."""
        self._answer(data.encode())


class Terminal:
    """Feeds bytes to a screen; never fails on what it is fed."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], object]) -> None:
        self.screen = Screen(columns, lines, answer)
        self._stream = pyte.ByteStream(self.screen)

    @property
    def has_application_cursor(self) -> bool:
        """Whether arrows are to be sent in their application form."""
        return APPLICATION_CURSOR_MODE in self.screen.mode

    @property
    def has_bracketed_paste(self) -> bool:
        """Whether pasted text is to be framed."""
        return BRACKETED_PASTE_MODE in self.screen.mode

    @property
    def is_cursor_shown(self) -> bool:
        """Whether the cursor is visible."""
        return modes.DECTCEM in self.screen.mode

    def feed(self, data: bytes) -> None:
        """Show what `data` says. A sequence that pyte cannot take is left out."""
        try:
            self._stream.feed(data)
        except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
            log.info("terminal_sequence_left_out", error=str(error))
            self._stream = pyte.ByteStream(self.screen)

    def resize(self, columns: int, lines: int) -> None:
        """Another size; what no longer fits at the top is kept as scrolled away."""
        screen = self.screen
        lost = max(0, screen.cursor.y + 1 - lines)
        if lost:
            rows = [dict(screen.buffer[index]) for index in range(screen.lines)]
            screen.scrolled.extend(rows[:lost])
            screen.scrolled_in_all += lost
            for index in range(screen.lines - lost):
                screen.buffer[index].clear()
                screen.buffer[index].update(rows[index + lost])
        for index in [index for index in screen.buffer if index >= lines]:
            del screen.buffer[index]
        cursor_y = screen.cursor.y - lost
        screen.lines = lines  # pyte would cut at the top once more
        screen.resize(lines, columns)
        screen.set_margins()
        screen.cursor.x = min(screen.cursor.x, columns - 1)
        screen.cursor.y = cursor_y
        screen.dirty.update(range(lines))

    def row(self, index: int) -> Row:
        """A row counted from the oldest one that is kept."""
        scrolled = self.screen.scrolled
        if index < len(scrolled):
            return scrolled[index]
        return self.screen.buffer[index - len(scrolled)]

    def row_count(self) -> int:
        """Rows kept and shown together."""
        return len(self.screen.scrolled) + self.screen.lines

    def text(self, index: int, start: int = 0, end: int | None = None) -> str:
        """The text of a row from column `start` up to but without `end`, no blanks at its end."""
        row = self.row(index)
        last = max(row, default=-1) + 1
        columns = range(start, last if end is None else min(end, last))
        cells = "".join(row[column].data if column in row else " " for column in columns)
        return cells.rstrip()


def _is_alternate(numbers: tuple[int, ...]) -> bool:
    return any(number << 5 in ALTERNATE_SCREEN_MODES for number in numbers)
