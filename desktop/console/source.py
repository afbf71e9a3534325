"""Where a console window gets its connections from."""

from __future__ import annotations

from typing import Any, Protocol

from desktop.console.transport import ByteStream, Connect, ServiceStream


class Machine(Protocol):
    """What a window needs to know of a virtual machine."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


class ConsoleOpener(Protocol):
    """Opens consoles; the service's client library does."""

    async def open_console(self, vm_id: str, /, *, kind: str = ...) -> Any:
        """A ConsoleConnection."""
        ...


class HasClient(Protocol):
    """Holds the client of the present login, which a new login replaces."""

    @property
    def client(self) -> ConsoleOpener: ...


def connector(ref: HasClient, vm_id: str, kind: str) -> Connect:
    """A function that opens the console of `kind` "vnc" or "serial" anew at each call."""

    async def connect() -> ByteStream:
        return ServiceStream(await ref.client.open_console(vm_id, kind=kind))

    return connect
