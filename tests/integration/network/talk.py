"""Talks TCP and UDP in a guest: answers on ports, and opens connections that can be kept.

Started by `Talker` with the guest's network; one JSON request a line, one JSON answer a line.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import sys
import threading
import time
from typing import Any

_BUFFER_BYTES = 65_536
_PAUSE_S = 0.02
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


class Talk:
    """The guest's sockets; connections are known by number."""

    def __init__(self) -> None:
        self._open: dict[int, socket.socket] = {}
        self._words = itertools.count(1)

    def listen(self, kind: str, port: int) -> bool:
        """Answer on a port, IPv4 and IPv6, with what is said."""
        server = _server(kind, port)
        work = _accept if kind == "tcp" else _echo_datagrams
        threading.Thread(target=work, args=(server,), daemon=True).start()
        return True

    def open(
        self, kind: str, address: str, port: int, timeout_s: float, source_port: int = 0
    ) -> int:
        """Connect and exchange a word; the connection's number, 0 if there was no answer."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        handle = socket.socket(family, _KINDS[kind])
        handle.settimeout(timeout_s)
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            if source_port:
                handle.bind(("", source_port))
            handle.connect(socket.getaddrinfo(address, port, family)[0][4])
        except OSError:
            handle.close()
            return 0
        number = len(self._open) + 1
        self._open[number] = handle
        try:
            handle.send(b"word")
            return number if handle.recv(_BUFFER_BYTES) else 0
        except OSError:
            return 0

    def prattle(self, kind: str, port: int) -> bool:
        """Answer on a port for ever, to whom says something once."""
        server = _server(kind, port)
        threading.Thread(target=_prattle, args=(server, kind), daemon=True).start()
        return True

    def hears(self, number: int, timeout_s: float) -> bool:
        """Whether anything new comes by an open connection; a reset one is as silent as any."""
        handle = self._open[number]
        try:
            handle.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while handle.recv(_BUFFER_BYTES):
                    pass
            handle.settimeout(timeout_s)
            return handle.recv(_BUFFER_BYTES) != b""
        except OSError:
            return False

    def says(self, number: int, timeout_s: float) -> bool:
        """Whether a new word on an open connection is answered in time.

        Answers to earlier ones, which may have been held up, do not count.
        """
        handle = self._open[number]
        word = f"word {next(self._words)};".encode()
        heard = b""
        end = time.monotonic() + timeout_s
        try:
            handle.settimeout(timeout_s)
            handle.send(word)
            while word not in heard:
                handle.settimeout(max(0.001, end - time.monotonic()))
                data = handle.recv(_BUFFER_BYTES)
                if not data:
                    return False
                heard += data
        except OSError:
            return False
        return True


def _server(kind: str, port: int) -> socket.socket:
    server = socket.socket(socket.AF_INET6, _KINDS[kind])
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", port))
    if kind == "tcp":
        server.listen(64)
    return server


def _prattle(server: socket.socket, kind: str) -> None:
    if kind == "tcp":
        server, _ = server.accept()
        receiver = None
    else:
        _, receiver = server.recvfrom(_BUFFER_BYTES)
    while True:
        try:
            server.sendto(b"word", receiver) if receiver else server.send(b"word")
        except ConnectionRefusedError:
            pass  # a datagram that nobody took; the next one may find somebody
        except ConnectionError:
            return
        time.sleep(_PAUSE_S)


def _accept(server: socket.socket) -> None:
    while True:
        handle, _ = server.accept()
        threading.Thread(target=_echo, args=(handle,), daemon=True).start()


def _echo(handle: socket.socket) -> None:
    with handle:
        while data := handle.recv(_BUFFER_BYTES):
            handle.sendall(data)


def _echo_datagrams(server: socket.socket) -> None:
    while True:
        data, sender = server.recvfrom(_BUFFER_BYTES)
        server.sendto(data, sender)


def main() -> None:
    """Serve requests until the end of the input."""
    talk = Talk()
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        answer = getattr(talk, request.pop("do"))(**request)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
