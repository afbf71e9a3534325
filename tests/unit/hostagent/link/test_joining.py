"""Joining over real sockets: the agent may die at any moment and comes in all the same, once."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.hosts.links import HostLinks
from appliance.node import Node, NodeConfig
from appliance.services.infrastructure import service as infrastructure
from appliance.services.infrastructure.models import AgentRow
from appliance.services.infrastructure.service import Infrastructure
from appliance.store.database import Store
from hostagent.link import enrol
from hostagent.protocol.enrolment import JoinToken
from tests.unit.hostagent.link.agents import FACTS, dialling, send_token_and_die

WAIT_S = 10


@dataclass
class Service:
    """The service's side: a whole node."""

    node: Node
    store: Store
    links: HostLinks
    infrastructure: Infrastructure

    async def token(self, *, is_local: bool = True) -> JoinToken:
        """A new join token."""
        secret = await self.infrastructure.make_join_secret(is_local=is_local)
        return JoinToken(
            addresses=[("127.0.0.1", self.node._listener.port)],
            ca_fingerprint=self.node.ca.fingerprint,
            secret=secret,
        )

    async def agents(self) -> list[AgentRow]:
        """What is kept, oldest first."""
        return await self.store.read(lambda: list(AgentRow.select().order_by(AgentRow.id)))

    async def has_an_agent(self) -> None:
        """Returns when the service has used up a token."""
        async with asyncio.timeout(WAIT_S):
            while not await self.agents():
                await asyncio.sleep(0)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    node = Node(NodeConfig(state_dir=tmp_path / "node", bind="127.0.0.1", port=0, agent_port=0))
    await node.start()
    yield Service(node, node.store, node.links, node.infrastructure)
    await node.stop()


async def join(token: JoinToken, folder: Path) -> enrol.Identity:
    """The agent's own way in."""
    folder.mkdir(exist_ok=True)
    return await enrol.enrol(folder, token, FACTS)


@contextlib.asynccontextmanager
async def linked(service: Service, folder: Path) -> AsyncIterator[str]:
    """The agent of `folder` connected; gives its id."""
    connected = asyncio.Event()
    service.links.on_connected(lambda host_id: connected.set())
    async with dialling(folder) as host_id:
        await asyncio.wait_for(connected.wait(), WAIT_S)
        yield host_id


async def refused(token: JoinToken, folder: Path) -> bool:
    try:
        await join(token, folder)
    except enrol.EnrolmentFailed as error:
        return "used" in str(error)
    return False


@pytest.mark.parametrize("is_local", [True, False])
async def test_who_dies_after_sending_the_token_comes_in_with_the_same_one(
    service: Service, tmp_path: Path, is_local: bool
) -> None:
    token = await service.token(is_local=is_local)
    await send_token_and_die(token)
    await service.has_an_agent()
    assert not await service.infrastructure.has_local_agent()

    identity = await join(token, tmp_path / "agent")
    (row,) = await service.agents()
    assert (row.id, row.is_local) == (identity.host_id, is_local)
    async with linked(service, tmp_path / "agent") as host_id:
        assert service.links.connected() == [host_id]
    assert await service.infrastructure.has_local_agent() == is_local


async def test_who_dies_before_keeping_the_certificate_comes_in_again(
    service: Service, tmp_path: Path
) -> None:
    token = await service.token()
    lost = await join(token, tmp_path / "lost")
    shutil.rmtree(tmp_path / "lost")
    assert not await service.infrastructure.has_local_agent()
    again = await join(token, tmp_path / "again")
    assert again.host_id == lost.host_id
    assert again.certificate_pem != lost.certificate_pem
    async with linked(service, tmp_path / "again"):
        assert len(await service.agents()) == 1


async def test_a_token_offered_at_the_next_start_takes_over_the_dead_row(
    service: Service, tmp_path: Path
) -> None:
    await send_token_and_die(await service.token())
    await service.has_an_agent()
    (dead,) = await service.agents()
    identity = await join(await service.token(), tmp_path / "agent")
    assert identity.host_id == dead.id
    assert len(await service.agents()) == 1


async def test_who_has_connected_has_used_up_the_token(service: Service, tmp_path: Path) -> None:
    token = await service.token()
    await join(token, tmp_path / "agent")
    async with linked(service, tmp_path / "agent"):
        assert await service.infrastructure.has_local_agent()
        assert await refused(token, tmp_path / "thief")
    assert await refused(token, tmp_path / "thief")
    async with linked(service, tmp_path / "agent"):  # and may come back as often as it likes
        assert len(await service.agents()) == 1


async def test_of_two_with_one_token_only_one_gets_in(service: Service, tmp_path: Path) -> None:
    token = await service.token()
    await join(token, tmp_path / "first")
    second = await join(token, tmp_path / "second")
    certificate = enrol.load(tmp_path / "first")
    assert certificate is not None
    digest = _digest(certificate.certificate_pem)
    assert not await service.infrastructure.may_connect(second.host_id, digest)
    async with linked(service, tmp_path / "second"):
        pass
    # What the first one is told late changes nothing any more.
    await service.infrastructure.note_certificate(second.host_id, digest)
    assert not await service.infrastructure.may_connect(second.host_id, digest)
    async with linked(service, tmp_path / "second"):
        assert len(await service.agents()) == 1


async def test_a_token_that_was_used_goes_out_of_date_as_others_do(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await service.token(is_local=False)
    await send_token_and_die(token)
    await service.has_an_agent()
    now_ms: Callable[[], int] = infrastructure.now_ms
    lifetime = infrastructure.TOKEN_LIFETIME_MS
    monkeypatch.setattr(infrastructure, "now_ms", lambda: now_ms() + lifetime + 1)
    assert await refused(token, tmp_path / "late")


async def test_remote_agents_do_not_take_over_each_others_rows(
    service: Service, tmp_path: Path
) -> None:
    first = await join(await service.token(is_local=False), tmp_path / "first")
    second = await join(await service.token(is_local=False), tmp_path / "second")
    assert first.host_id != second.host_id
    for folder in ("first", "second"):
        async with linked(service, tmp_path / folder):
            pass
    assert not await service.infrastructure.has_local_agent()


@pytest.mark.parametrize("secret", ["", "%", "_" * 43, "made up"])
async def test_made_up_secrets_get_nobody_in(service: Service, tmp_path: Path, secret: str) -> None:
    token = await service.token()
    await send_token_and_die(token)
    await service.has_an_agent()
    made_up = JoinToken(
        addresses=token.addresses, ca_fingerprint=token.ca_fingerprint, secret=secret
    )
    assert await refused(made_up, tmp_path / "stranger")


def _digest(certificate_pem: str) -> str:
    der = ssl.PEM_cert_to_DER_cert(certificate_pem)
    return hashlib.sha256(der).hexdigest()
