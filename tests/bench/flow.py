"""Sends or swallows a stream of TCP bytes or of small UDP packets, for `network`.

`flow.py sink PORT` until it is ended; `flow.py tcp|udp ADDRESS PORT SECONDS` prints how many
bytes or packets were sent in a second.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time

CHUNK = bytes(1 << 18)
SMALL = bytes(18)  # with its headers the smallest Ethernet frame
AT_ONCE = 64  # packets between two looks at the clock


def sink(port: int) -> None:
    """Swallow TCP; UDP packets find a socket that is never read, which costs the least."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("", port))
    server = socket.create_server(("", port))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        threading.Thread(target=_swallow, args=(server.accept()[0],), daemon=True).start()


def _swallow(handle: socket.socket) -> None:
    buffer = bytearray(1 << 20)
    with handle:
        while handle.recv_into(buffer):
            pass


def send(kind: str, address: str, port: int, seconds: float) -> float:
    """Send as fast as it goes; bytes (tcp) or packets (udp) in a second."""
    sort = socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, sort) as handle:
        handle.connect((address, port))
        sent, begin = 0, time.perf_counter()
        while (past := time.perf_counter() - begin) < seconds:
            if kind == "tcp":
                sent += handle.send(CHUNK)
                continue
            for _ in range(AT_ONCE):
                with contextlib.suppress(ConnectionRefusedError):
                    sent += handle.send(SMALL) > 0
        return sent / past


if __name__ == "__main__":
    if sys.argv[1] == "sink":
        sink(int(sys.argv[2]))
    else:
        print(send(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
