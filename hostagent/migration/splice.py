"""Joins a local socket with one that speaks TLS, in a thread of its own.

A migration moves many gigabytes: threads with large buffers leave the event loop alone, and
OpenSSL works outside of Python's lock.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl

BUFFER_BYTES = 256 * 1024
LOOK_AGAIN_MS = 30_000
# A peer that is gone is noticed within these, whether something is sent or not.
UNANSWERED_MS = 15_000
IDLE_S, PROBE_EVERY_S, PROBES = 5, 3, 3


def watch_peer(connection: socket.socket) -> None:
    """Notice when the host at the other end is gone, and send small messages at once."""
    tcp = socket.IPPROTO_TCP
    connection.setsockopt(tcp, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(tcp, socket.TCP_KEEPIDLE, IDLE_S)
    connection.setsockopt(tcp, socket.TCP_KEEPINTVL, PROBE_EVERY_S)
    connection.setsockopt(tcp, socket.TCP_KEEPCNT, PROBES)
    connection.setsockopt(tcp, socket.TCP_USER_TIMEOUT, UNANSWERED_MS)


class _Flow:
    """One direction: what was read and not yet written."""

    def __init__(self, source: socket.socket, target: socket.socket) -> None:
        self._source, self._target = source, target
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._held = self._buffer[:0]
        self.is_over = False
        self.bytes = 0
        self.waits_to_read = False
        self.waits_to_write = False

    def move(self) -> bool:
        """Move what can be moved now; returns whether anything was. Raises OSError."""
        self.waits_to_read = self.waits_to_write = False
        try:
            if not self._held:
                size = self._source.recv_into(self._buffer)
                self.is_over = size == 0
                self._held = self._buffer[:size]
                return True
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            self.waits_to_read = True
            return False
        try:
            sent = self._target.send(self._held)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            self.waits_to_write = True
            return False
        self._held = self._held[sent:]
        self.bytes += sent
        return True


class Splice:
    """Two sockets, joined until either is closed. `run` is for a thread, `end` for any."""

    def __init__(self, plain: socket.socket, secure: ssl.SSLSocket) -> None:
        self._plain, self._secure = plain, secure
        self._there, self._back = _Flow(plain, secure), _Flow(secure, plain)

    @property
    def bytes(self) -> int:
        """What went over, both ways."""
        return self._there.bytes + self._back.bytes

    def run(self) -> None:
        """Move bytes until one side has no more; then both are closed."""
        try:
            self._plain.setblocking(False)
            self._secure.setblocking(False)
            while not (self._there.is_over or self._back.is_over):
                moved = self._there.move()
                if not (self._back.move() or moved):
                    self._wait()
        except OSError:
            pass  # a side has gone: so does the other
        finally:
            for side in (self._plain, self._secure):
                with contextlib.suppress(OSError):
                    side.close()

    def end(self) -> None:
        """Break it off."""
        for side in (self._plain, self._secure):
            with contextlib.suppress(OSError):
                # Of the TLS socket the one below it: TLS itself is the thread's alone.
                socket.socket.shutdown(side, socket.SHUT_RDWR)

    def _wait(self) -> None:
        there, back = self._there, self._back
        plain = (select.POLLIN if there.waits_to_read else 0) | (
            select.POLLOUT if back.waits_to_write else 0
        )
        secure = (select.POLLIN if back.waits_to_read else 0) | (
            select.POLLOUT if there.waits_to_write else 0
        )
        poll = select.poll()
        poll.register(self._plain, plain)
        poll.register(self._secure, secure)
        poll.poll(LOOK_AGAIN_MS)
