"""Trust on first use: an appliance is known by the fingerprint of its certificate authority."""

from __future__ import annotations

import hashlib
import os
import re
import ssl
from dataclasses import dataclass

import aiohttp

from appliance.protocol.errors import Forbidden, InvalidInput, Unavailable

TIMEOUT = aiohttp.ClientTimeout(total=15, sock_connect=8)
LARGEST_PEM_BYTES = 64 * 1024


@dataclass(frozen=True)
class Trust:
    """The CA of one appliance: its certificate, and the fingerprint that people compare."""

    ca_pem: str
    fingerprint: str

    def tls(self) -> ssl.SSLContext:
        """A TLS context that trusts this CA and nothing else.

        Names are not checked: people connect by address, and the CA is the appliance's own.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata=self.ca_pem)
        return context


async def probe(url: str, *, expected: str | None = None) -> Trust:
    """The CA that the appliance at `url` shows; nothing secret is sent.

    The CA is fetched without trust and then proven: a TLS handshake that trusts only this CA
    must succeed. With `expected`, a fingerprint, any other CA is refused. Raises Unavailable
    (client.unreachable) or Forbidden (client.certificate_changed).
    """
    ca_pem = await _fetch(url, ssl=False)
    try:
        der = ssl.PEM_cert_to_DER_cert(ca_pem)
        trust = Trust(ca_pem, hashlib.sha256(der).hexdigest())
        context = trust.tls()
    except ValueError as error:
        reason = "it is no Anyun appliance"
        raise Unavailable("client.unreachable", url=url, reason=reason) from error
    if expected is not None and trust.fingerprint != plain_fingerprint(expected):
        raise Forbidden("client.certificate_changed", url=url)
    await _fetch(url, ssl=context)
    return trust


def plain_fingerprint(text: str) -> str:
    """A fingerprint as people write it (groups, colons, capitals) as 64 hex digits.

    Raises InvalidInput if it is none.
    """
    digits = re.sub(r"[:\s]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise InvalidInput(
            "request.bad_value",
            field="fingerprint",
            name="fingerprint",
            value=text,
            reason="it is no SHA-256 of 64 hexadecimal digits",
        )
    return digits


def unreachable(url: str, error: Exception) -> Unavailable | Forbidden:
    """What callers see when no exchange with `url` came about."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return Forbidden("client.certificate_changed", url=url)
    if isinstance(error, aiohttp.ClientSSLError):
        # Something answers, but not with TLS as we know it.
        return Unavailable("client.unreachable", url=url, reason="it is no Anyun appliance")
    return Unavailable("client.unreachable", url=url, reason=_reason(error))


def _reason(error: Exception) -> str:
    """Why, in the words of the system rather than of the libraries in between."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "there is no such host name"
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL):
        return "it is no Anyun appliance"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or "no answer in time"


async def _fetch(url: str, *, ssl: ssl.SSLContext | bool) -> str:
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            session.get(f"{url}/v1/ca.pem", ssl=ssl) as answer,
        ):
            body = await answer.content.read(LARGEST_PEM_BYTES)
            if answer.status != 200:
                reason = f"HTTP {answer.status}"
                raise Unavailable("client.unreachable", url=url, reason=reason)
            return body.decode("ascii", errors="replace")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise unreachable(url, error) from error
