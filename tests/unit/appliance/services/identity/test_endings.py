"""Sessions that end: swept while the service runs, and whoever waits for it is told."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from appliance.protocol.errors import Unauthenticated
from appliance.services.identity import service
from appliance.services.identity.models import SessionRow
from tests.unit.appliance.services.identity.logins import ADDRESS, PASSWORD, Logins

HOUR_MS = 3600 * 1000
WAIT_S = 10


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [1_800_000_000_000]
    monkeypatch.setattr(service, "now_ms", lambda: now[0])
    return now


@pytest.fixture
async def sweeping(logins: Logins, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Logins]:
    """Swept all the time."""
    monkeypatch.setattr(service, "SWEEP_EVERY_S", 0.01)
    logins.identity.start()
    yield logins
    await logins.identity.stop()


def session_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def watched(logins: Logins, *tokens: str) -> list[asyncio.Task[str]]:
    """One who waits for the end of each session, and does so already."""
    tasks = [asyncio.create_task(logins.identity.until_over(session_of(token))) for token in tokens]
    for token in tokens:
        await logins.identity.authenticate(token, ADDRESS)
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def kept(logins: Logins) -> int:
    return await logins.store.read(lambda: SessionRow.select().count())


async def test_sessions_are_swept_while_the_service_runs(
    sweeping: Logins, clock: list[int]
) -> None:
    token = (await sweeping.set_up()).token
    clock[0] += HOUR_MS
    other = (await sweeping.log_in()).token
    old, new = await watched(sweeping, token, other)
    clock[0] += 2 * HOUR_MS - 1
    await sweeping.identity.authenticate(other, ADDRESS)
    clock[0] += 2
    assert await asyncio.wait_for(old, WAIT_S) == "session.expired"
    assert await kept(sweeping) == 1
    assert not new.done()
    await sweeping.identity.authenticate(other, ADDRESS)
    new.cancel()


async def test_a_sweep_that_fails_is_tried_again(
    sweeping: Logins, clock: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (ended,) = await watched(sweeping, (await sweeping.set_up()).token)
    sweep: Callable[[], Any] = sweeping.identity.sweep
    failed = asyncio.Event()

    async def fail_once() -> None:
        if not failed.is_set():
            failed.set()
            raise OSError("the disk is full")
        await sweep()

    with capture_logs() as logs:
        monkeypatch.setattr(sweeping.identity, "sweep", fail_once)
        clock[0] += 3 * HOUR_MS
        assert await asyncio.wait_for(ended, WAIT_S) == "session.expired"
    assert failed.is_set()
    assert [line["event"] for line in logs] == ["session_sweep_failed"]


async def test_who_waits_for_a_session_learns_that_it_was_ended(logins: Logins) -> None:
    mine, other = (await logins.set_up()).token, (await logins.log_in()).token
    first, second, third = await watched(logins, mine, other, other)
    await logins.call("session.delete", token=other)
    assert await asyncio.wait_for(asyncio.gather(second, third), WAIT_S) == ["session.ended"] * 2
    assert not first.done()
    await logins.call("session.delete", token=mine)
    assert await asyncio.wait_for(first, WAIT_S) == "session.ended"
    assert len(logins.identity._endings) == 0


async def test_a_new_password_ends_what_others_wait_for(logins: Logins) -> None:
    mine, other = (await logins.set_up()).token, (await logins.log_in()).token
    own, theirs = await watched(logins, mine, other)
    await logins.call(
        "session.change_password", token=mine, old_password=PASSWORD, new_password="another one"
    )
    assert await asyncio.wait_for(theirs, WAIT_S) == "session.ended"
    assert not own.done()
    own.cancel()


async def test_nobody_waits_for_what_is_over_already(logins: Logins) -> None:
    token = (await logins.set_up()).token
    await logins.call("session.delete", token=token)
    ended = logins.identity.until_over(session_of(token))
    assert await asyncio.wait_for(ended, WAIT_S) == "session.ended"
    assert await asyncio.wait_for(logins.identity.until_over(""), WAIT_S) == "session.ended"


async def test_those_who_stop_waiting_are_forgotten(logins: Logins) -> None:
    token = (await logins.set_up()).token
    tasks = await watched(logins, token, token)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(logins.identity._endings) == 0


async def test_use_without_requests_keeps_a_session_alive(logins: Logins, clock: list[int]) -> None:
    token = (await logins.set_up()).token
    for _ in range(4):
        clock[0] += HOUR_MS
        await logins.identity.used(session_of(token))
        await logins.identity.sweep()
    await logins.identity.authenticate(token, ADDRESS)
    clock[0] += 3 * HOUR_MS
    await logins.identity.used(session_of(token))
    with pytest.raises(Unauthenticated):
        await logins.identity.authenticate(token, ADDRESS)


async def test_a_session_that_ends_while_it_is_read_is_not_remembered(logins: Logins) -> None:
    token = (await logins.set_up()).token
    for _ in range(6):
        logins.restart()  # so that it must be read
        token = (await logins.log_in()).token
        logins.restart()
        ending = logins.identity._end_sessions(SessionRow.token_sha256 == session_of(token))
        await asyncio.gather(
            ending, *(logins.identity.authenticate(token, ADDRESS) for _ in range(5)),
            return_exceptions=True,
        )  # fmt: skip
        with pytest.raises(Unauthenticated):
            await logins.identity.authenticate(token, ADDRESS)
