"""Agents that do nothing but join: one that dies at the wrong moment, one that stays linked."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

from hostagent.link import enrol
from hostagent.link.dialler import Dialler
from hostagent.protocol.commands import HOST_FACTS
from hostagent.protocol.enrolment import EnrolRequest, JoinToken, Offer
from hostagent.protocol.facts import HostFacts
from hostagent.protocol.link import Peer

FACTS = HostFacts(hostname="box", cpu_count=2, memory_bytes=4 * 1024**3)


async def send_token_and_die(token: JoinToken) -> None:
    """An agent that is killed as soon as its token is on the way."""
    host, port = token.addresses[0]
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    await enrol._read(reader, Offer)
    _, csr_pem = enrol._new_key(FACTS.hostname)
    enrol._write(writer, EnrolRequest(secret=token.secret, csr_pem=csr_pem, facts=FACTS))
    await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def dialling(folder: Path) -> AsyncIterator[str]:
    """The agent that joined in `folder` dials its service; gives its id."""
    identity = enrol.load(folder)
    assert identity is not None

    async def facts(*_: object) -> HostFacts:
        return FACTS

    def prepare(peer: Peer) -> None:
        peer.handle(HOST_FACTS, facts)

    dialler = Dialler(folder, identity, prepare)
    dialler.start()
    try:
        yield identity.host_id
    finally:
        await dialler.stop()
