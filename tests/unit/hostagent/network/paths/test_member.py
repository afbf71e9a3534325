"""Fifty hosts probe one another over a wire in memory: what arrives is found to the byte."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from hostagent.network.paths import member as member_module
from hostagent.network.paths.ethernet import untagged
from hostagent.network.paths.member import Member
from hostagent.network.paths.messages import ANSWER, ASK, EVERYBODY, Message, Sealer
from hostagent.protocol.probe import PathHeard, ProbePeer

NONCE = b"n" * 32
MTU = 9000


class Wire:
    """Carries payloads of up to `limits` bytes, MTU for pairs that are not there; counts them."""

    def __init__(self, count: int, *, is_tunnel: bool = False) -> None:
        self.limits: dict[tuple[int, int], int] = {}
        self.lost: set[int] = set()  # numbers of frames, in the order of sending
        self.said: Counter[int] = Counter()
        self.members = [
            Member(Sealer(NONCE), number, MTU, MTU, tag=42, is_tunnel=is_tunnel)
            for number in range(count)
        ]
        for one in self.members:
            one.say = lambda payload, place, source=one.number: self._carry(source, payload, place)

    def _carry(self, source: int, payload: bytes, place: Any) -> None:
        self.said[source] += 1
        if self.said.total() in self.lost:
            return
        # An answer goes back to its origin, a datagram to its place, all else to everybody.
        target = place[1] if isinstance(place, tuple) else place
        loop = asyncio.get_running_loop()
        for one in self.members:
            limit = self.limits.get((source, one.number), MTU + 22)
            if one.number != source and target in (None, one.number) and len(payload) <= limit:
                loop.call_soon(one.receive, payload, 42, source)

    async def ask(self, number: int) -> dict[int, int]:
        peers = [
            ProbePeer(member=one.number, place="10.0.0.1", port=one.number)
            for one in self.members
            if one.number != number
        ]
        answers = await self.members[number].ask(peers)
        return {answer.member: answer.max_bytes for answer in answers}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_module, "WAIT_S", 0.05)
    monkeypatch.setattr(member_module, "PAUSE_S", 0.0)


async def test_fifty_hosts_need_two_broadcasts_each() -> None:
    wire = Wire(50)
    found = await asyncio.gather(*(wire.ask(number) for number in range(50)))
    assert all(list(one.values()) == [MTU] * 49 for one in found)
    assert set(wire.said.values()) == {2 + 2 * 49}, "two asks, and an answer to each of the others"
    assert all(len(one.heard) == 49 for one in wire.members)


@pytest.mark.parametrize("is_tunnel", [False, True])
async def test_small_paths_are_measured_to_the_byte(is_tunnel: bool) -> None:
    wire = Wire(5, is_tunnel=is_tunnel)
    more = 22 if is_tunnel else 0  # what a tunnel adds
    wire.limits = {(0, 1): 1400 + more, (0, 2): 4321 + more, (0, 3): 63 + more, (4, 0): 0}
    assert await wire.ask(0) == {1: 1400, 2: 4321}, "nothing comes from 3, no answer from 4"
    assert wire.members[4].heard[0].max_bytes == MTU, "4 has heard all of it"
    assert await wire.ask(1) == dict.fromkeys((0, 2, 3, 4), MTU), "the other way is another path"


async def test_lost_frames_are_said_again() -> None:
    wire = Wire(3)
    wire.lost = {1, 2, 4}
    assert await wire.ask(0) == {1: MTU, 2: MTU}


async def test_a_link_of_ones_own_that_is_too_small_is_not_overrun() -> None:
    wire = Wire(3)
    wire.members[0].limit_bytes = 1500
    assert await wire.ask(0) == {1: 1500, 2: 1500}


async def test_what_is_sent_again_is_answered_once_and_other_tags_are_noted() -> None:
    wire = Wire(2)
    payload = Sealer(NONCE).write(Message(ASK, 1, EVERYBODY, 64, 1))
    for _ in range(3):
        wire.members[0].receive(payload, 42, 1)
    assert wire.said[0] == 1
    wire.members[0].receive(payload, 7, 1)
    assert wire.members[0].heard == {1: PathHeard(member=1, max_bytes=64, other_tag=7)}
    own = Sealer(NONCE).write(Message(ASK, 0, EVERYBODY, 64, 2))
    wire.members[0].receive(own, 42, 0)
    unasked = Sealer(NONCE).write(Message(ANSWER, 1, 0, 64, 99))
    wire.members[0].receive(unasked, 42, 1)
    assert wire.said[0] == 1


def test_only_the_nonce_opens_a_message() -> None:
    sealer, message = Sealer(NONCE), Message(ASK, 1, EVERYBODY, 64, 1)
    payload = sealer.write(message, 200)
    assert (len(payload), sealer.read(payload)) == (200, message)
    assert Sealer(b"m" * 32).read(payload) is None
    for place in range(32):
        changed = bytearray(payload)
        changed[place] ^= 1
        assert sealer.read(bytes(changed)) is None
    for length in range(32):
        assert sealer.read(payload[:length]) is None


def test_tags_are_found_where_the_kernel_left_them() -> None:
    macs = b"\xff" * 6 + b"\x02" * 6
    assert untagged(macs + b"\x88\xb5hello", []) == (0, b"hello")
    assert untagged(macs + b"\x81\x00\x60\x2a\x88\xb5hello", []) == (42, b"hello")
    aux = (0x10).to_bytes(4, "little") + bytes(12) + (0x602A).to_bytes(2, "little") + b"\x00\x81"
    assert untagged(macs + b"\x88\xb5hello", [(263, 8, aux)]) == (42, b"hello")
    assert untagged(macs + b"\x88\xb5hello", [(263, 8, bytes(20))]) == (0, b"hello")
    assert untagged(macs + b"\x08\x00hello", []) == (0, None)
    assert untagged(macs + b"\x81\x00\x00\x2a\x08\x00hello", []) == (42, None)
