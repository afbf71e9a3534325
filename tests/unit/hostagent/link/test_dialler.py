"""Whether a service is heard: over a link that lives, or by a connection that is made anew."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.hosts.ca import CertificateAuthority, local_names
from hostagent.link import dialler as dialler_module
from hostagent.link import enrol
from hostagent.link.dialler import Dialler
from hostagent.protocol.link import Peer

SOON_S = 5.0


class Service:
    """Accepts links; `is_deaf` services read nothing, as behind a wire that is cut."""

    def __init__(self, authority: CertificateAuthority) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*authority.server_files(*local_names("127.0.0.1")))
        self._server: asyncio.Server | None = None
        self._peers: set[asyncio.Task[None]] = set()
        self.is_deaf = False
        self.port = 0
        self.links = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._peers:
            task.cancel()
        await asyncio.gather(*self._peers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.links += 1
        if self.is_deaf:
            self._peers.add(asyncio.create_task(asyncio.sleep(60)))
            return
        peer = Peer(reader, writer, is_service=True)
        task = asyncio.create_task(peer.run())
        self._peers.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await task
        peer.abort()


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority.load_or_create(tmp_path / "ca", "service")


@pytest.fixture
async def service(authority: CertificateAuthority) -> AsyncIterator[Service]:
    service = Service(authority)
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def dialler(
    tmp_path: Path, authority: CertificateAuthority, service: Service
) -> AsyncIterator[Dialler]:
    key, csr_pem = enrol._new_key("box")
    (tmp_path / "agent.key").write_bytes(key)
    certificate = authority.sign_agent(csr_pem, "host")
    (tmp_path / "agent.crt").write_text(certificate)
    identity = enrol.Identity(
        host_id="host",
        addresses=[("127.0.0.1", service.port)],
        ca_pem=authority.certificate_pem,
        certificate_pem=certificate,
    )
    dialler = Dialler(tmp_path, identity, lambda peer: None)
    yield dialler
    await dialler.stop()


async def linked(dialler: Dialler) -> None:
    async with asyncio.timeout(SOON_S):
        while not dialler._peers:
            await asyncio.sleep(0.01)


async def test_a_link_that_lives_is_proof_at_once(service: Service, dialler: Dialler) -> None:
    dialler.start()
    await linked(dialler)
    began = asyncio.get_running_loop().time()
    assert await dialler.is_heard(SOON_S)
    assert asyncio.get_running_loop().time() - began < 0.5
    await dialler.renew()
    assert service.links == 1, "what answers is kept"


async def test_without_a_link_a_new_connection_is_proof(service: Service, dialler: Dialler) -> None:
    assert await dialler.is_heard(SOON_S)


async def test_a_link_that_is_dead_is_no_proof_and_is_renewed(
    service: Service, dialler: Dialler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialler_module, "RENEW_AFTER_S", 0.1)
    service.is_deaf = True
    dialler.start()
    await linked(dialler)
    assert service._server is not None
    service._server.close()
    assert not await dialler.is_heard(1.5)

    service.is_deaf = False
    await service.start()
    assert await dialler.is_heard(SOON_S), "by a new connection, beside the dead link"
    (dead,) = dialler._peers
    await dialler.renew()
    await linked(dialler)
    assert dead not in dialler._peers
    assert await dialler.is_heard(SOON_S)
