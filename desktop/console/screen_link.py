"""The connection to a machine's screen: runs the RFB client and hands pictures to the GUI."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QRegion

from desktop.console.keys.codes import Key
from desktop.console.keys.typing import KeyEvent
from desktop.console.link import PAUSES_S, ConsoleLink, Outbox
from desktop.console.rfb import events as e
from desktop.console.rfb.client import RfbClient, RfbOptions
from desktop.console.rfb.framebuffer import Framebuffer
from desktop.console.transport import ByteStream, Connect, Submitter

UPDATE_INTERVAL_S = 1 / 60
TYPING_PAUSE_S = 0.012
"""Between key events of a typed text: servers queue them ten milliseconds apart."""


class ScreenLink(ConsoleLink):
    """One machine's screen. All public methods are for the GUI thread."""

    picture_changed = Signal(object)
    """A Framebuffer: shown from now on in place of the old one."""
    updated = Signal()
    """Something is dirty: call `take_dirty`. Emitted once until that is done."""
    cursor_changed = Signal(object)
    pointer_mode_changed = Signal(bool)
    """Whether the guest takes absolute positions."""
    leds_changed = Signal(object)
    bell_rang = Signal()
    text_cut = Signal(str)
    typing_progressed = Signal(int, int)
    """Key events sent, and how many there are."""

    def __init__(
        self,
        submitter: Submitter,
        connect: Connect,
        *,
        options: RfbOptions | None = None,
        pauses_s: Sequence[float] = PAUSES_S,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(submitter, connect, pauses_s=pauses_s, parent=parent)
        self._options = options or RfbOptions()
        self._view_only = self._options.view_only
        self._is_shown = True
        self._client: RfbClient | None = None
        self._outbox: Outbox | None = None
        self._next_picture: Framebuffer | None = None
        self._asked_at = 0.0
        self._ask_timer: asyncio.TimerHandle | None = None
        self._typing: asyncio.Task[None] | None = None
        self._dirty_lock = threading.Lock()
        self._dirty: list[e.Rect] = []

    def take_dirty(self) -> QRegion:
        """The guest pixels that changed since the last call."""
        with self._dirty_lock:
            rects, self._dirty = self._dirty, []
        region = QRegion()
        if len(rects) > 64:  # one big region is painted faster than hundreds of small ones
            box = QRect()
            for rect in rects:
                box = box.united(QRect(*rect))
            return QRegion(box)
        for rect in rects:
            region += QRect(*rect)
        return region

    def send_key(self, key: Key, *, is_down: bool) -> None:
        """Press or release a key."""
        self._hand_over(self._send, lambda client: _send_key(client, key, is_down))

    def send_events(self, keys: Sequence[KeyEvent]) -> None:
        """Send a short sequence of keys at once."""
        for one in keys:
            self.send_key(one.key, is_down=one.is_down)

    def type_events(self, keys: Sequence[KeyEvent]) -> None:
        """Send a long sequence at the pace of a fast typist; follow `typing_progressed`."""
        self._hand_over(self._start_typing, list(keys))

    def stop_typing(self) -> None:
        """Give up the rest of what `type_events` sends."""
        self._hand_over(self._cancel_typing)

    def send_pointer(self, buttons: int, x: int, y: int) -> None:
        """The pointer's place in guest pixels, and the buttons held."""
        self._hand_over(self._send, lambda client: client.send_pointer(buttons, x, y))

    def send_cut_text(self, text: str) -> None:
        """Offer text to the guest's clipboard."""
        self._hand_over(self._send, lambda client: client.send_cut_text(text))

    def request_size(self, width: int, height: int) -> None:
        """Ask the guest for another screen size."""
        self._hand_over(self._send, lambda client: client.request_size(width, height))

    def set_view_only(self, view_only: bool) -> None:
        """Send nothing of keyboard, mouse and clipboard from now on, or do so again."""
        self._view_only = view_only
        self._hand_over(self._send, lambda client: setattr(client, "view_only", view_only))

    def set_shown(self, is_shown: bool) -> None:
        """Whether anybody looks: pictures are asked for only then."""
        self._is_shown = is_shown
        if is_shown:
            self._hand_over(self._ask)

    # In the networking thread

    async def _serve(self, stream: ByteStream) -> None:
        client = self._client = RfbClient(self._options)
        client.view_only = self._view_only
        outbox = self._outbox = Outbox(stream)
        try:
            while data := await stream.read():
                for event in client.feed(data):
                    self._handle(event)
                outbox.put(client.take_output())
        finally:
            self._client = self._outbox = None
            self._cancel_typing()
            if self._ask_timer is not None:
                self._ask_timer.cancel()
                self._ask_timer = None
            await outbox.close()

    def _handle(self, event: e.Event) -> None:
        match event:
            case e.Updated():
                self._asked_for_picture_came(event)
            case e.Connected():
                self._next_picture = event.framebuffer  # shown when there is something on it
            case e.Resized():
                self._show(event.framebuffer)
            case e.CursorChanged():
                self._emit(self.cursor_changed, event)
            case e.PointerModeChanged():
                self._emit(self.pointer_mode_changed, event.is_absolute)
            case e.LedsChanged():
                self._emit(self.leds_changed, event)
            case e.Bell():
                self._emit(self.bell_rang)
            case e.CutText():
                self._emit(self.text_cut, event.text)

    def _asked_for_picture_came(self, update: e.Updated) -> None:
        if update.dirty:
            if self._next_picture is not None:
                self._show(self._next_picture)
            self._is_up()
            with self._dirty_lock:
                is_first = not self._dirty
                self._dirty += update.dirty
            if is_first:
                self._emit(self.updated)
        self._ask()

    def _show(self, picture: Framebuffer) -> None:
        self._next_picture = None
        with self._dirty_lock:
            self._dirty = []
        self._emit(self.picture_changed, picture)

    def _ask(self) -> None:
        """Ask for the next picture, at most sixty times a second."""
        if not self._is_shown or self._ask_timer is not None or self._client is None:
            return
        loop = asyncio.get_running_loop()
        wait_s = self._asked_at + UPDATE_INTERVAL_S - loop.time()
        if wait_s > 0:
            self._ask_timer = loop.call_later(wait_s, self._ask_now)
        else:
            self._ask_now()

    def _ask_now(self) -> None:
        self._ask_timer = None
        self._asked_at = asyncio.get_running_loop().time()
        self._send(RfbClient.request_update)

    def _send(self, say: Callable[[RfbClient], object]) -> None:
        if self._client is not None and self._outbox is not None:
            say(self._client)
            self._outbox.put(self._client.take_output())

    def _start_typing(self, keys: list[KeyEvent]) -> None:
        self._cancel_typing()
        self._typing = asyncio.create_task(self._type(keys))

    def _cancel_typing(self) -> None:
        if self._typing is not None:
            self._typing.cancel()
            self._typing = None

    async def _type(self, keys: list[KeyEvent]) -> None:
        held: dict[int, Key] = {}
        try:
            for count, one in enumerate(keys, start=1):
                if one.is_down:
                    held[one.key.scancode] = one.key
                else:
                    held.pop(one.key.scancode, None)
                self._send(lambda client, one=one: _send_key(client, one.key, one.is_down))
                self._emit(self.typing_progressed, count, len(keys))
                await asyncio.sleep(TYPING_PAUSE_S)
        finally:
            for key in held.values():  # given up in the midst: nothing may stay pressed
                self._send(lambda client, key=key: _send_key(client, key, False))


def _send_key(client: RfbClient, key: Key, is_down: bool) -> None:
    client.send_key(key.scancode, key.keysym, is_down=is_down)
