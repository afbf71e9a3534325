"""Operations on networks, and keeping every host at its network document."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog

from appliance.engine import ledger
from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, to_body
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import CheckResult, State
from appliance.services.common import (
    accepted_before,
    chosen_id,
    clean_name,
    create_once,
    find,
    known_machine,
    refuse_if_used,
    updater,
)
from appliance.services.networks.addresses import (
    Plan,
    check_dns,
    check_domain,
    check_overlap,
    check_own_addresses,
    check_plan,
    text_of,
)
from appliance.services.networks.addresses6 import check_ipv6, check_mtu6
from appliance.services.networks.clusters import NetworkClusters, clusters_of, hosts_in
from appliance.services.networks.conflicts import (
    Machine,
    as_error,
    check_hosts_networks,
    machines_beside,
    machines_of,
    needed_interface,
    networks_beside,
    own_addresses,
)
from appliance.services.networks.documents import Documents, GuestSource
from appliance.services.networks.guest_options import changer, check_routes
from appliance.services.networks.ipv6 import (
    columns_of,
    refuse_conflicts6,
    wished,
    write_ipv6_ranges,
)
from appliance.services.networks.layer2 import (
    USUAL_MTU,
    Wanted,
    check_endpoints,
    check_fields,
    check_further_cluster,
    choose_mtu,
    choose_vni,
    refuse_conflicts,
    underlay_of,
    zone_of,
)
from appliance.services.networks.models import (
    ElasticIpRow,
    NetworkClusterRow,
    NetworkRow,
    NicRow,
    RangeRow,
    ReservedRow,
)
from appliance.services.networks.offers import chosen_services, write_services
from appliance.services.networks.proposals import physical_proposals
from appliance.services.networks.ranges import write_ranges
from appliance.services.networks.views import render_networks
from appliance.services.parts import Parts
from appliance.services.settings import LOG_FORGED
from appliance.store.database import Transaction
from appliance.store.kinds import Relation, ResourceKind, Rows
from hostagent.protocol.commands import NETWORK_CHECK
from hostagent.protocol.network import AddressSpan, NetworkCheck, NetworkCheckResult

log = structlog.get_logger()


class Networks:
    """Networks and what hosts do for them."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._links = parts.hosts
        self._runner = parts.runner
        self.documents = Documents(parts.store, parts.hosts, lambda: parts.settings.get(LOG_FORGED))
        parts.settings.on_change(LOG_FORGED, self._bring_all)
        parts.store.kinds.add(
            ResourceKind(
                name="network",
                model=NetworkRow,
                render=render_networks,
                owner="owner_id",
                internal=frozenset({"is_deleting", "ipv6_service_address"}),
                relations={
                    "cluster": Relation("cluster", ("cluster_id", "id")),
                    "clusters": Relation("network_cluster", ("id", "network_id"), many=True),
                    "vxlan_pool": Relation("vxlan_pool", ("vxlan_pool_id", "id")),
                    "ranges": Relation("address_range", ("id", "network_id"), many=True),
                    "reserved": Relation("reserved_range", ("id", "network_id"), many=True),
                    "nics": Relation("nic", ("id", "network_id"), many=True),
                },
                aliases={"zone_id": "cluster.zone_id"},
                live=True,
            )
        )
        parts.store.kinds.add_rows(
            Rows(
                name="address_range",
                model=RangeRow,
                internal=frozenset({"next_free", "next_new"}),
                addresses=frozenset({"first", "last"}),
                part_of=("network_id", "network"),
            )
        )
        parts.store.kinds.add_rows(
            Rows(
                name="reserved_range",
                model=ReservedRow,
                addresses=frozenset({"first", "last"}),
                part_of=("network_id", "network"),
            )
        )
        parts.store.kinds.add_rows(
            Rows(
                name="nic",
                model=NicRow,
                addresses=frozenset({"address"}),
                relations={
                    "network": Relation("network", ("network_id", "id")),
                    "vm": Relation("vm", ("vm_id", "id")),
                },
                part_of=("vm_id", "vm"),
            )
        )
        parts.store.kinds.add_rows(
            Rows(
                name="network_cluster",
                model=NetworkClusterRow,
                internal=frozenset({"is_leaving"}),
                relations={"cluster": Relation("cluster", ("cluster_id", "id"))},
                part_of=("network_id", "network"),
            )
        )
        self._clusters = NetworkClusters(parts, self.documents, check_further_cluster)
        self._create_job = parts.runner.define(
            JobDefinition(
                operation="network.create",
                steps=(Step("apply_network", self._clusters.apply, self._unapply),),
                failed=self._forget,
            )
        )
        self._delete_job = parts.runner.define(
            JobDefinition(
                operation="network.delete",
                steps=(Step("remove_network", self._clusters.apply),),
                done=self._deleted,
                failed=self._keep,
            )
        )
        parts.registry.bind("network.create", self._create)
        parts.registry.bind("network.delete", self._delete)
        parts.registry.bind(
            "network.update",
            updater(parts.store, NetworkRow, "network", changer(self.documents.soon)),
        )
        parts.registry.bind("host.check_network", self._check)

    def set_guest_source(self, source: GuestSource) -> None:
        """Compute tells which machines are on a host."""
        self.documents.set_guest_source(source)

    async def host_connected(self, host_id: str) -> None:
        """Bring a host that (re)connected to its document."""
        try:
            await self.documents.converge(host_id)
        except ApiError as error:
            log.warning("network_not_applied", host=host_id, error=str(error))
            self.documents.soon(host_id)

    def _bring_all(self) -> None:
        """All hosts follow a setting; those that are away do so when they are back."""
        for host_id in self._links.connected():
            self.documents.soon(host_id)

    # Operations

    async def _create(self, call: Call, request: q.NetworkCreate) -> Accepted:
        plan = check_plan(
            request.cidr, request.gateway, request.ranges, request.reserved, kind=request.kind
        )
        services = chosen_services(request.kind, request.services)
        wanted = _wanted(request)
        check_fields(wanted)
        ref = chosen_id(request)
        ipv6 = check_ipv6(
            wished(request), network_id=ref, kind=request.kind, mtu=request.mtu or USUAL_MTU
        )
        values: dict[str, Any] = {
            "name": clean_name(request.name),
            "description": request.description,
            "cluster": request.cluster_id,
            "kind": request.kind,
            "physical_interface": wanted.interface,
            "vlan_id": wanted.vlan_id,
            "vxlan_pool": wanted.pool_id,
            "cidr": str(plan.network),
            "gateway": text_of(plan.gateway),
            "dns": check_dns(request.dns, ipv6=ipv6 is not None),
            "domain": check_domain(request.domain),
            "host_routes": check_routes(plan.network, request.host_routes),
            "dhcp_address": text_of(plan.dhcp_address),
            "state": State.ENABLED,
            "owner_id": call.caller.account_id,
            "allocation": request.allocation,
            **columns_of(ipv6),
        }

        def create(tx: Transaction) -> Accepted:
            zone_id = zone_of(request.cluster_id)
            existing = NetworkRow.get_or_none(NetworkRow.id == ref)
            if existing is None:
                machines = machines_of(request.cluster_id)
                beside = networks_beside(
                    request.cluster_id, request.kind, has_snat="snat" in services
                )
                _refuse_conflicts(plan, wanted, request.cluster_id, beside, machines, machines)
                values["vni"] = choose_vni(wanted, zone_id) if wanted.pool_id else None
                values["mtu"] = choose_mtu(wanted, request.cluster_id)
                if ipv6 is not None:
                    refuse_conflicts6(ipv6, request.kind, machines, ref)
                    check_mtu6(values["mtu"])
            else:
                values["vni"] = wanted.vni or existing.vni
                values["mtu"] = wanted.mtu or existing.mtu
            _, is_new = create_once(NetworkRow, ref, values)
            if not is_new:
                return accepted_before(ref)
            write_ranges(tx, ref, plan)
            write_services(tx, ref, services)
            write_ipv6_ranges(ref, ipv6)
            tx.touch("network", ref)
            if wanted.pool_id:
                tx.touch("vxlan_pool", wanted.pool_id)
            return self._accept(tx, call, self._create_job, ref, values["name"])

        return await self._store.write(create)

    async def _delete(self, call: Call, _: q.Empty) -> Accepted:
        def delete(tx: Transaction) -> Accepted:
            row = find(NetworkRow, call.target, "network")
            nics = NicRow.select().where(NicRow.network == row.id).count()
            refuse_if_used(row.name, nics, "vm")
            elastic = ElasticIpRow.select().where(ElasticIpRow.network == row.id).count()
            refuse_if_used(row.name, elastic, "elastic_ip")
            row.is_deleting = True
            row.save()
            return self._accept(tx, call, self._delete_job, row.id, row.name)

        return await self._store.write(delete)

    def _accept(
        self,
        tx: Transaction,
        call: Call,
        definition: JobDefinition,
        ref: str,
        name: str,
    ) -> Accepted:
        new = NewJob(
            definition=definition,
            queue=f"network:{ref}",
            resource_kind="network",
            resource_id=ref,
            resource_name=name,
            data={"cluster_ids": clusters_of(ref)},
        )
        return self._runner.accept(tx, call.caller, new)

    async def _check(self, call: Call, request: q.NetworkCheck) -> CheckResult:
        await self._store.read(lambda: known_machine(call.target))
        cluster_id, machines = await self._store.read(lambda: machines_beside(call.target))
        problems = []
        facts: dict[str, Any] = {}
        try:
            plan = await self._store.read(lambda: _checked(call.target, request, cluster_id))
        except ApiError as error:
            # The host is asked all the same, for what it would propose instead.
            problems.append(to_body(error))
            if not self._links.is_connected(call.target):
                return CheckResult(problems=problems, warnings=[], facts=facts)
        else:
            facts["addresses"] = plan.capacity
            facts["dhcp_address"] = text_of(plan.dhcp_address)
        underlay = await self._store.read(lambda: underlay_of(request.vxlan_pool_id))
        answer = await self._ask(call.target, request, underlay, probe=not problems)
        facts["proposals"] = physical_proposals(
            answer.nics, answer.resolvers, (address for _, address in own_addresses(machines))
        )
        if problems:
            return CheckResult(problems=problems, warnings=[], facts=facts)
        name = next(item.name for item in machines if item.id == call.target)
        warnings = []
        for item in answer.problems:
            found = problems if item.severity == "error" else warnings
            found.append(to_body(as_error(item, name)))
        return CheckResult(problems=problems, warnings=warnings, facts=facts)

    async def _ask(
        self, machine_id: str, request: q.NetworkCheck, underlay: str | None, *, probe: bool
    ) -> NetworkCheckResult:
        return await self._links.call(
            machine_id,
            NETWORK_CHECK,
            NetworkCheck(
                kind=request.kind,
                cidr=request.cidr,
                gateway=request.gateway,
                physical_interface=request.physical_interface or None,
                vlan_id=request.vlan_id,
                underlay_cidr=underlay,
                mtu=request.mtu,
                ranges=[AddressSpan(first=item.first, last=item.last) for item in request.ranges],
                probe=probe,
            ),
        )

    # Steps

    async def _unapply(self, run: JobRun) -> None:
        def hide(tx: Transaction) -> None:
            NetworkRow.update(is_deleting=True).where(NetworkRow.id == run.resource_id).execute()
            self._bring_soon(tx, run)

        await self._store.write(hide)

    def _bring_soon(self, tx: Transaction, run: JobRun) -> None:
        """Let the cluster's hosts follow what this transaction says, however long that takes."""
        for host_id in hosts_in(run):
            tx.on_commit(partial(self.documents.soon, host_id))

    def _forget(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        self._deleted(tx, run)

    def _deleted(self, tx: Transaction, run: JobRun) -> None:
        row = NetworkRow.get_or_none(NetworkRow.id == run.resource_id)
        if row is not None and row.vxlan_pool_id:
            tx.touch("vxlan_pool", row.vxlan_pool_id)
        NetworkRow.delete().where(NetworkRow.id == run.resource_id).execute()
        ledger.forget(tx, run.resource_id)
        tx.touch("network", run.resource_id)

    def _keep(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        NetworkRow.update(is_deleting=False).where(NetworkRow.id == run.resource_id).execute()
        self._bring_soon(tx, run)
        tx.touch("network", run.resource_id)


def _checked(machine_id: str, request: q.NetworkCheck, cluster_id: str) -> Plan:
    """The plan of a network that could be made, as far as the database knows; raises ApiError.

    Which NICs the machine itself has is for its agent to say, which sees them now.
    """
    plan = check_plan(request.cidr, request.gateway, request.ranges, kind=request.kind)
    wanted = _wanted(request)
    check_fields(wanted)
    _, machines = machines_beside(machine_id)
    others = [machine for machine in machines if machine.id != machine_id]
    beside = networks_beside(cluster_id, request.kind, has_snat=True)
    _refuse_conflicts(plan, wanted, cluster_id, beside, machines, others)
    if cluster_id:
        if wanted.pool_id:
            choose_vni(wanted, zone_of(cluster_id))
        choose_mtu(wanted, cluster_id)
    return plan


def _wanted(request: q.NetworkCreate | q.NetworkCheck) -> Wanted:
    return Wanted(
        kind=request.kind,
        interface=needed_interface(request.kind, request.physical_interface),
        vlan_id=request.vlan_id,
        pool_id=request.vxlan_pool_id,
        vni=request.vni,
        mtu=request.mtu,
    )


def _refuse_conflicts(
    plan: Plan,
    wanted: Wanted,
    cluster_id: str,
    beside: Sequence[tuple[str, str]],
    machines: Sequence[Machine],
    unasked: Sequence[Machine],
) -> None:
    """Raises ApiError if other networks or the machines themselves are in the way of `plan`.

    `beside` are networks, by name and CIDR, whose addresses it cannot have; of the machines
    `unasked` it is only known what they told of themselves.
    """
    check_overlap(plan.network, beside)
    refuse_conflicts(wanted, cluster_id, machines, unasked)
    if wanted.pool_id and cluster_id:
        check_endpoints(wanted.pool_id, cluster_id)
    check_own_addresses(plan.offered, own_addresses(machines))
    if not wanted.interface:
        check_hosts_networks(plan.network, unasked)
