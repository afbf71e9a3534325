"""The feeder lists, follows, comes back and lists again when it must."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
import pytest

from appliance.protocol.errors import Unauthenticated, Unavailable
from appliance.protocol.events import Change, FeedStart
from appliance.protocol.operations import Page
from desktop.net import feeder as module
from desktop.net.feeder import (
    Changed,
    Feeder,
    Item,
    Listed,
    LoggedOut,
    Offline,
    Online,
)
from tests.gui.samples import make_vm


class ScriptedClient:
    """Answers lists from a dict, and gives one script of feed messages after the other."""

    def __init__(self, feeds: list[list[Any]]) -> None:
        self.feeds = feeds
        self.since: list[int | None] = []
        self.lists = 0

    async def call(self, operation: str, **query: Any) -> Any:
        """Two pages of VMs, one empty page of everything else."""
        kind = operation.partition(".")[0]
        if kind != "vm":
            return Page(items=[], next=None, total=0, seq=7)
        self.lists += 1
        if "cursor" not in query:
            return Page(items=[make_vm(1)], next="more", total=2, seq=7)
        return Page(items=[make_vm(2)], next=None, total=2, seq=9)

    async def feed(self, since: int | None = None) -> AsyncGenerator[Any, None]:
        """The next script; an exception in it is raised."""
        self.since.append(since)
        for message in self.feeds.pop(0):
            if isinstance(message, Exception):
                raise message
            yield message
        raise Unavailable("client.unreachable", url="", reason="")


class Ref:
    """Holds the client as ClientRef does."""

    def __init__(self, client: ScriptedClient) -> None:
        self.client = client


def change(seq: int, number: int) -> Change:
    vm = make_vm(number)
    raw = msgspec.Raw(msgspec.json.encode(vm))
    return Change(seq=seq, kind="vm", id=vm.id, action="put", data=raw)


async def follow(feeds: list[list[Any]]) -> tuple[ScriptedClient, list[Item]]:
    """Run a feeder until it is logged out."""
    client = ScriptedClient([*feeds, [Unauthenticated("session.required")]])
    items: list[Item] = []
    ref: Any = Ref(client)
    await asyncio.wait_for(Feeder(ref, items.extend).run(), 10)
    return client, items


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_DELAY_S", 0.001)


async def test_lists_by_pages_then_follows_from_the_oldest_list() -> None:
    client, items = await follow([[FeedStart(seq=12, oldest=1), change(13, 3)]])
    pages = [one for one in items if isinstance(one, Listed) and one.kind == "vm"]
    assert [(one.first, one.last) for one in pages] == [(True, False), (False, True)]
    assert client.since[0] == 7
    assert any(isinstance(one, Online) for one in items)
    assert [one.id for one in items if isinstance(one, Changed)] == [make_vm(3).id]
    assert isinstance(items[-1], LoggedOut)


async def test_comes_back_where_it_was() -> None:
    client, items = await follow(
        [[FeedStart(seq=7, oldest=1), change(20, 3)], [FeedStart(seq=20, oldest=1)]]
    )
    assert client.since[:2] == [7, 20]
    assert client.lists == 2  # two pages, once
    assert any(isinstance(one, Offline) for one in items)


async def test_lists_again_after_a_reset() -> None:
    client, _ = await follow([[FeedStart(seq=50, oldest=40, reset=True), change(51, 3)]])
    assert client.lists == 4


async def test_passing_changes_do_not_move_the_place() -> None:
    client, _ = await follow([[FeedStart(seq=7, oldest=1), change(8, 3), change(0, 3)]])
    assert client.since == [7, 8]


async def test_deletes_have_no_data() -> None:
    _, items = await follow(
        [[FeedStart(seq=7, oldest=1), Change(seq=8, kind="vm", id="x", action="delete")]]
    )
    assert [one.data for one in items if isinstance(one, Changed)] == [None]
