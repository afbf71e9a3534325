"""The server over real TLS: what it speaks, who can check it, and how it stops."""

from __future__ import annotations

import asyncio
import io
import socket
import ssl

import aiohttp
import pytest

from tests.unit.appliance.api.harness import ADMIN
from tests.unit.appliance.api.served import Served


async def test_clients_that_trust_the_ca_get_in_and_others_do_not(served: Served) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{served.url}/v1/ca.pem", ssl=served.tls) as answer:
            assert answer.status == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(f"{served.url}/v1/ca.pem", ssl=ssl.create_default_context())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_tls_older_than_1_2_is_refused(served: Served) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", served.server.port, ssl=old)


async def test_the_server_does_not_tell_what_it_is(served: Served) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{served.url}/v1/ca.pem", ssl=served.tls) as answer,
    ):
        assert "server" not in answer.headers


async def test_stopping_ends_idle_connections(served: Served) -> None:
    url, tls = f"{served.url}/v1/ca.pem", served.tls
    async with aiohttp.ClientSession() as session, served.socket("/v1/feed") as feed:
        async with session.get(url, ssl=tls) as answer:
            await answer.read()
        await feed.receive()
        async with asyncio.timeout(10):
            await asyncio.gather(served.server.stop(), feed.receive())
        assert feed.closed
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url, ssl=tls)


async def test_an_upload_streams_whole_and_one_that_breaks_off_is_noticed(served: Served) -> None:
    url = f"{served.url}/v1/images/01890a5d-ac96-774b-bcce-b302099a8057/content"
    headers = {"Authorization": f"Bearer {ADMIN}"}
    content = bytes(range(256)) * 8192
    async with (
        aiohttp.ClientSession() as session,
        session.put(url, data=io.BytesIO(content), headers=headers, ssl=served.tls) as answer,
    ):
        assert answer.status == 202
    assert served.api.uploaded[0][1:] == (len(content), content)

    reader, writer = await asyncio.open_connection("127.0.0.1", served.server.port, ssl=served.tls)
    path = url.removeprefix(served.url)
    writer.write(
        f"PUT {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ADMIN}\r\n"
        "Content-Length: 1000\r\n\r\nonly this".encode()
    )
    await writer.drain()
    writer.close()
    await reader.read()
    await served.broken_uploads.get()
    assert len(served.api.uploaded) == 1


async def test_head_and_body_of_an_answer_come_in_one_tls_record(served: Served) -> None:
    def ask() -> list[bytes]:
        with (
            socket.create_connection(("127.0.0.1", served.server.port), timeout=10) as plain,
            served.tls.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            found = []
            for _ in range(2):  # on one kept connection
                connection.sendall(b"GET /v1/ca.pem HTTP/1.1\r\nHost: a\r\n\r\n")
                found.append(connection.recv(65536))  # one record at most
            return found

    for answer in await asyncio.to_thread(ask):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert f"content-length: {len(body)}\r\n".encode() in head
        assert body


async def test_nobody_may_say_where_a_request_comes_from(served: Served) -> None:
    headers = {"Authorization": f"Bearer {ADMIN}", "X-Forwarded-For": "203.0.113.9"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{served.url}/v1/jobs", ssl=served.tls) as answer,
    ):
        assert answer.status == 200
    assert served.api.accounts.addresses == ["127.0.0.1"]
