"""What one subscriber of the change feed is sent: what was missed, then what happens.

Several changes at once travel as one array. Subscribers to whom the same is told are sent the
very same message, which is made, and compressed for those who want that, once.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import msgspec

from appliance.engine.calls import Caller
from appliance.protocol.events import Change, FeedStart
from appliance.store import feed
from appliance.store.broadcast import Reader
from appliance.store.database import Store

REPLAY_PAGE = 1000
# Larger batches are divided at about these sizes: what is on its way to a slow subscriber is kept
# for each of them, so it may not be much.
MESSAGE_BYTES = 64 * 1024
COMPRESSIBLE_BYTES = 256 * 1024
COMPRESSED_FROM = 512  # bytes; less gains nothing
COMPRESSION = 1  # the quickest level; changes are much alike, so that is enough
PLACE_EVERY = 1000  # changes that did not concern a subscriber

# Whether a caller may see a change: caller, kind, id, and the owner's account or None.
MaySee = Callable[[Caller, str, str, str | None], bool]
Message = str | bytes  # JSON, and JSON compressed with zlib
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True)
class Interest:
    """What a subscriber is told of. `key` is the same for those who are told the same."""

    caller: Caller
    kinds: frozenset[str]
    may_see: MaySee
    is_compressed: bool = False

    @property
    def key(self) -> Hashable:
        """Full administrators see the same; others may differ by account, user and token."""
        sees_all = self.caller.is_admin and self.caller.rights.are_all
        return (self.kinds, None if sees_all else self.caller.session, self.is_compressed)

    def has(self, entry: feed.Entry) -> bool:
        """Whether the subscriber is told of `entry`."""
        if self.kinds and entry.kind not in self.kinds:
            return False
        return self.may_see(self.caller, entry.kind, entry.id, entry.owner)


@dataclass(frozen=True)
class Part:
    """Messages, and the last place in the feed that they stand for."""

    messages: list[Message]
    last: int


class FeedStream:
    """Sends the feed to one subscriber, for ever."""

    def __init__(self, store: Store, interest: Interest, send: Send) -> None:
        self._store = store
        self._interest = interest
        self._send = send
        self._sent = 0  # the place up to which the subscriber knows everything
        self._told = 0  # the last place that it has been told

    async def run(self, since: str | None) -> None:
        """Raises SlowReader when the subscriber did not keep up."""
        with self._store.feed.broadcast.reader() as live:
            await self._begin(since)
            await self._replay()
            await self._catch_up(live)
            make = partial(part_of, interest=self._interest)
            while True:
                await self._pass_on(await live.next(make, key=self._interest.key))

    async def _begin(self, since: str | None) -> None:
        oldest, newest = await self._store.read(feed.bounds)
        # A commit may be on the disk and not told yet: what is read now does not show it.
        known = min(newest, self._store.feed.published)
        place = _since(since, known)
        reset = place < oldest - 1 or place > newest
        self._sent = self._told = known if reset else place
        await self._tell_place(oldest, reset=reset)

    async def _replay(self) -> None:
        while entries := await self._store.read(partial(feed.replay, self._sent, REPLAY_PAGE)):
            await self._pass_on(part_of(entries, self._interest))

    async def _catch_up(self, live: Reader[feed.Entry]) -> None:
        """Leave out of what is live all that came before the last replayed change.

        That goes for passing changes as well: they would show what is over already.
        """
        stream, known = self._store.feed.broadcast, self._sent
        while (place := stream.find(lambda entry: entry.seq == known)) is None:
            if self._store.feed.published >= known:
                return  # it was told before we listened
            await stream.more_than(stream.end)
        live.position = max(live.position, place + 1)

    async def _pass_on(self, part: Part) -> None:
        for message in part.messages:
            await self._send(message)
            # The socket says that it is full only after its turn.
            await asyncio.sleep(0)
        self._sent = max(self._sent, part.last)
        if part.messages:
            self._told = self._sent
        elif self._sent - self._told >= PLACE_EVERY:
            # Else a subscriber that little concerns would come back with an old place, of which
            # nothing is kept any more.
            self._told = self._sent
            await self._tell_place(0)

    async def _tell_place(self, oldest: int, *, reset: bool = False) -> None:
        start = FeedStart(seq=self._sent, oldest=oldest, reset=reset)
        await self._send(msgspec.json.encode(start).decode())


def part_of(entries: Iterable[feed.Entry], interest: Interest) -> Part:
    """Messages with those of `entries` that are of interest."""
    found = list(entries)
    last = max((entry.seq for entry in found), default=0)
    wanted = filter(interest.has, found)
    limit = COMPRESSIBLE_BYTES if interest.is_compressed else MESSAGE_BYTES
    divided = _divided(wanted, limit)
    return Part([_message(some, interest.is_compressed) for some in divided], last)


def _divided(entries: Iterable[feed.Entry], limit: int) -> Iterator[list[bytes]]:
    some: list[bytes] = []
    size = 0
    for entry in entries:
        encoded = msgspec.json.encode(
            Change(
                seq=entry.seq, kind=entry.kind, id=entry.id, action=entry.action, data=entry.data
            )
        )
        if some and size + len(encoded) > limit:
            yield some
            some, size = [], 0
        some.append(encoded)
        size += len(encoded)
    if some:
        yield some


def _message(changes: list[bytes], is_compressed: bool) -> Message:
    body = changes[0] if len(changes) == 1 else b"[" + b",".join(changes) + b"]"
    if is_compressed and len(body) >= COMPRESSED_FROM:
        return zlib.compress(body, COMPRESSION)
    return body.decode()


def _since(text: str | None, newest: int) -> int:
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if is_number and text is not None else newest
