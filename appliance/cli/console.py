"""`anyun console VM`: a machine's serial console in this terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator

from appliance.cli.exits import Exit, Stop
from appliance.cli.names import resolve
from appliance.cli.terminal import Terminal
from appliance.client import ConsoleConnection

ESCAPE = b"\x1d"  # Ctrl-]
READ_BYTES = 4096


async def console(terminal: Terminal, vm: str) -> None:
    """Connect keyboard and screen to the serial line until Ctrl-] or its end.

    Without a terminal on standard input what comes in is sent as it is, and the console stays
    open until it ends by itself.
    """
    async with terminal.client() as client:
        vm_id = await resolve(client, "vm", vm)
        connection = await client.open_console(vm_id, kind="serial")
        terminal.note("console_begins", name=vm)
        try:
            with _raw_mode(terminal), _Keys() as keys:
                await _splice(connection, keys)
        finally:
            await connection.close()
        # The guest may have left the cursor anywhere.
        typed_here = sys.stdin.isatty()
        terminal.err.print("\r" if typed_here else "", end="\n" if typed_here else "")
        terminal.note("console_ended")


async def _splice(connection: ConsoleConnection, keys: _Keys) -> None:
    out = asyncio.create_task(_to_screen(connection))
    typed = asyncio.create_task(_to_machine(connection, keys))
    done, pending = await asyncio.wait({out, typed}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        with contextlib.suppress(ConnectionError):
            task.result()


async def _to_screen(connection: ConsoleConnection) -> None:
    while data := await connection.receive():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


async def _to_machine(connection: ConsoleConnection, keys: _Keys) -> None:
    while True:
        data = await keys.read()
        if not data:
            # The input has ended, not the console.
            await asyncio.Event().wait()
        before, escape, _ = data.partition(ESCAPE) if keys.is_terminal else (data, b"", b"")
        if before:
            await connection.send(before)
        if escape:
            return


class _Keys:
    """What arrives on standard input, without a thread that would outlive the command."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdin.isatty()
        self._file = sys.stdin.fileno()
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._watched = False

    def __enter__(self) -> _Keys:
        loop = asyncio.get_running_loop()
        try:
            loop.add_reader(self._file, self._readable)
            self._watched = True
        except (PermissionError, NotImplementedError):
            # Regular files are always readable: take them whole.
            self._chunks.put_nowait(sys.stdin.buffer.read())
            self._chunks.put_nowait(b"")
        return self

    def __exit__(self, *_: object) -> None:
        self._unwatch()

    async def read(self) -> bytes:
        """The next bytes; b"" at the end of the input."""
        return await self._chunks.get()

    def _readable(self) -> None:
        data = os.read(self._file, READ_BYTES)
        if not data:
            self._unwatch()
        self._chunks.put_nowait(data)

    def _unwatch(self) -> None:
        if self._watched:
            asyncio.get_running_loop().remove_reader(self._file)
            self._watched = False


@contextlib.contextmanager
def _raw_mode(terminal: Terminal) -> Iterator[None]:
    """Every key goes to the machine, Ctrl-C as well."""
    if not sys.stdin.isatty():
        yield
        return
    try:
        import termios
        import tty
    except ImportError:
        raise Stop(terminal.text("console_no_tty"), Exit.FAILED) from None
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    tty.setraw(file, termios.TCSADRAIN)  # keys that were typed already are kept
    try:
        yield
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)
