"""The short way of reads answers exactly like the long way, and never where that one refuses."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.api.fastread import FastReads
from appliance.engine.calls import SYSTEM
from appliance.engine.jobs import JobDefinition, NewJob, accept
from appliance.store.database import Transaction
from tests.unit.appliance.api.harness import ADMIN, SOME_ID, TENANT, Answer, Api


@pytest.fixture
async def path(api: Api) -> str:
    """Of a job whose JSON is kept in memory."""

    def add(tx: Transaction) -> str:
        new = NewJob(
            definition=JobDefinition(operation="vm.start", steps=()),
            queue="q",
            resource_kind="vm",
            resource_id="x",
            resource_name="x",
        )
        return accept(tx, SYSTEM, new).id

    return f"/v1/jobs/{await api.store.write(add)}"


def parts(answer: Answer) -> Any:
    varying = ("x-request-id",)
    kept = {name: value for name, value in answer.headers.items() if name not in varying}
    return answer.status, kept, answer.body


async def long_way(api: Api, path: str, **how: Any) -> Answer:
    assert isinstance(api.app, FastReads)
    whole, api.app = api.app, api.app._app
    try:
        return await api.request("GET", path, **how)
    finally:
        api.app = whole


async def counted(api: Api, path: str, **how: Any) -> tuple[Answer, int]:
    """The answer, and how many times the long way was gone."""
    assert isinstance(api.app, FastReads)
    inner, calls = api.app._app, 0

    async def count(*asgi: Any) -> None:
        nonlocal calls
        calls += 1
        await inner(*asgi)

    api.app._app = count
    try:
        return await api.request("GET", path, **how), calls
    finally:
        api.app._app = inner


async def test_both_ways_answer_the_same(api: Api, path: str) -> None:
    short, calls = await counted(api, path)
    assert calls == 0
    assert short.headers["x-request-id"]
    assert parts(short) == parts(await long_way(api, path))


@pytest.mark.parametrize(
    "how",
    [
        {"token": None},
        {"token": "nobody"},
        {"token": TENANT},
        {"headers": {"x-request-id": "mine"}},
        {"headers": {"if-none-match": "x"}},
    ],
)
async def test_what_is_different_goes_the_long_way(api: Api, path: str, how: Any) -> None:
    answer, calls = await counted(api, path, **how)
    assert calls == 1
    assert answer.status == (await long_way(api, path, **how)).status


@pytest.mark.parametrize(
    "path",
    [f"/v1/jobs/{SOME_ID}", "/v1/jobs/x", "/v1/jobs", "/v1/jobs/", f"/v1/nothing/{SOME_ID}", "/"],
)
async def test_other_paths_go_the_long_way(api: Api, path: str) -> None:
    _, calls = await counted(api, path, token=ADMIN)
    assert calls == 1


async def test_a_query_goes_the_long_way(api: Api, path: str) -> None:
    _, calls = await counted(api, path + "?fields=id")
    assert calls == 1


async def test_what_was_deleted_is_gone(api: Api, path: str) -> None:
    ref = path.rpartition("/")[2]

    def delete(tx: Transaction) -> None:
        tx.execute("DELETE FROM job WHERE id = ?", ref)
        tx.touch("job", ref)

    await api.store.write(delete)
    assert (await api.request("GET", path)).status == 404
