"""The RFB client: bytes in by `feed`, events out; bytes to send from `take_output`."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from desktop.console.rfb import messages
from desktop.console.rfb.constants import (
    COMPRESS_LEVEL_0,
    MAX_CUT_TEXT_BYTES,
    PICTURE_ENCODINGS,
    PSEUDO_ENCODINGS,
    ServerMessage,
)
from desktop.console.rfb.errors import ProtocolError
from desktop.console.rfb.events import Bell, Connected, CutText, Event
from desktop.console.rfb.framebuffer import Framebuffer
from desktop.console.rfb.handshake import handshake
from desktop.console.rfb.incoming import Driver, Incoming, Reading
from desktop.console.rfb.updates import Screen, UpdateReader

_CUT_TEXT = struct.Struct(">xxxI")
_COLOUR_MAP = struct.Struct(">xHH")


@dataclass(frozen=True)
class RfbOptions:
    """What to ask of the server. `compress_level` is 0 (fast) to 9 (small).

    A view-only client never sends keys, pointer or texts.
    """

    encodings: Sequence[int] = PICTURE_ENCODINGS
    compress_level: int = 1
    view_only: bool = False


class RfbClient:
    """One connection. Raises ProtocolError from `feed`; then it is of no use any more."""

    def __init__(self, options: RfbOptions | None = None) -> None:
        self.options = options or RfbOptions()
        self.view_only = self.options.view_only
        self._output = bytearray()
        self._events: list[Event] = []
        self._screen: Screen | None = None
        self._is_waiting_for_update = False
        incoming = Incoming()
        self._driver = Driver(incoming, self._run(incoming))

    @property
    def framebuffer(self) -> Framebuffer | None:
        """The picture; None before the handshake is done."""
        return self._screen.framebuffer if self._screen is not None else None

    @property
    def speaks_scancodes(self) -> bool:
        """Whether the server takes keys by scan code."""
        return self._screen is not None and self._screen.speaks_scancodes

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes from the server; returns what they meant."""
        self._driver.feed(data)
        events = list(self._events)
        self._events.clear()
        return events

    def take_output(self) -> bytes:
        """The bytes that are to be sent now."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def request_update(self, *, is_incremental: bool = True) -> bool:
        """Ask for the next picture; does nothing (False) while one is on its way."""
        if self._screen is None or self._is_waiting_for_update:
            return False
        self._is_waiting_for_update = True
        picture = self._screen.framebuffer
        self._output += messages.update_request(
            picture.width, picture.height, is_incremental=is_incremental
        )
        return True

    def send_key(self, scancode: int, keysym: int, *, is_down: bool) -> None:
        """Press or release a key; 0 stands for a code that is not known."""
        if self.view_only or self._screen is None:
            return
        if self._screen.speaks_scancodes and scancode:
            self._output += messages.extended_key(scancode, keysym, is_down=is_down)
        elif keysym:
            self._output += messages.key(keysym, is_down=is_down)

    def send_pointer(self, buttons: int, x: int, y: int) -> None:
        """Where the pointer is, and which buttons are down (see `messages.pointer`)."""
        if not self.view_only and self._screen is not None:
            self._output += messages.pointer(buttons, x, y)

    def send_cut_text(self, text: str) -> None:
        """Offer text to the guest's clipboard."""
        if not self.view_only and self._screen is not None:
            self._output += messages.cut_text(text)

    def request_size(self, width: int, height: int) -> bool:
        """Ask the guest for another screen size; False if the server cannot do that."""
        screen = self._screen
        if self.view_only or screen is None or screen.layout is None:
            return False
        self._output += messages.set_desktop_size(width, height, *screen.layout)
        return True

    def _run(self, incoming: Incoming) -> Reading[None]:
        init = yield from handshake(incoming, self._output)
        if not init.is_native:
            self._output += messages.set_pixel_format()
        level = COMPRESS_LEVEL_0 + self.options.compress_level
        # SetEncodings goes first: some servers do not expect anything before it.
        self._output += messages.set_encodings([*self.options.encodings, *PSEUDO_ENCODINGS, level])
        screen = self._screen = Screen(Framebuffer(init.width, init.height))
        self._events.append(Connected(init.name, screen.framebuffer))
        self.request_update(is_incremental=False)
        updates = UpdateReader(incoming, screen, self._events)
        while True:
            kind = yield from incoming.byte()
            if kind == ServerMessage.FRAMEBUFFER_UPDATE:
                yield from updates.read()
                self._is_waiting_for_update = False
                if screen.take_resized():
                    self.request_update(is_incremental=False)
            elif kind == ServerMessage.BELL:
                self._events.append(Bell())
            elif kind == ServerMessage.SERVER_CUT_TEXT:
                self._events.append(CutText((yield from _cut_text(incoming))))
            elif kind == ServerMessage.SET_COLOUR_MAP_ENTRIES:
                _first, count = yield from incoming.unpack(_COLOUR_MAP)
                yield from incoming.read(count * 6)  # true colour has no use for it
            else:
                raise ProtocolError(f"unknown message {kind} from the server")


def _cut_text(incoming: Incoming) -> Reading[str]:
    (size,) = yield from incoming.unpack(_CUT_TEXT)
    if size > MAX_CUT_TEXT_BYTES:
        raise ProtocolError(f"a clipboard text of {size} bytes is too long")
    return (yield from incoming.read(size)).decode("latin-1")
