"""Declaration of a table's columns: how a resource becomes text, sort key and colour."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address
from sys import intern
from typing import Any

_DIGITS = re.compile(r"([0-9]+)")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. `text` gives what is shown; `key` what is sorted by (default: the text).

    `state` gives the (kind, state) drawn as shape, colour and word; `fraction` a value from 0
    to 1 drawn as a bar below the text (None for no bar) in the colour `bar_role` (empty: by how
    full it is); width in pixels.
    """

    name: str
    title: str
    text: Callable[[Any], str]
    key: Callable[[Any], Any] | None = None
    state: Callable[[Any], tuple[str, str]] | None = None
    fraction: Callable[[Any], float | None] | None = None
    bar_role: str = ""
    is_right: bool = False
    is_shown: bool = True
    is_searched: bool = True
    width: int = 120


def natural(text: str) -> tuple[Any, ...]:
    """A sort key by which vm-9 comes before vm-10, ignoring case."""
    parts: list[Any] = _DIGITS.split(text.casefold())
    if len(parts) == 3:  # the usual name-7: quick, and with one copy of the common beginning
        return (intern(parts[0]), int(parts[1]), parts[2])
    parts[1::2] = map(int, parts[1::2])
    return tuple(parts)


def address_key(text: str) -> tuple[int, ...]:
    """A sort key for an address, IPv6 behind IPv4; anything else comes first."""
    parts = text.split(".")
    if len(parts) == 4 and all(part.isdecimal() for part in parts):
        return tuple(int(part) for part in parts)
    if ":" in text:
        try:
            return (256, int(IPv6Address(text)))
        except ValueError:
            return ()
    return ()
