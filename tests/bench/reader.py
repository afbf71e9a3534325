"""Reads one resource every 20 ms over one connection, in a process of its own, and times it.

Its first line of input is a JSON object; it goes on until the input ends and then prints one.
"""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
import threading
import time
from typing import Any

EVERY_S = 0.02


class Reader:
    """The process, as benchmarks use it."""

    def __init__(self, url: str, ca_pem: str, token: str, path: str) -> None:
        host, _, port = url.removeprefix("https://").rpartition(":")
        order = {"host": host, "port": int(port), "ca": ca_pem, "token": token, "path": path}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def finish(self) -> dict[str, float]:
        """End it; count, p50_ms, p99_ms and max_ms of its reads."""
        output, _ = self._process.communicate(timeout=150)
        return json.loads(output)


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def figures(times_s: list[float]) -> dict[str, float]:
    """Times in seconds as count and milliseconds."""
    return {
        "count": len(times_s),
        "p50_ms": round(1000 * percentile(times_s, 0.5), 2),
        "p99_ms": round(1000 * percentile(times_s, 0.99), 2),
        "max_ms": round(1000 * max(times_s, default=0.0), 2),
    }


def read_until(ended: threading.Event, order: dict[str, Any]) -> list[float]:
    """Seconds of each read. A slow one delays the next; none is left out."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.load_verify_locations(cadata=order["ca"])
    connection = http.client.HTTPSConnection(order["host"], order["port"], context=tls, timeout=120)
    headers = {"Authorization": f"Bearer {order['token']}"}
    times: list[float] = []
    while not ended.wait(EVERY_S):
        began = time.perf_counter()
        connection.request("GET", order["path"], headers=headers)
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(f"{order['path']}: HTTP {answer.status}")
    connection.close()
    return times


def main() -> None:
    """Entry point."""
    order = json.loads(sys.stdin.readline())
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    print(json.dumps(figures(read_until(ended, order))))


if __name__ == "__main__":
    main()
