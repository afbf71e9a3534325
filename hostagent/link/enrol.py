"""Joining: with a one-time token that pins the CA, the agent gets its own certificate."""

from __future__ import annotations

import asyncio
import hashlib
import os
import ssl
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hostagent.protocol.enrolment import EnrolReply, EnrolRequest, JoinToken, Offer
from hostagent.protocol.facts import HostFacts

T = TypeVar("T")

TIMEOUT_S = 30.0
MAX_MESSAGE_BYTES = 256 * 1024

log = structlog.get_logger()


class EnrolmentFailed(Exception):
    """The service cannot be trusted, or did not let us in; the message says why."""


class Identity(msgspec.Struct, kw_only=True, frozen=True):
    """Who this agent is and where its service is; the key lies beside it in `agent.key`."""

    host_id: str
    addresses: list[tuple[str, int]]
    certificate_pem: str
    ca_pem: str


def load(folder: Path) -> Identity | None:
    """The identity that an earlier enrolment left in `folder`."""
    path = folder / "identity.json"
    return msgspec.json.decode(path.read_bytes(), type=Identity) if path.exists() else None


async def enrol(folder: Path, token: JoinToken, facts: HostFacts) -> Identity:
    """Join the service that the token names; raises EnrolmentFailed."""
    key_pem, csr_pem = _new_key(facts.hostname)
    reasons = []
    for host, port in token.addresses:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                ca_pem, reply = await _ask(host, port, token, csr_pem, facts)
        except (OSError, EOFError, TimeoutError) as error:
            reasons.append(f"{host}:{port}: {error or type(error).__name__}")
            continue
        if reply.error:
            raise EnrolmentFailed(reply.error)
        identity = Identity(
            host_id=reply.host_id,
            addresses=token.addresses,
            certificate_pem=reply.certificate_pem,
            ca_pem=ca_pem,
        )
        _keep(folder, key_pem, identity)
        log.info("enrolled", host=identity.host_id)
        return identity
    raise EnrolmentFailed("; ".join(reasons))


async def _ask(
    host: str, port: int, token: JoinToken, csr_pem: str, facts: HostFacts
) -> tuple[str, EnrolReply]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the pin is checked below, before the secret is sent
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        offer = await _read(reader, Offer)
        leaf = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        _check_pin(token, offer.ca_pem, leaf)
        _write(writer, EnrolRequest(secret=token.secret, csr_pem=csr_pem, facts=facts))
        return offer.ca_pem, await _read(reader, EnrolReply)
    finally:
        writer.close()


def _check_pin(token: JoinToken, ca_pem: str, leaf_der: bytes) -> None:
    """The CA must be the one of the token, and must have issued this connection's certificate."""
    ca = x509.load_pem_x509_certificate(ca_pem.encode())
    der = ca.public_bytes(serialization.Encoding.DER)
    if hashlib.sha256(der).hexdigest() != token.ca_fingerprint:
        raise EnrolmentFailed("the service's CA is not the one that the join token names")
    try:
        x509.load_der_x509_certificate(leaf_der).verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise EnrolmentFailed("the service's certificate is not from its CA") from error


def _new_key(hostname: str) -> tuple[bytes, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64])])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return key_pem, csr.public_bytes(serialization.Encoding.PEM).decode()


def _keep(folder: Path, key_pem: bytes, identity: Identity) -> None:
    """Key first: an identity without its key would be useless."""
    _write_private(folder / "agent.key", key_pem)
    _write_private(folder / "agent.crt", identity.certificate_pem.encode())
    _write_private(folder / "ca.crt", identity.ca_pem.encode())
    _write_private(folder / "identity.json", msgspec.json.encode(identity))


def _write_private(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _write(writer: asyncio.StreamWriter, message: object) -> None:
    body = msgspec.msgpack.encode(message)
    writer.write(len(body).to_bytes(4, "big") + body)


async def _read(reader: asyncio.StreamReader, kind: type[T]) -> T:
    size = int.from_bytes(await reader.readexactly(4), "big")
    if size > MAX_MESSAGE_BYTES:
        raise EnrolmentFailed(f"the service sent {size} bytes")
    try:
        return msgspec.msgpack.decode(await reader.readexactly(size), type=kind)
    except msgspec.MsgspecError as error:
        raise EnrolmentFailed("this is no Anyun management service") from error
