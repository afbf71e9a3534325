"""A join token that was used or is too old gets nobody in, and the agent is told so."""

from __future__ import annotations

import pytest

from appliance.protocol.texts_errors import ERRORS
from appliance.services.infrastructure import service as infrastructure
from hostagent.link import enrol
from hostagent.protocol.enrolment import BadToken, JoinToken
from tests.contract.services.bench import Bench

REFUSED = ERRORS["host.bad_join_token"][0]


def token_of(bench: Bench) -> JoinToken:
    return JoinToken.decode((bench.folder / "state" / "service" / "local-join-token").read_text())


async def refused(bench: Bench, token: JoinToken) -> str:
    """What the agent of another machine is told; it keeps nothing."""
    folder = bench.folder / "stranger"
    folder.mkdir()
    with pytest.raises(enrol.EnrolmentFailed) as caught:
        await enrol.enrol(folder, token, await bench.host.facts())
    assert list(folder.iterdir()) == []
    return str(caught.value)


async def test_a_token_works_once(bench: Bench) -> None:
    token = token_of(bench)
    await bench.join()
    assert await refused(bench, token) == REFUSED
    assert [item.id for item in await bench.all("host_candidate")] == [bench.machine]


async def test_a_token_goes_out_of_date(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    now_ms, lifetime = infrastructure.now_ms, infrastructure.TOKEN_LIFETIME_MS
    monkeypatch.setattr(infrastructure, "now_ms", lambda: now_ms() + lifetime + 1)
    assert await refused(bench, token_of(bench)) == REFUSED
    assert await bench.all("host_candidate") == []


async def test_a_token_for_another_service_is_not_told_to_this_one(bench: Bench) -> None:
    token = token_of(bench)
    other = JoinToken(addresses=token.addresses, ca_fingerprint="0" * 64, secret=token.secret)
    assert "not the one that the join token names" in await refused(bench, other)
    await bench.join()  # it was not used up


@pytest.mark.parametrize("text", ["", "x", "anyun", "anyun1.", "anyun1.e30", "anyun1.\u00e9"])
def test_what_is_no_token_is_said_so(text: str) -> None:
    with pytest.raises(BadToken):
        JoinToken.decode(text)
