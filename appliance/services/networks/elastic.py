"""Operations on elastic IPs; a binding works on its machine's host within a second."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.elastic import ElasticIp, ElasticIpBind, ElasticIpCreate
from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.networks import PRIVATE_KINDS
from appliance.protocol.resources import VmState
from appliance.services.common import chosen_id, clean_name, create_once, find, updater
from appliance.services.networks.addresses import text_of
from appliance.services.networks.allocation import claim_address
from appliance.services.networks.clusters import is_in_cluster
from appliance.services.networks.documents import Documents
from appliance.services.networks.models import ElasticIpRow, NetworkRow
from appliance.services.parts import Parts
from appliance.services.tenancy import quotas
from appliance.store.database import Transaction
from appliance.store.fields import database, when
from appliance.store.kinds import Relation, ResourceKind

KIND = "elastic_ip"
IN_BIN = (VmState.DESTROYED, VmState.DESTROYING, VmState.EXPUNGING)


class ElasticIps:
    """Public addresses, and which machines have them. Each is of one account."""

    def __init__(self, parts: Parts, documents: Documents) -> None:
        self._store = parts.store
        self._documents = documents
        parts.store.kinds.add(
            ResourceKind(
                name=KIND,
                model=ElasticIpRow,
                render=render_elastic_ips,
                owner="owner_id",
                live=True,  # names of machines
                search=("name", "id", "address", "description"),
                addresses=frozenset({"address"}),
                relations={
                    "network": Relation("network", ("network_id", "id")),
                    "nic": Relation("nic", ("nic_id", "id")),
                },
                aliases={"vm_id": "nic.vm_id"},
            )
        )
        parts.store.kinds.relate("nic", "elastic_ip", Relation(KIND, ("id", "nic_id"), many=True))
        bind = parts.registry.bind
        bind("elastic_ip.create", self._create)
        bind("elastic_ip.update", updater(parts.store, ElasticIpRow, KIND))
        bind("elastic_ip.delete", self._delete)
        bind("elastic_ip.bind", self._bind)
        bind("elastic_ip.unbind", self._unbind)

    async def _create(self, call: Call, request: ElasticIpCreate) -> Any:
        ref = chosen_id(request)
        values: dict[str, Any] = {
            "name": clean_name(request.name),
            "description": request.description,
            "network": request.network_id,
            "owner_id": call.caller.account_id,
        }

        def create(tx: Transaction) -> Any:
            if ElasticIpRow.get_or_none(ElasticIpRow.id == ref) is None:
                network = find(NetworkRow, request.network_id, "network", field="network_id")
                if network.kind in PRIVATE_KINDS:
                    raise InvalidInput(
                        "elastic_ip.not_public", field="network_id", name=network.name
                    )
                quotas.check(call.caller.account_id, {"elastic_ip": 1})
                values["address"] = claim_address(tx, network, request.address)
                tx.touch("network", network.id)
            create_once(ElasticIpRow, ref, values)
            tx.touch(KIND, ref)
            return self._store.kinds.render_one(KIND, ref)

        return await self._store.write(create)

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            row = find(ElasticIpRow, call.target, KIND)
            self._part(tx, row)
            row.delete_instance()
            tx.touch("network", row.network_id)

        await self._store.write(delete)

    async def _bind(self, call: Call, request: ElasticIpBind) -> Any:
        def bind(tx: Transaction) -> Any:
            row = find(ElasticIpRow, call.target, KIND)
            nic_id = _nic_for(tx, row, request)
            if nic_id != row.nic_id:
                self._part(tx, row)
                row.nic_id = nic_id
                row.save()
                self._tell(tx, nic_id)
            return self._store.kinds.render_one(KIND, row.id)

        return await self._store.write(bind)

    async def _unbind(self, call: Call, _: q.Empty) -> Any:
        def unbind(tx: Transaction) -> Any:
            row = find(ElasticIpRow, call.target, KIND)
            self._part(tx, row)
            return self._store.kinds.render_one(KIND, row.id)

        return await self._store.write(unbind)

    def _part(self, tx: Transaction, row: ElasticIpRow) -> None:
        """Take the address from the machine that has it, if any."""
        tx.touch(KIND, row.id)
        if row.nic_id is not None:
            self._tell(tx, row.nic_id)
            row.nic_id = None
            row.save()

    def _tell(self, tx: Transaction, nic_id: str) -> None:
        """Show the machine anew, and bring its host to its document."""
        found = tx.execute(
            "SELECT v.id, v.host_id FROM nic n JOIN vm v ON v.id = n.vm_id WHERE n.id = ?", nic_id
        ).fetchone()
        if found is None:
            return
        vm_id, host_id = found
        tx.touch("vm", vm_id)
        if host_id is not None:
            tx.on_commit(partial(self._documents.soon, host_id))


def elastic_ips_of_vm(vm_id: str) -> list[str]:
    """The elastic IPs that are bound to a machine; within a read or write."""
    rows = database.execute_sql(
        "SELECT e.id FROM elastic_ip e JOIN nic n ON n.id = e.nic_id WHERE n.vm_id = ?", (vm_id,)
    )
    return [ref for (ref,) in rows]


def _nic_for(tx: Transaction, row: ElasticIpRow, request: ElasticIpBind) -> str:
    """The NIC of a machine that may have this address: the one that is asked for, the one that
    has it, or its first one in a private network. Raises ApiError saying why none may.
    """
    vm_id = request.vm_id
    found = tx.execute("SELECT name, owner_id, cluster_id, state FROM vm WHERE id = ?", vm_id)
    vm = found.fetchone()
    if vm is None:
        raise InvalidInput("resource.not_found", field="vm_id", kind="vm", id=vm_id)
    name, owner_id, cluster_id, state = vm
    if owner_id != row.owner_id:
        raise InvalidInput("elastic_ip.other_owner", field="vm_id", name=name)
    if not is_in_cluster(row.network_id, cluster_id):
        raise InvalidInput("elastic_ip.other_cluster", field="vm_id", name=name)
    if state in IN_BIN:
        raise Conflict("elastic_ip.vm_in_bin", field="vm_id", name=name)
    nics = [_Nic(*found) for found in tx.execute(_NICS, vm_id).fetchall()]
    if request.nic_id is not None:
        return _chosen(nics, row, request.nic_id)
    fitting = [nic for nic in nics if nic.may_have_one]
    if not fitting:
        raise InvalidInput("elastic_ip.no_private_nic", field="vm_id", name=name)
    for nic in fitting:
        if nic.elastic_ip_id == row.id:
            return nic.id
    first = fitting[0]
    if first.elastic_ip_id is not None:
        address = text_of(first.elastic_address or 0)
        raise Conflict("elastic_ip.vm_has_one", field="vm_id", name=name, address=address)
    return first.id


class _Nic(NamedTuple):
    """A NIC, whether its network offers elastic IPs, and the one that it has."""

    id: str
    address: int
    may_have_one: int
    network: str
    elastic_ip_id: str | None
    elastic_address: int | None


_NICS = """
    SELECT x.id, x.address, s.service IS NOT NULL, n.name, e.id, e.address FROM nic x
    JOIN network n ON n.id = x.network_id LEFT JOIN elastic_ip e ON e.nic_id = x.id
    LEFT JOIN network_service s ON s.network_id = n.id AND s.service = 'elastic_ip'
    WHERE x.vm_id = ? ORDER BY x.position
"""


def _chosen(nics: Sequence[_Nic], row: ElasticIpRow, nic_id: str) -> str:
    """The NIC that is asked for; raises ApiError if it may not have this address."""
    nic = next((nic for nic in nics if nic.id == nic_id), None)
    if nic is None:
        raise InvalidInput("resource.not_found", field="nic_id", kind="nic", id=nic_id)
    own = text_of(nic.address)
    if not nic.may_have_one:
        raise InvalidInput(
            "elastic_ip.not_offered", field="nic_id", address=own, network=nic.network
        )
    if nic.elastic_ip_id not in (None, row.id):
        other = text_of(nic.elastic_address or 0)
        raise Conflict("elastic_ip.nic_has_one", field="nic_id", address=own, other=other)
    return nic.id


def render_elastic_ips(rows: Sequence[ElasticIpRow]) -> list[ElasticIp]:
    """Elastic IPs as clients see them."""
    marks = ",".join("?" * len(rows))
    found = database.execute_sql(_SHOWN.format(marks=marks), tuple(row.id for row in rows))
    more = {ref: values for ref, *values in found.fetchall()}
    return [_shown(row, *more[row.id]) for row in rows]


def _shown(
    row: ElasticIpRow, network: str, vm_id: str | None, vm_name: str | None, address: int | None
) -> ElasticIp:
    return ElasticIp(
        id=row.id,
        name=row.name,
        description=row.description,
        network_id=row.network_id,
        network_name=network,
        address=text_of(row.address),
        vm_id=vm_id,
        vm_name=vm_name or "",
        vm_address=None if address is None else text_of(address),
        nic_id=row.nic_id,
        owner_id=row.owner_id,
        created_at=when(row.created_at),
    )


_SHOWN = """
    SELECT e.id, n.name, v.id, v.name, x.address FROM elastic_ip e
    JOIN network n ON n.id = e.network_id
    LEFT JOIN nic x ON x.id = e.nic_id LEFT JOIN vm v ON v.id = x.vm_id
    WHERE e.id IN ({marks})
"""
