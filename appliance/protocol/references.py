"""Which fields of requests name resources, and of which kind: the API lets nobody name others'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from appliance.protocol.declaring import OperationSpec

# Fields called `*_id` always mean a resource of this kind.
FIELD_KINDS = {
    "zone_id": "zone",
    "cluster_id": "cluster",
    "host_id": "host",
    "candidate_id": "host_candidate",
    "image_store_id": "image_store",
    "primary_storage_id": "primary_storage",
    "image_id": "image",
    "iso_id": "image",
    "network_id": "network",
    "vxlan_pool_id": "vxlan_pool",
    "offering_id": "instance_offering",
    "affinity_group_id": "affinity_group",
    "security_group_id": "security_group",
    "security_group_ids": "security_group",
    "peer_group_id": "security_group",
    "vm_id": "vm",
    "volume_id": "volume",
    "snapshot_id": "snapshot",
    "to_vm_id": "vm",
    "owner_id": "account",
    "account_id": "account",
    "user_id": "user",
    "group_id": "group",
}
# Fields that name a part of a resource, by the kind of that one, which is in the path or named by
# the request as well. Whoever may reach it may name its parts; those of others do not exist.
PART_FIELDS = {"nic_id": "vm"}
# Fields that look as if they named a resource, and are numbers of the wire.
NUMBERS = frozenset({"vlan_id"})
# Here the request's field `kind` tells of which kind the id is.
NAMED_BY_KIND = {("share.create", "resource_id"), ("deletion.preview", "id")}
# Other fields that name resources, by operation.
OTHER_FIELDS = {("vm.bulk", "ids"): "vm"}
# One may share with an account that one cannot see: only its id is needed, which it tells one.
OPEN = {("share.create", "account_id")}


@dataclass(frozen=True)
class Reference:
    """A resource that a request names in one of its fields."""

    field: str
    kind: str
    id: str


def references(spec: OperationSpec, request: Any) -> Iterator[Reference]:
    """All resources that a request names, also deep inside, except the one in its path."""
    yield from _named(spec.name, request, "")


def _named(operation: str, request: Any, prefix: str) -> Iterator[Reference]:
    for field in getattr(request, "__struct_fields__", ()):
        kind = kind_of(operation, field, request)
        value = getattr(request, field)
        if isinstance(value, list):
            for number, item in enumerate(value):
                yield from _named(operation, item, f"{prefix}{field}[{number}].")
        if kind is None or (operation, field) in OPEN:
            continue
        for ref in value if isinstance(value, list) else [value]:
            if isinstance(ref, str):
                yield Reference(prefix + field, kind, ref)


def kind_of(operation: str, field: str, request: Any) -> str | None:
    """The kind of resource that a field names; None for fields that name none."""
    if (operation, field) in NAMED_BY_KIND:
        return request.kind
    return OTHER_FIELDS.get((operation, field)) or FIELD_KINDS.get(field)


def implied(spec: OperationSpec, request: Any) -> Iterator[tuple[str, str]]:
    """Operations, with targets, that a request would carry out besides its own."""
    if spec.name == "vm.bulk":
        for ref in request.ids:
            yield f"vm.{request.action}", ref
