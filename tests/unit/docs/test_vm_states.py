"""The page of a machine's states says what the table says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.engine.machines import UndefinedTransition
from appliance.protocol.resources import VmState
from appliance.services.compute.machine import ALLOWED, VM_MACHINE

PAGE = Path(__file__).parents[3] / "docs" / "vm-states.md"


def rows(title: str) -> dict[str, set[VmState]]:
    """A table of the page: its first column, and the states in its second."""
    part = PAGE.read_text(encoding="utf-8").partition(f"## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| ([a-z_]+) \| ([a-z, ]+) \|$", part, re.MULTILINE)
    return {name: {VmState(one) for one in states.split(", ")} for name, states in found}


@pytest.mark.parametrize(("state", "following"), rows("What may follow").items())
def test_what_may_follow(state: str, following: set[VmState]) -> None:
    for other in VmState:
        if other in following:
            VM_MACHINE.check(VmState(state), other)
        elif other != state and str(other) in rows("What may follow"):
            with pytest.raises(UndefinedTransition):
                VM_MACHINE.check(VmState(state), other)


@pytest.mark.parametrize(("action", "states"), rows("What one may ask for").items())
def test_what_one_may_ask_for(action: str, states: set[VmState]) -> None:
    assert ALLOWED[action] == states


def test_every_state_is_there() -> None:
    said = rows("What may follow")
    assert {"created", "running", "unknown", "destroyed", "expunging"} <= said.keys()
    assert len(rows("What one may ask for")) >= 16
