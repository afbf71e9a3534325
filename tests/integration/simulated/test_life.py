"""Many machines through their whole life on simulated hosts."""

from __future__ import annotations

import pytest

from appliance.protocol.resources import VmState
from hostagent.protocol.domain import DomainState
from tests.integration.simulated.conftest import HOSTS, Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")
VMS = 50


def running(lab: Lab) -> int:
    """Machines that run on the hosts."""
    return sum(
        domain.state == DomainState.RUNNING
        for host in lab.fleet.hosts
        for domain in host.state.domains.values()
    )


async def test_fifty_machines_live_and_leave_nothing(lab: Lab) -> None:
    accepted = await lab.create("web", VMS)
    ids = accepted.resource_ids
    assert await lab.ended(accepted) == []
    found = await lab.vms()
    assert {vm.state for vm in found} == {VmState.RUNNING}
    assert len({vm.nics[0].address for vm in found}) == VMS
    assert len({vm.host_id for vm in found}) == HOSTS
    assert running(lab) == VMS

    assert await lab.on_all("vm.stop", ids) == []
    assert {vm.state for vm in await lab.vms()} == {VmState.STOPPED}
    assert running(lab) == 0

    assert await lab.on_all("vm.start", ids) == []
    assert running(lab) == VMS
    assert set(lab.fleet.effects("domain.start").values()) == {2}

    assert await lab.on_all("vm.destroy", ids) == []
    assert await lab.on_all("vm.expunge", ids) == []
    await lab.assert_clean()


async def test_what_happens_on_a_host_is_seen(lab: Lab) -> None:
    accepted = await lab.create("web", 4)
    assert await lab.ended(accepted) == []
    vm = await lab.client.call("vm.get", id=accepted.resource_ids[0])
    lab.fleet[vm.host_id].domains.end(vm.id, "crashed")
    await lab.becomes(vm.id, VmState.STOPPED)
    assert (await lab.client.call("vm.get", id=vm.id)).state_reason == "crashed"
    await lab.remove_all()
    await lab.assert_clean()
