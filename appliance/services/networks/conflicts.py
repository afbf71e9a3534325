"""What stands in the way of a new network: other networks, NICs, addresses of the hosts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_interface

from appliance.protocol.errors import ApiError, Conflict, InvalidInput
from appliance.protocol.networks import PRIVATE_KINDS
from appliance.protocol.texts_errors import ERRORS
from appliance.services.infrastructure.models import AgentRow, HostRow
from appliance.services.networks.models import NetworkClusterRow, NetworkRow
from appliance.store.fields import database
from hostagent.protocol.facts import HostFacts
from hostagent.protocol.network import NetworkProblem

# What agents call the ends of a range is one field of the request.
_FIELDS = {"range_first": "ranges", "range_last": "ranges"}


@dataclass(frozen=True)
class Machine:
    """A machine that would carry the network, by the name that people know."""

    id: str
    name: str
    facts: HostFacts


def machines_of(cluster_id: str) -> list[Machine]:
    """The hosts of a cluster."""
    rows = HostRow.select().where(HostRow.cluster == cluster_id).order_by(HostRow.id)
    return [Machine(row.id, row.name, row.agent.facts) for row in rows]


def machines_beside(machine_id: str) -> tuple[str, list[Machine]]:
    """The cluster of a machine and its hosts; "" and only itself if it is in none yet."""
    host = HostRow.get_or_none(HostRow.id == machine_id)
    if host is not None:
        return host.cluster_id, machines_of(host.cluster_id)
    agent = AgentRow.get_by_id(machine_id)
    return "", [Machine(agent.id, agent.hostname, agent.facts)]


def own_addresses(machines: Sequence[Machine]) -> Iterator[tuple[str, str]]:
    """Every address that the machines have themselves, with the machine's name."""
    for machine in machines:
        for nic in machine.facts.nics:
            for address in nic.addresses:
                yield machine.name, address


def networks_beside(
    cluster_id: str, kind: str, *, has_snat: bool, network_id: str = ""
) -> list[tuple[str, str]]:
    """Name and CIDR of all networks that one like this cannot share addresses with.

    Private networks with SNAT hide theirs, so they may overlap each other; so may anything in
    different clusters, but for networks on NICs, which may be on the same wire. `network_id` is
    left out.
    """
    is_private = kind in PRIVATE_KINDS
    values = (network_id, cluster_id, is_private and has_snat, not is_private)
    return database.execute_sql(_BESIDE, values).fetchall()


def check_hosts_networks(network: IPv4Network, machines: Sequence[Machine]) -> None:
    """Raises Conflict if a private network overlaps one that a machine is in: the machine could
    not reach its own neighbours there.
    """
    for host, address in own_addresses(machines):
        other = ip_interface(address).network
        if other.version == network.version and network.overlaps(other):
            raise Conflict(
                "network.cidr_overlap",
                field="cidr",
                cidr=str(network),
                other_cidr=str(other),
                name=host,
            )


_BESIDE = """
    SELECT name, cidr FROM network n WHERE n.id <> ?1 AND (
        n.id IN (SELECT network_id FROM network_cluster WHERE cluster_id = ?2)
        AND NOT (?3 AND n.kind IN ('nat', 'vxlan') AND EXISTS (
            SELECT 1 FROM network_service s WHERE s.network_id = n.id AND s.service = 'snat'))
        OR ?4 AND n.kind NOT IN ('nat', 'vxlan'))
    ORDER BY n.id
"""


def needed_interface(kind: str, physical_interface: str) -> str:
    """The NIC of a network on a wire, "" for others; raises InvalidInput if it is missing."""
    if kind in PRIVATE_KINDS:
        return ""
    if not physical_interface:
        raise InvalidInput("network.interface_needed", field="physical_interface")
    return physical_interface


def refuse_taken_interface(cluster_id: str, name: str, *, but_for: str = "") -> None:
    """Raises Conflict if another network of the cluster has this NIC, untagged."""
    row = (
        NetworkRow.select()
        .join(NetworkClusterRow, on=NetworkClusterRow.network == NetworkRow.id)
        .where(
            NetworkClusterRow.cluster == cluster_id,
            NetworkRow.kind == "physical",
            NetworkRow.physical_interface == name,
            NetworkRow.id != but_for,
        )
        .first()
    )
    if row is not None:
        raise Conflict(
            "network.interface_taken", field="physical_interface", name=name, network=row.name
        )


def refuse_missing_interface(machines: Sequence[Machine], name: str) -> None:
    """Raises InvalidInput if one of the machines has no NIC of this name."""
    for machine in machines:
        names = [nic.name for nic in machine.facts.nics]
        if name not in names:
            raise InvalidInput(
                "network.interface_missing",
                field="physical_interface",
                host=machine.name,
                name=name,
                choices=", ".join(names),
            )


def as_error(problem: NetworkProblem, host: str) -> ApiError:
    """What an agent found, with its own code; codes that are not known here keep their words."""
    field = _FIELDS.get(problem.field, problem.field)
    if problem.code not in ERRORS:
        return Conflict("network.check_failed", field=field, reason=problem.message)
    params = {key: value for key, value in problem.params.items() if key != "field"}
    return Conflict(problem.code, field=field, **({"host": host} | params))
