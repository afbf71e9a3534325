"""Lists: pages without loss or repetition, order, filters, search, and bad queries."""

from __future__ import annotations

import base64
import contextlib
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.api.query import find
from appliance.api.query.order import order_of, read_cursor, write_cursor
from appliance.engine.models import JOB_KIND, JobRow
from appliance.protocol.errors import InvalidInput
from appliance.protocol.ids import new_id
from appliance.protocol.resources import JobState
from appliance.store.database import Transaction
from tests.unit.appliance.api.harness import SOME_ID, Api


async def add_jobs(api: Api, count: int, **columns: Any) -> list[str]:
    """Jobs whose creation times come in pairs, so that order needs a second column."""

    def add(tx: Transaction) -> list[str]:
        ids = []
        for number in range(count):
            values = {
                "id": new_id(),
                "operation": "vm.start",
                "state": JobState.QUEUED,
                "queue": "q",
                "resource_kind": "vm",
                "resource_id": f"vm-{number}",
                "resource_name": f"name {number:03}",
                "account_id": "a",
                "reason": "",
                "data": {},
                "steps": [],
                "created_at": 1000 + number // 2,
            } | {key: value[number] for key, value in columns.items()}
            JobRow.create(**values)
            tx.touch("job", values["id"])
            ids.append(values["id"])
        return ids

    return await api.store.write(add)


async def listed(api: Api, **query: Any) -> dict[str, Any]:
    answer = await api.request("GET", f"/v1/jobs?{urlencode(query)}")
    assert answer.status == 200, answer.body
    return answer.json


async def walk(api: Api, **query: Any) -> list[str]:
    """Names on all pages, in order."""
    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await listed(api, **query, **cursor)
        names += [item["resource_name"] for item in page["items"]]
        if page["next"] is None:
            return names
        cursor = {"cursor": page["next"]}


async def refusal(api: Api, query: str, field: str) -> None:
    answer = await api.request("GET", f"/v1/jobs?{query}")
    assert (answer.status, answer.error["code"]) == (400, "request.bad_value"), answer.body
    assert answer.error["field"] == field


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "resource_name", "-resource_name"])
async def test_pages_lose_nothing_and_repeat_nothing(api: Api, sort: str) -> None:
    await add_jobs(api, 20)
    for limit in (1, 2, 3, 7, 20, 21):
        names = await walk(api, limit=limit, sort=sort)
        assert sorted(names) == [f"name {number:03}" for number in range(20)], limit
        if sort.endswith("resource_name"):
            assert names == sorted(names, reverse=sort.startswith("-"))


@pytest.mark.parametrize("sort", ["started_at", "-started_at"])
async def test_pages_sorted_by_a_column_with_gaps_lose_nothing(api: Api, sort: str) -> None:
    await add_jobs(api, 6, started_at=[None, 5, None, 6, 7, None])
    assert len(await walk(api, limit=2, sort=sort)) == 6


async def test_the_newest_come_first_if_nothing_is_asked(api: Api) -> None:
    await add_jobs(api, 4)
    names = await walk(api)
    assert [set(names[:2]), set(names[2:])] == [{"name 002", "name 003"}, {"name 000", "name 001"}]


async def test_what_is_added_meanwhile_moves_no_page(api: Api) -> None:
    await add_jobs(api, 6)
    first = await listed(api, limit=3, sort="resource_name")
    await add_jobs(api, 4, resource_name=["a"] * 4)
    second = await listed(api, limit=3, sort="resource_name", cursor=first["next"])
    names = [item["resource_name"] for item in first["items"] + second["items"]]
    assert names == [f"name {number:03}" for number in range(6)]


async def test_total_counts_all_and_seq_is_the_feeds_place(api: Api) -> None:
    assert await listed(api) == {"items": [], "next": None, "total": 0, "seq": 0}
    await add_jobs(api, 5)
    page = await listed(api, limit=2)
    assert (len(page["items"]), page["total"], page["seq"]) == (2, 5, 5)


async def test_a_hundred_items_are_a_page(api: Api) -> None:
    await add_jobs(api, 101)
    page = await listed(api)
    assert (len(page["items"]), page["total"]) == (100, 101)
    assert len((await listed(api, limit=1000))["items"]) == 101


async def test_filters_take_one_value_or_several(api: Api) -> None:
    await add_jobs(api, 4, state=["queued", "running", "failed", "running"])
    assert (await listed(api, state="running"))["total"] == 2
    assert (await listed(api, state="running,failed"))["total"] == 3
    assert (await listed(api, state="running", resource_id="vm-3"))["total"] == 1
    assert (await listed(api, state="cancelled"))["total"] == 0


async def test_search_finds_parts_of_names_in_any_case(api: Api) -> None:
    await add_jobs(api, 3, resource_name=["Web-1", "web-2", "database"])
    assert sorted(await walk(api, q="WEB")) == ["Web-1", "web-2"]
    assert await walk(api, q="base") == ["database"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"', "a%b", "; DROP TABLE job"])
async def test_search_takes_every_character_as_it_is(api: Api, text: str) -> None:
    await add_jobs(api, 2, resource_name=[f"x{text}y", "plain"])
    assert await walk(api, q=text) == [f"x{text}y"]


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "x", "1.5", "", "1e2", "+1"])
async def test_limits_are_numbers_from_1_to_1000(api: Api, limit: str) -> None:
    await refusal(api, f"limit={quote(limit)}", "limit")


@pytest.mark.parametrize("limit", ["²", "9" * 5000])
async def test_odd_digits_are_no_limit(api: Api, limit: str) -> None:
    await refusal(api, f"limit={quote(limit)}", "limit")


async def test_unknown_fields_are_refused_with_the_choices(api: Api) -> None:
    await refusal(api, "colour=red", "colour")
    answer = await api.request("GET", "/v1/jobs?colour=red")
    assert "resource_name" in answer.error["params"]["reason"]


@pytest.mark.parametrize(
    "sort",
    [
        "colour",
        "-colour",
        "--id",
        "-",
        "id,name",
        "Id",
        "id,",
        "id,id",
        "id,-id",
        "data",
        "queue",
        "number",
    ],
)
async def test_an_order_by_what_is_no_field_is_refused_with_the_choices(
    api: Api, sort: str
) -> None:
    answer = await api.request("GET", f"/v1/jobs?sort={sort}")
    assert (answer.status, answer.error["code"]) == (400, "request.bad_sort")
    assert (answer.error["field"], answer.error["params"]["value"]) == ("sort", sort)
    assert sort in answer.error["message"]
    assert "resource_name" in answer.error["remedy"]


@pytest.mark.parametrize("character", ["\x00", "\n", "\t", "\x1b", "\x7f", "\x85"])
@pytest.mark.parametrize("name", ["q", "sort", "cursor", "limit", "state", "colour"])
async def test_control_characters_are_refused_with_the_field(
    api: Api, name: str, character: str
) -> None:
    answer = await api.request("GET", f"/v1/jobs?{name}=a{quote(character)}b")
    assert (answer.status, answer.error["code"]) == (400, "request.control_characters")
    assert (answer.error["field"], answer.error["params"]) == (name, {"name": name})


def packed(content: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor", ["x", "äöü", "e30", packed([1]), packed([1, 2]), packed("no"), packed([1, "a", 2])]
)
async def test_cursors_come_from_earlier_pages(api: Api, cursor: str) -> None:
    await refusal(api, f"cursor={quote(cursor)}", "cursor")


@pytest.mark.parametrize("value", [{}, 10**30])
async def test_made_up_cursors_are_refused(api: Api, value: Any) -> None:
    await refusal(api, f"cursor={packed([value, 'x'])}", "cursor")


@given(
    values=st.tuples(
        st.none() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=40),
    )
)
def test_cursors_are_read_as_they_were_written(values: tuple[Any, str]) -> None:
    order = order_of(JOB_KIND, "-created_at")
    assert read_cursor(write_cursor("mark", values), "mark", order) == list(values)


@given(st.text(max_size=60))
def test_any_text_as_cursor_is_refused_or_understood(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        read_cursor(text, "mark", order_of(JOB_KIND, "resource_name"))


async def test_chosen_fields_and_nothing_else(api: Api) -> None:
    await add_jobs(api, 2)
    page = await listed(api, fields="resource_name,steps.name,error", sort="resource_name")
    assert page["items"] == [
        {"resource_name": f"name 00{number}", "steps": [], "error": None} for number in range(2)
    ]
    for fields in ("colour", "steps.colour", "id,,state", "id.x", "data"):
        answer = await api.request("GET", f"/v1/jobs?fields={fields}")
        assert (answer.status, answer.error["code"]) == (400, "query.unknown_shown"), fields
        assert answer.error["field"] == "fields"


async def test_what_is_in_memory_and_what_is_read_make_one_page(api: Api) -> None:
    ids = await add_jobs(api, 6)
    api.store.encoded._drop("job", ids[1])
    api.store.encoded._drop("job", ids[4])
    first = await listed(api, sort="resource_name")
    assert [item["id"] for item in first["items"]] == ids
    assert api.store.encoded.get("job", ids[1]) is not None
    assert await listed(api, sort="resource_name") == first


async def test_a_page_shows_what_was_committed_before_it_was_asked(api: Api) -> None:
    (ref,) = await add_jobs(api, 1)
    await listed(api)

    def change(tx: Transaction) -> None:
        JobRow.update(state=JobState.RUNNING).where(JobRow.id == ref).execute()
        tx.touch("job", ref)

    await api.store.write(change)
    assert (await listed(api, filter="state = running"))["items"][0]["state"] == "running"
    assert (await listed(api, filter="not state = running"))["total"] == 0


async def test_totals_are_counted_anew_after_each_commit(api: Api) -> None:
    for number in range(1, 4):
        await add_jobs(api, 1)
        assert [(await listed(api))["total"] for _ in range(6)] == [number] * 6
    assert (await listed(api, count="false"))["total"] == -1


async def test_a_question_that_takes_too_long_is_given_up(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_jobs(api, 200)
    monkeypatch.setattr(find, "LONGEST_S", 0)
    monkeypatch.setattr(find, "CHECKED_EVERY", 10)
    answer = await api.request("GET", "/v1/jobs?filter=operation%20like%20%22x%22")
    assert (answer.status, answer.error["code"]) == (400, "query.too_costly")
    monkeypatch.undo()
    assert (await listed(api))["total"] == 200


async def test_one_resource_is_found_by_its_id(api: Api) -> None:
    ids = await add_jobs(api, 2)
    answer = await api.request("GET", f"/v1/jobs/{ids[1]}")
    assert (answer.status, answer.json["resource_name"]) == (200, "name 001")


async def test_a_resource_that_is_not_there_is_named(api: Api) -> None:
    answer = await api.request("GET", f"/v1/jobs/{SOME_ID}")
    assert (answer.status, answer.error["code"]) == (404, "resource.not_found")
    assert answer.error["params"] == {"kind": "job", "id": SOME_ID}
