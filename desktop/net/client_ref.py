"""A stable handle on the SDK client of the current login, which pages and wizard hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from appliance.client import Client


class ClientRef:
    """Holds the client of this login; a new login replaces it for everybody at once.

    Its coroutines belong to the network thread: `await bridge.run(ref.call("vm.list"))`.
    """

    def __init__(self) -> None:
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """The client; raises RuntimeError before the first login."""
        if self._client is None:
            raise RuntimeError("nobody is logged in")
        return self._client

    @property
    def is_set(self) -> bool:
        """Whether somebody is logged in."""
        return self._client is not None

    def set(self, client: Client | None) -> None:
        """Use `client` from now on."""
        self._client = client

    async def call(self, operation: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call an operation of the service; the same parameters as `Client.call`."""
        return await self.client.call(operation, *args, **kwargs)
