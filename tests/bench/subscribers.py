"""Many subscribers of the change feed in one process: is anything lost, and how late is it?

Reads a JSON order, says {"ready": true} when all have begun, and goes on until its input says
up to which sequence number all shall have come. Frames are counted, not decoded, so that the
subscribers take as little of the machine as they can; some of them look at the time that the
changes carry.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import ssl
import sys
import time
import zlib
from bisect import bisect_right
from functools import lru_cache
from typing import Any, cast

import uvloop

from tests.bench.reader import percentile

SEQ = re.compile(rb'\{"seq":(\d+),')
STAMP = re.compile(rb'"description":"at (\d+)"')
TEXT, BINARY, PING = 1, 2, 9
PAUSE_S = 0.2
AT_ONCE = 50
SAMPLED_OF = 20  # one in so many looks at the times


class Subscriber(asyncio.Protocol):
    """One subscriber; resumes after its last change when it is cut off."""

    def __init__(self, fleet: Subscribers, number: int) -> None:
        self._fleet = fleet
        self._is_sampled = number % SAMPLED_OF == 0
        self._buffer = bytearray()
        self._is_open = False
        self._transport: asyncio.Transport | None = None
        self.first = 0
        self.last = 0
        self.count = 0
        self.breaks = 0
        self.started = asyncio.Event()
        self.ended = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
        self._buffer.clear()
        self._is_open = False
        self.ended.clear()
        self._transport.write(self._fleet.greeting(self.last))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head = self._buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            if not self._buffer.startswith(b"HTTP/1.1 101"):
                self._fleet.refusals.append(bytes(self._buffer[:200]).decode(errors="replace"))
            del self._buffer[: head + 4]
            self._is_open = True
        self._take_frames()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _take_frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, begins = buffer[at + 1] & 127, at + 2
            if size >= 126:
                width = 2 if size == 126 else 8
                if len(buffer) < begins + width:
                    break
                size = int.from_bytes(buffer[begins : begins + width], "big")
                begins += width
            if len(buffer) < begins + size:
                break
            self._take(buffer[at] & 15, bytes(buffer[begins : begins + size]))
            at = begins + size
        del buffer[:at]

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == PING and self._transport is not None:
            # Masked with zeros: a pong with the same content.
            self._transport.write(bytes([0x8A, 0x80 | len(payload)]) + bytes(4) + payload)
        elif kind in (TEXT, BINARY):
            numbers, stamps = _read(payload, kind == BINARY)
            if not self.started.is_set():
                self.last = self.first = numbers[0]
                self.started.set()
                return
            kept = len(numbers) - bisect_right(numbers, self.last)
            self.count += kept
            if kept:
                self.last = numbers[-1]
                self._fleet.note(self.last)
            if self._is_sampled:
                self._fleet.sample(stamps)


class Subscribers:
    """All of them."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.check_hostname = False
        self._tls.load_verify_locations(cadata=order["ca"])
        self._lags: list[float] = []
        self._moved = asyncio.Event()
        self._handshakes = asyncio.Semaphore(AT_ONCE)
        self._until = 0
        self.refusals: list[str] = []
        self.all = [Subscriber(self, number) for number in range(order["count"])]

    async def run(self) -> None:
        """Subscribe, say so, wait for the end, and report."""
        staying = [asyncio.create_task(self._stay(one)) for one in self.all]
        await asyncio.gather(*(one.started.wait() for one in self.all))
        print(json.dumps({"ready": True}), flush=True)
        order = json.loads(await asyncio.to_thread(sys.stdin.readline))
        self._until = order["seq"]
        await self._wait_for_all(order["within_s"])
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)
        print(json.dumps(self._report()), flush=True)

    def greeting(self, since: int) -> bytes:
        """The request that opens a WebSocket (RFC 6455); `since` 0 asks for what comes."""
        asked = [f"since={since}"] * bool(since) + ["compress=zlib"] * self._order["is_compressed"]
        path = "/v1/feed" + "?" * bool(asked) + "&".join(asked)
        order, key = self._order, base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {order['host']}:{order['port']}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Authorization: Bearer {order['token']}",
        ]
        return "\r\n".join([*lines, "", ""]).encode()

    def note(self, last: int) -> None:
        """Somebody came so far."""
        if self._until and last >= self._until:
            self._moved.set()

    def sample(self, stamps: list[int]) -> None:
        """Note how late changes are that were asked for at these times."""
        now = time.monotonic_ns()
        self._lags.extend((now - stamp) / 1e9 for stamp in stamps)

    async def _stay(self, one: Subscriber) -> None:
        """Connected, and connected again: a slow reader is cut off and resumes."""
        loop = asyncio.get_running_loop()
        while True:
            async with self._handshakes:
                await loop.create_connection(
                    lambda: one, self._order["host"], self._order["port"], ssl=self._tls
                )
            try:
                await one.ended.wait()
            finally:
                one.close()
            one.breaks += 1
            await asyncio.sleep(PAUSE_S)

    async def _wait_for_all(self, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                while any(one.last < self._until for one in self.all):
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            return  # what has not come by now is reported as lost

    def _report(self) -> dict[str, Any]:
        behind = [max(0, self._until - one.last) for one in self.all]
        gaps = [one.last - one.first - one.count for one in self.all]
        return {
            "lost": sum(gaps) + sum(behind),
            "gaps": sum(gaps),
            "behind": sum(behind),
            "delivered": sum(one.count for one in self.all),
            "breaks": sum(one.breaks for one in self.all),
            "samples": len(self._lags),
            "lag_p50_ms": round(1000 * percentile(self._lags, 0.5), 1),
            "lag_p99_ms": round(1000 * percentile(self._lags, 0.99), 1),
            "cpu_s": round(time.process_time(), 2),
            "refusals": self.refusals[:3],
        }


@lru_cache(maxsize=32)
def _read(payload: bytes, is_compressed: bool) -> tuple[list[int], list[int]]:
    """The places and the times in a message. All get the same, so each is looked at once."""
    text = zlib.decompress(payload) if is_compressed else payload
    return list(map(int, SEQ.findall(text))), list(map(int, STAMP.findall(text)))


async def _serve() -> None:
    await Subscribers(json.loads(sys.stdin.readline())).run()


def main() -> None:
    """Entry point."""
    uvloop.install()
    asyncio.run(_serve())


if __name__ == "__main__":
    main()
