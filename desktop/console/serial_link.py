"""The connection to a machine's serial line: bytes both ways."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from desktop.console.link import PAUSES_S, ConsoleLink, Outbox
from desktop.console.transport import ByteStream, Connect, Submitter

MAX_WAITING_BYTES = 1024**2


class SerialLink(ConsoleLink):
    """One machine's serial line. All public methods are for the GUI thread."""

    arrived = Signal()
    """Bytes have come: call `take`. Emitted once until that is done."""

    def __init__(
        self,
        submitter: Submitter,
        connect: Connect,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(submitter, connect, pauses_s=pauses_s, parent=parent)
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._outbox: Outbox | None = None
        self._view_only = False

    def take(self, size: int) -> bytes:
        """At most `size` bytes of what has come."""
        with self._lock:
            data = bytes(self._waiting[:size])
            del self._waiting[:size]
        return data

    def send(self, data: bytes) -> None:
        """Send bytes to the machine."""
        if not self._view_only:
            self._hand_over(self._put, data)

    def set_view_only(self, view_only: bool) -> None:
        """Send nothing any more, or do so again."""
        self._view_only = view_only

    async def _serve(self, stream: ByteStream) -> None:
        outbox = self._outbox = Outbox(stream)
        self._is_up()
        try:
            while data := await stream.read():
                with self._lock:
                    is_first = not self._waiting
                    self._waiting += data
                    # Nobody reads a megabyte: of a flood the last part is kept.
                    del self._waiting[:-MAX_WAITING_BYTES]
                if is_first:
                    self._emit(self.arrived)
        finally:
            self._outbox = None
            await outbox.close()

    def _put(self, data: bytes) -> None:
        if self._outbox is not None:
            self._outbox.put(data)
