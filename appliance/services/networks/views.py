"""How networks look to clients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from appliance.engine import ledger
from appliance.protocol.resources import AddressRange, Network, State
from appliance.services.networks.addresses import text_of
from appliance.services.networks.models import NetworkRow, RangeRow
from appliance.store.fields import when


def render_networks(rows: Sequence[NetworkRow]) -> list[Network]:
    """Network rows as clients see them, with their ranges and how full they are."""
    ids = [row.id for row in rows]
    ranges: dict[str, list[RangeRow]] = defaultdict(list)
    for item in RangeRow.select().where(RangeRow.network.in_(ids)).order_by(RangeRow.first):
        ranges[item.network_id].append(item)
    usage = ledger.usage("address", ids)
    return [_render(row, ranges[row.id], usage[row.id]) for row in rows]


def _render(row: NetworkRow, ranges: list[RangeRow], usage: ledger.Usage) -> Network:
    return Network(
        id=row.id,
        name=row.name,
        description=row.description,
        zone_id=row.cluster.zone_id,
        cluster_id=row.cluster_id,
        kind=row.kind,
        physical_interface=row.physical_interface,
        cidr=row.cidr,
        gateway=row.gateway,
        dns=row.dns,
        domain=row.domain,
        mtu=row.mtu,
        ranges=[
            AddressRange(id=item.id, first=text_of(item.first), last=text_of(item.last))
            for item in ranges
        ],
        dhcp_address=row.dhcp_address,
        addresses_total=usage.capacity,
        addresses_used=usage.claimed,
        state=State(row.state),
        owner_id=row.owner_id,
        created_at=when(row.created_at),
    )
