"""What a caller may do: statements of roles, compiled so that a request costs a look-up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from appliance.protocol.operations import BYTES, OPERATIONS, OperationSpec

PERMISSIONS: dict[str, OperationSpec] = OPERATIONS | BYTES


def expand(patterns: Iterable[str]) -> frozenset[str]:
    """The operations that patterns like `vm.*` mean."""
    found: set[str] = set()
    for pattern in patterns:
        form = re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
        found |= {name for name in PERMISSIONS if form.fullmatch(name)}
    return frozenset(found)


@dataclass(frozen=True)
class Rule:
    """A statement: operations that are allowed or denied; `targets` empty is everywhere."""

    allows: bool
    operations: frozenset[str]
    targets: frozenset[str] = frozenset()


class Layer:
    """Statements that stand together: one must allow and none may deny."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        allowed: set[str] = set()
        denied: set[str] = set()
        self._special: list[Rule] = []
        for rule in rules:
            if rule.targets:
                self._special.append(rule)
            else:
                (allowed if rule.allows else denied).update(rule.operations)
        self._denied = frozenset(denied)
        self._allowed = frozenset(allowed)

    def allows(self, operation: str, target: str) -> bool:
        """Whether these statements allow `operation` on `target` ("" if it has none)."""
        if operation in self._denied:
            return False
        allowed = operation in self._allowed
        for rule in self._special:
            if target in rule.targets and operation in rule.operations:
                if not rule.allows:
                    return False
                allowed = True
        return allowed

    @property
    def allows_everything(self) -> bool:
        """Whether nothing at all is withheld."""
        withheld = bool(self._denied) or any(not rule.allows for rule in self._special)
        return not withheld and self._allowed >= PERMISSIONS.keys()

    def allows_somewhere(self, operation: str) -> bool:
        """Whether there is a target on which these statements may allow `operation`."""
        if operation in self._denied:
            return False
        special = any(rule.allows and operation in rule.operations for rule in self._special)
        return operation in self._allowed or special


@dataclass(frozen=True)
class Rights:
    """What a caller may do and what others share with it.

    Each of the layers must allow an operation: what the account may, what its user may, and what
    an API token is good for. Without layers nothing is allowed.
    """

    layers: Sequence[Layer] = ()
    shared: frozenset[tuple[str, str]] = field(default_factory=frozenset)  # (kind, id)

    def allow(self, operation: str, target: str = "") -> bool:
        """Whether `operation` is permitted; whose the target is, is another question."""
        return bool(self.layers) and all(item.allows(operation, target) for item in self.layers)

    def allow_somewhere(self, operation: str) -> bool:
        """Whether `operation` is permitted on some target, or without one."""
        return bool(self.layers) and all(item.allows_somewhere(operation) for item in self.layers)

    @property
    def are_all(self) -> bool:
        """Whether nothing at all is withheld."""
        return bool(self.layers) and all(item.allows_everything for item in self.layers)


NOTHING = Rights()
EVERYTHING = Rights((Layer([Rule(True, frozenset(PERMISSIONS))]),))
