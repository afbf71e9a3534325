"""What emptying a host would do, on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.cli.show import table_of
from appliance.cli.terminal import Terminal
from appliance.protocol.hosts import MaintenancePlan
from appliance.protocol.messages import sentence


def show_maintenance_plan(terminal: Terminal, answers: Sequence[MaintenancePlan]) -> None:
    """Each machine with what becomes of it, and what else people would miss."""
    if terminal.as_json:
        terminal.print_json(answers[0] if len(answers) == 1 else answers)
        return
    for answer in answers:
        if answer.machines:
            terminal.out.print(table_of(terminal, answer.machines))
        else:
            terminal.note("maintenance_nothing", name=answer.host_name)
        for warning in answer.warnings:
            terminal.err.print(sentence(warning.code, warning.params, terminal.language))
