"""No operation can be added without saying who may call it, and what its fields refer to."""

from __future__ import annotations

import msgspec
import pytest

from appliance.engine.permissions import PERMISSIONS, expand
from appliance.protocol.operations import BYTES, OPERATIONS, Access, OperationSpec
from appliance.protocol.references import (
    FIELD_KINDS,
    NAMED_BY_KIND,
    NUMBERS,
    OPEN,
    OTHER_FIELDS,
    PART_FIELDS,
)
from appliance.protocol.texts_words import WORDS
from appliance.services.identity.rights import AUDITOR, PREDEFINED, TENANT

LISTED = {spec.noun for spec in OPERATIONS.values() if spec.verb == "list"}


@pytest.mark.parametrize("name", PERMISSIONS)
def test_every_operation_says_who_may_do_what_to_what(name: str) -> None:
    spec = PERMISSIONS[name]
    assert isinstance(spec.access, Access)
    assert expand([name]) == {name}
    assert bool(spec.target) == ("{id}" in spec.path)
    if spec.target:
        assert spec.target in LISTED
        assert f"kind.{spec.target}" in WORDS


@pytest.mark.parametrize("spec", OPERATIONS.values(), ids=lambda spec: spec.name)
def test_every_field_that_names_a_resource_has_a_kind(spec: OperationSpec) -> None:
    for field in msgspec.structs.fields(spec.request):
        key = (spec.name, field.name)
        names_one = field.name.endswith(("_id", "_ids")) or (field.name == "ids")
        if field.name in PART_FIELDS:
            assert PART_FIELDS[field.name] in _judged(spec), key
        elif names_one and field.name not in NUMBERS:
            assert field.name in FIELD_KINDS or key in NAMED_BY_KIND or key in OTHER_FIELDS, key


def _judged(spec: OperationSpec) -> set[str]:
    """The kinds that the gate judges for an operation: of its path, and of its other fields."""
    return {spec.target} | {FIELD_KINDS.get(name, "") for name in spec.request.__struct_fields__}


def test_what_is_declared_exists() -> None:
    assert set(FIELD_KINDS.values()) <= LISTED
    for name, field in NAMED_BY_KIND | OPEN | OTHER_FIELDS.keys():
        assert field in OPERATIONS[name].request.__struct_fields__
    assert not OPERATIONS.keys() & BYTES.keys()


def _allowed(role: str) -> frozenset[str]:
    _, _, statements = PREDEFINED[role]
    assert {item.effect for item in statements} == {"allow"}
    return expand(pattern for item in statements for pattern in item.operations)


def test_the_tenant_role_is_what_tenants_may_do() -> None:
    expected = {name for name, spec in PERMISSIONS.items() if spec.access == Access.TENANT}
    assert _allowed(TENANT) == expected


def test_the_auditor_role_changes_nothing_and_asks_nothing_of_hosts() -> None:
    for name in _allowed(AUDITOR):
        assert PERMISSIONS[name].method == "GET"
        assert name != "vm.screenshot"
    assert {name for name in OPERATIONS if name.endswith((".list", ".get"))} <= _allowed(AUDITOR)


def test_patterns_mean_whole_names() -> None:
    assert expand(["vm.sta"]) == frozenset()
    assert expand(["vm.st*"]) == {"vm.start", "vm.stop"}
    assert expand(["*"]) == PERMISSIONS.keys()
    assert expand(["*.delete"]) >= {"image.delete", "zone.delete"}
