"""Where the guest's picture lies in a widget, and which guest pixel is under a point.

All reckoning is in device pixels, so that it is exact at every scale factor of the screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class ScaleMode(StrEnum):
    """FIT shrinks smoothly and enlarges in whole steps; FILL uses all the room; ACTUAL is 1:1."""

    FIT = "fit"
    FILL = "fill"
    ACTUAL = "actual"


@dataclass(frozen=True)
class Viewport:
    """The picture's place: left, top, width and height in device pixels."""

    left: int
    top: int
    width: int
    height: int
    guest_width: int
    guest_height: int
    pixel_ratio: float

    @property
    def scale(self) -> float:
        """Device pixels for one guest pixel."""
        return self.width / self.guest_width

    @property
    def is_smooth(self) -> bool:
        """Whether pixels need blending: not when each guest pixel is a whole square."""
        return self.width % self.guest_width != 0 or self.height % self.guest_height != 0

    def guest_point(self, x: float, y: float) -> tuple[int, int]:
        """The guest pixel under a point in logical pixels; the nearest one when outside."""
        column = (x * self.pixel_ratio - self.left) * self.guest_width / self.width
        row = (y * self.pixel_ratio - self.top) * self.guest_height / self.height
        return (
            min(max(math.floor(column), 0), self.guest_width - 1),
            min(max(math.floor(row), 0), self.guest_height - 1),
        )

    def logical_rect(self, x: int, y: int, width: int, height: int) -> tuple[int, int, int, int]:
        """The logical pixels touched by a rectangle of guest pixels: x, y, width, height."""
        spread = 1 if self.is_smooth else 0  # blending reaches into the neighbours
        ratio = self.pixel_ratio
        across, down = self.width / self.guest_width, self.height / self.guest_height
        left = math.floor((self.left + (x - spread) * across) / ratio)
        top = math.floor((self.top + (y - spread) * down) / ratio)
        right = math.ceil((self.left + (x + width + spread) * across) / ratio)
        bottom = math.ceil((self.top + (y + height + spread) * down) / ratio)
        return left, top, right - left, bottom - top


def place(
    mode: ScaleMode,
    room: tuple[float, float],
    guest: tuple[int, int],
    pixel_ratio: float = 1.0,
) -> Viewport:
    """Place a guest's picture of `guest` pixels into `room` logical pixels, centred.

    A picture larger than its room starts at the upper left: then the widget scrolls.
    """
    room_width = max(1, round(room[0] * pixel_ratio))
    room_height = max(1, round(room[1] * pixel_ratio))
    scale = min(room_width / guest[0], room_height / guest[1])
    if mode is ScaleMode.ACTUAL:
        scale = 1.0
    elif mode is ScaleMode.FIT and scale >= 1:
        scale = float(math.floor(scale))
    width = max(1, round(guest[0] * scale))
    height = max(1, round(guest[1] * scale))
    left = max(0, (room_width - width) // 2)
    top = max(0, (room_height - height) // 2)
    return Viewport(left, top, width, height, guest[0], guest[1], pixel_ratio)
