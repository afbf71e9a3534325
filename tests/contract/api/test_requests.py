"""Every operation of the real service refuses what is wrong with it, in the declared form."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.api.answers import ErrorAnswer
from appliance.protocol.ids import new_id
from appliance.protocol.operations import OPERATIONS, Access, OperationSpec
from appliance.protocol.texts_errors import ERRORS
from tests.contract.api.appliance import Answer, Appliance
from tests.contract.api.bodies import (
    GUARDED,
    NOT_AT_RANDOM,
    ODD_TEXTS,
    WITH_BODY,
    good_body,
    odd_bodies,
    path_of,
)

LISTS = [spec for spec in OPERATIONS.values() if spec.verb == "list"]
PROBED = [spec for spec in WITH_BODY if spec.name not in NOT_AT_RANDOM]
# These ask the host itself, and wait for it when it is not there.
ASKS_HOST = ("host.check_path", "host.check_network", "host.check_url", "image_store.create")
MANY = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def name_of(spec: OperationSpec) -> str:
    return spec.name


def conforms(spec: OperationSpec, answer: Answer) -> None:
    """The answer is one that the operation declares, and no fault of ours."""
    assert answer.status != 500, answer.body
    if answer.status >= 400:
        error = msgspec.json.decode(answer.body, type=ErrorAnswer, strict=True).error
        assert error.code in ERRORS
        assert error.message
        assert error.remedy
        assert "{" not in error.message + error.remedy or "{" in str(error.params), error
    elif spec.response is None:
        assert (answer.status, answer.body) == (204, b"")
    else:
        msgspec.json.decode(answer.body, type=spec.response, strict=True)


@pytest.mark.parametrize("spec", GUARDED, ids=name_of)
def test_no_operation_answers_a_stranger(appliance: Appliance, spec: OperationSpec) -> None:
    for token in ("", "made-up"):
        body = good_body(spec) if spec.method != "GET" else b""
        answer = appliance.request(spec.method, path_of(spec), body, token=token or "")
        assert (answer.status, answer.code) == (401, "session.required")
        conforms(spec, answer)


@pytest.mark.parametrize("spec", PROBED, ids=name_of)
def test_one_wrong_thing_is_named(appliance: Appliance, spec: OperationSpec) -> None:
    def refused(body: Any, code: str, field: str | None) -> None:
        answer = appliance.request(spec.method, path_of(spec), body)
        conforms(spec, answer)
        assert (answer.status, answer.code) == (400, code), answer.body
        assert answer.json["error"].get("field") == field

    good = good_body(spec)
    refused(good | {"colour": 1}, "request.unknown_field", "colour")
    refused(b"{", "request.malformed", None)
    refused(b"[]", "request.bad_value", None)
    for name in good:
        rest = {key: value for key, value in good.items() if key != name}
        refused(rest, "request.missing_field", name)
        refused(good | {name: None}, "request.bad_value", name)


def test_checks_on_a_host_that_is_not_there(appliance: Appliance) -> None:
    spec = OPERATIONS["host.check_network"]
    assert appliance.request(spec.method, path_of(spec), good_body(spec)).status == 404


@pytest.mark.parametrize(
    "spec",
    [s for s in OPERATIONS.values() if "{id}" in s.path and s.name not in ASKS_HOST],
    ids=name_of,
)
def test_ids_that_lead_nowhere(appliance: Appliance, spec: OperationSpec) -> None:
    body = good_body(spec) if spec.method != "GET" else b""
    answer = appliance.request(spec.method, path_of(spec), body)
    conforms(spec, answer)
    assert answer.status == 404, answer.body
    answer = appliance.request(spec.method, path_of(spec, "not-an-id"), body)
    conforms(spec, answer)
    assert (answer.status, answer.code) == (400, "request.bad_id")


@pytest.mark.parametrize("spec", [s for s in PROBED if s.name not in ASKS_HOST], ids=name_of)
def test_odd_bodies_are_answered_as_declared(appliance: Appliance, spec: OperationSpec) -> None:
    @MANY
    @given(odd_bodies(spec))
    def probe(body: Any) -> None:
        conforms(spec, appliance.request(spec.method, path_of(spec), body))

    probe()


@pytest.mark.parametrize("spec", LISTS, ids=name_of)
def test_lists_answer_as_declared(appliance: Appliance, spec: OperationSpec) -> None:
    for query in ("", "?limit=1", "?q=x", "?sort=id", "?sort=-id", "?limit=1000&q=%25"):
        answer = appliance.request("GET", spec.path + query)
        conforms(spec, answer)
        assert answer.status == 200, (query, answer.body)
    for query, field in (
        ("?limit=0", "limit"),
        ("?colour=1", "colour"),
        ("?cursor=%21", "cursor"),
        ("?q=%00", "q"),
        ("?sort=colour", "sort"),
    ):
        answer = appliance.request("GET", spec.path + query)
        conforms(spec, answer)
        assert (answer.status, answer.json["error"]["field"]) == (400, field)


@pytest.mark.parametrize("spec", LISTS, ids=name_of)
def test_odd_queries_are_answered_as_declared(appliance: Appliance, spec: OperationSpec) -> None:
    from urllib.parse import urlencode

    names = st.sampled_from(["limit", "cursor", "sort", "q", "id", "name", "created_at", "state"])

    @MANY
    @given(st.dictionaries(names, ODD_TEXTS, max_size=3))
    def probe(query: dict[str, str]) -> None:
        encoded = urlencode(query, errors="surrogatepass")
        conforms(spec, appliance.request("GET", f"{spec.path}?{encoded}"))

    probe()


@pytest.mark.parametrize(
    "spec",
    [s for s in OPERATIONS.values() if s.method == "GET" and "{" not in s.path],
    ids=name_of,
)
def test_reads_answer_as_declared(appliance: Appliance, spec: OperationSpec) -> None:
    token = "" if spec.access == Access.PUBLIC else None
    answer = appliance.request("GET", spec.path, token=token)
    conforms(spec, answer)
    assert answer.status == 200


def test_a_create_repeated_is_the_same_and_with_other_content_refused(
    appliance: Appliance,
) -> None:
    body = {"id": new_id(), "name": "zone", "description": "d"}
    made = [appliance.request("POST", "/v1/zones", body) for _ in range(2)]
    assert [answer.status for answer in made] == [201, 201]
    assert made[0].json == made[1].json
    other = appliance.request("POST", "/v1/zones", body | {"name": "other"})
    assert (other.status, other.code) == (409, "request.id_taken")


def test_names_need_not_be_unique(appliance: Appliance) -> None:
    made = [appliance.request("POST", "/v1/zones", {"name": "twin"}) for _ in range(2)]
    assert [answer.status for answer in made] == [201, 201]
    assert made[0].json["id"] != made[1].json["id"]


def test_the_description_is_the_published_one(appliance: Appliance) -> None:
    from tests.golden.test_openapi import PUBLISHED

    answer = appliance.request("GET", "/v1/openapi.json", token="")
    assert answer.json == msgspec.json.decode(PUBLISHED.read_bytes())
