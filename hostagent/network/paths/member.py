"""One host's part in a probe: it answers the others, and finds out whom it reaches itself."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hostagent.network.paths.datagrams import TUNNEL_BYTES
from hostagent.network.paths.messages import (
    ANSWER,
    ASK,
    EVERYBODY,
    SIZE_MIN_BYTES,
    Message,
    Sealer,
)
from hostagent.protocol.probe import PathAnswer, PathHeard, ProbePeer

TRIES = 3  # with the smallest and the largest size: a frame may be lost
WAIT_S = 0.4
BISECTIONS = 14  # from 9,000 bytes down to one
TWICE = 2  # each size in between is said so often
SIZES_AT_ONCE = 8
PAUSE_S = 0.002  # between frames
ANSWERS_MAX = 50_000  # of one probe: no storm comes of whatever happens on the wire


@dataclass
class _Reach:
    """What is known of the way to a peer: `low` bytes arrive, `high` do not."""

    low: int = 0
    high: int = 0
    round_trip_s: float = 0.0

    @property
    def middle(self) -> int:
        """The size to try next, 0 if there is none."""
        return (self.low + self.high) // 2 if 0 < self.low < self.high - 1 else 0


@dataclass
class Member:
    """Parameters: `number` in the probe; `tag` of the frames, None for datagrams or without.

    `say` sends a payload to a place, to everybody without one; `limit_bytes` is the largest size
    that this host's own link takes.
    """

    sealer: Sealer
    number: int
    mtu_bytes: int
    limit_bytes: int
    tag: int
    is_tunnel: bool
    say: Callable[[bytes, Any], None] = lambda *_: None
    heard: dict[int, PathHeard] = field(default_factory=dict)
    _reaches: dict[int, _Reach] = field(default_factory=dict)
    _sent_at: dict[int, float] = field(default_factory=dict)
    _answered: set[tuple[int, int]] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    # What comes in

    def receive(self, payload: bytes, tag: int, origin: Any) -> None:
        """Something came from the wire; what is none of this probe's is left alone."""
        message = self.sealer.read(payload)
        if message is None or message.sender == self.number:
            return
        if message.kind == ASK and message.target in (EVERYBODY, self.number):
            self._asked(message, len(payload), tag, origin)
        elif message.kind == ANSWER and message.target == self.number and tag == self.tag:
            self._answer_came(message)

    def _asked(self, message: Message, length: int, tag: int, origin: Any) -> None:
        known = self.heard.get(message.sender, PathHeard(member=message.sender))
        if tag != self.tag:
            self.heard[message.sender] = PathHeard(
                member=message.sender, max_bytes=known.max_bytes, other_tag=tag
            )
            return
        key = message.sender, message.number
        if length < self._length(message.size) or key in self._answered:
            return
        self.heard[message.sender] = PathHeard(
            member=message.sender,
            max_bytes=max(known.max_bytes, message.size),
            other_tag=known.other_tag,
        )
        if len(self._answered) < ANSWERS_MAX:
            self._answered.add(key)
            answer = Message(ANSWER, self.number, message.sender, message.size, message.number)
            with contextlib.suppress(OSError):  # the other side sees that nothing comes
                self.say(self.sealer.write(answer), origin)

    def _answer_came(self, message: Message) -> None:
        reach, sent_at = self._reaches.get(message.sender), self._sent_at.get(message.number)
        if reach is None or sent_at is None:
            return
        took_s = time.monotonic() - sent_at
        reach.round_trip_s = min(reach.round_trip_s or took_s, took_s)
        reach.low = max(reach.low, message.size)
        self._news.set()

    # What goes out

    async def ask(self, peers: Sequence[ProbePeer]) -> list[PathAnswer]:
        """Which of `peers` answer, and up to which size."""
        top = min(self.mtu_bytes, self.limit_bytes)
        self._reaches = {peer.member: _Reach(high=top + 1) for peer in peers}
        places = {peer.member: peer for peer in peers}
        for _ in range(TRIES):
            late = [ref for ref, reach in self._reaches.items() if reach.low < top]
            for size in dict.fromkeys((SIZE_MIN_BYTES, top)):
                await self._say(size, [places[ref] for ref in late])
            if await self._all(late, top):
                break
        for reach in self._reaches.values():
            reach.high = top if 0 < reach.low < top else top + 1
        for _ in range(BISECTIONS):
            if not await self._bisect(places):
                break
        return [
            PathAnswer(member=ref, max_bytes=reach.low, round_trip_us=int(reach.round_trip_s * 1e6))
            for ref, reach in self._reaches.items()
            if reach.low
        ]

    async def _bisect(self, places: dict[int, ProbePeer]) -> bool:
        """Halve the uncertainty of each peer that takes small frames only; False at the end."""
        middles: dict[int, list[int]] = {}
        for ref, reach in self._reaches.items():
            if reach.middle:
                middles.setdefault(reach.middle, []).append(ref)
        tried = dict(list(middles.items())[:SIZES_AT_ONCE])
        for _ in range(TWICE):
            for size, refs in tried.items():
                await self._say(size, [places[ref] for ref in refs])
        await asyncio.sleep(WAIT_S if tried else 0)
        for size, refs in tried.items():
            for ref in refs:
                reach = self._reaches[ref]
                if reach.low < size:
                    reach.high = min(reach.high, size)
        return bool(tried)

    async def _say(self, size: int, peers: Iterable[ProbePeer]) -> None:
        """An ask of this size: one for everybody on the wire, one for each end of a tunnel."""
        chosen = list(peers)
        if not chosen:
            return
        targets = chosen if self.is_tunnel else [None]
        for peer in targets:
            number = len(self._sent_at) + 1
            target = EVERYBODY if peer is None else peer.member
            ask = Message(ASK, self.number, target, size, number)
            self._sent_at[number] = time.monotonic()
            with contextlib.suppress(OSError):  # too large, or the link is down: nothing arrives
                place = None if peer is None else (peer.place, peer.port)
                self.say(self.sealer.write(ask, self._length(size)), place)
            await asyncio.sleep(PAUSE_S)

    async def _all(self, refs: Sequence[int], size: int) -> bool:
        """Wait until all of them have answered that size; False if some have not in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                while any(self._reaches[ref].low < size for ref in refs):
                    self._news.clear()
                    await self._news.wait()
                return True
        return False

    def _length(self, size: int) -> int:
        """The payload that stands for a frame of `size` bytes."""
        return size + TUNNEL_BYTES if self.is_tunnel else size
