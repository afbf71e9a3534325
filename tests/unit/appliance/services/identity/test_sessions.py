"""First password, logging in and out, and how long a session lasts."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from typing import Any

import pytest

from appliance.protocol.errors import ApiError, Conflict, InvalidInput, Unauthenticated
from appliance.services.identity import service
from appliance.services.identity.models import AccountRow, SessionRow, SetupCodeRow
from appliance.services.identity.slowdown import FREE_TRIES
from tests.unit.appliance.services.identity.logins import ADDRESS, PASSWORD, Logins

HOUR_MS = 3600 * 1000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [1_800_000_000_000]
    monkeypatch.setattr(service, "now_ms", lambda: now[0])
    return now


async def refusal(outcome: Any) -> str:
    with pytest.raises(ApiError) as caught:
        await outcome
    return caught.value.code


# The first password


async def test_an_appliance_tells_that_it_waits_for_its_first_password(logins: Logins) -> None:
    await logins.identity.prepare()
    assert (await logins.call("info.get")).needs_first_password
    code = await logins.identity.prepare()
    await logins.call("session.set_first_password", setup_code=code, password=PASSWORD)
    info = await logins.call("info.get")
    assert not info.needs_first_password
    assert (info.ca_fingerprint, info.appliance_name) == ("0a" * 32, "box")


async def test_each_start_shows_a_new_code_until_the_password_is_set(logins: Logins) -> None:
    old = await logins.identity.prepare()
    new = await logins.identity.prepare()
    setting = logins.call("session.set_first_password", setup_code=old, password=PASSWORD)
    assert await refusal(setting) == "session.wrong_setup_code"
    await logins.call("session.set_first_password", setup_code=new, password=PASSWORD)
    assert await logins.identity.prepare() is None


async def test_setting_the_password_logs_in_as_administrator(logins: Logins) -> None:
    session = await logins.set_up()
    caller = await logins.identity.authenticate(session.token, ADDRESS)
    assert (caller.account_name, caller.is_admin, caller.address) == ("admin", True, ADDRESS)


async def test_the_code_works_once(logins: Logins) -> None:
    code = await logins.identity.prepare()
    await logins.call("session.set_first_password", setup_code=code, password=PASSWORD)
    again = logins.call("session.set_first_password", setup_code=code, password="another one")
    assert await refusal(again) == "session.setup_done"
    await logins.log_in()


async def test_of_two_at_once_one_wins(logins: Logins) -> None:
    code = await logins.identity.prepare()
    outcomes = await asyncio.gather(
        *(
            logins.call("session.set_first_password", setup_code=code, password=f"{PASSWORD} {n}")
            for n in range(2)
        ),
        return_exceptions=True,
    )
    failed = [outcome for outcome in outcomes if isinstance(outcome, ApiError)]
    assert [error.code for error in failed] == ["session.setup_done"]
    await logins.log_in(f"{PASSWORD} {0 if outcomes[1] is failed[0] else 1}")


async def test_a_weak_first_password_leaves_the_code_usable(logins: Logins) -> None:
    code = await logins.identity.prepare()
    with pytest.raises(InvalidInput):
        await logins.call("session.set_first_password", setup_code=code, password="12345678")
    await logins.call("session.set_first_password", setup_code=code, password=PASSWORD)


async def test_nobody_logs_in_before_the_first_password(logins: Logins) -> None:
    await logins.identity.prepare()
    with pytest.raises(Conflict):
        await logins.log_in("")
    assert await refusal(logins.log_in("", account="other")) == "session.wrong_password"


async def test_guessing_the_code_is_slowed_down(logins: Logins) -> None:
    code = await logins.identity.prepare()
    for _ in range(FREE_TRIES):
        guess = logins.call("session.set_first_password", setup_code="A" * 16, password=PASSWORD)
        assert await refusal(guess) == "session.wrong_setup_code"
    right = logins.call(
        "session.set_first_password", setup_code=code, password=PASSWORD, address="192.0.2.99"
    )
    assert await refusal(right) == "session.slow_down"


# Logging in


async def test_wrong_passwords_and_unknown_accounts_look_the_same(logins: Logins) -> None:
    await logins.set_up()
    errors = []
    for account, password in (("admin", "wrong"), ("nobody", PASSWORD), ("ADMIN", PASSWORD)):
        with pytest.raises(Unauthenticated) as caught:
            await logins.log_in(password, account=account)
        errors.append((caught.value.code, caught.value.field, dict(caught.value.params)))
    assert set(map(str, errors)) == {"('session.wrong_password', None, {})"}


async def test_guessing_is_slowed_down_and_the_right_password_must_wait_too(
    logins: Logins,
) -> None:
    await logins.set_up()
    for _ in range(FREE_TRIES):
        assert await refusal(logins.log_in("wrong")) == "session.wrong_password"
    assert await refusal(logins.log_in()) == "session.slow_down"
    assert await refusal(logins.log_in(address="192.0.2.99")) == "session.slow_down"
    other = logins.log_in("wrong", account="other")
    assert await refusal(other) == "session.slow_down"


async def test_guessing_in_parallel_is_slowed_down_as_well(logins: Logins) -> None:
    await logins.set_up()
    burst = await asyncio.gather(
        *(logins.log_in(f"guess {number}") for number in range(FREE_TRIES * 5)),
        return_exceptions=True,
    )
    codes = Counter(error.code for error in burst if isinstance(error, ApiError))
    assert codes["session.wrong_password"] <= FREE_TRIES


# Sessions


async def test_tokens_are_long_and_only_their_hash_is_kept(logins: Logins) -> None:
    token = (await logins.set_up()).token
    assert len(token) >= 43  # 256 bits in base64
    kept = await logins.store.read(lambda: [row.token_sha256 for row in SessionRow.select()])
    assert kept == [hashlib.sha256(token.encode()).hexdigest()]
    everything = await logins.store.read(
        lambda: str(
            [list(model.select().dicts()) for model in (AccountRow, SessionRow, SetupCodeRow)]
        )
    )
    assert token not in everything
    assert PASSWORD not in everything


@pytest.mark.parametrize("token", ["", "x", "ü", "a" * 5000])
async def test_made_up_tokens_belong_to_nobody(logins: Logins, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await logins.identity.authenticate(token, ADDRESS)


async def test_the_hash_of_a_token_is_no_token(logins: Logins) -> None:
    token = (await logins.set_up()).token
    with pytest.raises(Unauthenticated):
        await logins.identity.authenticate(hashlib.sha256(token.encode()).hexdigest(), ADDRESS)


async def test_sessions_outlive_a_restart(logins: Logins) -> None:
    token = (await logins.set_up()).token
    logins.restart()
    await logins.identity.prepare()
    assert (await logins.call("session.get", token=token)).name == "admin"


async def test_an_idle_session_ends_after_two_hours(logins: Logins, clock: list[int]) -> None:
    token = (await logins.set_up()).token
    clock[0] += 2 * HOUR_MS + 1
    assert await refusal(logins.identity.authenticate(token, ADDRESS)) == "session.required"
    logins.restart()
    assert await refusal(logins.identity.authenticate(token, ADDRESS)) == "session.required"


async def test_a_session_in_use_goes_on_even_over_restarts(
    logins: Logins, clock: list[int]
) -> None:
    token = (await logins.set_up()).token
    for _ in range(5):
        clock[0] += HOUR_MS
        await logins.identity.authenticate(token, ADDRESS)
        logins.restart()


async def test_reads_do_not_write_each_time(logins: Logins, clock: list[int]) -> None:
    session = await logins.set_up()
    for _ in range(10):
        clock[0] += 60 * 1000
        await logins.identity.authenticate(session.token, ADDRESS)
    row = await logins.store.read(lambda: SessionRow.get())
    assert row.expires_at == session.expires_at.timestamp() * 1000


async def test_sessions_that_ended_are_swept_at_the_start(logins: Logins, clock: list[int]) -> None:
    await logins.set_up()
    clock[0] += 3 * HOUR_MS
    await logins.identity.prepare()
    assert await logins.store.read(lambda: SessionRow.select().count()) == 0


async def test_logging_out_ends_this_session_only(logins: Logins) -> None:
    first, second = (await logins.set_up()).token, (await logins.log_in()).token
    await logins.call("session.delete", token=first)
    assert await refusal(logins.identity.authenticate(first, ADDRESS)) == "session.required"
    await logins.identity.authenticate(second, ADDRESS)


async def test_a_new_password_ends_all_other_sessions(logins: Logins) -> None:
    mine, other = (await logins.set_up()).token, (await logins.log_in()).token
    await logins.identity.authenticate(other, ADDRESS)
    await logins.call(
        "session.change_password", token=mine, old_password=PASSWORD, new_password="another one"
    )
    await logins.identity.authenticate(mine, ADDRESS)
    assert await refusal(logins.identity.authenticate(other, ADDRESS)) == "session.required"
    assert await refusal(logins.log_in()) == "session.wrong_password"
    await logins.log_in("another one")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", "another one", "old_password"), (PASSWORD, "x", "new_password")],
)
async def test_a_refused_new_password_changes_nothing(
    logins: Logins, old: str, new: str, field: str
) -> None:
    token = (await logins.set_up()).token
    with pytest.raises(ApiError) as caught:
        await logins.call(
            "session.change_password", token=token, old_password=old, new_password=new
        )
    assert caught.value.field == field
    await logins.log_in()
