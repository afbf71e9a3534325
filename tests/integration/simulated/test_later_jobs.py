"""What is left to undo of a job must not harm what a later job made of the same machine."""

from __future__ import annotations

import pytest

from tests.integration.simulated.conftest import Lab
from tests.lab.simulated.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("refused", "left"),
    [
        (("domain.start", "domain.destroy"), ["start_domain"]),
        (("domain.start", "domain.undefine"), ["start_domain"]),
        (("network.apply",), []),
    ],
)
async def test_a_later_start_stands(lab: Lab, refused: tuple[str, ...], left: list[str]) -> None:
    accepted = await lab.create("web", start=False)
    assert await lab.ended(accepted) == []
    ref = accepted.resource_ids[0]
    lab.fleet.plan.replace([Fault(kind="fail", command=command) for command in refused])
    assert len(await lab.on_all("vm.start", [ref])) == 1
    lab.fleet.plan.replace([])
    assert [item.step async for item in lab.client.iterate("cleanup.list")] == left
    assert await lab.on_all("vm.start", [ref]) == []
    await lab.retry_cleanup()
    vm = await lab.client.call("vm.get", id=ref)
    domain = lab.fleet.domains().get(ref)
    await lab.remove_all()
    assert (vm.state, vm.host_id is not None, domain) == ("running", True, "running")
    await lab.assert_clean()
