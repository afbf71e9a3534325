"""What stands in the way of a new network: other networks, NICs, addresses of the hosts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.protocol.errors import ApiError, Conflict, InvalidInput
from appliance.protocol.texts_errors import ERRORS
from appliance.services.infrastructure.models import AgentRow, HostRow
from appliance.services.networks.models import NetworkRow
from appliance.store.fields import tuples
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
    cluster_id: str, *, is_physical: bool, is_hidden: bool, network_id: str = ""
) -> list[tuple[str, str]]:
    """Name and CIDR of all networks that one like this cannot share addresses with.

    Those that hosts hide behind addresses of their own (private ones with SNAT) may overlap each
    other, as they do in different clusters; so may anything else in different clusters, but for
    physical networks, which may be the same wire. `network_id` is left out.
    """
    return tuples(
        NetworkRow.select(NetworkRow.name, NetworkRow.cidr).where(
            NetworkRow.id != network_id,
            (
                (NetworkRow.cluster == cluster_id)
                & ~(SQL("?", (is_hidden,)) & _IS_HIDDEN)
            )
            | (SQL("?", (is_physical,)) & (NetworkRow.kind == PHYSICAL)),
        )
    )


def needed_interface(kind: str, physical_interface: str) -> str:
    """The NIC of a physical network, "" for others; raises InvalidInput if it is missing."""
    if kind != "physical":
        return ""
    if not physical_interface:
        raise InvalidInput("network.interface_needed", field="physical_interface")
    return physical_interface


def refuse_taken_interface(cluster_id: str, name: str) -> None:
    """Raises Conflict if another network of the cluster has this NIC."""
    row = NetworkRow.get_or_none(
        NetworkRow.cluster == cluster_id, NetworkRow.physical_interface == name
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
