"""Where agents dial in: mutual TLS for those that have enrolled, enrolment for the others."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from typing import Any, Protocol

import msgspec
import structlog

from appliance.hosts.ca import CertificateAuthority
from appliance.hosts.links import HostLinks
from appliance.hosts.listening import listening_socket, plain_peer
from appliance.protocol.errors import ApiError
from hostagent.protocol.commands import HOST_FACTS, Nothing
from hostagent.protocol.enrolment import EnrolReply, EnrolRequest, Offer
from hostagent.protocol.facts import HostFacts
from hostagent.protocol.link import CallTimeout, CommandFailed, LinkLost, Peer

ENROL_WITHIN_S = 30.0
MAX_ENROL_BYTES = 256 * 1024
URN = "urn:anyun:host:"

log = structlog.get_logger()


class HostRegister(Protocol):
    """Who may enrol and connect; the infrastructure service knows."""

    async def enrol(self, secret: str, facts: HostFacts, address: str) -> str: ...
    async def note_certificate(self, host_id: str, sha256: str) -> None: ...
    async def may_connect(self, host_id: str, certificate_sha256: str) -> bool: ...
    async def note_facts(self, host_id: str, facts: HostFacts, address: str) -> None: ...


class AgentListener:
    """The agents' port."""

    def __init__(
        self, links: HostLinks, authority: CertificateAuthority, register: HostRegister
    ) -> None:
        self._links = links
        self._authority = authority
        self._register = register
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.port = 0

    async def start(self, bind: str, port: int) -> None:
        """Listen; with port 0 the system chooses and `port` tells."""
        context = self._tls(bind)
        place = listening_socket(bind, port)
        self.port = place.getsockname()[1]
        self._server = await asyncio.start_server(self._accept, sock=place, ssl=context)

    async def stop(self) -> None:
        """Stop listening and end all links."""
        if self._server is not None:
            self._server.close()
        self._links.close_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _tls(self, bind: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._authority.load_server_chain(context, bind)
        context.load_verify_locations(cadata=self._authority.certificate_pem)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connection(reader, writer), name="agent connection")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            if certificate is None:
                await self._enrol(reader, writer)
            else:
                names = writer.get_extra_info("ssl_object").getpeercert()
                await self._serve(reader, writer, names, certificate)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            log.info("agent_connection_ended", reason=str(error))
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        names: dict[str, Any],
        certificate: bytes,
    ) -> None:
        host_id = _host_id(names)
        digest = hashlib.sha256(certificate).hexdigest()
        if host_id is None or not await self._register.may_connect(host_id, digest):
            log.warning("agent_refused", host=host_id)
            return
        address = plain_peer(writer.get_extra_info("peername")[0])
        peer = Peer(reader, writer, is_service=True, software="anyun-service")
        runner = asyncio.create_task(peer.run())
        try:
            facts = await peer.call(HOST_FACTS, Nothing())
            await self._register.note_facts(host_id, facts, address)
            await self._links.attach(host_id, facts.hostname, peer)
            await runner
        except (LinkLost, CallTimeout, CommandFailed) as error:
            log.warning("agent_not_ready", host=host_id, reason=str(error))
        finally:
            self._links.detach(host_id, peer)
            peer.close()
            runner.cancel()
            await asyncio.gather(runner, return_exceptions=True)

    async def _enrol(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = plain_peer(writer.get_extra_info("peername")[0])
        async with asyncio.timeout(ENROL_WITHIN_S):
            _write(writer, Offer(ca_pem=self._authority.certificate_pem))
            request = await _read(reader)
            reply = await self._answer(request, address)
            _write(writer, reply)
            await writer.drain()

    async def _answer(self, request: EnrolRequest, address: str) -> EnrolReply:
        try:
            host_id = await self._register.enrol(request.secret, request.facts, address)
        except ApiError as error:
            log.warning("enrolment_refused", address=address, code=error.code)
            return EnrolReply(error=str(error))
        certificate = self._authority.sign_agent(request.csr_pem, host_id)
        der = ssl.PEM_cert_to_DER_cert(certificate)
        await self._register.note_certificate(host_id, hashlib.sha256(der).hexdigest())
        return EnrolReply(host_id=host_id, certificate_pem=certificate)


def _host_id(names: dict[str, Any]) -> str | None:
    for kind, value in names.get("subjectAltName", ()):
        if kind == "URI" and value.startswith(URN):
            return value.removeprefix(URN)
    return None


def _write(writer: asyncio.StreamWriter, message: Any) -> None:
    body = msgspec.msgpack.encode(message)
    writer.write(len(body).to_bytes(4, "big") + body)


async def _read(reader: asyncio.StreamReader) -> EnrolRequest:
    size = int.from_bytes(await reader.readexactly(4), "big")
    if size > MAX_ENROL_BYTES:
        raise ValueError(f"enrolment request of {size} bytes")
    body = await reader.readexactly(size)
    try:
        return msgspec.msgpack.decode(body, type=EnrolRequest)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not an enrolment request: {error}") from error
