"""Why can't A reach B? Follows a packet through networks and security groups, by the very rules
that hosts are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import msgspec

from appliance.engine.calls import Call
from appliance.protocol import security as s
from appliance.protocol.errors import InvalidInput
from appliance.protocol.messages import sentence
from appliance.protocol.networks import PRIVATE_KINDS
from appliance.protocol.resources import VmState
from appliance.services.common import find
from appliance.services.compute.models import VmRow
from appliance.services.firewall.membership import specs
from appliance.services.firewall.models import SecurityGroupRow
from appliance.services.networks.addresses import text_of
from appliance.services.parts import Parts
from appliance.store.fields import database
from hostagent.protocol.firewall import Direction, Packet, SecurityGroupSpec, judge

ECHO_REQUEST, ECHO_REQUEST_6 = 8, 128


@dataclass(frozen=True)
class _Nic:
    """A NIC at one end of the way."""

    vm_name: str
    address: str
    network_id: str
    network_name: str
    cidr: str
    kind: str
    group_ids: list[str]
    is_running: bool
    owner_id: str
    cluster_id: str
    host_id: str | None
    elastic_address: str | None
    ipv6_address: str
    ipv6_cidr: str


@dataclass(frozen=True)
class _Goal:
    """Where the packet is to go: an address, and the NIC that has it if it is one of ours."""

    address: str
    nic: _Nic | None = None
    is_elastic: bool = False

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.address

    def own_address(self, nic: _Nic) -> str:
        """The address of a NIC that goes with this one; "" if it has no IPv6."""
        return nic.ipv6_address if self.is_ipv6 else nic.address


@dataclass
class _Way:
    """The steps so far; nothing follows one that is not passed."""

    steps: list[s.TraceStep] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return all(step.is_passed for step in self.steps)

    def add(self, code: str, *, passed: bool, **more: Any) -> None:
        if self.is_open:
            ids = {name: more.pop(name, None) for name in ("security_group_id", "rule_id")}
            params = {name: str(value) for name, value in more.items()}
            self.steps.append(
                s.TraceStep(
                    code=code,
                    is_passed=passed,
                    params=params,
                    message=sentence(code, params, "en"),
                    **ids,
                )
            )


class Trace:
    """The operation `vm.trace`."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        parts.registry.bind("vm.trace", self._trace)

    async def _trace(self, call: Call, request: s.VmTrace) -> s.TraceResult:
        await self._store.read(lambda: find(VmRow, call.target, "vm"))
        if (request.to_vm_id is None) == (not request.to_address):
            raise InvalidInput("trace.one_target", field="to_address")
        if (request.port is None) == (request.protocol != "icmp"):
            raise InvalidInput("trace.port", field="port", protocol=request.protocol)
        return await self._store.read(lambda: _follow(call, request))


def _follow(call: Call, request: s.VmTrace) -> s.TraceResult:
    source, goal = _ends(request, find(VmRow, call.target, "vm"))
    is_echo = request.protocol == "icmp"
    echo = ("icmpv6", ECHO_REQUEST_6) if goal.is_ipv6 else ("icmp", ECHO_REQUEST)
    packet = Packet(
        source=goal.own_address(source),
        destination=goal.address,
        protocol=echo[0] if is_echo else request.protocol,
        port=request.port,
        icmp_type=echo[1] if is_echo else None,
        icmp_code=0 if is_echo else None,
        network_id=source.network_id,
    )
    way = _Way()
    if not packet.source:
        way.add("trace.no_ipv6", passed=False, name=source.vm_name, network=source.network_name)
        return s.TraceResult(is_reached=False, steps=way.steps)
    _check_running(way, source)
    _check_groups(way, source, "out", packet)
    target = goal.nic
    if target is not None and not (call.caller.is_admin or _is_own(call, target)):
        way.add("trace.foreign", passed=False, address=goal.address)
        return s.TraceResult(is_reached=False, steps=way.steps)
    _check_route(way, source, goal)
    if target is not None:
        _check_running(way, target)
        seen_as = _seen_as(source, goal)
        seen = {"source": seen_as, "destination": goal.own_address(target)}
        if seen_as != goal.own_address(source):
            seen["network_id"] = ""
        _check_groups(way, target, "in", msgspec.structs.replace(packet, **seen))
    if way.is_open:
        way.add("trace.reached", passed=True, address=goal.address)
    return s.TraceResult(is_reached=way.is_open, steps=way.steps)


def _is_own(call: Call, nic: _Nic) -> bool:
    return nic.owner_id == call.caller.account_id


def _seen_as(source: _Nic, goal: _Goal) -> str:
    """Whom the other end sees: security groups are asked before the own host translates."""
    assert goal.nic is not None
    if (
        not goal.is_elastic
        or source.host_id == goal.nic.host_id
        or source.kind not in PRIVATE_KINDS
    ):
        return goal.own_address(source)
    if source.elastic_address is not None:
        return source.elastic_address
    row = database.execute_sql(
        "SELECT a.address FROM host h JOIN agent a ON a.id = h.agent_id WHERE h.id = ?",
        (source.host_id,),
    ).fetchone()
    return row[0] if row else source.address


def _ends(request: s.VmTrace, vm: VmRow) -> tuple[_Nic, _Goal]:
    """By which NIC the machine sends, and what is meant: a machine, an address of one of its
    networks, or an elastic one.
    """
    if request.to_vm_id is not None:
        other = find(VmRow, request.to_vm_id, "vm", field="to_vm_id")
        own, theirs = _shared(vm.id, other.id)
        nic = _nic_of(other, theirs)
        return _nic_of(vm, own), _Goal(nic.address, nic)
    try:
        address = ip_address(request.to_address.strip())
    except ValueError:
        raise InvalidInput(
            "network.bad_address", field="to_address", value=request.to_address
        ) from None
    beside, value = (_BESIDE, int(address)) if address.version == 4 else (_BESIDE6, str(address))
    row = database.execute_sql(beside, (vm.id, value)).fetchone()
    if row is not None:
        own, other_id, theirs = row
        return _nic_of(vm, own), _Goal(str(address), _nic_of(VmRow.get_by_id(other_id), theirs))
    source = _nic_of(vm, _way_to(vm.id, address))
    if address.version == 4:
        elastic = database.execute_sql(_ELASTIC, (source.cluster_id, int(address))).fetchone()
        if elastic is not None:
            other_id, theirs = elastic
            bound = None if theirs is None else _nic_of(VmRow.get_by_id(other_id), theirs)
            return source, _Goal(str(address), bound, is_elastic=True)
    return source, _Goal(str(address))


def _shared(vm_id: str, other_id: str) -> tuple[str | None, str | None]:
    """NICs of two machines in the same network, if they have any."""
    row = database.execute_sql(
        "SELECT a.id, b.id FROM nic a JOIN nic b ON b.network_id = a.network_id "
        "WHERE a.vm_id = ? AND b.vm_id = ? ORDER BY a.position, b.position LIMIT 1",
        (vm_id, other_id),
    ).fetchone()
    return (None, None) if row is None else (row[0], row[1])


def _way_to(vm_id: str, address: IPv4Address | IPv6Address) -> str | None:
    """The NIC in whose network an address is; None for the default one."""
    rows = database.execute_sql(
        "SELECT x.id, n.cidr, n.ipv6_cidr FROM nic x JOIN network n ON n.id = x.network_id "
        "WHERE x.vm_id = ? ORDER BY x.position",
        (vm_id,),
    )
    return next((ref for ref, *nets in rows if _is_in(address, nets)), None)


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[str]) -> bool:
    return any(address in ip_network(cidr) for cidr in networks if cidr)


_BESIDE = """
    SELECT a.id, b.vm_id, b.id FROM nic a JOIN nic b ON b.network_id = a.network_id
    WHERE a.vm_id = ? AND b.address = ? ORDER BY a.position LIMIT 1
"""
_BESIDE6 = """
    SELECT a.id, b.vm_id, b.id FROM nic a JOIN nic b ON b.network_id = a.network_id
    WHERE a.vm_id = ? AND b.ipv6_address = ? ORDER BY a.position LIMIT 1
"""
_ELASTIC = """
    SELECT x.vm_id, x.id FROM elastic_ip e JOIN network n ON n.id = e.network_id
    JOIN network_cluster c ON c.network_id = n.id
    LEFT JOIN nic x ON x.id = e.nic_id WHERE c.cluster_id = ? AND e.address = ?
"""


def _nic_of(vm: VmRow, nic_id: str | None = None) -> _Nic:
    """One of a machine's NICs, or its default one; raises InvalidInput if it has none."""
    row = database.execute_sql(
        "SELECT x.address, n.id, n.name, n.cidr, n.kind, x.id, e.address, x.ipv6_address, "
        "n.ipv6_cidr FROM nic x "
        "JOIN network n ON n.id = x.network_id LEFT JOIN elastic_ip e ON e.nic_id = x.id "
        "WHERE x.vm_id = ? AND x.id = coalesce(?, x.id) ORDER BY x.position LIMIT 1",
        (vm.id, nic_id),
    ).fetchone()
    if row is None:
        raise InvalidInput("trace.no_nic", field="id", name=vm.name)
    address, network_id, network, cidr, kind, nic_id, elastic, ipv6_address, ipv6_cidr = row
    groups = database.execute_sql(
        "SELECT security_group_id FROM nic_security_group WHERE nic_id = ?", (nic_id,)
    )
    return _Nic(
        vm_name=vm.name,
        address=text_of(address),
        network_id=network_id,
        network_name=network,
        cidr=cidr,
        kind=kind,
        group_ids=[group_id for (group_id,) in groups],
        is_running=vm.state in (VmState.RUNNING, VmState.REBOOTING, VmState.MIGRATING),
        owner_id=vm.owner_id,
        cluster_id=vm.cluster_id,
        host_id=vm.host_id,
        elastic_address=None if elastic is None else text_of(elastic),
        ipv6_address=ipv6_address or "",
        ipv6_cidr=ipv6_cidr,
    )


def _check_running(way: _Way, nic: _Nic) -> None:
    if not nic.is_running:
        way.add("trace.not_running", passed=False, name=nic.vm_name)


def _check_groups(way: _Way, nic: _Nic, direction: Direction, packet: Packet) -> None:
    """What the security groups of one end say."""
    if not nic.group_ids:
        way.add("trace.unfiltered", passed=True, name=nic.vm_name)
        return
    groups: dict[str, SecurityGroupSpec] = {spec.id: spec for spec in specs(nic.group_ids)}
    verdict = judge(nic.group_ids, groups, direction, packet)
    if not verdict.rule_id:
        names = ", ".join(sorted(_name(group_id) for group_id in nic.group_ids))
        way.add(f"trace.no_rule_{direction}", passed=False, name=nic.vm_name, groups=names)
        return
    way.add(
        f"trace.{'allowed' if verdict.allowed else 'denied'}_{direction}",
        passed=verdict.allowed,
        name=nic.vm_name,
        group=_name(verdict.group_id),
        security_group_id=verdict.group_id,
        rule_id=verdict.rule_id,
    )


def _check_route(way: _Way, source: _Nic, goal: _Goal) -> None:
    """How the packet gets from one network to the other."""
    target, address = goal.nic, goal.address
    if goal.is_elastic:
        name = target.vm_name if target else ""
        code = "trace.elastic" if target else "trace.elastic_free"
        way.add(code, passed=target is not None, address=address, name=name)
        return
    names = {"network": source.network_name, "address": address}
    inside = _is_in(ip_address(address), [source.cidr, source.ipv6_cidr])
    if target is not None and target.network_id == source.network_id:
        way.add("trace.same_network", passed=True, **names)
    elif target is None and inside:
        way.add("trace.nobody", passed=False, **names)
    elif target is not None and target.kind in PRIVATE_KINDS:
        way.add("trace.private", passed=False, other=target.network_name, **names)
    else:
        way.add("trace.gateway", passed=True, **names)


def _name(group_id: str) -> str:
    row = SecurityGroupRow.get_or_none(SecurityGroupRow.id == group_id)
    return group_id if row is None else row.name
