"""What was typed after `list`, as the query of a list."""

from __future__ import annotations

import re
from typing import Any

import typer

_EQUAL = re.compile(r"""([a-z_][a-z0-9_.]*)=([^\s"'()<>=!]*)""")
_QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
# Of each kind with a recycle bin: the field that tells, and its values for what is in there.
RECYCLE_BINS = {
    "vm.list": ("state", "destroyed,expunging"),
    "image.list": ("status", "deleted"),
    "volume.list": ("status", "deleted,expunging"),
}
OWN_OPTIONS = ("q", "sort", "limit", "cursor", "fields", "count", "filter", "id")


def query_of(given: dict[str, Any]) -> dict[str, Any]:
    """Search, order, fields, and conditions: several hold together.

    `state=running,paused` is the short form for fields to be equal; everything else is of the
    filter language, which the service reads.
    """
    query: dict[str, Any] = {
        "q": given.get("search"),
        "sort": given.get("sort"),
        "fields": given.get("fields"),
    }
    filters = []
    for text in given.get("filter") or []:
        equal = _EQUAL.fullmatch(text.strip())
        if equal is not None and equal[1] in OWN_OPTIONS:
            raise typer.BadParameter(
                f"{equal[1]} has an option of its own", param_hint="'--filter'"
            )
        if equal is None or equal[1] in query:
            filters.append(text)
            continue
        query[equal[1]] = equal[2]
    if filters:
        query["filter"] = " and ".join(f"({text})" for text in filters)
    return {name: value for name, value in query.items() if value is not None}


def leaves_out_recycle_bin(operation: str, query: dict[str, Any]) -> bool:
    """Whether what is in the recycle bin is left out: unless a condition speaks of the state."""
    if operation not in RECYCLE_BINS:
        return False
    field, _ = RECYCLE_BINS[operation]
    conditions = _QUOTED.sub("", query.get("filter", ""))
    return field not in query and not re.search(rf"(?<![\w.]){field}\b", conditions)


def without_recycle_bin(operation: str, query: dict[str, Any]) -> dict[str, Any]:
    """The query without what is in the recycle bin."""
    field, values = RECYCLE_BINS[operation]
    own = f"not {field} in ({values})"
    given = query.get("filter")
    return query | {"filter": f"({given}) and {own}" if given else own}


def in_recycle_bin(operation: str, query: dict[str, Any]) -> dict[str, Any]:
    """The query for those that `without_recycle_bin` leaves out, as short as it can be."""
    field, values = RECYCLE_BINS[operation]
    kept = {name: value for name, value in query.items() if name not in ("sort", "fields")}
    return kept | {field: values, "limit": 1}


def words_for_recycle_bin(operation: str) -> str:
    """The condition that shows what is in the recycle bin."""
    field, values = RECYCLE_BINS[operation]
    return f"{field}={values.partition(',')[0]}"
