"""Servers for console tests: one that shows a picture we chose, and a shell on a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from desktop.console.demo import NetworkThread
from tests.unit.desktop.console.rfb_bytes import Pixels, opening, raw, rect, update


class PictureServer:
    """An RFB server on a UNIX socket that shows one picture and keeps what it is told."""

    def __init__(self, network: NetworkThread, path: Path, pixels: Pixels) -> None:
        self.pointers: list[tuple[int, int, int]] = []
        self.keys: list[tuple[int, bool]] = []
        self._pixels = pixels
        self._network = network
        self._writers: list[asyncio.StreamWriter] = []
        self._server = network.submit(self._listen(path)).result(timeout=10)

    async def _listen(self, path: Path) -> asyncio.Server:
        return await asyncio.start_unix_server(self._serve, str(path))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        height, width = self._pixels.shape
        body = rect(0, 0, width, height, 0, raw(self._pixels))
        writer.write(opening(width, height))
        await reader.readexactly(14)  # version, security, shared
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind = (await reader.readexactly(1))[0]
                if kind == 2:
                    count = struct.unpack(">xH", await reader.readexactly(3))[0]
                    await reader.readexactly(4 * count)
                    writer.write(update(rect(0, 0, width, height, -258)))
                elif kind == 3:
                    is_incremental = (await reader.readexactly(9))[0]
                    if not is_incremental:
                        writer.write(update(body))
                elif kind == 5:
                    self.pointers.append(struct.unpack(">BHH", await reader.readexactly(5)))
                elif kind == 255:
                    _kind, is_down, _keysym, code = struct.unpack(
                        ">BHII", await reader.readexactly(11)
                    )
                    self.keys.append((code, bool(is_down)))
                else:
                    raise AssertionError(f"the client sent message {kind}")

    def cut(self, text: str) -> None:
        """Tell everybody that text was copied in the machine."""
        self._network.submit(self._cut(text)).result(timeout=10)

    async def _cut(self, text: str) -> None:
        data = text.encode("latin-1")
        for writer in self._writers:
            writer.write(struct.pack(">BxxxI", 3, len(data)) + data)

    def drop(self) -> None:
        """Hang up on everybody."""
        self._network.submit(self._drop()).result(timeout=10)

    async def _drop(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def stop(self) -> None:
        """Hang up and listen no more."""
        self.drop()
        self._network.submit(self._stop()).result(timeout=10)

    async def _stop(self) -> None:
        self._server.close()


class Shell:
    """A shell on a pseudo terminal, opened as the client library opens a serial console."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._process = subprocess.Popen(
            # With the terminal as its own, and obeying interrupts even if the tests were started
            # in the background: otherwise Ctrl-C reaches nobody.
            ["env", "--default-signal=INT", "setsid", "--ctty", "/bin/sh"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={"PS1": "$ ", "PATH": os.environ["PATH"], "TERM": "linux", "LC_ALL": "C.UTF-8"},
        )
        os.close(slave)
        os.set_blocking(self._master, False)

    @property
    def client(self) -> Shell:
        """Itself."""
        return self

    async def open_console(self, _vm_id: str, /, *, kind: str = "serial") -> Shell:
        """Itself."""
        assert kind == "serial"
        return self

    async def receive(self) -> bytes:
        """What the shell says."""
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_reader(self._master, lambda: ready.done() or ready.set_result(None))
        try:
            await ready
            return os.read(self._master, 65536)
        finally:
            loop.remove_reader(self._master)

    async def send(self, data: bytes, /) -> None:
        """What is typed."""
        os.write(self._master, data)

    async def close(self) -> None:
        """The shell stays for the next connection."""

    def stop(self) -> None:
        """End the shell."""
        self._process.kill()  # a shell that talks to somebody ignores politer signals
        self._process.wait(timeout=10)
        os.close(self._master)


def wait_for(condition: Callable[[], object], what: str, timeout_s: float = 20) -> None:
    """Run Qt's events until `condition()`; fails telling `what` was waited for."""
    loop = QEventLoop()
    poll, limit = QTimer(), QTimer()
    met: list[bool] = []

    def look() -> None:
        if condition():
            met.append(True)
            loop.quit()

    look()
    if met:
        return
    poll.setInterval(5)
    poll.timeout.connect(look)
    limit.setSingleShot(True)
    limit.timeout.connect(loop.quit)
    poll.start()
    limit.start(int(timeout_s * 1000))
    loop.exec()
    poll.stop()
    assert met, f"waited {timeout_s} s for {what}"
