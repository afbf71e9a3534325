"""The filter language once more, as plainly as can be: Python over dictionaries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.unit.appliance.api.cloud import GIB, Row

Rows = dict[str, list[Row]]
# Relations of machines, and on from there: own column, table, its column.
LINKS = {
    ("vm", "host"): ("host_id", "host", "id"),
    ("vm", "cluster"): ("cluster_id", "cluster", "id"),
    ("vm", "nics"): ("id", "nic", "vm_id"),
    ("vm", "volumes"): ("id", "volume", "vm_id"),
    ("nic", "network"): ("network_id", "network", "id"),
    ("cluster", "zone"): ("zone_id", "zone", "id"),
    ("host", "cluster"): ("cluster_id", "cluster", "id"),
    ("host", "agent"): ("agent_id", "agent", "id"),
    ("volume", "host"): ("host_id", "host", "id"),
}
Written = tuple[str, Any]  # a value as it is typed, and what it stands for


def address(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def texts(*values: str) -> st.SearchStrategy[Written]:
    known = st.sampled_from(values) | st.text(
        st.characters(exclude_categories=("Cc", "Cs")), max_size=4
    )
    return known.map(lambda text: (quoted(text), text))


NAMES = texts("web", "web-1", "web_1", "web%", "a'b", 'a"b', "a\\b", "网络", "É", "é", "", "db")
STATES = texts("running", "stopped", "destroyed", "enabled", "disabled")
IDS = texts(*(f"host-{number}" for number in range(4)))
NUMBERS = st.sampled_from([1, 2, 3, 4, 0, -1, 2.5]).map(lambda n: (str(n), n))
SIZES = st.sampled_from(
    [("1GiB", GIB), ("2048M", 2 * GIB), (str(4 * GIB), 4 * GIB), ("20g", 20 * GIB), ("0", 0)]
)
TIMES = st.sampled_from(
    [
        ("1970-01-01", 0),
        ("1970-01-02T00:00:00", 86_400_000),
        ('"1970-01-02T08:00:00+08:00"', 86_400_000),
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-04", 3 * 86_400_000),
    ]
)
ADDRESSES = st.integers(0, 40).map(lambda n: (address((10 << 24) + n * 37), (10 << 24) + n * 37))
FLAGS = st.sampled_from([("true", True), ("FALSE", False)])

FIELDS: dict[str, tuple[st.SearchStrategy[Written], str]] = {
    "name": (NAMES, "text"),
    "state": (STATES, "text"),
    "host_id": (IDS, "text"),
    "cpu_count": (NUMBERS, "number"),
    "memory_bytes": (SIZES, "number"),
    "created_at": (TIMES, "number"),
    "started_at": (TIMES, "number"),
    "host.name": (NAMES, "text"),
    "host.cpu_ratio": (NUMBERS, "number"),
    "host.connected": (FLAGS, "flag"),
    "host.cluster.zone.name": (NAMES, "text"),
    "host.agent.is_local": (FLAGS, "flag"),
    "cluster.zone.name": (NAMES, "text"),
    "nics.address": (ADDRESSES, "address"),
    "nics.network.name": (NAMES, "text"),
    "volumes.size_bytes": (SIZES, "number"),
    "volumes.host.state": (STATES, "text"),
}
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


@dataclass(frozen=True)
class Asked:
    """A filter and whether it holds for a machine."""

    text: str
    holds: Callable[[Rows, Row], bool]


def reached(rows: Rows, row: Row, path: str) -> Iterator[Any]:
    """All values that a path leads to."""
    yield from _reached(rows, "vm", row, path.split("."))


def _reached(rows: Rows, table: str, row: Row, path: list[str]) -> Iterator[Any]:
    link = LINKS.get((table, path[0]))
    if link is None:
        if row[path[0]] is not None:
            yield row[path[0]]
        return
    own, other, column = link
    for related in rows[other]:
        if row[own] is not None and related[column] == row[own]:
            if len(path) == 1:
                yield related["id"]
            else:
                yield from _reached(rows, other, related, path[1:])


def is_like(text: str, pattern: str) -> bool:
    """SQL's LIKE with a backslash as escape, which tells apart no case of ASCII letters."""

    def lower(part: str) -> str:
        return "".join(c.lower() if c.isascii() else c for c in part)

    made, at = "", 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\" and pattern[at + 1 : at + 2] in ("%", "_", "\\"):
            at += 1
            made += re.escape(lower(pattern[at]))
        elif character in "%_":
            made += {"%": ".*", "_": "."}[character]
        else:
            made += re.escape(lower(character))
        at += 1
    return re.fullmatch(made, lower(text), re.DOTALL) is not None


@st.composite
def comparisons(draw: st.DrawFn) -> Asked:
    path = draw(st.sampled_from(list(FIELDS)))
    values, sort = FIELDS[path]
    operators = ["=", "!=", "in", "not in", "is null", "is not null"]
    operators += [] if sort == "flag" else [">", ">=", "<", "<="]
    operators += ["like", "not like"] if sort in ("text", "address") else []
    operator = draw(st.sampled_from(operators))
    wanted = "not" not in operator and operator != "!="
    match operator.removeprefix("not "):
        case "is null" | "is not null":
            if draw(st.booleans()):
                path = path.rpartition(".")[0] or path  # a relation, if there is one
            return _any(path, operator, lambda _: True, wanted=not wanted)
        case "in":
            some = draw(st.lists(values, min_size=1, max_size=3))
            meant = [value for _, value in some]
            text = f"{operator} ({', '.join(written for written, _ in some)})"
            return _any(path, text, lambda value: value in meant, wanted=wanted)
        case "like":
            pattern = draw(PATTERNS)
            shown = address if sort == "address" else str
            text = f"{operator} {quoted(pattern)}"
            return _any(path, text, lambda v: is_like(shown(v), pattern), wanted=wanted)
    written, value = draw(values)
    compare = ORDERS[operator.replace("!", "")]
    return _any(path, f"{operator} {written}", lambda v: compare(v, value), wanted=wanted)


PATTERNS = st.lists(
    st.sampled_from(["%", "_", "web", "w", "1", ".", "\\", "\\%", "é", "10.0", "0"]), max_size=4
).map("".join)


def _any(path: str, text: str, holds: Callable[[Any], bool], *, wanted: bool) -> Asked:
    """Whether it holds for any of the values that a path leads to, or shall hold for none."""
    return Asked(
        f"{path} {text}",
        lambda rows, row: any(holds(value) for value in reached(rows, row, path)) is wanted,
    )


def _negated(part: Asked) -> Asked:
    return Asked(f"not ({part.text})", lambda rows, row: not part.holds(rows, row))


def _joined(word: str, every: Callable[[Iterator[bool]], bool]) -> Callable[[list[Asked]], Asked]:
    def join(parts: list[Asked]) -> Asked:
        text = f" {word} ".join(f"({part.text})" for part in parts)
        return Asked(text, lambda rows, row: every(part.holds(rows, row) for part in parts))

    return join


FILTERS = st.recursive(
    comparisons(),
    lambda inner: (
        inner.map(_negated)
        | st.lists(inner, min_size=2, max_size=3).map(_joined("and", all))
        | st.lists(inner, min_size=2, max_size=3).map(_joined("OR", any))
    ),
    max_leaves=5,
)
