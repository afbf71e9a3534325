"""Security groups through the API: what hosts are told, at once, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from appliance.protocol.errors import ApiError, Conflict, InvalidInput
from appliance.protocol.ids import new_id
from appliance.protocol.security import SecurityGroup
from hostagent.protocol.firewall import SecurityGroupSpec
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def firewall(lab: Lab) -> AsyncIterator[Lab]:
    yield lab
    await lab.remove_all()
    async for group in lab.client.iterate("security_group.list"):
        if not group.is_default:
            await lab.client.call("security_group.delete", id=group.id)
    await lab.assert_clean()
    assert not any(host.state.document.security_groups for host in lab.fleet.hosts)


async def _group(lab: Lab, name: str = "web") -> str:
    return (await lab.client.call("security_group.create", name=name)).id


async def _rule(lab: Lab, group_id: str, **fields: Any) -> str:
    values = {"direction": "in", "protocol": "tcp", "port_first": 80} | fields
    return (await lab.client.call("security_rule.create", security_group_id=group_id, **values)).id


def told(lab: Lab, host_id: str) -> dict[str, SecurityGroupSpec]:
    """The groups in a host's document."""
    (host,) = [host for host in lab.fleet.hosts if host.id == host_id]
    return {group.id: group for group in host.state.document.security_groups}


def ports_in(lab: Lab, group_id: str) -> int:
    """How many ports on all hosts are in a group."""
    return sum(
        group_id in port.security_group_ids
        for host in lab.fleet.hosts
        for network in host.state.document.networks
        for port in network.ports
    )


async def _machine(lab: Lab, name: str, **fields: Any) -> Any:
    accepted = await lab.create(name, **fields)
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


async def test_hosts_hear_of_rules_at_once(firewall: Lab) -> None:
    group_id = await _group(firewall)
    vm = await _machine(firewall, "one", security_group_ids=[group_id])
    assert vm.nics[0].security_group_ids == [group_id]
    assert ports_in(firewall, group_id) == 1
    assert told(firewall, vm.host_id)[group_id].rules == []
    rule_id = await _rule(firewall, group_id, port_last=90, cidr="10.1.0.0/16")
    await firewall.until(lambda: bool(told(firewall, vm.host_id)[group_id].rules), 5)
    (rule,) = told(firewall, vm.host_id)[group_id].rules
    assert (rule.id, rule.ports, rule.cidr, rule.action) == (
        *(rule_id, (80, 90)),
        *("10.1.0.0/16", "allow"),
    )
    await firewall.client.call("security_rule.update", id=rule_id, is_enabled=False)
    await firewall.until(lambda: not told(firewall, vm.host_id)[group_id].rules, 5)
    await firewall.client.call("security_rule.update", id=rule_id, is_enabled=True, port_last=81)
    await firewall.until(lambda: bool(told(firewall, vm.host_id)[group_id].rules), 5)
    assert told(firewall, vm.host_id)[group_id].rules[0].ports == (80, 81)
    await firewall.client.call("security_rule.delete", id=rule_id)
    await firewall.until(lambda: not told(firewall, vm.host_id)[group_id].rules, 5)


async def test_a_machine_is_let_go_from_anti_spoofing_and_held_again(firewall: Lab) -> None:
    vm = await _machine(firewall, "router")

    def held() -> list[bool]:
        return [
            port.anti_spoofing
            for host in firewall.fleet.hosts
            for network in host.state.document.networks
            for port in network.ports
            if port.vm_id == vm.id
        ]

    assert held() == [True]
    for is_enabled in (False, True):
        shown = await firewall.client.call("vm.set_anti_spoofing", id=vm.id, is_enabled=is_enabled)
        assert [nic.anti_spoofing for nic in shown.nics] == [is_enabled]
        await firewall.until(lambda wanted=is_enabled: held() == [wanted], 5)


async def test_members_elsewhere_are_known_while_they_are(firewall: Lab) -> None:
    web, data = await _group(firewall), await _group(firewall, "data")
    await _rule(firewall, data, peer_group_id=web)
    hosts = [host.id for host in firewall.fleet.hosts[:2]]
    store = await _machine(firewall, "store", security_group_ids=[data], host_id=hosts[0])
    front = await _machine(firewall, "front", security_group_ids=[web], host_id=hosts[1])

    def members() -> list[str]:
        spec = told(firewall, store.host_id)[web]
        assert spec.member_addresses == []
        return spec.private_members.get(front.nics[0].network_id, [])

    await firewall.until(lambda: members() == [front.nics[0].address], 5)
    await firewall.client.call("vm.set_security_groups", id=front.id, security_group_ids=[])
    await firewall.until(lambda: members() == [], 5)
    assert ports_in(firewall, web) == 0
    await firewall.client.call("vm.set_security_groups", id=front.id, security_group_ids=[web])
    await firewall.until(lambda: members() == [front.nics[0].address], 5)
    assert await firewall.on_all("vm.destroy", [front.id]) == []
    assert await firewall.on_all("vm.expunge", [front.id]) == []
    await firewall.until(lambda: members() == [], 5)


async def test_a_group_in_use_stays_and_the_default_one_always(firewall: Lab) -> None:
    group_id = await _group(firewall)
    await _machine(firewall, "one", security_group_ids=[group_id])
    with pytest.raises(Conflict) as caught:
        await firewall.client.call("security_group.delete", id=group_id)
    assert caught.value.code == "resource.in_use"
    groups: list[SecurityGroup] = [
        group async for group in firewall.client.iterate("security_group.list")
    ]
    (default,) = [group for group in groups if group.is_default]
    directions = [(rule.direction, rule.cidr, rule.peer_group_id) for rule in default.rules]
    assert sorted(directions, key=str) == [
        ("in", "", default.id),
        ("out", "0.0.0.0/0", None),
        ("out", "::/0", None),
    ]
    with pytest.raises(Conflict) as caught:
        await firewall.client.call("security_group.delete", id=default.id)
    assert caught.value.code == "security.default_stays"


async def test_a_deleted_group_takes_the_rules_along_that_name_it(firewall: Lab) -> None:
    web, data = await _group(firewall), await _group(firewall, "data")
    await _rule(firewall, data, peer_group_id=web)
    vm = await _machine(firewall, "store", security_group_ids=[data])
    assert set(told(firewall, vm.host_id)) == {web, data}
    await firewall.client.call("security_group.delete", id=web)
    await firewall.until(lambda: set(told(firewall, vm.host_id)) == {data}, 5)
    assert (await firewall.client.call("security_group.get", id=data)).rules == []


async def test_the_setting_puts_new_machines_into_the_default_group(firewall: Lab) -> None:
    name = "security_group.new_machines"
    await firewall.client.call("setting.change", name=name, value="default")
    try:
        vm = await _machine(firewall, "one")
        (group_id,) = vm.nics[0].security_group_ids
        assert (await firewall.client.call("security_group.get", id=group_id)).is_default
        open_vm = await _machine(firewall, "two", security_group_ids=[])
        assert open_vm.nics[0].security_group_ids == []
    finally:
        await firewall.client.call("setting.reset", name=name)


BAD = [
    ({"protocol": "icmp", "port_first": 80}, "port_first", "security.ports_need_protocol"),
    ({"port_first": 90, "port_last": 80}, "port_last", "security.ports_reversed"),
    ({"port_first": None, "port_last": 80}, "port_first", "security.first_port_missing"),
    ({"cidr": "10.0.0.1/8"}, "cidr", "security.bad_cidr"),
    ({"cidr": "everybody"}, "cidr", "security.bad_cidr"),
    ({"icmp_type": 8}, "icmp_type", "security.types_need_icmp"),
    (
        {"protocol": "icmp", "port_first": None, "icmp_code": 1},
        "icmp_type",
        "security.type_missing",
    ),
    (
        {"protocol": "icmpv6", "port_first": None, "cidr": "10.0.0.0/8"},
        "cidr",
        "security.wrong_family",
    ),
    ({"peer_group_id": new_id()}, "peer_group_id", "resource.not_found"),
]


@pytest.mark.parametrize(("fields", "field", "code"), BAD)
async def test_bad_rules_are_refused(
    firewall: Lab, fields: dict[str, Any], field: str, code: str
) -> None:
    group_id = await _group(firewall)
    with pytest.raises(ApiError) as caught:
        await _rule(firewall, group_id, **fields)
    assert (caught.value.code, caught.value.field) == (code, field)
    rule_id = await _rule(firewall, group_id)
    if "peer_group_id" not in fields:
        with pytest.raises(InvalidInput):
            await firewall.client.call("security_rule.update", id=rule_id, **fields)
    group = await firewall.client.call("security_group.get", id=group_id)
    assert [rule.port_first for rule in group.rules] == [80], "nothing has changed"


async def test_a_trace_names_what_stops_a_packet(firewall: Lab) -> None:
    web = await _group(firewall)
    one = await _machine(firewall, "one")
    two = await _machine(firewall, "two", security_group_ids=[web])

    async def trace(port: int, **more: Any) -> list[tuple[str, bool]]:
        fields = {"to_vm_id": two.id} | more
        found = await firewall.client.call("vm.trace", id=one.id, port=port, **fields)
        assert found.is_reached == all(step.is_passed for step in found.steps)
        return [(step.code, step.is_passed) for step in found.steps]

    assert (await trace(80))[-1] == ("trace.no_rule_in", False)
    rule_id = await _rule(firewall, web)
    assert (await trace(80))[-2:] == [("trace.allowed_in", True), ("trace.reached", True)]
    by_address = await trace(80, to_vm_id=None, to_address=two.nics[0].address)
    assert by_address[-1] == ("trace.reached", True)
    await _rule(firewall, web, action="deny", cidr=one.nics[0].address)
    found = await firewall.client.call("vm.trace", id=one.id, port=80, to_vm_id=two.id)
    assert (found.steps[-1].code, found.steps[-1].security_group_id) == ("trace.denied_in", web)
    assert found.steps[-1].rule_id not in (None, rule_id)
    assert (await trace(443))[-1] == ("trace.no_rule_in", False)
    with pytest.raises(InvalidInput) as caught:
        await firewall.client.call("vm.trace", id=one.id, port=80)
    assert caught.value.field == "to_address"
