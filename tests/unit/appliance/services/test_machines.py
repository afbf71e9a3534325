"""State machines: tables are complete, and no path leads astray."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.engine.jobstates import JOB_MACHINE
from appliance.engine.machines import StateMachine, UndefinedTransition
from appliance.engine.models import ENDED
from appliance.protocol.resources import ImageStatus, JobState, VmState, VolumeStatus
from appliance.services.compute.machine import ALLOWED, TRANSIENT, VM_MACHINE
from appliance.services.images.machine import IMAGE_MACHINE
from appliance.services.volumes.machine import TRANSIENT as VOLUME_TRANSIENT
from appliance.services.volumes.machine import VOLUME_MACHINE

MACHINES: list[tuple[StateMachine[Any], Any]] = [
    (VM_MACHINE, VmState),
    (IMAGE_MACHINE, ImageStatus),
    (VOLUME_MACHINE, VolumeStatus),
    (JOB_MACHINE, JobState),
]
IDS = [machine.name for machine, _ in MACHINES]


def reachable(machine: StateMachine[Any], start: Any) -> set[Any]:
    found, waiting = {start}, [start]
    while waiting:
        for state in machine.table[waiting.pop()]:
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found


@pytest.mark.parametrize(("machine", "states"), MACHINES, ids=IDS)
def test_every_state_is_in_the_table(machine: StateMachine[Any], states: Any) -> None:
    assert set(machine.table) == set(states)
    assert {state for row in machine.table.values() for state in row} <= set(states)


@pytest.mark.parametrize(("machine", "states"), MACHINES, ids=IDS)
def test_what_is_not_in_the_table_raises(machine: StateMachine[Any], states: Any) -> None:
    for old in states:
        for new in states:
            if new == old or new in machine.table[old]:
                machine.check(old, new)
            else:
                with pytest.raises(UndefinedTransition, match=machine.name):
                    machine.check(old, new)


@given(st.lists(st.sampled_from(list(JobState)), max_size=12))
def test_a_job_that_is_over_stays_so(path: list[JobState]) -> None:
    state = JobState.QUEUED
    for step in path:
        try:
            JOB_MACHINE.check(state, step)
        except UndefinedTransition:
            continue
        assert state not in ENDED or step == state
        state = step


def test_no_machine_is_caught_in_a_transient_state() -> None:
    resting = set(VmState) - TRANSIENT
    for state in TRANSIENT:
        assert reachable(VM_MACHINE, state) & resting, state


def test_users_can_always_get_rid_of_a_machine() -> None:
    for state in set(VmState) - TRANSIENT:
        after = reachable(VM_MACHINE, state)
        assert VmState.DESTROYED in after
        assert state == VmState.DESTROYED or state in ALLOWED["destroy"], state
    assert ALLOWED["expunge"] == {VmState.DESTROYED}


@given(st.lists(st.sampled_from(list(VmState)), max_size=20))
def test_a_destroyed_machine_only_comes_back_by_recovery(path: list[VmState]) -> None:
    state = VmState.DESTROYED
    for step in path:
        if step == state or step not in VM_MACHINE.table[state]:
            continue
        if state == VmState.DESTROYED:
            assert step in (VmState.STOPPED, VmState.EXPUNGING)
        state = step


def test_no_volume_is_caught_in_a_transient_status() -> None:
    for status in VOLUME_TRANSIENT:
        assert reachable(VOLUME_MACHINE, status) - VOLUME_TRANSIENT, status


@given(st.lists(st.sampled_from(list(VolumeStatus)), max_size=20))
def test_a_volume_is_worked_on_by_one_thing_at_a_time(path: list[VolumeStatus]) -> None:
    """From one transient status to another it comes only by way of rest, or the recycle bin."""
    status = VolumeStatus.NOT_MADE
    for step in path:
        if step == status or step not in VOLUME_MACHINE.table[status]:
            continue
        assert status not in VOLUME_TRANSIENT or step not in VOLUME_TRANSIENT
        status = step
