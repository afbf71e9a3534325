"""Results on the screen: tables, single resources, checks; or as JSON, or ids only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from appliance.cli.columns import COLUMNS, moment
from appliance.cli.terminal import Terminal
from appliance.client.snapshot_tree import arrange
from appliance.protocol.bandwidth import bandwidth_words
from appliance.protocol.errors import ErrorBody
from appliance.protocol.messages import size
from appliance.protocol.resources import CheckResult, SetupPlan
from appliance.protocol.snapshots import Snapshot, VolumeChain


def show_list(
    terminal: Terminal, items: Sequence[Any], total: int, *, fields: str | None = None
) -> None:
    """A list of resources, of which there are `total`; with `fields`, of dictionaries."""
    if terminal.as_json:
        terminal.print_json(items)
        return
    if terminal.quiet:
        _ids(items)
        return
    if not items:
        terminal.note("empty")
        return
    if fields is None and isinstance(items[0], Snapshot):
        items = arrange(items)
    table = table_of(terminal, items) if fields is None else table_of_fields(items, fields)
    terminal.out.print(table)
    if total > len(items):
        terminal.note("more", shown=len(items), total=total)


def show_items(terminal: Terminal, items: Sequence[Any]) -> None:
    """Resources that a command worked on: one in full as JSON, several as a list."""
    if terminal.as_json:
        terminal.print_json(items[0] if len(items) == 1 else items)
    elif terminal.quiet:
        _ids(items)
    elif items:
        shown = arrange(items) if isinstance(items[0], Snapshot) else items
        terminal.out.print(table_of(terminal, shown))


def show_details(terminal: Terminal, items: Sequence[Any]) -> None:
    """Resources with all that is known of them."""
    if terminal.as_json or terminal.quiet:
        show_items(terminal, items)
        return
    for item in items:
        if isinstance(item, SetupPlan):
            show_plan(terminal, item)
            continue
        rows = getattr(item, "items", None) or getattr(item, "steps", None)
        if rows and type(rows[0]) in COLUMNS:
            terminal.out.print(table_of(terminal, rows))
            continue
        _show_fields(terminal, msgspec.structs.asdict(item))


def _show_fields(terminal: Terminal, fields: dict[str, Any]) -> None:
    width = max(map(len, fields)) + 2
    for name, value in fields.items():
        for number, line in enumerate(readable(name, value).splitlines() or [""]):
            label = "" if number else name
            terminal.out.print(f"[dim]{label:<{width}}[/]{escape(line)}".rstrip())


def table_of(terminal: Terminal, items: Sequence[Any]) -> Table:
    """A table with the columns of this kind of resource."""
    columns = COLUMNS[type(items[0])]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        heading = terminal.text(column.heading)
        justify = "right" if column.is_number else "left"
        table.add_column(heading, justify=justify, no_wrap=column.heading == "id")
    for item in items:
        table.add_row(*(escape(column.cell(item, terminal.language)) for column in columns))
    return table


def table_of_fields(items: Sequence[dict[str, Any]], fields: str) -> Table:
    """A table of the fields that were asked for, under their own names."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    names = fields.split(",")
    for name in names:
        table.add_column(name, no_wrap=name == "id")
    for item in items:
        table.add_row(*(escape(_cell(item, name)) for name in names))
    return table


def _cell(item: dict[str, Any], name: str) -> str:
    found: list[Any] = [item]
    for part in name.split("."):
        found = [value.get(part) for value in found if isinstance(value, dict)]
        found = [one for value in found for one in (value if isinstance(value, list) else [value])]
    return ", ".join(readable(name, value) for value in found)


def show_chain(terminal: Terminal, chains: Sequence[VolumeChain]) -> None:
    """The files of volumes, and what is wrong with them."""
    if terminal.as_json:
        terminal.print_json(chains[0] if len(chains) == 1 else chains)
        return
    for chain in chains:
        terminal.out.print(table_of(terminal, chain.files))
        for path in chain.strangers:
            terminal.note("stranger", path=path)


def show_plan(terminal: Terminal, plan: SetupPlan) -> None:
    """The steps of the set-up with their values."""
    for step in plan.steps:
        mark = "[green]✓[/]" if step.done else "·"
        terminal.out.print(f"{mark} [bold]{step.name}[/]")
        for name, value in step.request.items():
            if value not in ("", [], None):
                terminal.out.print(f"    {name}: {escape(readable(name, value))}")


def show_check(terminal: Terminal, result: CheckResult) -> None:
    """What a test found."""
    if terminal.as_json:
        terminal.print_json(result)
        return
    for key, style, found in (
        ("problem", "red", result.problems),
        ("warning", "yellow", result.warnings),
    ):
        for body in found:
            print_finding(terminal, f"[bold {style}]{terminal.text(key)}:[/]", body)
    if not result.problems:
        terminal.note("no_problems")
    for name, value in result.facts.items():
        terminal.out.print(f"{name}: {escape(readable(name, value))}")


def print_finding(terminal: Terminal, mark: str, body: ErrorBody) -> None:
    """One finding with its remedy."""
    text = terminal.render(body.code, body.params)
    terminal.err.print(f"{mark} {escape(text.message)}")
    if text.remedy:
        terminal.err.print(f"  {escape(text.remedy)}")


def readable(name: str, value: Any) -> str:
    """A value for people: sizes with units, local times, lists in lines."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name.endswith("_bytes"):
        return f"{size(value)} ({value})"
    if isinstance(value, int) and name.endswith("_bits_per_s"):
        return bandwidth_words(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, msgspec.Struct):
        return readable(name, msgspec.structs.asdict(value))
    if isinstance(value, dict):
        return ", ".join(f"{key}={readable(key, item)}" for key, item in value.items())
    if isinstance(value, list):
        are_plain = all(isinstance(item, str | int) for item in value)
        return (", " if are_plain else "\n").join(readable(name, item) for item in value)
    return str(value)


def _ids(items: Sequence[Any]) -> None:
    for item in items:
        typer.echo(item.get("id", "") if isinstance(item, dict) else item.id)
