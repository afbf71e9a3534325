"""Elastic IPs through the API: what hosts are told, at once, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from appliance.client import Client, wait
from appliance.protocol.errors import ApiError, Conflict, InvalidInput, NoResources, NotFound
from appliance.protocol.ids import new_id
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPAN = {"first": "203.0.113.20", "last": "203.0.113.24"}


@dataclass
class Town:
    """A cloud with a public network of five addresses."""

    lab: Lab
    public_id: str

    @property
    def client(self) -> Client:
        return self.lab.client

    async def call(self, operation: str, **fields: Any) -> Any:
        return await self.client.call(operation, **fields)

    async def take(self, name: str = "eip", **fields: Any) -> Any:
        return await self.call("elastic_ip.create", name=name, network_id=self.public_id, **fields)

    async def machine(self, name: str, **fields: Any) -> Any:
        accepted = await self.lab.create(name, **fields)
        assert await self.lab.ended(accepted) == []
        return await self.call("vm.get", id=accepted.resource_ids[0])

    def told(self) -> dict[str, tuple[str, str]]:
        """Host and NIC by elastic address, as hosts' documents have it."""
        return {
            item.address: (host.id, item.nic_id)
            for host in self.lab.fleet.hosts
            for item in host.state.document.elastic_addresses
        }

    async def until_told(self, **pairs: tuple[str, str]) -> None:
        wanted = {f"203.0.113.{name[1:]}": value for name, value in pairs.items()}
        await self.lab.until(lambda: self.told() == wanted, 5)

    async def free(self) -> int:
        spans = (await self.call("network.addresses", id=self.public_id)).free
        return sum(span.count for span in spans)


@pytest_asyncio.fixture(loop_scope="module")
async def town(lab: Lab) -> AsyncIterator[Town]:
    accepted = await lab.client.call(
        "network.create",
        name="public",
        cluster_id=lab.cloud.cluster_ids[0],
        kind="physical",
        physical_interface="eth1",
        cidr="203.0.113.0/24",
        gateway="203.0.113.1",
        ranges=[SPAN],
    )
    await wait(lab.client, accepted, timeout_s=20)
    town = Town(lab, accepted.resource_ids[0])
    yield town
    await lab.remove_all()
    async for item in lab.client.iterate("elastic_ip.list"):
        await town.call("elastic_ip.delete", id=item.id)
    await wait(lab.client, await town.call("network.delete", id=town.public_id), timeout_s=20)
    await lab.assert_clean()
    assert town.told() == {}


async def test_bound_rebound_and_unbound_the_hosts_follow_at_once(town: Town) -> None:
    one, two = await town.machine("one"), await town.machine("two")
    taken = await town.take()
    assert (taken.address, taken.vm_id, taken.network_name) == ("203.0.113.20", None, "public")
    bound = await town.call("elastic_ip.bind", id=taken.id, vm_id=one.id)
    nic = one.nics[0]
    assert (bound.vm_id, bound.vm_name, bound.vm_address) == (one.id, "one", nic.address)
    await town.until_told(_20=(one.host_id, nic.id))
    shown = await town.call("vm.get", id=one.id)
    assert shown.nics[0].elastic_address == "203.0.113.20"
    again = await town.call("elastic_ip.bind", id=taken.id, vm_id=two.id)
    assert again.vm_id == two.id
    await town.until_told(_20=(two.host_id, two.nics[0].id))
    assert (await town.call("vm.get", id=one.id)).nics[0].elastic_address is None
    assert (await town.call("elastic_ip.unbind", id=taken.id)).vm_id is None
    await town.until_told()


async def test_each_nic_of_a_machine_may_have_one(town: Town) -> None:
    made = await town.call(
        "network.create",
        name="side",
        cluster_id=town.lab.cloud.cluster_ids[0],
        cidr="172.33.0.0/24",
        gateway="172.33.0.1",
        ranges=[{"first": "172.33.0.10", "last": "172.33.0.20"}],
    )
    assert await town.lab.ended(made) == []
    side, office = made.resource_ids[0], town.public_id
    vm = await town.machine("several", more_nics=[{"network_id": side}, {"network_id": office}])
    one, two = await town.take("one"), await town.take("two")
    first, second, outside = (nic.id for nic in vm.nics)
    bind = {"id": one.id, "vm_id": vm.id}
    assert (await town.call("elastic_ip.bind", **bind)).nic_id == first
    bound = await town.call("elastic_ip.bind", id=two.id, vm_id=vm.id, nic_id=second)
    assert (bound.nic_id, bound.vm_address) == (second, vm.nics[1].address)
    wanted = {one.address: (vm.host_id, first), two.address: (vm.host_id, second)}
    await town.lab.until(lambda: town.told() == wanted, 5)
    # The one that a machine has stays where it is; it moves to where it is asked to.
    again = await town.call("elastic_ip.bind", id=two.id, vm_id=vm.id)
    assert again.nic_id == second
    for nic_id, code in (
        (second, "elastic_ip.nic_has_one"),
        (outside, "elastic_ip.not_offered"),
        (new_id(), "resource.not_found"),
    ):
        with pytest.raises(ApiError) as caught:
            await town.call("elastic_ip.bind", **bind, nic_id=nic_id)
        assert (caught.value.code, caught.value.field) == (code, "nic_id")
    await town.call("elastic_ip.unbind", id=two.id)
    assert (await town.call("elastic_ip.bind", **bind, nic_id=second)).nic_id == second
    # A NIC that goes leaves its elastic IP free.
    detach = await town.call("vm.detach_nic", id=vm.id, nic_id=second)
    assert await town.lab.ended(detach) == []
    assert (await town.call("elastic_ip.get", id=one.id)).vm_id is None
    await town.until_told()
    await town.lab.remove_all()
    assert await town.lab.ended(await town.call("network.delete", id=side)) == []


async def test_bound_while_off_it_works_from_the_start_on(town: Town) -> None:
    vm = await town.machine("off", start=False)
    taken = await town.take()
    await town.call("elastic_ip.bind", id=taken.id, vm_id=vm.id)
    assert town.told() == {}
    assert await town.lab.on_all("vm.start", [vm.id]) == []
    vm = await town.call("vm.get", id=vm.id)
    assert town.told() == {"203.0.113.20": (vm.host_id, vm.nics[0].id)}
    assert await town.lab.on_all("vm.stop", [vm.id]) == []
    await town.until_told()
    assert (await town.call("elastic_ip.get", id=taken.id)).vm_id == vm.id


async def test_it_survives_its_machine_and_the_recycle_bin(town: Town) -> None:
    vm = await town.machine("mortal")
    taken = await town.take()
    await town.call("elastic_ip.bind", id=taken.id, vm_id=vm.id)
    listed = await town.call("deletion.preview", kind="vm", id=vm.id)
    assert ("elastic_ip", "detached") in {(item.kind, item.effect) for item in listed.items}
    assert await town.lab.on_all("vm.destroy", [vm.id]) == []
    assert (await town.call("elastic_ip.get", id=taken.id)).vm_id == vm.id
    other = await town.take("other")
    with pytest.raises(Conflict) as caught:
        await town.call("elastic_ip.bind", id=other.id, vm_id=vm.id)
    assert caught.value.code == "elastic_ip.vm_in_bin"
    assert await town.lab.on_all("vm.expunge", [vm.id]) == []
    kept = await town.call("elastic_ip.get", id=taken.id)
    assert (kept.address, kept.vm_id) == ("203.0.113.20", None)


async def test_a_host_that_cannot_follow_says_why_until_it_can(town: Town) -> None:
    vm = await town.machine("one")
    taken = await town.take()
    (host,) = [host for host in town.lab.fleet.hosts if host.id == vm.host_id]
    shown = await town.call("host.network", id=host.id)
    assert (shown.waiting_for, shown.errors) == ("", [])
    assert "public" in {network.network_name for network in shown.networks}
    traits = host.state.traits
    host.state.traits = msgspec.structs.replace(traits, nics=("eth0",))
    await town.call("elastic_ip.bind", id=taken.id, vm_id=vm.id)
    async with asyncio.timeout(10):
        while "eth1" not in (await town.call("host.network", id=host.id)).waiting_for:
            await asyncio.sleep(0.05)
    assert town.told() == {}
    host.state.traits = traits
    await town.until_told(_20=(host.id, vm.nics[0].id))
    async with asyncio.timeout(10):
        while (await town.call("host.network", id=host.id)).waiting_for:
            await asyncio.sleep(0.05)


async def test_machines_are_found_by_it(town: Town) -> None:
    vm = await town.machine("findable")
    await town.machine("another")
    taken = await town.take()
    await town.call("elastic_ip.bind", id=taken.id, vm_id=vm.id)
    by_join = await town.call("vm.list", **{"nics.elastic_ip.address": "203.0.113.20"})
    assert [item.id for item in by_join.items] == [vm.id]
    by_vm = await town.call("elastic_ip.list", vm_id=vm.id)
    assert [item.id for item in by_vm.items] == [taken.id]


async def test_an_address_is_given_once_and_comes_back(town: Town) -> None:
    chosen = await town.take(address="203.0.113.22")
    for address, code in (
        ("203.0.113.22", "network.address_taken"),
        ("203.0.113.99", "network.address_not_offered"),
        ("203.0.113.x", "network.bad_address"),
    ):
        with pytest.raises(ApiError) as caught:
            await town.take(address=address)
        assert (caught.value.code, caught.value.field) == (code, "address")
    before = await town.free()
    answers = await asyncio.gather(
        *(town.take(f"e{number}") for number in range(8)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(answers) - len(refused) == before
    assert {answer.code for answer in refused if isinstance(answer, NoResources)} == {
        "network.no_address"
    }
    with pytest.raises(NoResources):
        await town.machine("late", network_id=town.public_id)
    await town.call("elastic_ip.delete", id=chosen.id)
    assert (await town.take("again")).address == "203.0.113.22"


async def test_a_network_with_elastic_ips_stays(town: Town) -> None:
    await town.take("kept")
    with pytest.raises(Conflict) as caught:
        await town.call("network.delete", id=town.public_id)
    assert caught.value.code == "resource.in_use"
    assert caught.value.params["users"] == "elastic_ip"
    shown = await town.call("network.addresses", id=town.public_id)
    assert ("203.0.113.20", "elastic_ip", "kept") in {
        (item.address, item.use, item.elastic_ip_name) for item in shown.items
    }


async def test_what_cannot_be_is_refused_and_changes_nothing(town: Town) -> None:
    private_id = town.lab.cloud.network_ids[0]
    with pytest.raises(InvalidInput) as caught:
        await town.call("elastic_ip.create", name="x", network_id=private_id)
    assert caught.value.code == "elastic_ip.not_public"
    taken, other = await town.take("a"), await town.take("b")
    wired = await town.machine("wired", network_id=town.public_id)
    for vm_id, kind, code in (
        (wired.id, InvalidInput, "elastic_ip.no_private_nic"),
        (new_id(), InvalidInput, "resource.not_found"),
    ):
        with pytest.raises(kind) as caught:
            await town.call("elastic_ip.bind", id=taken.id, vm_id=vm_id)
        assert (caught.value.code, caught.value.field) == (code, "vm_id")
    vm = await town.machine("one")
    await town.call("elastic_ip.bind", id=taken.id, vm_id=vm.id)
    with pytest.raises(Conflict) as caught:
        await town.call("elastic_ip.bind", id=other.id, vm_id=vm.id)
    assert caught.value.code == "elastic_ip.vm_has_one"
    assert (await town.call("elastic_ip.bind", id=taken.id, vm_id=vm.id)).vm_id == vm.id
    assert (await town.call("elastic_ip.get", id=other.id)).vm_id is None
    with pytest.raises(NotFound):
        await town.call("elastic_ip.unbind", id=new_id())


async def test_a_create_that_is_repeated_takes_one_address(town: Town) -> None:
    ref = new_id()
    first = await town.take("same", id=ref)
    assert (await town.take("same", id=ref)).address == first.address
    with pytest.raises(Conflict):
        await town.take("else", id=ref)
    assert await town.free() == 3  # of five; one is the network's own


async def test_tenants_have_their_own_within_their_quota(town: Town) -> None:
    account = await town.call(
        "account.create", name="acme", kind="tenant", password="Correct-horse-9"
    )
    tenant = town.lab.service.another(town.client)
    await tenant.login("acme", "Correct-horse-9")
    try:
        with pytest.raises(ApiError):  # the network is not shared
            await tenant.call("elastic_ip.create", name="x", network_id=town.public_id)
        share = await town.call(
            "share.create", kind="network", resource_id=town.public_id, account_id=account.id
        )
        await town.call("quota.update", id=account.id, name="elastic_ip", value=1)
        mine = await tenant.call("elastic_ip.create", name="mine", network_id=town.public_id)
        with pytest.raises(NoResources) as caught:
            await tenant.call("elastic_ip.create", name="more", network_id=town.public_id)
        assert caught.value.params["quota"] == "elastic_ip"
        vm = await town.machine("foreign")
        with pytest.raises(ApiError) as hidden:
            await tenant.call("elastic_ip.bind", id=mine.id, vm_id=vm.id)
        assert hidden.value.code == "resource.not_found"
        with pytest.raises(InvalidInput) as other:
            await town.call("elastic_ip.bind", id=mine.id, vm_id=vm.id)
        assert other.value.code == "elastic_ip.other_owner"
        theirs = await town.take("theirs")
        assert [item.id for item in (await tenant.call("elastic_ip.list")).items] == [mine.id]
        await town.call("elastic_ip.bind", id=theirs.id, vm_id=vm.id)
        own = await town.machine("own", owner_id=account.id)
        traced = await tenant.call("vm.trace", id=own.id, port=80, to_address=theirs.address)
        assert traced.steps[-1].code == "trace.foreign"
        assert "foreign" not in str(traced.steps[-1].params)
        assert await town.lab.on_all("vm.destroy", [own.id]) == []
        assert await town.lab.on_all("vm.expunge", [own.id]) == []
        with pytest.raises(NotFound):
            await tenant.call("elastic_ip.delete", id=theirs.id)
        with pytest.raises(Conflict):
            await town.call("account.delete", id=account.id)
        await tenant.call("elastic_ip.delete", id=mine.id)
        await town.call("share.delete", id=share.id)
        await town.call("account.delete", id=account.id)
    finally:
        await tenant.close()


async def test_a_trace_follows_a_packet_through_an_elastic_ip(town: Town) -> None:
    group = await town.call("security_group.create", name="web")
    hosts = [host.id for host in town.lab.fleet.hosts[:2]]
    near = await town.machine("near", host_id=hosts[0])
    web = await town.machine("web", host_id=hosts[1], security_group_ids=[group.id])
    taken, other = await town.take("one"), await town.take("two")

    async def trace() -> list[tuple[str, bool]]:
        found = await town.call("vm.trace", id=near.id, port=80, to_address=taken.address)
        return [(step.code, step.is_passed) for step in found.steps]

    assert (await trace())[-1] == ("trace.elastic_free", False)
    await town.call("elastic_ip.bind", id=taken.id, vm_id=web.id)
    assert (await trace())[-2:] == [("trace.elastic", True), ("trace.no_rule_in", False)]
    # The rule is for whom the machine sees: the elastic IP of the one that asks.
    await town.call("elastic_ip.bind", id=other.id, vm_id=near.id)
    rule = {"direction": "in", "protocol": "tcp", "port_first": 80}
    cidr = f"{other.address}/32"
    await town.call("security_rule.create", security_group_id=group.id, cidr=cidr, **rule)
    assert (await trace())[-2:] == [("trace.allowed_in", True), ("trace.reached", True)]
    await town.call("elastic_ip.unbind", id=other.id)
    assert (await trace())[-1] == ("trace.no_rule_in", False)
    assert await town.lab.on_all("vm.destroy", [web.id]) == []
    assert await town.lab.on_all("vm.expunge", [web.id]) == []
    await town.call("security_group.delete", id=group.id)


async def test_it_goes_with_a_machine_that_moves(town: Town) -> None:
    """The host that it goes to knows of it before it is that host's."""
    taken, vm = await town.take(), await town.machine("traveller")
    await town.call("elastic_ip.bind", id=taken.id, vm_id=vm.id)
    await town.until_told(_20=(vm.host_id, vm.nics[0].id))
    target = next(host for host in town.lab.fleet.hosts if host.id != vm.host_id)
    town.lab.fleet[vm.host_id].state.migrations.seconds = 1.0
    accepted = await town.call("vm.migrate", id=vm.id, host_id=target.id)
    await town.lab.until(lambda: target.state.document.coming_addresses != [], 5)
    (coming,) = target.state.document.coming_addresses
    assert (coming.address, coming.nic_id) == ("203.0.113.20", vm.nics[0].id)
    assert town.told() == {"203.0.113.20": (vm.host_id, vm.nics[0].id)}
    assert await town.lab.ended(accepted) == []
    await town.until_told(_20=(target.id, vm.nics[0].id))
    assert all(host.state.document.coming_addresses == [] for host in town.lab.fleet.hosts)
