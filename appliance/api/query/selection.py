"""Which fields of each item are wanted: `fields=name,nics.address`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect as mi

from appliance.protocol.errors import InvalidInput
from appliance.protocol.operations import OPERATIONS

MOST_FIELDS = 100

# Names that are wanted, each with what is wanted of it; {} is everything.
Selection = dict[str, "Selection"]


def selection_of(noun: str, text: str) -> Selection:
    """What `text` asks for of a kind's items; raises InvalidInput with the choices."""
    names = text.split(",")
    if len(names) > MOST_FIELDS:
        raise InvalidInput("query.too_many", field="fields", limit=MOST_FIELDS)
    wanted: Selection = {}
    for name in names:
        _add(wanted, shape_of(noun), name)
    return wanted


def _add(wanted: Selection, shape: Mapping[str, Any] | None, name: str) -> None:
    here, parts = wanted, name.split(".")
    for place, part in enumerate(parts):
        # Of what has no fixed shape, such as an error's parameters, any name may be wanted.
        if shape is not None and part not in shape:
            choices = ", ".join(shape) or "-"
            raise InvalidInput("query.unknown_shown", field="fields", name=name, choices=choices)
        is_new = part not in here
        is_last = place == len(parts) - 1
        if not is_new and not here[part]:
            return  # all of it is wanted already
        here = here.setdefault(part, {})
        if is_last:
            here.clear()
        shape = None if shape is None else shape[part]


def chosen(body: bytes, wanted: Selection) -> bytes:
    """An item's JSON with the wanted fields only."""
    return msgspec.json.encode(_pick(msgspec.json.decode(body), wanted))


def _pick(value: Any, wanted: Selection) -> Any:
    if not wanted:
        return value
    if isinstance(value, list):
        return [_pick(item, wanted) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _pick(value[name], part) for name, part in wanted.items() if name in value}


@cache
def shape_of(noun: str) -> dict[str, Any] | None:
    """Names of a kind's fields, each with its own shape; None where any name may be."""
    spec = OPERATIONS.get(f"{noun}.list")
    if spec is None:
        return None
    page = mi.type_info(spec.response)
    assert isinstance(page, mi.StructType)
    (items,) = [field.type for field in page.fields if field.name == "items"]
    return _names(items)


def _names(kind: mi.Type) -> dict[str, Any] | None:
    match kind:
        case mi.StructType():
            return {field.encode_name: _names(field.type) for field in kind.fields}
        case mi.ListType(item_type=item):
            return _names(item)
        case mi.UnionType(types=types):
            others = [item for item in types if not isinstance(item, mi.NoneType)]
            return _names(others[0]) if len(others) == 1 else None
        case mi.DictType() | mi.AnyType() | mi.RawType():
            return None
    return {}
