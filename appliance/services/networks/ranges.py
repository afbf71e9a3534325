"""Which addresses a network gives out, holds back, and in which order; changed while it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from appliance.engine import ledger
from appliance.engine.calls import Call
from appliance.protocol.errors import Conflict
from appliance.protocol.ids import new_id
from appliance.protocol.requests import NetworkSetRanges, RangeSpec
from appliance.services.common import find
from appliance.services.networks.addresses import (
    Plan,
    Span,
    check_own_addresses,
    check_plan,
    covers,
    text_of,
)
from appliance.services.networks.clusters import clusters_of
from appliance.services.networks.conflicts import machines_of, own_addresses
from appliance.services.networks.models import NetworkRow, RangeRow, ReservedRow, spans_of
from appliance.services.parts import Parts
from appliance.store.database import Transaction
from appliance.store.fields import database
from appliance.store.rows import save_changes

USERS_NAMED = 5


def install(parts: Parts) -> None:
    """Bind `network.set_ranges`."""

    async def change(call: Call, request: NetworkSetRanges) -> Any:
        def write(tx: Transaction) -> Any:
            row = find(NetworkRow, call.target, "network")
            plan = _plan_of(row, request)
            _refuse_left_out(row.id, plan)
            for cluster_id in clusters_of(row.id):
                check_own_addresses(plan.offered, own_addresses(machines_of(cluster_id)))
            if request.allocation is not UNSET:
                row.allocation = request.allocation
                save_changes(tx, row)
            write_ranges(tx, row.id, plan)
            tx.touch("network", row.id)
            return parts.store.kinds.render_one("network", row.id)

        return await parts.store.write(write)

    parts.registry.bind("network.set_ranges", change)


def write_ranges(tx: Transaction, network_id: str, plan: Plan) -> None:
    """Write down what a network gives out and holds back; ranges that stay keep their ids."""
    _replace(RangeRow, network_id, plan.spans)
    _replace(ReservedRow, network_id, plan.reserved)
    # What was held back may be free now: all is looked through again.
    RangeRow.update(next_free=RangeRow.first, next_new=RangeRow.first).where(
        RangeRow.network == network_id
    ).execute()
    ledger.set_capacity(tx, network_id, "address", plan.capacity)


def _replace(model: type[RangeRow | ReservedRow], network_id: str, wanted: Sequence[Span]) -> None:
    there = set(spans_of(model, network_id))
    for first, last in there - set(wanted):
        model.delete().where(
            model.network == network_id, model.first == first, model.last == last
        ).execute()
    marks = {"next_free": 0, "next_new": 0} if model is RangeRow else {}
    for first, last in sorted(set(wanted) - there):
        model.create(id=new_id(), network=network_id, first=first, last=last, **marks)


def _plan_of(row: NetworkRow, request: NetworkSetRanges) -> Plan:
    """What a network would be like; raises InvalidInput."""
    ranges = _specs(RangeRow, row.id) if request.ranges is UNSET else request.ranges
    reserved = _specs(ReservedRow, row.id) if request.reserved is UNSET else request.reserved
    return check_plan(
        row.cidr,
        row.gateway,
        ranges,
        reserved,
        kind=row.kind,
        dhcp_address=row.dhcp_address,
    )


def _specs(model: type[RangeRow | ReservedRow], network_id: str) -> list[RangeSpec]:
    spans = spans_of(model, network_id)
    return [RangeSpec(first=text_of(first), last=text_of(last)) for first, last in spans]


def _refuse_left_out(network_id: str, plan: Plan) -> None:
    """Raises Conflict if somebody has an address that would not be given out any more."""
    left_out = [one for one in _users(network_id) if not covers(plan.offered, one[0])]
    if not left_out:
        return
    is_reserved = covers(plan.spans, left_out[0][0])
    named = [f"{text_of(number)} ({name})" for number, name in left_out[:USERS_NAMED]]
    raise Conflict(
        "network.range_used",
        field="reserved" if is_reserved else "ranges",
        count=len(left_out),
        users=", ".join(named) + " …" * (len(left_out) > USERS_NAMED),
    )


def _users(network_id: str) -> list[tuple[int, str]]:
    """The addresses of machines and elastic IPs, and their names."""
    cursor = database.execute_sql(
        "SELECT n.address, v.name FROM nic n JOIN vm v ON v.id = n.vm_id WHERE n.network_id = ? "
        "UNION ALL SELECT address, name FROM elastic_ip WHERE network_id = ? ORDER BY 1",
        (network_id, network_id),
    )
    return cursor.fetchall()
