"""The NICs that a machine is to get: found and checked, then claimed with their addresses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from appliance.protocol.errors import ApiError, Conflict, InvalidInput
from appliance.protocol.requests import NewNic, VmCreate
from appliance.services.common import find
from appliance.services.firewall.defaults import default_group_of
from appliance.services.firewall.membership import set_groups
from appliance.services.firewall.service import chosen_groups
from appliance.services.networks.allocation import attach
from appliance.services.networks.clusters import clusters_of
from appliance.services.networks.models import NetworkRow
from appliance.services.networks.offers import offers
from appliance.store.database import Transaction


@dataclass(frozen=True)
class Wire:
    """A NIC to be, with limits in bits per second, inbound and outbound."""

    network: NetworkRow
    address: str | None
    ipv6_address: str | None
    security_group_ids: set[str]
    limits: tuple[int | None, int | None]
    field: str = ""  # where in the request it stands, as a prefix of its fields

    def claim(self, tx: Transaction, vm_id: str, position: int, mac: str | None = None) -> str:
        """Make it a NIC of the machine, with this `mac` or one of ours; returns its id.

        Raises what `claim_address` and `set_groups` raise.
        """
        try:
            nic_id = attach(
                tx, vm_id, self.network, self.address, self.ipv6_address, position, self.limits, mac
            )
            set_groups(tx, nic_id, self.security_group_ids)
        except ApiError as error:
            error.field = f"{self.field}{error.field}" if error.field else None
            raise
        tx.touch("network", self.network.id)
        return nic_id


def wire_for(
    request: NewNic | VmCreate,
    owner_id: str,
    *,
    is_filtered: bool,
    group_ids: list[str] | None = None,
    field: str = "",
) -> Wire:
    """What a request says of one NIC, in `group_ids` if it names no groups.

    Raises NotFound, Conflict or InvalidInput.
    """
    asked = request.security_group_ids
    network = find(NetworkRow, request.network_id, "network", field=f"{field}network_id")
    if network.is_deleting:
        raise Conflict("resource.disabled", field=f"{field}network_id", name=network.name)
    return Wire(
        network=network,
        address=request.address,
        ipv6_address=request.ipv6_address,
        security_group_ids=_groups(
            group_ids if asked is None else asked,
            owner_id,
            network.id,
            is_filtered,
            f"{field}security_group_ids",
        ),
        limits=(request.inbound_bits_per_s, request.outbound_bits_per_s),
        field=field,
    )


def wires_for(request: VmCreate, owner_id: str, *, is_filtered: bool) -> list[Wire]:
    """All NICs of a new machine, the default one first; raises as `wire_for`."""
    wires = [wire_for(request, owner_id, is_filtered=is_filtered)]
    clusters = shared_clusters(wires)
    for number, wanted in enumerate(request.more_nics):
        field = f"more_nics[{number}]."
        wire = wire_for(
            wanted,
            owner_id,
            is_filtered=is_filtered,
            group_ids=request.security_group_ids,
            field=field,
        )
        taken = {other.network.id for other in wires}
        check_network(wire, clusters, taken, request.name)
        wires.append(wire)
        clusters = shared_clusters(wires)
    return wires


def shared_clusters(wires: Sequence[Wire]) -> list[str]:
    """The clusters that all these networks are in, those of the first one in their order."""
    first, *others = [clusters_of(wire.network.id) for wire in wires]
    return [ref for ref in first if all(ref in other for other in others)]


def check_network(
    wire: Wire, clusters: Collection[str], others: Collection[str], name: str
) -> None:
    """Raises InvalidInput or Conflict if the machine `name` of one of these clusters, with NICs in
    the networks `others`, cannot have this one as well.
    """
    network, field = wire.network, f"{wire.field}network_id"
    if set(clusters).isdisjoint(clusters_of(network.id)):
        raise InvalidInput("vm.network_elsewhere", field=field, name=network.name)
    if network.id in others:
        raise Conflict("vm.in_network", field=field, name=name, network=network.name)
    _refuse_same_addresses(network, others, field, name)


def _refuse_same_addresses(
    network: NetworkRow, others: Collection[str], field: str, name: str
) -> None:
    """Raises Conflict if the machine could not tell its networks apart."""
    for other in NetworkRow.select().where(NetworkRow.id.in_(list(others))):
        if IPv4Network(other.cidr).overlaps(IPv4Network(network.cidr)):
            raise Conflict(
                "vm.networks_overlap",
                field=field,
                name=name,
                network=network.name,
                cidr=network.cidr,
                other=other.name,
                other_cidr=other.cidr,
            )


def _groups(
    asked: list[str] | None, owner_id: str, network_id: str, is_filtered: bool, field: str
) -> set[str]:
    """Those that are asked for, or the account's default one if the settings say so and the
    network has any.
    """
    if asked is not None:
        return chosen_groups(asked, owner_id, field=field)
    if not is_filtered or not offers(network_id, "security_group"):
        return set()
    default = default_group_of(owner_id)
    return set() if default is None else {default}
