"""What an RFB client tells about: pictures, cursors, sizes, texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from desktop.console.rfb.framebuffer import Framebuffer


class Rect(NamedTuple):
    """A rectangle of guest pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Connected:
    """The handshake is done; the framebuffer is black until the first update."""

    name: str
    framebuffer: Framebuffer


@dataclass(frozen=True)
class Resized:
    """The guest's screen has a new size, and a new framebuffer takes the place of the old."""

    framebuffer: Framebuffer


@dataclass(frozen=True)
class Updated:
    """One framebuffer update is decoded; `dirty` may be empty."""

    dirty: tuple[Rect, ...]


@dataclass(frozen=True)
class CursorChanged:
    """The guest's pointer has a new shape.

    `pixels` is BGRA with premultiplied alpha, shape (height, width, 4); None means invisible.
    """

    pixels: npt.NDArray[np.uint8] | None
    hot_x: int
    hot_y: int


@dataclass(frozen=True)
class PointerModeChanged:
    """Whether the guest takes absolute positions or only movements."""

    is_absolute: bool


@dataclass(frozen=True)
class LedsChanged:
    """The lock lamps of the guest's keyboard."""

    scroll_lock: bool
    num_lock: bool
    caps_lock: bool


@dataclass(frozen=True)
class Bell:
    """The guest beeps."""


@dataclass(frozen=True)
class CutText:
    """The guest has put text on the clipboard."""

    text: str


Event = (
    Connected
    | Resized
    | Updated
    | CursorChanged
    | PointerModeChanged
    | LedsChanged
    | Bell
    | CutText
)
