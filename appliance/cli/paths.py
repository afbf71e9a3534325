"""The paths between hosts on the screen: a matrix while it fits, else the pairs that fail."""

from __future__ import annotations

from rich import box
from rich.markup import escape
from rich.table import Table

from appliance.cli.show import print_finding
from appliance.cli.terminal import Terminal
from appliance.protocol.paths import NetworkPaths, Path

MATRIX_HOSTS_MAX = 16
STYLES = {"works": "green", "small": "yellow", "silent": "red"}


def show_paths(terminal: Terminal, found: NetworkPaths) -> None:
    """What a probe found."""
    if terminal.as_json:
        terminal.print_json(found)
        return
    if terminal.quiet:
        return
    terminal.out.print(f"{escape(found.wire)}, MTU {found.mtu}")
    names = list(dict.fromkeys(path.from_host_name for path in found.paths))
    if 0 < len(names) <= MATRIX_HOSTS_MAX:
        terminal.out.print(_matrix(terminal, found, names))
    elif any(path.state != "works" for path in found.paths):
        terminal.out.print(_pairs(terminal, found))
    for body in found.findings:
        print_finding(terminal, f"[bold red]{terminal.text('problem')}:[/]", body)
    if not found.findings:
        terminal.note("all_paths_work", count=len(found.paths))


def words(terminal: Terminal, path: Path) -> str:
    """How a path is: its round trip, what it lets through, or that nothing arrives."""
    if path.state == "silent":
        return terminal.text("no_answer")
    if path.state == "small":
        return f"≤ {path.max_bytes} B"
    took = path.round_trip_us
    return "✓" if took is None else f"{took / 1000:.1f} ms"


def _cell(terminal: Terminal, path: Path | None) -> str:
    return "" if path is None else f"[{STYLES[path.state]}]{words(terminal, path)}[/]"


def _matrix(terminal: Terminal, found: NetworkPaths, names: list[str]) -> Table:
    by_pair = {(path.from_host_name, path.to_host_name): path for path in found.paths}
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    table.add_column(terminal.text("from_to"))
    for name in names:
        table.add_column(escape(name), justify="right")
    for source in names:
        cells = (_cell(terminal, by_pair.get((source, target))) for target in names)
        table.add_row(escape(source), *cells)
    return table


def _pairs(terminal: Terminal, found: NetworkPaths) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for heading in ("path_from", "path_to", "state"):
        table.add_column(terminal.text(heading))
    for path in found.paths:
        if path.state != "works":
            table.add_row(
                escape(path.from_host_name), escape(path.to_host_name), _cell(terminal, path)
            )
    return table
