"""The IPv6 part of networks: given, changed and taken away while machines run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from ipaddress import IPv6Address
from typing import Any

from msgspec import UNSET

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict
from appliance.protocol.ids import new_id
from appliance.protocol.requests import NetworkSetIpv6, RangeSpec
from appliance.services.common import find
from appliance.services.firewall.telling import tell_hosts
from appliance.services.networks.addresses6 import (
    Ipv6Plan,
    Wish,
    check_ipv6,
    check_overlap6,
    check_own_addresses6,
    text6,
)
from appliance.services.networks.allocation6 import claim_address6
from appliance.services.networks.clusters import clusters_of, hosts_of_network
from appliance.services.networks.conflicts import Machine, machines_of, own_addresses
from appliance.services.networks.documents import Documents
from appliance.services.networks.models import Ipv6RangeRow, NetworkRow, NicRow
from appliance.services.parts import Parts
from appliance.store.database import Transaction
from appliance.store.fields import database, tuples
from appliance.store.rows import save_changes

USERS_NAMED = 5


def install(parts: Parts, documents: Documents) -> None:
    """Bind `network.set_ipv6`."""

    async def change(call: Call, request: NetworkSetIpv6) -> Any:
        def write(tx: Transaction) -> Any:
            network = find(NetworkRow, call.target, "network")
            plan = _changed_plan(network, request)
            if plan is None:
                _refuse_servers(network)
            else:
                for cluster_id in clusters_of(network.id):
                    refuse_conflicts6(plan, network.kind, machines_of(cluster_id), network.id)
                _refuse_left_out(network, plan)
            for name, value in columns_of(plan).items():
                setattr(network, name, value)
            save_changes(tx, network)
            write_ipv6_ranges(network.id, plan)
            _readdress(tx, network, documents)
            tx.touch("network", network.id)
            for host_id in hosts_of_network(network.id):
                tx.on_commit(partial(documents.soon, host_id))
            return parts.store.kinds.render_one("network", network.id)

        return await parts.store.write(write)

    parts.registry.bind("network.set_ipv6", change)


def wished(request: q.NetworkCreate) -> Wish:
    """The IPv6 part of a new network, as it is asked for."""
    return Wish(
        request.ipv6_mode, request.ipv6_cidr, request.ipv6_gateway, tuple(request.ipv6_ranges)
    )


def columns_of(plan: Ipv6Plan | None) -> dict[str, str]:
    """A network's columns for its IPv6 part."""
    if plan is None:
        names = ("ipv6_cidr", "ipv6_gateway", "ipv6_service_address")
        return {"ipv6_mode": "none"} | dict.fromkeys(names, "")
    return {
        "ipv6_mode": plan.mode,
        "ipv6_cidr": str(plan.network),
        "ipv6_gateway": "" if plan.gateway is None else text6(plan.gateway),
        "ipv6_service_address": text6(plan.service_address),
    }


def write_ipv6_ranges(network_id: str, plan: Ipv6Plan | None) -> None:
    """Write down what a network gives out; ranges that stay keep their ids and their place."""
    there = set(_spans_of(network_id))
    wanted = {(text6(first), text6(last)) for first, last in (plan.spans if plan else ())}
    for first, last in there - wanted:
        Ipv6RangeRow.delete().where(
            Ipv6RangeRow.network == network_id,
            Ipv6RangeRow.first == first,
            Ipv6RangeRow.last == last,
        ).execute()
    for first, last in sorted(wanted - there):
        Ipv6RangeRow.create(id=new_id(), network=network_id, first=first, last=last, next=first)


def refuse_conflicts6(
    plan: Ipv6Plan, kind: str, machines: Sequence[Machine], network_id: str
) -> None:
    """Raises Conflict if other networks or hosts' own addresses are in the way of `plan`."""
    others = NetworkRow.select(NetworkRow.name, NetworkRow.ipv6_cidr).where(
        NetworkRow.ipv6_cidr != "", NetworkRow.id != network_id
    )
    check_overlap6(plan.network, tuples(others))
    check_own_addresses6(plan, kind, own_addresses(machines))


def _changed_plan(network: NetworkRow, request: NetworkSetIpv6) -> Ipv6Plan | None:
    """What a network would be like; raises InvalidInput.

    What is left out stays, as long as it goes with what is asked for: another mode or prefix
    brings its own gateway and ranges.
    """
    mode = network.ipv6_mode if request.ipv6_mode is UNSET else request.ipv6_mode
    cidr = network.ipv6_cidr if request.ipv6_cidr is UNSET else request.ipv6_cidr
    is_kept = (mode, cidr) == (network.ipv6_mode, network.ipv6_cidr)
    gateway, ranges = request.ipv6_gateway, request.ipv6_ranges
    if mode == "none":
        cidr = "" if request.ipv6_cidr is UNSET else cidr
        is_kept = False
    if gateway is UNSET:
        gateway = network.ipv6_gateway if is_kept else ""
    if ranges is UNSET:
        spans = _spans_of(network.id) if is_kept else []
        ranges = [RangeSpec(first=first, last=last) for first, last in spans]
    return check_ipv6(
        Wish(mode, cidr, gateway, tuple(ranges)),
        network_id=network.id,
        kind=network.kind,
        mtu=network.mtu,
        service_address=network.ipv6_service_address if is_kept else "",
    )


def _spans_of(network_id: str) -> list[tuple[str, str]]:
    rows = Ipv6RangeRow.select(Ipv6RangeRow.first, Ipv6RangeRow.last)
    return tuples(rows.where(Ipv6RangeRow.network == network_id))


def _refuse_servers(network: NetworkRow) -> None:
    """Machines without IPv6 could not ask DNS servers by it."""
    servers = [server for server in network.dns if ":" in server]
    if servers:
        raise Conflict("network.ipv6_dns_left", field="ipv6_mode", servers=", ".join(servers))


def _refuse_left_out(network: NetworkRow, plan: Ipv6Plan) -> None:
    """Raises Conflict if somebody has an address that could not be kept."""
    users = database.execute_sql(
        "SELECT n.ipv6_address, v.name FROM nic n JOIN vm v ON v.id = n.vm_id "
        "WHERE n.network_id = ? AND n.ipv6_address IS NOT NULL ORDER BY n.id",
        (network.id,),
    ).fetchall()
    if not users:
        return
    if (plan.mode, str(plan.network)) != (network.ipv6_mode, network.ipv6_cidr):
        raise Conflict("network.ipv6_used", field="ipv6_cidr", name=network.name, count=len(users))
    left_out = [user for user in users if not plan.offers(int(IPv6Address(user[0])))]
    if left_out:
        named = [f"{address} ({name})" for address, name in left_out[:USERS_NAMED]]
        raise Conflict(
            "network.range_used",
            field="ipv6_ranges",
            count=len(left_out),
            users=", ".join(named) + " …" * (len(left_out) > USERS_NAMED),
        )


def _readdress(tx: Transaction, network: NetworkRow, documents: Documents) -> None:
    """Give NICs the addresses that they lack, or take them away; within a write."""
    if network.ipv6_mode == "none":
        changed = NicRow.select().where(
            NicRow.network == network.id, NicRow.ipv6_address.is_null(False)
        )
    else:
        changed = NicRow.select().where(NicRow.network == network.id, NicRow.ipv6_address.is_null())
    nics = list(changed.order_by(NicRow.id))
    for nic in nics:
        address = claim_address6(tx, network, nic.mac)
        tx.execute("UPDATE nic SET ipv6_address = ? WHERE id = ?", address, nic.id)
    for vm_id in sorted({nic.vm_id for nic in nics}):
        tx.touch("vm", vm_id)
    groups = database.execute_sql(
        "SELECT DISTINCT m.security_group_id FROM nic_security_group m "
        "JOIN nic n ON n.id = m.nic_id WHERE n.network_id = ?",
        (network.id,),
    )
    if nics:  # members of groups have other addresses now
        tell_hosts(tx, documents, {group_id for (group_id,) in groups})
