"""What a network tells its machines by DHCP: DNS servers, domain, and routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from msgspec import UNSET

from appliance.protocol.errors import InvalidInput
from appliance.protocol.networks import HostRoute
from appliance.protocol.requests import NetworkUpdate, RouteSpec
from appliance.services.networks.addresses import (
    check_dns,
    check_domain,
    is_reserved,
    parse_address,
    text_of,
)
from appliance.services.networks.clusters import hosts_of_network
from appliance.services.networks.models import NetworkRow
from appliance.store.database import Transaction

FIELD = "host_routes"


def check_routes(network: IPv4Network, routes: Sequence[RouteSpec]) -> list[HostRoute]:
    """Routes as canonical texts.

    Raises InvalidInput for destinations that are none or inside `network` itself, for two ways to
    one destination, and for next hops that a machine of `network` could not reach.
    """
    found: dict[IPv4Network, HostRoute] = {}
    for route in routes:
        destination = _destination(route.destination)
        if destination.overlaps(network):
            raise InvalidInput(
                "network.route_inside",
                field=FIELD,
                destination=str(destination),
                cidr=str(network),
            )
        if destination in found:
            raise InvalidInput("network.route_twice", field=FIELD, destination=str(destination))
        hop = parse_address(route.next_hop, field=FIELD)
        if not int(network.network_address) < hop < int(network.broadcast_address):
            raise InvalidInput(
                "network.hop_outside", field=FIELD, value=text_of(hop), cidr=str(network)
            )
        found[destination] = HostRoute(destination=str(destination), next_hop=text_of(hop))
    return list(found.values())


def _destination(text: str) -> IPv4Network:
    try:
        network = IPv4Network(text.strip())
    except (AddressValueError, NetmaskValueError, ValueError):
        raise InvalidInput("network.bad_route", field=FIELD, value=text) from None
    if is_reserved(network) or not network.prefixlen:
        raise InvalidInput("network.bad_route", field=FIELD, value=text)
    return network


def changer(
    bring: Callable[[str], None],
) -> Callable[[Transaction, NetworkRow, NetworkUpdate], None]:
    """What `network.update` changes beside name and description.

    `bring` has a host follow what the database says.
    """

    def change(tx: Transaction, row: NetworkRow, request: NetworkUpdate) -> None:
        if request.dns is not UNSET:
            row.dns = check_dns(request.dns, ipv6=row.ipv6_mode != "none")
        if request.domain is not UNSET:
            row.domain = check_domain(request.domain)
        if request.host_routes is not UNSET:
            row.host_routes = check_routes(IPv4Network(row.cidr), request.host_routes)
        if (request.dns, request.domain, request.host_routes) != (UNSET, UNSET, UNSET):
            for host_id in hosts_of_network(row.id):
                tx.on_commit(partial(bring, host_id))

    return change
