"""What operations answer that is no resource: reports, settings, consequences."""

from __future__ import annotations

from typing import Literal

import msgspec


class PlacementFilter(msgspec.Struct, kw_only=True, frozen=True):
    """One filter of the placement: how many hosts it removed and how many are left."""

    name: str
    removed: int
    left: int


class PlacementCandidate(msgspec.Struct, kw_only=True, frozen=True):
    """A host that could take the machine, and what is free on it."""

    host_id: str
    host_name: str
    cpu_free: int
    memory_free_bytes: int
    disk_free_bytes: int


class PlacementReport(msgspec.Struct, kw_only=True, frozen=True):
    """What the placement would do: filters in their order, and candidates, best first."""

    considered: int
    filters: list[PlacementFilter]
    candidates: list[PlacementCandidate]


class LedgerDifference(msgspec.Struct, kw_only=True, frozen=True):
    """A sum of the ledger that did not agree with the rows it is made of."""

    holder: str
    unit: str
    kept: int
    counted: int


class LedgerReport(msgspec.Struct, kw_only=True, frozen=True):
    """All claims counted anew; empty when the ledger is right, as it always should be."""

    differences: list[LedgerDifference]
    repaired: bool


class Setting(msgspec.Struct, kw_only=True, frozen=True):
    """A global setting with what may be given; its texts are the words `setting.<name>`."""

    name: str
    kind: str  # "integer", "number", "boolean" or "text"
    value: int | float | bool | str
    default: int | float | bool | str
    lowest: float | None = None
    highest: float | None = None
    unit: str = ""
    choices: list[str] = []


class SettingList(msgspec.Struct, kw_only=True, frozen=True):
    """All global settings."""

    items: list[Setting]


class Consequence(msgspec.Struct, kw_only=True, frozen=True):
    """What deleting a resource does to another one."""

    kind: str
    id: str
    name: str = ""
    effect: Literal["deleted", "stopped", "detached", "refuses"]
    depth: int
    because_kind: str
    because_id: str


class Consequences(msgspec.Struct, kw_only=True, frozen=True):
    """All that a deletion does. `counts` by kind is complete, `items` is not if there are many.

    `refused` says that something stands in the way: the items with the effect "refuses".
    """

    items: list[Consequence]
    counts: dict[str, int]
    refused: bool
