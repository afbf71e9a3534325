"""The description is complete and holds together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.api.openapi import describe
from appliance.protocol.operations import OPERATIONS, Access, Kind

DOCUMENT = describe()


def described(name: str) -> dict[str, Any]:
    spec = OPERATIONS[name]
    return DOCUMENT["paths"][spec.path][spec.method.lower()]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from references(item)


def test_every_operation_is_described_once() -> None:
    operations = [entry for path in DOCUMENT["paths"].values() for entry in path.values()]
    assert sorted(entry["operationId"] for entry in operations) == sorted(
        [*OPERATIONS, "image.upload", "image.download", "vm.screenshot"]
    )
    assert all(entry["summary"] for entry in operations)


def test_all_references_lead_somewhere_and_no_schema_is_left_over() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    found = {ref.removeprefix("#/components/schemas/") for ref in references(DOCUMENT)}
    assert found == set(schemas)


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_what_a_path_names_is_a_parameter(name: str) -> None:
    in_path = re.findall(r"{(\w+)}", OPERATIONS[name].path)
    parameters = described(name).get("parameters", [])
    assert [item["name"] for item in parameters if item["in"] == "path"] == in_path


def test_only_public_operations_need_no_login() -> None:
    for name, spec in OPERATIONS.items():
        assert ("security" in described(name)) == (spec.access != Access.PUBLIC), name


def test_each_operation_tells_its_good_answer_and_that_it_can_be_refused() -> None:
    for name, spec in OPERATIONS.items():
        responses = described(name)["responses"]
        good = {"202"} if spec.kind == Kind.JOB else {"200", "201", "204"}
        assert len(set(responses) & good) == 1, name
        assert "default" in responses, name


def test_unknown_fields_are_declared_as_refused() -> None:
    for name, spec in OPERATIONS.items():
        if spec.method == "GET":
            continue
        ref = described(name)["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        schema = DOCUMENT["components"]["schemas"][ref.rpartition("/")[2]]
        assert schema["additionalProperties"] is False, name


def test_lists_take_paging_parameters() -> None:
    for name, spec in OPERATIONS.items():
        if spec.verb == "list":
            query = {
                item["name"] for item in described(name)["parameters"] if item["in"] == "query"
            }
            assert query == {"limit", "cursor", "filter", "sort", "fields", "count", "q"}, name


def test_bodies_that_cannot_be_left_out_are_required() -> None:
    assert described("zone.create")["requestBody"].get("required") is True


def test_routes_that_carry_bytes_are_described() -> None:
    assert {"/v1/vms/{id}/screenshot", "/v1/images/{id}/content"} <= set(DOCUMENT["paths"])
