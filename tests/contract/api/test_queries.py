"""No question about a list makes the service fail, and pages hold together while others write."""

from __future__ import annotations

import threading
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.api.query.columns import columns_of
from appliance.engine.models import JOB_KIND
from appliance.protocol.operations import OPERATIONS, OperationSpec
from tests.contract.api.appliance import Appliance
from tests.contract.api.test_requests import conforms

LISTS = [spec for spec in OPERATIONS.values() if spec.verb == "list"]
MANY = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NAMES = ["id", "name", "state", "created_at", "size_bytes", "host.name", "nics.address", "vms", "x"]
PIECES = st.sampled_from(
    [
        *NAMES,
        *("=", "!=", ">", ">=", "<", "<=", "in", "like", "is", "null", "not", "and", "or"),
        *("(", ")", ",", '"a"', "'b'", '"%_\\\\"', "1", "2GiB", "10.0.0.1", "true", "2030-01-01"),
        *('"', "'", "!", "\\", ";", "--", "9" * 30, "名", "-1e9", "0x1"),
    ]
)
FILTERS = st.one_of(
    st.lists(PIECES, max_size=14).map(" ".join),
    st.lists(PIECES, max_size=14).map("".join),
    st.text(max_size=60),
)
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "filter": FILTERS,
        "sort": st.lists(st.sampled_from([*NAMES, "-name", "-id", ""]), max_size=4).map(",".join),
        "fields": st.lists(st.sampled_from([*NAMES, "id.x", ""]), max_size=4).map(",".join),
        "count": st.sampled_from(["true", "false", "", "1"]),
        "q": st.text(max_size=10),
        "cursor": st.text(max_size=30),
        "host.name": st.text(max_size=10),
        "created_at": st.sampled_from(["2030-01-01", "x", "", "1,2"]),
    },
)


@pytest.mark.parametrize("spec", LISTS, ids=lambda spec: spec.name)
@MANY
@given(query=QUERIES)
def test_any_question_is_answered_or_refused(
    appliance: Appliance, spec: OperationSpec, query: dict[str, str]
) -> None:
    answer = appliance.request("GET", f"{spec.path}?{urlencode(query, errors='replace')}")
    assert answer.status in (200, 400), (query, answer.body)
    if "fields" not in query or answer.status == 400:
        conforms(spec, answer)


def test_every_column_of_every_list_can_be_asked_for(appliance: Appliance) -> None:
    columns = columns_of(JOB_KIND)
    for name in columns:
        query = urlencode({"filter": f"{name} is not null", "sort": f"-{name}"})
        answer = appliance.request("GET", f"/v1/jobs?{query}")
        assert answer.status == 200, answer.body


def test_chosen_fields_and_no_count(appliance: Appliance) -> None:
    query = urlencode({"fields": "id,name", "count": "false"})
    page = appliance.request("GET", f"/v1/zones?{query}").json
    assert page["total"] == -1
    assert all(set(item) == {"id", "name"} for item in page["items"])
    refused = appliance.request("GET", "/v1/zones?fields=colour")
    assert (refused.status, refused.code) == (400, "query.unknown_shown")


def test_pages_under_concurrent_inserts_keep_what_was_there(appliance: Appliance) -> None:
    """What exists throughout comes exactly once, whatever is made and deleted meanwhile."""

    def make(name: str) -> str:
        answer = appliance.request("POST", "/v1/zones", {"name": name})
        assert answer.status == 201, answer.body
        return answer.json["id"]

    kept = {make(f"kept {number % 7}") for number in range(40)}
    stop = threading.Event()
    writer = Appliance(appliance.folder)
    writer.ready, writer.token = appliance.ready, appliance.token

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            made = writer.request("POST", "/v1/zones", {"name": f"kept {number % 9}"})
            if number % 2:
                writer.request("DELETE", f"/v1/zones/{made.json['id']}")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for sort in ("name", "-name,created_at", "state,-name", "created_at"):
            asked = {"sort": sort, "limit": "3", "filter": 'name like "kept%"'}
            seen: list[str] = []
            cursor: str | None = ""
            pages = 0
            while cursor is not None and pages < 300:
                query = urlencode(asked | ({"cursor": cursor} if cursor else {}))
                page = appliance.request("GET", f"/v1/zones?{query}").json
                seen += [item["id"] for item in page["items"]]
                cursor = page["next"]
                pages += 1
                # Others' zones keep coming behind the last page in some orders.
                if kept <= set(seen) and pages > 60:
                    break
            assert kept <= set(seen), sort
            assert len(seen) == len(set(seen)), sort
    finally:
        stop.set()
        thread.join()
        writer.hang_up()
