"""How networks look to clients."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from ipaddress import IPv6Address

from appliance.engine import ledger
from appliance.protocol.networks import NetworkService
from appliance.protocol.resources import AddressRange, Network, State
from appliance.services.networks.addresses import text_of
from appliance.services.networks.models import Ipv6RangeRow, NetworkRow, RangeRow, ReservedRow
from appliance.services.networks.offers import services_of
from appliance.store.fields import database, when


def render_networks(rows: Sequence[NetworkRow]) -> list[Network]:
    """Network rows as clients see them, with their ranges and how full they are."""
    ids = [row.id for row in rows]
    ranges, reserved = _ranges(RangeRow, ids), _ranges(ReservedRow, ids)
    usage = ledger.usage("address", ids)
    clusters, services, ipv6 = _clusters(ids), services_of(ids), _ipv6_ranges(ids)
    return [
        _render(
            row,
            clusters[row.id],
            ranges[row.id],
            reserved[row.id],
            ipv6[row.id],
            services[row.id],
            usage[row.id],
        )
        for row in rows
    ]


def _ipv6_ranges(ids: Sequence[str]) -> dict[str, list[AddressRange]]:
    found: dict[str, list[AddressRange]] = defaultdict(list)
    for item in Ipv6RangeRow.select().where(Ipv6RangeRow.network.in_(ids)):
        shown = AddressRange(id=item.id, first=item.first, last=item.last)
        found[item.network_id].append(shown)
    for ranges in found.values():
        ranges.sort(key=lambda one: IPv6Address(one.first))
    return found


def _clusters(ids: Sequence[str]) -> dict[str, list[str]]:
    """The clusters of networks by their ids, the first one first."""
    found: dict[str, list[str]] = defaultdict(list)
    marks = ",".join("?" * len(ids))
    rows = database.execute_sql(_CLUSTERS.format(marks=marks), tuple(ids))
    for network_id, cluster_id in rows:
        found[network_id].append(cluster_id)
    return found


_CLUSTERS = """
    SELECT c.network_id, c.cluster_id FROM network_cluster c JOIN network n ON n.id = c.network_id
    WHERE c.network_id IN ({marks}) AND NOT c.is_leaving
    ORDER BY c.cluster_id != n.cluster_id, c.cluster_id
"""


def _ranges(
    model: type[RangeRow | ReservedRow], ids: Sequence[str]
) -> dict[str, list[AddressRange]]:
    """The ranges of networks by their ids."""
    found: dict[str, list[AddressRange]] = defaultdict(list)
    for item in model.select().where(model.network.in_(ids)).order_by(model.first):
        shown = AddressRange(id=item.id, first=text_of(item.first), last=text_of(item.last))
        found[item.network_id].append(shown)
    return found


def _render(
    row: NetworkRow,
    cluster_ids: list[str],
    ranges: list[AddressRange],
    reserved: list[AddressRange],
    ipv6_ranges: list[AddressRange],
    services: list[NetworkService],
    usage: ledger.Usage,
) -> Network:
    return Network(
        id=row.id,
        name=row.name,
        description=row.description,
        zone_id=row.cluster.zone_id,
        cluster_id=row.cluster_id,
        cluster_ids=cluster_ids,
        kind=row.kind,
        physical_interface=row.physical_interface,
        vlan_id=row.vlan_id,
        vxlan_pool_id=row.vxlan_pool_id,
        vni=row.vni,
        cidr=row.cidr,
        gateway=row.gateway,
        dns=row.dns,
        domain=row.domain,
        mtu=row.mtu,
        host_routes=row.host_routes,
        ranges=ranges,
        reserved=reserved,
        allocation=row.allocation,
        services=services,
        ipv6_mode=row.ipv6_mode,
        ipv6_cidr=row.ipv6_cidr,
        ipv6_gateway=row.ipv6_gateway,
        ipv6_ranges=ipv6_ranges,
        dhcp_address=row.dhcp_address,
        addresses_total=usage.capacity,
        addresses_used=usage.claimed,
        state=State(row.state),
        owner_id=row.owner_id,
        created_at=when(row.created_at),
    )
