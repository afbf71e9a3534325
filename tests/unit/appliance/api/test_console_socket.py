"""The console relay both ways, and how consoles end."""

from __future__ import annotations

import asyncio

import aiohttp
import msgspec
import pytest
from structlog.testing import capture_logs

from appliance.api import sockets
from appliance.protocol.errors import InvalidInput
from hostagent.protocol.streams import StreamBroken
from tests.unit.appliance.api.served import Served

WAIT_S = 10
CHUNK = bytes(64 * 1024)


class Line:
    """A machine's serial line in memory. `slow` makes it take bytes only when told."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[bytes | Exception] = asyncio.Queue()
        self.heard = bytearray()
        self.heard_some = asyncio.Event()
        self.ended = asyncio.Event()
        self.takes = asyncio.Event()
        self.takes.set()
        self.refuses: Exception | None = None

    async def read(self) -> bytes:
        said = await self.says.get()
        if isinstance(said, Exception):
            raise said
        return said

    async def write(self, data: bytes) -> None:
        if self.refuses is not None:
            raise self.refuses
        await self.takes.wait()
        self.heard += data
        self.heard_some.set()

    def close(self, error: str | None = None) -> None:
        self.ended.set()


@pytest.fixture
async def line(served: Served) -> Line:
    line = Line()
    await served.api.lend("ticket", line)
    return line


async def error_code(socket: aiohttp.ClientWebSocketResponse) -> str:
    return msgspec.json.decode(await socket.receive_str(timeout=WAIT_S))["error"]["code"]


async def ends(socket: aiohttp.ClientWebSocketResponse) -> tuple[int, str]:
    """Code and reason of the close frame."""
    last = await socket.receive(WAIT_S)
    assert last.type is aiohttp.WSMsgType.CLOSE
    return last.data, last.extra or ""


@pytest.mark.parametrize("authorization", [None, "Console used", "Bearer ticket", "Console"])
async def test_a_console_needs_its_ticket(
    served: Served, line: Line, authorization: str | None
) -> None:
    async with served.socket("/v1/console", authorization) as socket:
        assert await error_code(socket) == "console.bad_ticket"
        assert await ends(socket) == (4401, "console.bad_ticket")
    assert not line.heard


async def test_bytes_go_both_ways_as_they_are(served: Served, line: Line) -> None:
    everything = bytes(range(256)) * 256
    async with served.socket("/v1/console", "Console ticket") as socket:
        line.says.put_nowait(everything)
        assert await socket.receive_bytes(timeout=WAIT_S) == everything
        await socket.send_bytes(everything)
        async with asyncio.timeout(WAIT_S):
            while len(line.heard) < len(everything):
                line.heard_some.clear()
                await line.heard_some.wait()
        assert line.heard == everything


async def test_frames_are_not_compressed(served: Served, line: Line) -> None:
    async with served.socket("/v1/console", "Console ticket", compress=15) as socket:
        assert not socket.compress


async def test_the_end_of_the_machine_ends_the_socket(served: Served, line: Line) -> None:
    async with served.socket("/v1/console", "Console ticket") as socket:
        line.says.put_nowait(b"last")
        line.says.put_nowait(b"")
        assert await socket.receive_bytes(timeout=WAIT_S) == b"last"
        assert await ends(socket) == (1000, "")
    await asyncio.wait_for(line.ended.wait(), WAIT_S)


async def test_the_end_of_the_client_ends_the_stream(served: Served, line: Line) -> None:
    async with served.socket("/v1/console", "Console ticket") as socket:
        await socket.send_bytes(b"x")
    await asyncio.wait_for(line.ended.wait(), WAIT_S)


async def test_text_is_no_console_and_ends_it(served: Served, line: Line) -> None:
    async with served.socket("/v1/console", "Console ticket") as socket:
        await socket.send_str("hello")
        assert await ends(socket) == (1003, "a console takes bytes only")
    await asyncio.wait_for(line.ended.wait(), WAIT_S)
    assert not line.heard


async def test_a_machine_that_does_not_listen_holds_the_client_back(
    served: Served, line: Line
) -> None:
    line.takes.clear()
    sent = 0

    async def flood() -> None:
        nonlocal sent
        while sent < 32 * 1024**2:
            await socket.send_bytes(CHUNK)
            sent += len(CHUNK)

    async with served.socket("/v1/console", "Console ticket") as socket:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flood(), 1)
        line.takes.set()
        async with asyncio.timeout(WAIT_S):
            while len(line.heard) < sent:
                line.heard_some.clear()
                await line.heard_some.wait()


async def test_a_ticket_works_once(served: Served, line: Line) -> None:
    served.api.consoles.streams["copy"] = line
    async with served.socket("/v1/console", "Console ticket"):
        pass
    for used in ("Console ticket", "Console copy"):  # nobody was given the copy
        async with served.socket("/v1/console", used) as socket:
            assert await error_code(socket) == "console.bad_ticket"


# The line breaks


@pytest.mark.parametrize("error", [StreamBroken("link lost"), OSError("gone"), ZeroDivisionError()])
async def test_a_console_that_breaks_says_so(served: Served, line: Line, error: Exception) -> None:
    async with served.socket("/v1/console", "Console ticket") as socket:
        line.says.put_nowait(b"before")
        assert await socket.receive_bytes(timeout=WAIT_S) == b"before"
        line.says.put_nowait(error)
        assert await error_code(socket) == "console.broken"
        assert await ends(socket) == (1011, f"console.broken: {error}")
    await asyncio.wait_for(line.ended.wait(), WAIT_S)


async def test_a_long_reason_fits_into_the_close_frame(served: Served, line: Line) -> None:
    async with served.socket("/v1/console", "Console ticket") as socket:
        line.says.put_nowait(StreamBroken("连接" * 100))
        assert await error_code(socket) == "console.broken"
        code, reason = await ends(socket)
    assert code == 1011
    assert 100 < len(reason.encode()) <= 123


async def test_what_the_console_refuses_is_told_as_it_is(served: Served, line: Line) -> None:
    line.refuses = InvalidInput("request.malformed", reason="no client message has type 9")
    async with served.socket("/v1/console", "Console ticket") as socket:
        await socket.send_bytes(b"x")
        assert await error_code(socket) == "request.malformed"
        assert await ends(socket) == (1008, "request.malformed")


async def test_a_client_that_goes_is_no_fault(served: Served, line: Line) -> None:
    with capture_logs() as logs:
        async with served.socket("/v1/console", "Console ticket") as socket:
            await socket.send_bytes(b"x")
        await asyncio.wait_for(line.ended.wait(), WAIT_S)
    assert [entry for entry in logs if entry["event"] in ("socket_broke", "request_failed")] == []


# The session ends


@pytest.mark.parametrize("why", ["session.ended", "session.expired"])
async def test_consoles_end_with_the_session_that_opened_them(
    served: Served, line: Line, why: str
) -> None:
    async with served.socket("/v1/console", "Console ticket") as socket:
        line.says.put_nowait(b"hello")
        assert await socket.receive_bytes(timeout=WAIT_S) == b"hello"
        served.api.accounts.endings.tell("session-of-tenant", why)
        served.api.accounts.endings.tell("session-of-admin", why)
        assert await error_code(socket) == "session.required"
        assert await ends(socket) == (4401, why)
    await asyncio.wait_for(line.ended.wait(), WAIT_S)


async def test_the_end_of_the_session_cuts_off_a_client_that_takes_nothing(
    served: Served, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "FAREWELL_WITHIN_S", 0.2)
    async with served.socket("/v1/console", "Console ticket", max_msg_size=0) as socket:
        for _ in range(1000):
            line.says.put_nowait(CHUNK)
        assert await socket.receive_bytes(timeout=WAIT_S) == CHUNK
        served.api.accounts.endings.tell("session-of-admin", "session.expired")
        await asyncio.wait_for(line.ended.wait(), WAIT_S)
        async with asyncio.timeout(WAIT_S):
            while len(served.api.accounts.endings):
                await asyncio.sleep(0.01)


async def test_typing_is_use_of_the_session_noted_now_and_then(served: Served, line: Line) -> None:
    async with served.socket("/v1/console", "Console ticket") as socket:
        for number in range(5):
            await socket.send_bytes(b"x")
            async with asyncio.timeout(WAIT_S):
                while len(line.heard) <= number:
                    line.heard_some.clear()
                    await line.heard_some.wait()
    await asyncio.wait_for(line.ended.wait(), WAIT_S)
    assert served.api.accounts.in_use == ["session-of-admin"]
