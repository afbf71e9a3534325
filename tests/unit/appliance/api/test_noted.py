"""Under which account logins are noted, and what is noted of uploads."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime

import aiohttp
import msgspec
import pytest
from structlog.testing import capture_logs

from appliance.protocol.errors import Conflict, TooManyRequests, Unauthenticated
from appliance.protocol.operations import OPERATIONS
from appliance.protocol.resources import Account, AuditEntry, Session
from tests.unit.appliance.api.harness import ADMIN, SOME_ID, TENANT, Api
from tests.unit.appliance.api.served import Served

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = Account(id="id-of-ann", name="ann", kind="administrator", created_at=NOW)
LOGIN = {"account": "ann", "password": "secret"}
FIRST = {"setup_code": "x", "password": "y"}
CONTENT = f"/v1/images/{SOME_ID}/content"


async def noted(api: Api) -> list[tuple[str, str, str, str]]:
    answer = await api.request("GET", "/v1/audit?sort=at")
    lines = msgspec.convert(answer.json["items"], list[AuditEntry])
    return [(line.account_id, line.account_name, line.resource_id, line.outcome) for line in lines]


@pytest.mark.parametrize(
    "error",
    [Unauthenticated("session.wrong_password"), TooManyRequests("session.slow_down"), OSError()],
)
async def test_a_failed_login_is_noted_under_the_account_that_was_tried(
    api: Api, error: Exception
) -> None:
    api.results["session.create"] = error
    await api.call(OPERATIONS["session.create"], LOGIN, token=None)
    assert await noted(api) == [("", "ann", "", getattr(error, "code", "internal"))]


@pytest.mark.parametrize(
    ("name", "body"), [("session.create", LOGIN), ("session.set_first_password", FIRST)]
)
async def test_a_login_that_works_is_noted_with_the_accounts_id(
    api: Api, name: str, body: dict[str, str]
) -> None:
    api.results[name] = Session(token="t" * 43, account=ACCOUNT, expires_at=NOW)
    await api.call(OPERATIONS[name], body, token=None)
    assert await noted(api) == [("id-of-ann", "ann", "", "done")]


async def test_a_wrong_set_up_code_is_noted_under_the_administrator(api: Api) -> None:
    api.results["session.set_first_password"] = Unauthenticated("session.wrong_setup_code")
    await api.call(OPERATIONS["session.set_first_password"], FIRST, token=None)
    assert await noted(api) == [("", "admin", "", "session.wrong_setup_code")]


async def test_who_is_logged_in_is_noted_as_such_whatever_the_request_says(api: Api) -> None:
    api.results["session.delete"] = None
    await api.call(OPERATIONS["session.delete"], token=TENANT)
    assert await noted(api) == [("id-of-tenant", "tenant", "", "done")]


async def test_an_upload_is_noted_with_its_image_and_its_size_is_in_the_log(api: Api) -> None:
    with capture_logs() as logs:
        assert (await api.request("PUT", CONTENT, b"QFI\xfb")).status == 202
    assert await noted(api) == [("id-of-admin", "admin", SOME_ID, "accepted")]
    ended = [line for line in logs if line["event"] == "upload_ended"]
    assert [(e["account"], e["image"], e["received_bytes"], e["outcome"]) for e in ended] == [
        ("admin", SOME_ID, 4, "accepted")
    ]


async def test_what_is_noted_of_an_upload_or_a_login_names_its_request(api: Api) -> None:
    headers = {"x-request-id": "trace-1", "anyun-reason": "new release"}
    await api.request("PUT", CONTENT, b"QFI\xfb", headers=headers)
    api.results["session.create"] = Unauthenticated("session.wrong_password")
    await api.call(OPERATIONS["session.create"], LOGIN, token=None, headers=headers)
    lines = (await api.request("GET", "/v1/audit")).json["items"]
    assert {(line["request_id"], line["reason"]) for line in lines} == {("trace-1", "new release")}
    assert {line["operation"] for line in lines} == {"image.upload", "session.create"}


async def test_a_refused_upload_is_noted_with_its_error(api: Api) -> None:
    api.results["image.upload"] = Conflict("image.not_uploading", name="x", status="ready")
    answer = await api.request("PUT", CONTENT, b"x")
    assert (answer.status, answer.error["code"]) == (409, "image.not_uploading")
    api.results["image.upload"] = RuntimeError("disk on fire")
    assert (await api.request("PUT", CONTENT, b"x")).status == 500
    answer = await api.request("PUT", CONTENT, b"x", headers={"content-length": "²"})
    assert answer.error["code"] == "image.size_needed"
    outcomes = [outcome for _, _, _, outcome in await noted(api)]
    assert outcomes == ["image.not_uploading", "internal", "image.size_needed"]


async def test_content_for_what_is_no_id_is_refused(api: Api) -> None:
    answer = await api.request("PUT", "/v1/images/none/content", b"x")
    assert (answer.status, answer.error["code"]) == (400, "request.bad_id")


async def test_an_upload_that_breaks_off_is_an_info_line_and_no_fault(served: Served) -> None:
    with capture_logs() as logs:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", served.server.port, ssl=served.tls
        )
        writer.write(
            f"PUT {CONTENT} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ADMIN}\r\n"
            "Content-Length: 1000\r\n\r\nonly this".encode()
        )
        await writer.drain()
        writer.close()
        await reader.read()
        await served.broken_uploads.get()
        async with asyncio.timeout(10):
            while not await noted(served.api):
                await asyncio.sleep(0)
    assert await noted(served.api) == [("id-of-admin", "admin", SOME_ID, "image.truncated")]
    assert [line["event"] for line in logs if line["log_level"] != "info"] == []
    (line,) = [line for line in logs if line["event"] == "upload_ended"]
    assert (line["received_bytes"], line["outcome"]) == (9, "image.truncated")


async def test_a_body_that_breaks_off_is_no_fault_either(served: Served) -> None:
    with capture_logs() as logs:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", served.server.port, ssl=served.tls
        )
        writer.write(
            f"POST /v1/zones HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ADMIN}\r\n"
            'Content-Length: 1000\r\n\r\n{"name"'.encode()
        )
        await writer.drain()
        writer.close()
        await reader.read()
        async with asyncio.timeout(10):
            while not any(line["event"] == "client_gone" for line in logs):
                await asyncio.sleep(0.01)
    assert [line["event"] for line in logs if line["log_level"] != "info"] == []
    assert await noted(served.api) == []


async def test_a_whole_upload_over_the_wire_is_noted(served: Served) -> None:
    content = bytes(range(256)) * 4096
    headers = {"Authorization": f"Bearer {ADMIN}"}
    with capture_logs() as logs:
        async with (
            aiohttp.ClientSession() as session,
            session.put(
                f"{served.url}{CONTENT}",
                data=io.BytesIO(content),
                headers=headers,
                ssl=served.tls,
            ) as answer,
        ):
            assert answer.status == 202
    (line,) = [line for line in logs if line["event"] == "upload_ended"]
    assert line["received_bytes"] == len(content)
