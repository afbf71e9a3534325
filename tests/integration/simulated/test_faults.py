"""Faults of every kind while machines are made: the end is done or undone, and always clean."""

from __future__ import annotations

import pytest

from appliance.protocol.resources import VmState
from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.faults import Fault, When

pytestmark = pytest.mark.asyncio(loop_scope="module")
VMS = 12
STEPS = ("image.ensure_cached", "volume.create_overlay", "network.apply", "domain.start")
BEARABLE = {
    "delays": [Fault(kind="delay", seconds=0.0, seconds_to=0.05)],
    "refusals before": [Fault(kind="fail", command=step, times=2) for step in STEPS],
    "refusals after": [Fault(kind="fail", command=step, times=2, when="after") for step in STEPS],
    "crashes before": [Fault(kind="crash", command=step, times=1) for step in STEPS],
    "crashes after": [Fault(kind="crash", command=step, times=1, when="after") for step in STEPS],
}


@pytest.mark.parametrize("faults", BEARABLE.values(), ids=BEARABLE.keys())
async def test_machines_are_made_in_spite_of(lab: Lab, faults: list[Fault]) -> None:
    lab.fleet.plan.replace(faults)
    accepted = await lab.create("web", VMS)
    assert await lab.ended(accepted) == []
    assert lab.fleet.plan.struck
    assert {vm.state for vm in await lab.vms()} == {VmState.RUNNING}
    lab.fleet.plan.replace([])
    await lab.remove_all()
    await lab.assert_clean()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_step_that_fails_everywhere_is_undone(lab: Lab, step: str, when: When) -> None:
    lab.fleet.plan.replace([Fault(kind="fail", command=step, when=when)])
    failed = await lab.ended(await lab.create("web", VMS))
    assert len(failed) == VMS
    lab.fleet.plan.replace([])
    await lab.retry_cleanup()
    await lab.assert_clean()


async def test_a_hanging_host_answers_after_a_new_link(lab: Lab) -> None:
    lab.fleet.plan.replace([Fault(kind="hang", command="domain.start", times=3, when="after")])
    accepted = await lab.create("web", VMS)
    await lab.until(lambda: lab.fleet.plan.struck == 3)
    for host in lab.fleet.hosts:
        host.cut()
    assert await lab.ended(accepted) == []
    assert set(lab.fleet.effects("domain.start").values()) == {1}
    await lab.remove_all()
    await lab.assert_clean()


async def test_a_vanished_host_goes_on_when_it_returns(lab: Lab) -> None:
    gone = lab.fleet.hosts[0]
    lab.fleet.plan.replace(
        [Fault(kind="vanish", host=gone.name, command="domain.start", when="after", times=1)]
    )
    accepted = await lab.create("web", len(lab.fleet.hosts))
    await lab.until(lambda: lab.fleet.plan.struck == 1)
    await lab.disconnected(gone.id)
    gone.start()
    assert await lab.ended(accepted) == []
    assert set(lab.fleet.effects("domain.start").values()) == {1}
    await lab.remove_all()
    await lab.assert_clean()
