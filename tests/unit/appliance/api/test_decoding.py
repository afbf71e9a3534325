"""Errors in bodies name the field, the value and what was expected instead."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from appliance.api.decoding import decode
from appliance.protocol import requests as q
from appliance.protocol.errors import InvalidInput

OFFERING = {"name": "small", "cpu_count": 1, "memory_bytes": 1024**3}
NETWORK = {
    "cluster_id": "c" * 36,
    "name": "n",
    "cidr": "10.0.0.0/24",
    "gateway": "10.0.0.1",
    "ranges": [{"first": "10.0.0.2", "last": "10.0.0.9"}],
}


def refused(body: Any, kind: type[Any] = q.InstanceOfferingCreate) -> InvalidInput:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(InvalidInput) as caught:
        decode(content, kind)
    return caught.value


def test_a_good_body_becomes_its_struct() -> None:
    request = decode(msgspec.json.encode(OFFERING), q.InstanceOfferingCreate)
    assert request == q.InstanceOfferingCreate(name="small", cpu_count=1, memory_bytes=1024**3)


def test_an_empty_body_is_a_request_without_fields() -> None:
    assert decode(b"", q.VmStop) == q.VmStop()


def test_fields_left_out_differ_from_empty_ones() -> None:
    assert decode(b"{}", q.Update).name is msgspec.UNSET
    assert decode(b'{"description":""}', q.Update).description == ""


def test_unknown_fields_are_named() -> None:
    error = refused(OFFERING | {"colour": "red"})
    assert (error.code, error.field) == ("request.unknown_field", "colour")


def test_missing_fields_are_named() -> None:
    error = refused({"name": "x", "cpu_count": 1})
    assert (error.code, error.field) == ("request.missing_field", "memory_bytes")


@pytest.mark.parametrize(
    ("field", "value", "shown", "reason"),
    [
        ("cpu_count", 0, "0", ">= 1"),
        ("cpu_count", 1025, "1025", "<= 1024"),
        ("cpu_count", "two", '"two"', "`int`"),
        ("cpu_count", True, "true", "`int`"),
        ("cpu_count", 1.5, "1.5", "`int`"),
        ("cpu_count", None, "null", "`int`"),
        ("memory_bytes", 10**30, "1000000000000000000000000000000", "`int`"),
        ("name", "", '""', ">= 1"),
        ("name", ["a"], '["a"]', "`str`"),
    ],
)
def test_bad_values_are_named_with_value_and_reason(
    field: str, value: Any, shown: str, reason: str
) -> None:
    error = refused(OFFERING | {field: value})
    assert (error.code, error.field) == ("request.bad_value", field)
    assert error.params["name"] == field
    assert error.params["value"] == shown
    assert reason in error.params["reason"]


@pytest.mark.parametrize(
    ("entry", "code", "field"),
    [
        ({"last": "10.0.0.2"}, "request.missing_field", "ranges[0].first"),
        ({"first": "a", "last": "b", "x": 1}, "request.unknown_field", "ranges[0].x"),
        ({"first": 7, "last": "b"}, "request.bad_value", "ranges[0].first"),
    ],
)
def test_faults_in_nested_values_carry_their_path(
    entry: dict[str, Any], code: str, field: str
) -> None:
    error = refused(NETWORK | {"ranges": [entry]}, q.NetworkCreate)
    assert (error.code, error.field) == (code, field)


def test_long_values_are_shortened() -> None:
    error = refused(OFFERING | {"name": "x" * 300})
    assert len(error.params["value"]) <= 60


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b"{'name': 1}",
        b'{"name": "\\ud800"}',
        b"nothing",
        b"NaN",
        b"[",
        b'{"name": 1, ',
    ],
)
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    assert refused(body).code == "request.malformed"


@pytest.mark.parametrize("body", [b"[]", b"null", b"3", b'"text"'])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    error = refused(body)
    assert (error.code, error.field) == ("request.bad_value", None)
    assert "object" in error.params["reason"]


def test_deep_nesting_is_malformed() -> None:
    assert refused(b"[" * 20_000).code == "request.malformed"
