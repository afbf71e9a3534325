"""Operations on VXLAN pools. In a zone, no two of them share a VNI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict, InvalidInput
from appliance.protocol.layer2 import VxlanPool, VxlanPoolCreate, VxlanPoolUpdate
from appliance.services.common import (
    chosen_id,
    clean_name,
    create_once,
    find,
    refuse_if_used,
    updater,
)
from appliance.services.infrastructure.models import ZoneRow
from appliance.services.networks.addresses import parse_network
from appliance.services.networks.models import NetworkRow, VxlanPoolRow
from appliance.services.parts import Parts
from appliance.store.database import Transaction
from appliance.store.fields import database, when
from appliance.store.kinds import Relation, ResourceKind

KIND = "vxlan_pool"


class VxlanPools:
    """Pools of VNIs."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        parts.store.kinds.add(
            ResourceKind(
                name=KIND,
                model=VxlanPoolRow,
                render=render_pools,
                internal=frozenset({"underlay_first", "underlay_last"}),
                relations={
                    "zone": Relation("zone", ("zone_id", "id")),
                    "networks": Relation("network", ("id", "vxlan_pool_id"), many=True),
                },
            )
        )
        bind = parts.registry.bind
        bind("vxlan_pool.create", self._create)
        bind("vxlan_pool.update", updater(parts.store, VxlanPoolRow, KIND, _change))
        bind("vxlan_pool.delete", self._delete)

    async def _create(self, call: Call, request: VxlanPoolCreate) -> Any:
        ref = chosen_id(request)
        underlay = parse_network(request.underlay_cidr, field="underlay_cidr")
        _check_order(request.vni_first, request.vni_last)
        values: dict[str, Any] = {
            "name": clean_name(request.name),
            "description": request.description,
            "zone": request.zone_id,
            "vni_first": request.vni_first,
            "vni_last": request.vni_last,
            "underlay_cidr": str(underlay),
            "underlay_first": int(underlay.network_address),
            "underlay_last": int(underlay.broadcast_address),
        }

        def create(tx: Transaction) -> Any:
            find(ZoneRow, request.zone_id, "zone", field="zone_id")
            _refuse_overlap(ref, request.zone_id, request.vni_first, request.vni_last)
            create_once(VxlanPoolRow, ref, values)
            tx.touch(KIND, ref)
            return self._store.kinds.render_one(KIND, ref)

        return await self._store.write(create)

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            row = find(VxlanPoolRow, call.target, KIND)
            used = NetworkRow.select().where(NetworkRow.vxlan_pool == row.id).count()
            refuse_if_used(row.name, used, "network")
            row.delete_instance()
            tx.touch(KIND, row.id)

        await self._store.write(delete)


def _change(tx: Transaction, row: VxlanPoolRow, request: VxlanPoolUpdate) -> None:
    if (request.vni_first, request.vni_last) == (UNSET, UNSET):
        return
    first = row.vni_first if request.vni_first is UNSET else request.vni_first
    last = row.vni_last if request.vni_last is UNSET else request.vni_last
    _check_order(first, last)
    _refuse_overlap(row.id, row.zone_id, first, last)
    left_out = NetworkRow.get_or_none(
        NetworkRow.vxlan_pool == row.id, ~NetworkRow.vni.between(first, last)
    )
    if left_out is not None:
        field = "vni_last" if (left_out.vni or 0) > last else "vni_first"
        raise Conflict("vxlan_pool.vni_used", field=field, vni=left_out.vni, network=left_out.name)
    row.vni_first, row.vni_last = first, last


def _check_order(first: int, last: int) -> None:
    if last < first:
        raise InvalidInput("vxlan_pool.reversed", field="vni_last", first=first, last=last)


def _refuse_overlap(ref: str, zone_id: str, first: int, last: int) -> None:
    other = VxlanPoolRow.get_or_none(
        VxlanPoolRow.zone == zone_id,
        VxlanPoolRow.id != ref,
        VxlanPoolRow.vni_first <= last,
        VxlanPoolRow.vni_last >= first,
    )
    if other is not None:
        raise Conflict(
            "vxlan_pool.overlap",
            field="vni_first",
            name=other.name,
            first=other.vni_first,
            last=other.vni_last,
        )


def render_pools(rows: Sequence[VxlanPoolRow]) -> list[VxlanPool]:
    """Pools as clients see them."""
    marks = ",".join("?" * len(rows))
    counted = database.execute_sql(
        f"SELECT vxlan_pool_id, COUNT(*) FROM network WHERE vxlan_pool_id IN ({marks}) "  # noqa: S608
        "GROUP BY 1",
        tuple(row.id for row in rows),
    )
    used = dict(counted.fetchall())
    return [
        VxlanPool(
            id=row.id,
            name=row.name,
            description=row.description,
            zone_id=row.zone_id,
            vni_first=row.vni_first,
            vni_last=row.vni_last,
            underlay_cidr=row.underlay_cidr,
            networks=used.get(row.id, 0),
            created_at=when(row.created_at),
        )
        for row in rows
    ]
