"""Ids from what people type: an id, or the name of exactly one resource."""

from __future__ import annotations

from typing import Any

from appliance.client import Client
from appliance.protocol.errors import InvalidInput, NotFound
from appliance.protocol.ids import is_id
from appliance.protocol.operations import OPERATIONS
from appliance.protocol.references import FIELD_KINDS
from appliance.protocol.resources import Image, ImageStatus, VmState, Volume, VolumeStatus

# Kinds without names, of which only ids are taken.
NAMELESS = frozenset({"job", "audit", "share"})
WITH_RECYCLE_BIN = ("vm", "image", "volume")
FROM_RECYCLE_BIN = frozenset(
    f"{kind}.{verb}" for kind in WITH_RECYCLE_BIN for verb in ("recover", "expunge")
)


async def resolve(
    client: Client, kind: str, text: str, *, operation: str = "", field: str = "id"
) -> str:
    """The id of the `kind` that `text` names; ids are taken as they are.

    What is in the recycle bin is found by its name only if nothing else has it, or if
    the operation is about such things. Raises NotFound, or InvalidInput if several match.
    """
    if is_id(text):
        return text
    if kind in NAMELESS or f"{kind}.list" not in OPERATIONS:
        raise InvalidInput("request.bad_id", field=field, value=text)
    found = [item async for item in client.iterate(f"{kind}.list", q=text) if _name(item) == text]
    if kind in WITH_RECYCLE_BIN:
        found = _prefer(found, destroyed=operation in FROM_RECYCLE_BIN)
    if not found and kind == "host":
        return await resolve(client, "host_candidate", text, field=field)
    if not found:
        raise NotFound("resource.not_found", field=field, kind=kind, id=text)
    if len(found) > 1:
        raise Ambiguous(text, [item.id for item in found], field)
    return found[0].id


class Ambiguous(InvalidInput):
    """Several resources have the name; `ids` are theirs."""

    def __init__(self, name: str, ids: list[str], field: str) -> None:
        shown = ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")
        reason = f"{len(ids)} have this name; give an id instead: {shown}"
        super().__init__("request.bad_value", field=field, name=field, value=name, reason=reason)


async def resolve_fields(client: Client, body: dict[str, Any], operation: str) -> None:
    """Replace names by ids in the fields of a request that refer to resources, and of its parts."""
    for field, kind in FIELD_KINDS.items():
        value = body.get(field)
        if isinstance(value, str):
            body[field] = await resolve(client, kind, value, operation=operation, field=field)
        elif isinstance(value, list | tuple):
            body[field] = [
                await resolve(client, kind, item, operation=operation, field=field)
                for item in value
            ]
    for parts in body.values():
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, dict):
                await resolve_fields(client, part, operation)


async def with_nic(client: Client, body: dict[str, Any], vm_id: str) -> dict[str, Any]:
    """The body with the id of the NIC that it names by address, MAC or network.

    Raises NotFound if the machine has no such NIC.
    """
    text = body.get("nic_id")
    if text is None or is_id(text):
        return body
    vm = await client.call("vm.get", id=vm_id)
    for nic in vm.nics:
        if text in (nic.address, nic.mac, nic.network_name, nic.network_id):
            return body | {"nic_id": nic.id}
    raise NotFound("resource.not_found", field="nic_id", kind="nic", id=text)


def _prefer(found: list[Any], *, destroyed: bool) -> list[Any]:
    wanted = [item for item in found if _is_in_bin(item) == destroyed]
    return wanted or found


def _is_in_bin(item: Any) -> bool:
    if isinstance(item, Image):
        return item.status == ImageStatus.DELETED
    if isinstance(item, Volume):
        return item.status == VolumeStatus.DELETED
    return item.state == VmState.DESTROYED


def _name(item: Any) -> str:
    return getattr(item, "name", None) or getattr(item, "hostname", "")
