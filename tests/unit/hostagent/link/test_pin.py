"""An agent tells its token to nobody but the service that the token names."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from appliance.hosts.ca import CertificateAuthority, local_names
from hostagent.link.enrol import EnrolmentFailed, enrol, load
from hostagent.protocol.enrolment import EnrolReply, EnrolRequest, JoinToken, Offer
from hostagent.protocol.facts import HostFacts

FACTS = HostFacts(hostname="box")
SECRET = "the secret of the token"


class Stranger:
    """A service at the address of the token: it offers a CA and notes what it is told."""

    def __init__(self, offers: CertificateAuthority, shows: CertificateAuthority) -> None:
        self._offer = Offer(ca_pem=offers.certificate_pem)
        self._files = shows.server_files(*local_names("127.0.0.1"))
        self.told = b""
        self._ended = asyncio.Event()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Its port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._files)
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        try:
            yield server.sockets[0].getsockname()[1]
            async with asyncio.timeout(10):
                await self._ended.wait()
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_framed(self._offer))
        with contextlib.suppress(OSError):
            size = await reader.read(4)
            if size:
                self.told = await reader.readexactly(int.from_bytes(size, "big"))
                writer.write(_framed(EnrolReply(error="no")))
                await writer.drain()
            writer.close()
            await writer.wait_closed()
        self._ended.set()


def _framed(message: object) -> bytes:
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(4, "big") + body


@pytest.fixture
def own(tmp_path: Path) -> CertificateAuthority:
    """The CA that the token names."""
    return CertificateAuthority.load_or_create(tmp_path / "own", "own")


@pytest.fixture
def other(tmp_path: Path) -> CertificateAuthority:
    """Somebody else's CA, of the very same name."""
    return CertificateAuthority.load_or_create(tmp_path / "other", "own")


async def asked(stranger: Stranger, own: CertificateAuthority, folder: Path) -> str:
    """Why joining at this stranger failed; nothing of it is kept."""
    async with stranger.listening() as port:
        token = JoinToken(
            addresses=[("127.0.0.1", port)], ca_fingerprint=own.fingerprint, secret=SECRET
        )
        with pytest.raises(EnrolmentFailed) as caught:
            await enrol(folder, token, FACTS)
    assert load(folder) is None
    return str(caught.value)


async def test_another_ca_is_told_nothing(
    own: CertificateAuthority, other: CertificateAuthority, tmp_path: Path
) -> None:
    stranger = Stranger(offers=other, shows=other)
    assert "not the one that the join token names" in await asked(stranger, own, tmp_path)
    assert stranger.told == b""


async def test_who_only_shows_our_ca_is_told_nothing(
    own: CertificateAuthority, other: CertificateAuthority, tmp_path: Path
) -> None:
    stranger = Stranger(offers=own, shows=other)
    assert "not from its CA" in await asked(stranger, own, tmp_path)
    assert stranger.told == b""


async def test_the_one_that_the_token_names_gets_the_secret(
    own: CertificateAuthority, tmp_path: Path
) -> None:
    service = Stranger(offers=own, shows=own)
    assert await asked(service, own, tmp_path) == "no"
    assert msgspec.msgpack.decode(service.told, type=EnrolRequest).secret == SECRET


async def test_what_speaks_another_protocol_is_said_so(
    own: CertificateAuthority, tmp_path: Path
) -> None:
    service = Stranger(offers=own, shows=own)
    service._offer = {"hello": 1}  # type: ignore[assignment]
    assert "no Anyun management service" in await asked(service, own, tmp_path)
    assert service.told == b""
