"""Operations on instance offerings."""

from __future__ import annotations

from typing import Any

from appliance.engine.calls import Call
from appliance.protocol import requests as q
from appliance.protocol.resources import State
from appliance.services.common import chosen_id, clean_name, create_once, find, updater
from appliance.services.images.models import InstanceOfferingRow
from appliance.services.images.views import render_offerings
from appliance.services.parts import Parts
from appliance.store.database import Transaction
from appliance.store.kinds import Relation, ResourceKind

KIND = "instance_offering"


class Offerings:
    """Sizes of virtual machines."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        parts.store.kinds.add(
            ResourceKind(
                name=KIND,
                model=InstanceOfferingRow,
                render=render_offerings,
                owner="owner_id",
                relations={"vms": Relation("vm", ("id", "offering_id"), many=True)},
            )
        )
        parts.registry.bind(f"{KIND}.create", self._create)
        parts.registry.bind(f"{KIND}.update", updater(parts.store, InstanceOfferingRow, KIND))
        parts.registry.bind(f"{KIND}.delete", self._delete)

    async def _create(self, call: Call, request: q.InstanceOfferingCreate) -> Any:
        ref = chosen_id(request)
        values = {
            "name": clean_name(request.name),
            "description": request.description,
            "cpu_count": request.cpu_count,
            "memory_bytes": request.memory_bytes,
            "state": State.ENABLED,
            "owner_id": call.caller.account_id,
        }

        def create(tx: Transaction) -> Any:
            _, is_new = create_once(InstanceOfferingRow, ref, values)
            if is_new:
                tx.touch(KIND, ref)
            return self._store.kinds.render_one(KIND, ref)

        return await self._store.write(create)

    async def _delete(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            find(InstanceOfferingRow, call.target, KIND).delete_instance()
            tx.touch(KIND, call.target)

        await self._store.write(delete)
