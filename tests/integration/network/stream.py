"""How much a stream of TCP carries between two network namespaces of this host.

Run as a script it is one end of it: `receive <address> <from_s> <to_s>` or `send <address>`.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time

_PORT = 5001
_CHUNK_BYTES = 65_536


def carried_bits_per_s(
    sender: str, receiver: str, address: str, from_s: float = 1.5, to_s: float = 3.5
) -> float:
    """The rate of a stream from one namespace to `address` in the other, in a part of its time.

    A limit lets a second's worth pass before it holds, so the beginning does not count.
    """
    enter, script = ["ip", "netns", "exec"], [sys.executable, __file__]
    listening = subprocess.Popen(
        [*enter, receiver, *script, "receive", address, str(from_s), str(to_s)],
        stdout=subprocess.PIPE,
        text=True,
    )
    sending = subprocess.Popen([*enter, sender, *script, "send", address])
    try:
        told, _ = listening.communicate(timeout=30)
    finally:
        for process in (sending, listening):
            process.kill()
            process.wait()
    return float(told)


def _receive(address: str, from_s: float, to_s: float) -> None:
    with socket.create_server((address, _PORT)) as server:
        server.settimeout(10)
        handle, _ = server.accept()
        with handle:
            begin, count = time.monotonic(), 0
            while (passed_s := time.monotonic() - begin) < to_s:
                received = len(handle.recv(_CHUNK_BYTES))
                count += received if passed_s >= from_s else 0
    sys.stdout.write(str(count * 8 / (to_s - from_s)))


def _send(address: str) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError):
            handle = socket.create_connection((address, _PORT), timeout=10)
            break
        time.sleep(0.1)
    else:
        raise SystemExit(f"nobody listens at {address}")
    with handle, contextlib.suppress(OSError):
        while True:
            handle.sendall(bytes(_CHUNK_BYTES))


if __name__ == "__main__":
    if sys.argv[1] == "receive":
        _receive(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
    else:
        _send(sys.argv[2])
