"""The mouse as the guest sees it: buttons, wheel remainders, moves at a bounded rate."""

from __future__ import annotations

from collections.abc import Callable

LEFT, MIDDLE, RIGHT, WHEEL_UP, WHEEL_DOWN, WHEEL_LEFT, WHEEL_RIGHT = (1 << bit for bit in range(7))
WHEEL_STEP = 120
"""Qt's angle units (eighths of a degree) for one step of the wheel."""
RELATIVE_CENTRE = 0x7FFF
"""A guest that takes movements only gets them around this value."""
MAX_WHEEL_STEPS = 20

Send = Callable[[int, int, int], object]
"""Takes buttons, x, y."""


class Pointer:
    """Collects what the mouse does. `send` is called for what has to reach the guest.

    A move waits for `flush` (a timer calls it sixty times a second); a button never waits, and
    what waited goes before it.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._buttons = 0
        self._x = 0
        self._y = 0
        self._is_moved = False
        self._wheel = [0, 0]

    @property
    def buttons(self) -> int:
        """The buttons held."""
        return self._buttons

    def move(self, x: int, y: int) -> bool:
        """The pointer is at another guest pixel; True if `flush` has something to do."""
        if (x, y) != (self._x, self._y):
            self._x, self._y = x, y
            self._is_moved = True
        return self._is_moved

    def flush(self) -> None:
        """Send a waiting move."""
        if self._is_moved:
            self._is_moved = False
            self._send(self._buttons, self._x, self._y)

    def press(self, button: int) -> None:
        """A button goes down where the pointer is."""
        self._change(self._buttons | button)

    def release(self, button: int) -> None:
        """A button goes up where the pointer is."""
        self._change(self._buttons & ~button)

    def release_all(self) -> None:
        """No button is held any more."""
        if self._buttons:
            self._change(0)

    def wheel(self, across: int, down: int) -> None:
        """The wheel turns; parts of a step wait until they are a whole one."""
        self.flush()
        turns = ((across, WHEEL_LEFT, WHEEL_RIGHT), (down, WHEEL_UP, WHEEL_DOWN))
        for axis, (units, positive, negative) in enumerate(turns):
            total = self._wheel[axis] + units
            if units and self._wheel[axis] * units < 0:
                total = units  # turned back: what remained of the other way counts no more
            steps = int(total / WHEEL_STEP)
            self._wheel[axis] = total - steps * WHEEL_STEP
            button = positive if steps > 0 else negative
            for _ in range(min(abs(steps), MAX_WHEEL_STEPS)):
                self._send(self._buttons | button, self._x, self._y)
                self._send(self._buttons, self._x, self._y)

    def move_by(self, across: int, down: int) -> None:
        """A movement for guests that take no positions."""
        while across or down:
            x, y = max(-127, min(127, across)), max(-127, min(127, down))
            across, down = across - x, down - y
            self._send(self._buttons, RELATIVE_CENTRE + x, RELATIVE_CENTRE + y)

    def set_relative(self) -> None:
        """The guest takes movements now: buttons are sent without one."""
        self._x = self._y = RELATIVE_CENTRE
        self._is_moved = False

    def _change(self, buttons: int) -> None:
        self._buttons = buttons
        self._is_moved = False
        self._send(buttons, self._x, self._y)
