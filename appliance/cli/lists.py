"""What was typed after `list`, as the query of a list."""

from __future__ import annotations

import re
from typing import Any

import typer

_EQUAL = re.compile(r"""([a-z_][a-z0-9_.]*)=([^\s"'()<>=!]*)""")
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
