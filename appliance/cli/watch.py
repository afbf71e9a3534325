"""`anyun feed`: what changes in the cloud, as it changes."""

from __future__ import annotations

from contextlib import aclosing

import msgspec
import typer
from rich.markup import escape

from appliance.cli.terminal import Terminal
from appliance.client import Connected, Lost
from appliance.protocol.events import Change


async def watch(
    terminal: Terminal, *, since: int | None, kinds: list[str], count: int | None
) -> None:
    """Print changes until Ctrl-C, or `count` of them; as JSON one object a line."""
    left = count
    async with terminal.client() as client, aclosing(client.follow(since, kinds=kinds)) as events:
        async for event in events:
            if isinstance(event, Lost):
                terminal.note("feed_lost", reason=str(event.error))
            elif isinstance(event, Connected):
                key = "feed_reset" if event.reset else "feed_begins"
                terminal.note(key, seq=event.seq)
            else:
                _show(terminal, event)
                left = left - 1 if left is not None else None
                if left == 0:
                    return


def _show(terminal: Terminal, change: Change) -> None:
    if terminal.as_json:
        typer.echo(msgspec.json.encode(change).decode())
        return
    data = msgspec.json.decode(change.data) or {}
    name = data.get("name") or data.get("resource_name") or data.get("hostname") or ""
    state = data.get("state") or data.get("status") or ""
    percent = f"{data['percent']} %" if "percent" in data else ""
    sign = "-" if change.action == "delete" else "+"
    parts = [f"{change.seq:>8}", sign, f"{change.kind:<18}", change.id, name, state, percent]
    terminal.out.print(escape(" ".join(part for part in parts if part)))
