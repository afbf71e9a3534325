"""One stream for many readers: in order, whole, shared, and never silently short."""

from __future__ import annotations

import asyncio

import pytest

from appliance.store.broadcast import BATCH, Broadcast, Reader, SlowReader

WITHIN_S = 10


async def read(reader: Reader[int], count: int) -> list[int]:
    """The next `count` items."""
    found: list[int] = []
    async with asyncio.timeout(WITHIN_S):
        while len(found) < count:
            found += await reader.next(lambda items: items, "all")
    return found


async def test_readers_get_everything_from_their_beginning_on() -> None:
    stream: Broadcast[int] = Broadcast(10_000)
    stream.publish([0])
    with stream.reader() as first:
        stream.publish([1, 2])
        with stream.reader() as second:
            stream.publish(range(3, 2 * BATCH))
            assert await read(first, 2 * BATCH - 1) == list(range(1, 2 * BATCH))
            assert await read(second, 2 * BATCH - 3) == list(range(3, 2 * BATCH))


async def test_what_is_made_of_a_part_is_made_once() -> None:
    stream: Broadcast[int] = Broadcast(100)
    with stream.reader() as first, stream.reader() as second, stream.reader() as other:
        stream.publish([1, 2, 3])
        parts = [await reader.next(list, "same") for reader in (first, second)]
        assert parts[0] is parts[1]
        assert await other.next(sum, "other") == 6


async def test_who_falls_behind_is_cut_off_and_the_others_are_not() -> None:
    stream: Broadcast[int] = Broadcast(10)
    with stream.reader() as slow, stream.reader() as quick:
        for number in range(11):
            stream.publish([number])
            assert await read(quick, 1) == [number]
        with pytest.raises(SlowReader):
            await slow.next(list, "all")


async def test_only_what_somebody_must_still_read_is_kept() -> None:
    stream: Broadcast[int] = Broadcast(1000)
    with stream.reader() as reader:
        stream.publish(range(100))
        await read(reader, 100)
        stream.publish([100])
        await read(reader, 1)
        assert len(stream._items) <= 1
    assert not stream._items


async def test_many_readers_are_woken_together_and_not_for_each_item() -> None:
    stream: Broadcast[int] = Broadcast(10_000)
    rounds = 0

    async def follow(reader: Reader[int]) -> None:
        nonlocal rounds
        while reader.position < 500:
            await reader.next(list, "all")
            rounds += 1

    readers = [stream.reader() for _ in range(50)]
    tasks = [asyncio.create_task(follow(reader.__enter__())) for reader in readers]
    for number in range(500):
        stream.publish([number])
        await asyncio.sleep(0)
    async with asyncio.timeout(WITHIN_S):
        await asyncio.gather(*tasks)
    for reader in readers:
        reader.__exit__(None, None, None)
    assert rounds < 50 * 250
