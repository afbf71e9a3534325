"""What a new network is made with on layer 2: NIC, tag, VNI and MTU. Within a read or write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from appliance.protocol.errors import Conflict, InvalidInput, NoResources
from appliance.protocol.networks import NetworkKind
from appliance.services.common import find
from appliance.services.infrastructure.models import ClusterRow
from appliance.services.networks.addresses import check_overlap, check_own_addresses
from appliance.services.networks.conflicts import (
    Machine,
    check_hosts_networks,
    machines_of,
    networks_beside,
    own_addresses,
    refuse_missing_interface,
    refuse_taken_interface,
)
from appliance.services.networks.models import NetworkRow, RangeRow, VxlanPoolRow, spans_of
from appliance.services.networks.offers import offers
from appliance.services.networks.tunnels import endpoint_mtus
from appliance.store.fields import database, tuples
from hostagent.protocol.network import VXLAN_OVERHEAD_BYTES

USUAL_MTU = 1500
MODULES = {"vlan": "8021q", "vxlan": "vxlan"}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a request says of layer 2."""

    kind: NetworkKind
    interface: str = ""
    vlan_id: int | None = None
    pool_id: str | None = None
    vni: int | None = None
    mtu: int | None = None


def check_fields(wanted: Wanted) -> None:
    """Raises InvalidInput for fields that a kind needs and lacks, or has no use for."""
    needs = {
        "vlan_id": (wanted.vlan_id, "vlan", "network.tag_needed"),
        "vxlan_pool_id": (wanted.pool_id, "vxlan", "network.pool_needed"),
    }
    for field, (value, kind, code) in needs.items():
        if wanted.kind == kind and value is None:
            raise InvalidInput(code, field=field)
        if wanted.kind != kind and value is not None:
            raise InvalidInput("network.not_of_kind", field=field, kind=wanted.kind)
    if wanted.vni is not None and wanted.kind != "vxlan":
        raise InvalidInput("network.not_of_kind", field="vni", kind=wanted.kind)


def refuse_conflicts(
    wanted: Wanted,
    cluster_id: str,
    machines: Sequence[Machine],
    missing_on: Sequence[Machine],
    *,
    but_for: str = "",
) -> None:
    """Raises ApiError if NIC, tag or kernel do not allow a network on these machines.

    `missing_on` are those of which the database knows best which NICs they have.
    """
    if wanted.interface:
        if wanted.kind == "physical":
            refuse_taken_interface(cluster_id, wanted.interface, but_for=but_for)
        else:
            _refuse_taken_tag(wanted, cluster_id, but_for)
        refuse_missing_interface(missing_on, wanted.interface)
    if wanted.kind in MODULES:
        _refuse_old_kernels(wanted.kind, machines)


def choose_vni(wanted: Wanted, zone_id: str) -> int:
    """The VNI asked for, or the lowest free one of the pool. Raises ApiError if it cannot be."""
    pool = find(VxlanPoolRow, wanted.pool_id or "", "vxlan_pool", field="vxlan_pool_id")
    if pool.zone_id != zone_id:
        raise InvalidInput("network.pool_elsewhere", field="vxlan_pool_id", name=pool.name)
    if wanted.vni is None:
        return _free_vni(pool)
    if not pool.vni_first <= wanted.vni <= pool.vni_last:
        raise InvalidInput(
            "network.vni_outside",
            field="vni",
            vni=wanted.vni,
            name=pool.name,
            first=pool.vni_first,
            last=pool.vni_last,
        )
    other = NetworkRow.get_or_none(NetworkRow.vxlan_pool == pool.id, NetworkRow.vni == wanted.vni)
    if other is not None:
        raise Conflict("network.vni_taken", field="vni", vni=wanted.vni, network=other.name)
    return wanted.vni


def check_endpoints(pool_id: str, cluster_id: str) -> None:
    """Raises InvalidInput if a cluster has hosts, but none has an address in the underlay."""
    pool = find(VxlanPoolRow, pool_id, "vxlan_pool", field="vxlan_pool_id")
    machines = machines_of(cluster_id)
    if machines and not endpoint_mtus(_span(pool), cluster_id):
        raise InvalidInput(
            "network.endpoint_missing",
            field="vxlan_pool_id",
            host=", ".join(machine.name for machine in machines[:3]),
            cidr=pool.underlay_cidr,
        )


def choose_mtu(wanted: Wanted, cluster_id: str) -> int:
    """The MTU asked for, or the one that all hosts of a cluster carry, in bytes.

    Raises InvalidInput for one that does not fit, naming the host that carries least.
    """
    limits = list(_limits(wanted, cluster_id))
    most, host, name = min(limits, default=(0, "", ""))
    if wanted.mtu is not None:
        if limits and wanted.mtu > most:
            raise InvalidInput(
                "network.mtu_too_large",
                field="mtu",
                mtu=wanted.mtu,
                most=most,
                host=host,
                name=name,
            )
        return wanted.mtu
    if wanted.kind == "vxlan":
        return most or USUAL_MTU - VXLAN_OVERHEAD_BYTES
    return min(most, USUAL_MTU) if limits else USUAL_MTU


def wanted_of(row: NetworkRow) -> Wanted:
    """What an existing network has."""
    return Wanted(
        kind=row.kind,
        interface=row.physical_interface,
        vlan_id=row.vlan_id,
        pool_id=row.vxlan_pool_id,
        vni=row.vni,
        mtu=row.mtu,
    )


def check_further_cluster(row: NetworkRow, cluster_id: str) -> None:
    """Raises ApiError if a network cannot be in a further cluster."""
    wanted, machines = wanted_of(row), machines_of(cluster_id)
    has_snat = offers(row.id, "snat")
    beside = networks_beside(cluster_id, row.kind, has_snat=has_snat, network_id=row.id)
    check_overlap(IPv4Network(row.cidr), beside)
    check_own_addresses(spans_of(RangeRow, row.id), own_addresses(machines))
    if not wanted.interface:
        check_hosts_networks(IPv4Network(row.cidr), machines)
    refuse_conflicts(wanted, cluster_id, machines, machines, but_for=row.id)
    if wanted.pool_id:
        check_endpoints(wanted.pool_id, cluster_id)
    choose_mtu(wanted, cluster_id)


def _limits(wanted: Wanted, cluster_id: str) -> Iterator[tuple[int, str, str]]:
    """What each host carries: MTU in bytes, its name, and the NIC or underlay."""
    if wanted.kind == "vxlan":
        pool = find(VxlanPoolRow, wanted.pool_id or "", "vxlan_pool", field="vxlan_pool_id")
        for host, mtu in endpoint_mtus(_span(pool), cluster_id).items():
            if mtu:
                yield mtu - VXLAN_OVERHEAD_BYTES, host, pool.underlay_cidr
    elif wanted.interface:
        for machine in machines_of(cluster_id):
            for nic in machine.facts.nics:
                if nic.name == wanted.interface and nic.mtu:
                    yield nic.mtu, machine.name, nic.name


def _span(pool: VxlanPoolRow) -> tuple[int, int]:
    return pool.underlay_first, pool.underlay_last


def _free_vni(pool: VxlanPoolRow) -> int:
    taken = {
        vni
        for (vni,) in tuples(
            NetworkRow.select(NetworkRow.vni).where(NetworkRow.vxlan_pool == pool.id)
        )
    }
    free = next((vni for vni in range(pool.vni_first, pool.vni_last + 1) if vni not in taken), None)
    if free is None:
        raise NoResources("network.no_vni", field="vxlan_pool_id", name=pool.name)
    return free


def _refuse_taken_tag(wanted: Wanted, cluster_id: str, but_for: str) -> None:
    rows = database.execute_sql(
        "SELECT n.name FROM network n JOIN network_cluster c ON c.network_id = n.id "
        "WHERE c.cluster_id = ? AND n.kind = 'vlan' AND n.physical_interface = ? "
        "AND n.vlan_id = ? AND n.id != ?",
        (cluster_id, wanted.interface, wanted.vlan_id, but_for),
    ).fetchall()
    if rows:
        raise Conflict(
            "network.vlan_taken",
            field="vlan_id",
            vlan_id=wanted.vlan_id,
            name=wanted.interface,
            network=rows[0][0],
        )


def _refuse_old_kernels(kind: str, machines: Sequence[Machine]) -> None:
    for machine in machines:
        if kind not in machine.facts.link_kinds:
            raise Conflict(
                f"network.{kind}_unsupported",
                field="kind",
                host=machine.name,
                module=MODULES[kind],
            )


def zone_of(cluster_id: str) -> str:
    """The zone of a cluster; raises NotFound."""
    return find(ClusterRow, cluster_id, "cluster", field="cluster_id").zone_id


def underlay_of(pool_id: str | None) -> str | None:
    """The underlay of a pool as CIDR text; None without one."""
    pool = VxlanPoolRow.get_or_none(VxlanPoolRow.id == pool_id)
    return None if pool is None else pool.underlay_cidr
