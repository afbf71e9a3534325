"""The operation registry: binds each declaration of the protocol to the code that serves it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from appliance.engine.calls import Call
from appliance.protocol.operations import OPERATIONS, Accepted, Kind, OperationSpec

Handler = Callable[[Call, Any], Awaitable[Any]]


@dataclass(frozen=True)
class Operation:
    """A declaration and its handler."""

    spec: OperationSpec
    handler: Handler


class Registry:
    """All operations that this node serves."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}

    def bind(self, name: str, handler: Handler) -> None:
        """Let `handler` serve operation `name`.

        A handler takes (call, request) and returns what the declaration says: an answer, or
        for jobs an `Accepted`. Raises ValueError if the name is unknown or bound already.
        """
        spec = OPERATIONS.get(name)
        if spec is None:
            raise ValueError(f"operation {name} is not declared")
        if name in self._operations:
            raise ValueError(f"operation {name} is bound twice")
        self._operations[name] = Operation(spec, handler)

    def get(self, name: str) -> Operation:
        """The operation called `name`."""
        return self._operations[name]

    def all(self) -> list[Operation]:
        """All operations in the order of their declaration."""
        return [self._operations[name] for name in OPERATIONS if name in self._operations]

    def unbound(self) -> list[str]:
        """Declared operations that nothing serves."""
        return [name for name in OPERATIONS if name not in self._operations]


__all__ = ["Accepted", "Handler", "Kind", "Operation", "Registry"]
