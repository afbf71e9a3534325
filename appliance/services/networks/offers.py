"""What networks do for their machines, and who does it.

A network offers services; a provider delivers each of them. The host of a machine is the only
provider so far.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import partial
from ipaddress import IPv4Network
from typing import Any, get_args

from appliance.engine.calls import Call
from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.networks import PRIVATE_KINDS, NetworkService, Service
from appliance.protocol.requests import NetworkSetServices
from appliance.services.common import find
from appliance.services.networks.clusters import clusters_of, hosts_of_network
from appliance.services.networks.conflicts import networks_beside
from appliance.services.networks.documents import Documents
from appliance.services.networks.models import NetworkRow
from appliance.services.parts import Parts
from appliance.store.database import Transaction
from appliance.store.fields import database

ALL: tuple[Service, ...] = get_args(Service)
# Only where the host is the gateway it can translate addresses.
NEEDS_GATEWAY: frozenset[Service] = frozenset({"snat", "elastic_ip"})
PROVIDER = "host"


def install(parts: Parts, documents: Documents) -> None:
    """Bind `network.set_services`."""

    async def change(call: Call, request: NetworkSetServices) -> Any:
        def write(tx: Transaction) -> Any:
            network = find(NetworkRow, call.target, "network")
            wanted = chosen_services(network.kind, request.services)
            _refuse_in_use(tx, network, wanted)
            _refuse_shared_addresses(network, wanted)
            write_services(tx, network.id, wanted)
            tx.touch("network", network.id)
            for host_id in hosts_of_network(network.id):
                tx.on_commit(partial(documents.soon, host_id))
            return parts.store.kinds.render_one("network", network.id)

        return await parts.store.write(write)

    parts.registry.bind("network.set_services", change)


def chosen_services(kind: str, asked: Collection[Service] | None) -> list[Service]:
    """The services of a network: those asked for, or all that its kind can have.

    Raises InvalidInput for those that it cannot have.
    """
    is_private = kind in PRIVATE_KINDS
    possible: list[Service] = [one for one in ALL if is_private or one not in NEEDS_GATEWAY]
    if asked is None:
        return possible
    for service in asked:
        if service not in possible:
            raise InvalidInput("network.no_such_service", field="services", service=service)
    return [service for service in possible if service in asked]


def write_services(tx: Transaction, network_id: str, services: Sequence[Service]) -> None:
    """Write down what a network offers."""
    tx.execute("DELETE FROM network_service WHERE network_id = ?", network_id)
    for service in services:
        tx.execute(
            "INSERT INTO network_service (network_id, service, provider) VALUES (?, ?, ?)",
            *(network_id, service, PROVIDER),
        )


def services_of(network_ids: Sequence[str]) -> dict[str, list[NetworkService]]:
    """What networks offer, in a fixed order; within a read or write."""
    marks = ",".join("?" * len(network_ids))
    rows = database.execute_sql(
        f"SELECT network_id, service, provider FROM network_service WHERE network_id IN ({marks})",  # noqa: S608 marks only
        tuple(network_ids),
    )
    found: dict[str, list[NetworkService]] = defaultdict(list)
    for network_id, service, provider in rows:
        found[network_id].append(NetworkService(service=service, provider=provider))
    for services in found.values():
        services.sort(key=lambda one: ALL.index(one.service))
    return found


def offers(network_id: str, service: Service) -> bool:
    """Whether a network offers a service; within a read or write."""
    query = "SELECT 1 FROM network_service WHERE network_id = ? AND service = ?"
    return database.execute_sql(query, (network_id, service)).fetchone() is not None


# Who uses a service so that it cannot be taken away: a count for a network.
_USERS: dict[Service, tuple[str, str]] = {
    "elastic_ip": (
        "elastic_ip",
        "SELECT COUNT(*) FROM elastic_ip e JOIN nic x ON x.id = e.nic_id WHERE x.network_id = ?",
    ),
    "security_group": (
        "vm",
        "SELECT COUNT(DISTINCT x.vm_id) FROM nic x JOIN nic_security_group g ON g.nic_id = x.id "
        "WHERE x.network_id = ?",
    ),
}


def _refuse_in_use(tx: Transaction, network: NetworkRow, wanted: Collection[Service]) -> None:
    for service, (kind, query) in _USERS.items():
        if service in wanted:
            continue
        (count,) = tx.execute(query, network.id).fetchone()
        if count:
            raise Conflict(
                "network.service_in_use",
                field="services",
                name=network.name,
                service=service,
                count=count,
                users=kind,
            )


def _refuse_shared_addresses(network: NetworkRow, wanted: Collection[Service]) -> None:
    """Without SNAT the world sees a network's addresses: no other one may have them then."""
    beside = {
        pair
        for cluster_id in clusters_of(network.id)
        for pair in networks_beside(
            cluster_id, network.kind, has_snat="snat" in wanted, network_id=network.id
        )
    }
    for name, cidr in sorted(beside):
        if IPv4Network(network.cidr).overlaps(IPv4Network(cidr)):
            raise Conflict(
                "network.shares_addresses",
                field="services",
                name=network.name,
                cidr=network.cidr,
                other=name,
                other_cidr=cidr,
            )
