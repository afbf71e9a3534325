"""The tree of a volume's snapshots, and what is to be done with those that are deleted.

A deleted snapshot on which nothing stands goes. If one thing stands on it, that and its own
content become one. If several do, it stays, hidden, until but one is left. No I/O.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A snapshot: its file, and the snapshot that it stands on."""

    id: str
    parent_id: str | None
    node: str
    is_hidden: bool = False


@dataclass(frozen=True)
class Drop:
    """Nothing stands on `lower`: its file goes."""

    lower: Node


@dataclass(frozen=True)
class Merge:
    """Only `upper` stands on `lower` (None: the volume as it is now); they become one."""

    lower: Node
    upper: Node | None


Work = Drop | Merge


class Tree:
    """The snapshots of one volume; `current_id` is the one that it stands on now."""

    def __init__(self, nodes: Iterable[Node], current_id: str | None) -> None:
        self.by_id = {node.id: node for node in nodes}
        self.current_id = current_id
        self._above: dict[str | None, list[Node]] = defaultdict(list)
        for node in self.by_id.values():
            self._above[node.parent_id].append(node)

    def above(self, ref: str) -> list[Node]:
        """The snapshots that stand on one."""
        return self._above[ref]

    def chain(self, ref: str | None) -> list[Node]:
        """A snapshot and those that it stands on, down to the first."""
        found: list[Node] = []
        while ref is not None:
            node = self.by_id[ref]
            found.append(node)
            ref = node.parent_id
        return found

    @property
    def depth(self) -> int:
        """How many files the volume as it is now is made of."""
        return len(self.chain(self.current_id)) + 1

    def next_work(self) -> Work | None:
        """What is to be done next for the hidden ones; None if there is nothing."""
        for node in self.by_id.values():
            if not node.is_hidden:
                continue
            uppers: list[Node | None] = [*self.above(node.id)]
            if self.current_id == node.id:
                uppers.append(None)
            if not uppers:
                return Drop(node)
            if len(uppers) == 1:
                return Merge(node, uppers[0])
        return None

    def files_above(self, work: Merge, head: str) -> list[str]:
        """The files that stand on what is merged; `head` is the one that is written to."""
        if work.upper is None:
            return []
        files = [node.node for node in self.above(work.upper.id)]
        return [*files, head] if self.current_id == work.upper.id else files
