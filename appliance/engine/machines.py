"""State machines as tables: an undefined transition raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)


class UndefinedTransition(Exception):
    """A fault of ours: the code asked for a transition that the table does not have."""


@dataclass(frozen=True)
class StateMachine(Generic[S]):
    """`table` maps each state to the states that may follow it."""

    name: str
    table: Mapping[S, frozenset[S]]

    def check(self, old: S, new: S) -> None:
        """Raises UndefinedTransition unless `new` may follow `old` (or is the same)."""
        if old != new and new not in self.table[old]:
            raise UndefinedTransition(f"{self.name}: {old} → {new}")
