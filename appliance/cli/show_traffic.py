"""What was thrown away of machines' packets, and which rules hold for them, on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import typer
from rich.markup import escape

from appliance.cli.columns import end, second, what
from appliance.cli.show import table_of
from appliance.cli.terminal import Terminal
from appliance.client import Client
from appliance.protocol.drops import NotedPacket, VmDrops
from appliance.protocol.effective import EffectiveRule, EffectiveRules
from appliance.protocol.messages import sentence, word

FOLLOW_EVERY_S = 2.0


def show_drops(terminal: Terminal, answers: Sequence[VmDrops]) -> None:
    """The counts of each NIC, and the packets that were noted."""
    if terminal.as_json:
        terminal.print_json(answers[0] if len(answers) == 1 else answers)
        return
    for answer in answers:
        if answer.nics:
            terminal.out.print(table_of(terminal, answer.nics))
        if answer.packets:
            terminal.out.print(table_of(terminal, answer.packets))
        else:
            terminal.note("drops_none")
        if answer.missed:
            terminal.note("drops_missed", count=answer.missed)


async def follow_drops(terminal: Terminal, client: Client, vm_ids: Sequence[str]) -> None:
    """Print each packet that is noted, oldest first, until Ctrl-C; as JSON one object a line."""
    known = dict.fromkeys(vm_ids, 0)
    while True:
        for vm_id, number in known.items():
            answer: VmDrops = await client.call("vm.drops", id=vm_id)
            if answer.packets and answer.packets[0].number < number:
                number = 0  # another node answers, or the same one after a restart
            for packet in reversed(answer.packets):
                if packet.number > number:
                    known[vm_id] = packet.number
                    _print_packet(terminal, packet)
        await asyncio.sleep(FOLLOW_EVERY_S)


def _print_packet(terminal: Terminal, packet: NotedPacket) -> None:
    if terminal.as_json:
        typer.echo(msgspec.json.encode(packet).decode())
        return
    parts = [
        second(packet.at),
        word(f"direction.{packet.direction}", terminal.language),
        what(packet),
        end(packet.source, packet.source_port),
        "→",
        end(packet.destination, packet.destination_port),
        sentence(packet.reason, packet.params, terminal.language),
    ]
    terminal.out.print(escape("  ".join(parts)))


def show_rules(terminal: Terminal, answers: Sequence[EffectiveRules]) -> None:
    """The rules of each NIC, in the order in which they are asked."""
    if terminal.as_json:
        terminal.print_json(answers[0] if len(answers) == 1 else answers)
        return
    for nic in (nic for answer in answers for nic in answer.nics):
        place = {"address": nic.address, "network": nic.network_name}
        if not nic.is_filtered:
            terminal.out.print(escape(terminal.text("rules_open", **place)))
            continue
        groups = ", ".join(nic.security_group_names)
        terminal.out.print(escape(terminal.text("rules_of_nic", groups=groups, **place)))
        _direction(terminal, "rules_in", nic.incoming)
        _direction(terminal, "rules_out", nic.outgoing)


def _direction(terminal: Terminal, heading: str, rules: Sequence[EffectiveRule]) -> None:
    terminal.out.print(f"[bold]{escape(terminal.text(heading))}[/]")
    if rules:
        terminal.out.print(table_of(terminal, rules))
    terminal.out.print(escape(terminal.text("rules_rest")))
