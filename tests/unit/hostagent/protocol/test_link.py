"""Two ends of a link: calls, failures, events, streams with credit, loss, nonsense."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostagent.protocol import frames as f
from hostagent.protocol.commands import DOMAIN_GET, HOST_FACTS, IMAGE_RECEIVE, Nothing
from hostagent.protocol.domain import DomainReport, DomainState, VmRef
from hostagent.protocol.enrolment import BadToken, JoinToken
from hostagent.protocol.link import CallContext, CallTimeout, CommandFailed, LinkLost, Peer
from hostagent.protocol.storage import ImagePlace, Received, ReceiveParams
from hostagent.protocol.streams import WINDOW_BYTES, StreamBroken


@contextlib.asynccontextmanager
async def pair() -> AsyncIterator[tuple[Peer, Peer]]:
    left, right = socket.socketpair()
    service = Peer(*await asyncio.open_connection(sock=left), is_service=True)
    agent = Peer(*await asyncio.open_connection(sock=right), is_service=False)
    tasks = [asyncio.create_task(peer.run()) for peer in (service, agent)]
    try:
        yield service, agent
    finally:
        service.close()
        agent.close()
        await asyncio.wait_for(asyncio.gather(*tasks), 5)


async def test_a_call_is_answered_and_tells_progress() -> None:
    async with pair() as (service, agent):

        async def get(params: VmRef, context: CallContext) -> DomainReport:
            context.progress(1, 2, "bytes")
            return DomainReport(vm_id=params.vm_id, state=DomainState.RUNNING)

        agent.handle(DOMAIN_GET, get)
        seen: list[tuple[int, int, str]] = []
        report = await service.call(
            DOMAIN_GET, VmRef(vm_id="x"), on_progress=lambda *now: seen.append(now)
        )
        assert report == DomainReport(vm_id="x", state=DomainState.RUNNING)
        assert seen == [(1, 2, "bytes")]


async def test_refusals_and_faults_come_back_with_their_codes() -> None:
    async with pair() as (service, agent):

        async def refuse(params: VmRef, context: CallContext) -> DomainReport:
            if params.vm_id == "bug":
                raise ZeroDivisionError
            raise CommandFailed("storage.no_space", "full", needed_bytes=7)

        agent.handle(DOMAIN_GET, refuse)
        with pytest.raises(CommandFailed) as refused:
            await service.call(DOMAIN_GET, VmRef(vm_id="x"))
        assert (refused.value.code, refused.value.params) == (
            "storage.no_space",
            {"needed_bytes": 7},
        )
        with pytest.raises(CommandFailed) as broken:
            await service.call(DOMAIN_GET, VmRef(vm_id="bug"))
        assert broken.value.code == "agent.internal"
        with pytest.raises(CommandFailed) as unknown:
            await service.call(HOST_FACTS, Nothing())
        assert unknown.value.code == "agent.unknown_command"


async def test_a_call_that_nobody_waits_for_is_cancelled() -> None:
    async with pair() as (service, agent):
        ended = asyncio.Event()

        async def hang(params: VmRef, context: CallContext) -> Any:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        agent.handle(DOMAIN_GET, hang)
        with pytest.raises(CallTimeout):
            await service.call(DOMAIN_GET, VmRef(vm_id="x"), timeout_s=0.05)
        await asyncio.wait_for(ended.wait(), 5)


async def test_loss_fails_what_is_pending() -> None:
    async with pair() as (service, agent):

        async def hang(params: VmRef, context: CallContext) -> Any:
            await asyncio.Event().wait()

        agent.handle(DOMAIN_GET, hang)
        call = asyncio.create_task(service.call(DOMAIN_GET, VmRef(vm_id="x")))
        stream = service.open_stream()
        await asyncio.sleep(0)
        agent.close()
        with pytest.raises(LinkLost):
            await asyncio.wait_for(call, 5)
        with pytest.raises(StreamBroken):
            await asyncio.wait_for(stream.read(), 5)
        with pytest.raises(LinkLost):
            await service.call(DOMAIN_GET, VmRef(vm_id="x"))


async def test_a_stream_carries_much_but_never_more_than_its_window() -> None:
    async with pair() as (service, agent):
        taken = bytearray()
        may_read = asyncio.Event()

        async def receive(params: ReceiveParams, context: CallContext) -> Received:
            stream = context.peer.stream(params.stream_id)
            await may_read.wait()
            while data := await stream.read():
                taken.extend(data)
            return Received(size_bytes=len(taken))

        agent.handle(IMAGE_RECEIVE, receive)
        stream = service.open_stream()
        params = ReceiveParams(
            place=ImagePlace(image_id="i", store_path="/"), size_bytes=1, stream_id=stream.id
        )
        call = asyncio.create_task(service.call(IMAGE_RECEIVE, params))
        content = bytes(range(256)) * 4096 * 5  # 5 MiB: five windows
        sending = asyncio.create_task(stream.write(content))
        done, _ = await asyncio.wait({sending}, timeout=0.2)
        assert not done, "the sender must wait for credit"
        assert agent.stream(stream.id)._pending_bytes <= WINDOW_BYTES
        may_read.set()
        await asyncio.wait_for(sending, 10)
        stream.close()
        await asyncio.wait_for(call, 10)
        assert bytes(taken) == content


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_nonsense_ends_the_link_and_nothing_else(noise: bytes) -> None:
    async def run() -> None:
        left, right = socket.socketpair()
        peer = Peer(*await asyncio.open_connection(sock=left), is_service=True)
        right.sendall(noise)
        right.shutdown(socket.SHUT_WR)
        await asyncio.wait_for(peer.run(), 5)
        right.close()

    asyncio.run(run())


def test_frames_survive_the_wire() -> None:
    frame = f.Failure(id=3, code="a.b", message="云", params={"n": 1})
    body = f.encode(frame)[4:]
    assert msgspec.msgpack.decode(body, type=f.Frame) == frame
    with pytest.raises(f.ProtocolError):
        f.encode(f.StreamData(stream=1, data=bytes(f.MAX_FRAME_BYTES)))


def test_join_tokens_are_one_word_and_damaged_ones_are_told_apart() -> None:
    token = JoinToken(addresses=[("10.0.0.1", 8444)], ca_fingerprint="ab" * 32, secret="s")
    assert JoinToken.decode(f" {token.encode()}\n") == token
    for text in ("", "x", "anyun1.", "anyun1.@@@", token.encode()[:-9]):
        with pytest.raises(BadToken):
            JoinToken.decode(text)


async def test_a_round_trip_is_proven_by_an_answer_to_it_alone() -> None:
    async with pair() as (service, agent):
        await agent.round_trip()
        await asyncio.gather(agent.round_trip(), agent.round_trip(), service.round_trip())
        waiting = asyncio.create_task(agent.round_trip())
        await asyncio.sleep(0)
        service.abort()
        with contextlib.suppress(LinkLost):  # it may have been answered just before
            await waiting
    with pytest.raises(LinkLost):
        await agent.round_trip()


async def test_a_pong_to_an_earlier_ping_proves_nothing() -> None:
    left, right = socket.socketpair()
    agent = Peer(*await asyncio.open_connection(sock=left), is_service=False)
    _, far = await asyncio.open_connection(sock=right)
    running = asyncio.create_task(agent.run())
    agent._ping(None)  # the heartbeat's
    trip = asyncio.create_task(agent.round_trip())
    await asyncio.sleep(0)
    far.write(f.encode(f.Pong()))
    await asyncio.sleep(0.05)
    assert not trip.done()
    far.write(f.encode(f.Pong()))
    await asyncio.wait_for(trip, 5)
    far.close()
    agent.close()
    await asyncio.wait_for(running, 5)
