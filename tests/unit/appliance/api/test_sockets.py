"""The change feed without gap or repetition, and how it ends."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import aiohttp
import msgspec
import pytest

from appliance.engine.models import CleanupRow, JobRow
from appliance.protocol.events import Change, FeedStart
from appliance.store import feed
from appliance.store.database import Transaction
from tests.unit.appliance.api.harness import TENANT
from tests.unit.appliance.api.served import Served
from tests.unit.appliance.api.test_listing import add_jobs

WAIT_S = 10
CHUNK = bytes(64 * 1024)
CLOSED = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED)


async def touch(served: Served, count: int, first: int = 0) -> None:
    """Changes that clients see as deletions, one commit each."""

    def change(ref: str) -> Any:
        return lambda tx: tx.touch("job", ref)

    await asyncio.gather(
        *(served.api.store.write(change(str(first + number))) for number in range(count))
    )


async def receive(socket: aiohttp.ClientWebSocketResponse, kind: Any) -> Any:
    return msgspec.json.decode(await socket.receive_str(timeout=WAIT_S), type=kind)


async def entries(socket: aiohttp.ClientWebSocketResponse, count: int) -> list[Change]:
    """So many changes, however they are divided into messages."""
    found: list[Change] = []
    while len(found) < count:
        message = await receive(socket, Change | list[Change])
        found += message if isinstance(message, list) else [message]
    assert len(found) == count
    return found


async def changes(socket: aiohttp.ClientWebSocketResponse, count: int) -> list[int]:
    return [change.seq for change in await entries(socket, count)]


# The feed


@pytest.mark.parametrize(
    ("authorization", "code", "close"),
    [
        (None, "session.required", 4401),
        ("Bearer unknown", "session.required", 4401),
    ],
)
async def test_the_feed_is_not_for_strangers(
    served: Served, authorization: str | None, code: str, close: int
) -> None:
    async with served.socket("/v1/feed?since=0", authorization) as socket:
        assert (await receive(socket, dict))["error"]["code"] == code
        assert (await socket.receive(WAIT_S)).type in CLOSED
        assert socket.close_code == close


async def test_a_tenant_is_told_of_its_own_only(served: Served) -> None:
    store = served.api.store

    def add(tx: Transaction, ref: str, owner: str | None) -> None:
        tx.touched.clear()
        feed.append([("job", ref, b"{}", owner)])

    for ref, owner in (("a", "id-of-admin"), ("b", "id-of-tenant"), ("c", None)):
        await store.write(lambda tx, ref=ref, owner=owner: add(tx, ref, owner))
    async with served.socket("/v1/feed?since=0", f"Bearer {TENANT}") as socket:
        await receive(socket, FeedStart)
        assert [change.id for change in await entries(socket, 1)] == ["b"]
        jobs = await add_jobs(served.api, 2, account_id=["id-of-admin", "id-of-tenant"])
        assert [change.id for change in await entries(socket, 1)] == [jobs[1]]
        passing = {"account_id": "id-of-tenant"}
        for account in ("id-of-admin", "id-of-tenant"):
            data = msgspec.Raw(msgspec.json.encode(passing | {"account_id": account}))
            store.feed.publish([Change(seq=0, kind="job", id=account, action="put", data=data)])
        assert [change.id for change in await entries(socket, 1)] == ["id-of-tenant"]

        def remove(tx: Transaction) -> None:
            for ref in jobs:
                JobRow.delete().where(JobRow.id == ref).execute()
                tx.touch("job", ref)

        await store.write(remove)
        (gone,) = await entries(socket, 1)
        assert (gone.id, gone.action) == (jobs[1], "delete")


async def test_owners_are_never_told(served: Served) -> None:
    async with served.socket("/v1/feed?since=0") as socket:
        await receive(socket, FeedStart)
        await add_jobs(served.api, 1)
        change = await receive(socket, dict)
        assert set(change) == {"seq", "kind", "id", "action", "data"}


async def test_kinds_that_were_not_asked_for_are_left_out(served: Served) -> None:
    store = served.api.store
    await store.write(lambda tx: tx.touch("audit", "old"))
    await touch(served, 1)
    async with served.socket("/v1/feed?since=0&kinds=job") as socket:
        await receive(socket, FeedStart)
        assert await changes(socket, 1) == [2]
        await store.write(lambda tx: tx.touch("audit", "x"))
        await touch(served, 1)
        assert await changes(socket, 1) == [4]


async def test_who_is_little_concerned_is_told_how_far_the_feed_is(served: Served) -> None:
    def many(tx: Transaction) -> None:
        feed.append(("audit", str(number), None, None) for number in range(1500))

    await served.api.store.write(many)
    async with served.socket("/v1/feed?since=0&kinds=job") as socket:
        assert (await receive(socket, FeedStart)).seq == 0
        assert (await receive(socket, FeedStart)).seq == 1000
        await touch(served, 1)
        assert await changes(socket, 1) == [1501]


async def test_unknown_kinds_are_refused(served: Served) -> None:
    async with served.socket("/v1/feed?kinds=job,colour") as socket:
        error = (await receive(socket, dict))["error"]
        assert (error["code"], error["field"]) == ("request.bad_value", "kinds")


async def test_many_changes_at_once_are_one_message(served: Served) -> None:
    await touch(served, 700)
    async with served.socket("/v1/feed?since=0") as socket:
        await receive(socket, FeedStart)
        assert len(await receive(socket, list[Change])) == 700


async def test_who_asks_for_it_is_sent_compressed_messages(served: Served) -> None:
    await touch(served, 100)
    async with served.socket("/v1/feed?since=0&compress=zlib") as socket:
        await receive(socket, FeedStart)
        packed = await socket.receive_bytes(timeout=WAIT_S)
        found = msgspec.json.decode(zlib.decompress(packed), type=list[Change])
        assert [change.seq for change in found] == list(range(1, 101))
        await touch(served, 1)
        assert await changes(socket, 1) == [101]  # too short to gain anything
    async with served.socket("/v1/feed?compress=brotli") as socket:
        error = (await receive(socket, dict))["error"]
        assert (error["code"], error["field"]) == ("request.bad_value", "compress")


async def test_subscribers_at_the_same_place_share_one_text(served: Served) -> None:
    async with served.socket("/v1/feed?since=0") as one, served.socket("/v1/feed?since=0") as two:
        for socket in (one, two):
            await receive(socket, FeedStart)
        await touch(served, 1)
        for socket in (one, two):
            assert await changes(socket, 1) == [1]
        made: list[int] = []
        stream = served.api.store.feed.broadcast
        part = stream.part
        stream.part = lambda begin, end, make, key: part(  # type: ignore[method-assign]
            begin, end, lambda items: (made.append(begin), make(items))[1], key
        )
        await touch(served, 5)
        for socket in (one, two):
            assert await changes(socket, 5) == [2, 3, 4, 5, 6]
        assert len(made) == len(set(made))


async def test_a_client_that_answers_no_ping_is_noticed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = served.server._server.config
    monkeypatch.setattr(config, "ws_ping_interval", 0.05)
    monkeypatch.setattr(config, "ws_ping_timeout", 0.1)
    async with served.socket("/v1/feed", autoping=False) as socket:
        await receive(socket, FeedStart)
        stream = served.api.store.feed.broadcast
        assert stream.has_readers
        async with asyncio.timeout(WAIT_S):
            while (await socket.receive()).type not in CLOSED:
                pass
            while stream.has_readers:
                await asyncio.sleep(0.01)


async def test_without_since_only_what_comes_is_told(served: Served) -> None:
    await touch(served, 3)
    async with served.socket("/v1/feed") as socket:
        assert await receive(socket, FeedStart) == FeedStart(seq=3, oldest=1)
        await touch(served, 2)
        assert await changes(socket, 2) == [4, 5]


async def test_what_was_missed_comes_first_even_over_several_reads(served: Served) -> None:
    def add(tx: Transaction) -> None:
        feed.append(("job", str(number), None, None) for number in range(2500))

    await served.api.store.write(add)
    async with served.socket("/v1/feed?since=10") as socket:
        assert (await receive(socket, FeedStart)).seq == 10
        assert await changes(socket, 2490) == list(range(11, 2501))


async def test_nothing_is_lost_or_repeated_while_changes_go_on(served: Served) -> None:
    await touch(served, 50)
    writing = asyncio.create_task(touch(served, 400))
    async with served.socket("/v1/feed?since=20") as socket:
        await receive(socket, FeedStart)
        assert await changes(socket, 430) == list(range(21, 451))
    await writing


@pytest.mark.parametrize("since", [99, 10**15])
async def test_who_comes_from_the_future_must_list_again(served: Served, since: int) -> None:
    await touch(served, 3)
    async with served.socket(f"/v1/feed?since={since}") as socket:
        assert await receive(socket, FeedStart) == FeedStart(seq=3, oldest=1, reset=True)


async def test_who_was_away_too_long_must_list_again(served: Served) -> None:
    await touch(served, 10)
    await served.api.store.write(
        lambda tx: feed.FeedEntry.delete().where(feed.FeedEntry.seq <= 6).execute()
    )
    async with served.socket("/v1/feed?since=5") as socket:
        assert await receive(socket, FeedStart) == FeedStart(seq=10, oldest=7, reset=True)
    async with served.socket("/v1/feed?since=6") as socket:
        assert await receive(socket, FeedStart) == FeedStart(seq=6, oldest=7)
        assert await changes(socket, 4) == [7, 8, 9, 10]


async def test_passing_changes_are_told_and_not_kept(served: Served) -> None:
    async with served.socket("/v1/feed?since=0") as socket:
        await receive(socket, FeedStart)
        await touch(served, 2)
        assert await changes(socket, 2) == [1, 2]
        passing = Change(seq=0, kind="job", id="j", action="put", data=msgspec.Raw(b"{}"))
        served.api.store.feed.publish([passing])
        await touch(served, 1)
        assert await changes(socket, 2) == [0, 3]


async def test_changes_that_were_rolled_back_are_never_told(served: Served) -> None:
    def bad(tx: Transaction) -> None:
        tx.touch("job", "lost")
        CleanupRow.create(id="x", job_id="j", step="s", attempts=1, next_at=0)
        raise ValueError("no")

    async with served.socket("/v1/feed") as socket:
        await receive(socket, FeedStart)
        with pytest.raises(ValueError, match="no"):
            await served.api.store.write(bad)
        await touch(served, 1, first=7)
        assert (await receive(socket, Change)).id == "7"


async def test_a_slow_reader_is_cut_off_and_told_so(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.api.store.feed.broadcast, "limit", 20)
    data = msgspec.Raw(msgspec.json.encode({"account_id": "a", "text": "x" * 200_000}))
    async with served.socket("/v1/feed", max_msg_size=0) as socket:
        await receive(socket, FeedStart)
        change = Change(seq=0, kind="job", id="j", action="put", data=data)
        async with asyncio.timeout(WAIT_S):
            stream = served.api.store.feed.broadcast
            (reader,) = stream._readers
            while stream.is_kept(reader.position):
                served.api.store.feed.publish([change])
                await asyncio.sleep(0)
            while (await socket.receive()).type not in CLOSED:
                pass
        assert socket.close_code == 4008


async def test_a_commit_that_nobody_was_told_of_yet_is_told(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, held = served.api.store, []
    deliver = store._deliver
    monkeypatch.setattr(store, "_deliver", lambda *what: held.append(what))
    async with asyncio.timeout(WAIT_S):
        writing = asyncio.create_task(touch(served, 1))
        while not held:  # it is on the disk
            await asyncio.sleep(0.01)
        async with served.socket("/v1/feed") as socket:
            start = await receive(socket, FeedStart)
            assert start.seq == 0, "what is read now does not show it"
            deliver(*held[0])
            assert await changes(socket, 1) == [1]
        await writing


@pytest.mark.parametrize("why", ["session.ended", "session.expired"])
async def test_the_feed_ends_with_its_session(served: Served, why: str) -> None:
    async with served.socket("/v1/feed") as socket:
        await receive(socket, FeedStart)
        served.api.accounts.endings.tell("session-of-tenant", why)
        await touch(served, 1)
        assert await changes(socket, 1) == [1]
        served.api.accounts.endings.tell("session-of-admin", why)
        assert (await receive(socket, dict))["error"]["code"] == "session.required"
        last = await socket.receive(WAIT_S)
        assert (last.type, last.data, last.extra) == (aiohttp.WSMsgType.CLOSE, 4401, why)
    async with asyncio.timeout(WAIT_S):
        while served.api.store.feed._subscribers or len(served.api.accounts.endings):
            await asyncio.sleep(0.01)


async def test_subscribers_that_go_are_forgotten(served: Served) -> None:
    for _ in range(3):
        async with served.socket("/v1/feed") as socket:
            await receive(socket, FeedStart)
    async with asyncio.timeout(WAIT_S):
        while served.api.store.feed._subscribers:
            await asyncio.sleep(0.01)
