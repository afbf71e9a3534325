"""What a random run does: rounds of calls by several clients, with faults; all from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Literal

from tests.lab.simulated.faults import Fault

Verb = Literal[
    "create",
    "start",
    "stop",
    "reboot",
    "pause",
    "resume",
    "destroy",
    "recover",
    "expunge",
    "attach_nic",
    "detach_nic",
    "make_volume",
    "attach_volume",
    "detach_volume",
    "grow_volume",
    "move_volume",
    "delete_volume",
    "recover_volume",
    "expunge_volume",
    "snapshot",
    "snapshot_all",
    "revert",
    "revert_all",
    "delete_snapshot",
    "copy_snapshot",
    "migrate",
    "reimage",
    "resize",
    "insert_disc",
    "eject_disc",
    "enter_host",
    "leave_host",
    "enter_storage",
    "leave_storage",
    "write",
]
Event = Literal["cut", "cancel"]
VERBS: tuple[Verb, ...] = (
    *("create", "create", "create", "start", "start", "stop", "stop", "reboot"),
    *("pause", "resume", "resume", "destroy", "recover", "expunge"),
    *("attach_nic", "attach_nic", "detach_nic"),
    *("make_volume", "attach_volume", "detach_volume", "grow_volume"),
    *("create", "create", "create", "start", "start", "stop"),
    *("write", "write", "write", "write", "write", "write", "migrate"),
    *("move_volume", "move_volume", "delete_volume", "recover_volume", "expunge_volume"),
    *("snapshot", "snapshot", "snapshot_all", "revert", "revert_all"),
    *("delete_snapshot", "delete_snapshot", "copy_snapshot"),
    *("migrate", "migrate", "reimage", "resize", "insert_disc", "eject_disc"),
    *("enter_host", "leave_host", "leave_host", "enter_storage", "leave_storage", "leave_storage"),
)
CLIENTS = 4
SLOTS = 24
CALLS = 100  # in a round
EVENTS = 8  # one of so many calls is an event
# Jobs repeat what is refused, try another host, or take everything back.
REFUSABLE = (
    *("image.ensure_cached", "volume.create_overlay", "network.apply", "domain.start"),
    *("domain.reboot", "domain.shutdown", "domain.destroy", "domain.undefine", "domain.get"),
    *("domain.suspend", "domain.resume", "domain.attach_nic", "domain.detach_nic"),
    *("volume.create_empty", "domain.attach_disk", "domain.detach_disk", "domain.resize_disk"),
    *("volume.info", "volume.delete", "volume.copy", "snapshot.take", "snapshot.take_back"),
    *("snapshot.revert", "snapshot.drop", "snapshot.merge", "snapshot.settle"),
    *("migration.listen", "migration.run", "migration.copy", "migration.complete"),
    *("domain.grow", "domain.set_disc"),
)


@dataclass(frozen=True)
class Call:
    """One call of a client: a verb for the machine in a slot, or an event. `host` is for cuts."""

    client: int
    what: Verb | Event
    slot: int
    host: int = 0

    def __str__(self) -> str:
        place = f"host {self.host}" if self.what == "cut" else f"slot {self.slot}"
        return f"client {self.client}: {self.what} {place}"


@dataclass(frozen=True)
class Round:
    """Calls side by side while faults strike; then it gets quiet. `kill`: the service dies."""

    calls: tuple[Call, ...]
    faults: tuple[Fault, ...] = ()
    kill: bool = False

    def __str__(self) -> str:
        faults = ", ".join(
            f"{fault.kind} {fault.command} {fault.when} ×{fault.times}" for fault in self.faults
        )
        lines = [f"round (faults: {faults or 'none'}; kill: {self.kill})"]
        return "\n  ".join(lines + [str(call) for call in self.calls])


Plan = tuple[Round, ...]


def make(seed: int, rounds: int) -> Plan:
    """The plan of a seed; a plan with fewer rounds is the beginning of one with more."""
    return tuple(_round(random.Random(f"{seed}/{number}")) for number in range(rounds))


def calls_in(plan: Plan) -> int:
    """How many calls a plan makes."""
    return sum(len(item.calls) for item in plan)


def _round(dice: random.Random) -> Round:
    calls = tuple(_call(dice) for _ in range(CALLS))
    faults = tuple(_fault(dice) for _ in range(dice.randrange(6)))
    return Round(calls, faults, kill=dice.random() < 0.2)


def _call(dice: random.Random) -> Call:
    what: Verb | Event = dice.choice(VERBS)
    if dice.randrange(EVENTS) == 0:
        what = "cut" if dice.random() < 0.1 else "cancel"
    slot, host = dice.randrange(SLOTS), dice.randrange(1000)
    return Call(dice.randrange(CLIENTS), what, slot, host)


def _fault(dice: random.Random) -> Fault:
    when = dice.choice(("before", "after"))
    match dice.choice(("delay", "crash", "fail")):
        case "delay":
            return Fault(kind="delay", when=when, seconds_to=0.05, share=0.5)
        case "crash":
            return Fault(kind="crash", when=when, share=0.1, times=dice.randint(1, 3))
        case _:
            command = dice.choice(REFUSABLE)
            return Fault(kind="fail", command=command, when=when, times=dice.randint(1, 6))


# Shrinking


def smaller(plan: Plan) -> list[Plan]:
    """Plans that leave something out, those that leave out most first."""
    found: list[Plan] = []
    size = len(plan)
    while size := size // 2:
        found += [plan[:at] + plan[at + size :] for at in range(0, len(plan), size)]
    for at, item in enumerate(plan):
        found += [(*plan[:at], less, *plan[at + 1 :]) for less in _smaller_rounds(item)]
    return [less for less in found if less]


def _smaller_rounds(item: Round) -> list[Round]:
    found = [replace(item, kill=False)] if item.kill else []
    found += [
        replace(item, faults=item.faults[:at] + item.faults[at + 1 :])
        for at in range(len(item.faults))
    ]
    size = len(item.calls)
    while size := size // 2:
        found += [
            replace(item, calls=item.calls[:at] + item.calls[at + size :])
            for at in range(0, len(item.calls), size)
        ]
    return found
