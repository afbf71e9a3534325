"""What is around every answer: the request's id, and the headers that browsers obey."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import aiohttp
import msgspec
import pytest
import structlog
from structlog.testing import LogCapture

from appliance.api import request_id
from appliance.protocol.errors import Conflict
from appliance.protocol.operations import OPERATIONS, Accepted
from tests.unit.appliance.api.harness import SOME_ID, Answer, Api
from tests.unit.appliance.api.served import Served

EVERYWHERE = [
    ("GET", "/"),
    ("GET", "/v1/ca.pem"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/v1/jobs"),
    ("GET", f"/v1/jobs/{SOME_ID}"),
    ("GET", "/nowhere"),
    ("GET", f"/v1/vms/{SOME_ID}/screenshot"),
    ("PUT", f"/v1/images/{SOME_ID}/content"),
    ("DELETE", f"/v1/clusters/{SOME_ID}"),
    ("POST", "/v1/zones"),
]
ID = {"x-request-id": "trace-1.2_3"}


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
@pytest.mark.parametrize("token", ["admin-token", None])
async def test_every_answer_has_the_headers(
    api: Api, method: str, path: str, token: str | None
) -> None:
    answer = await api.request(method, path, token=token, headers=ID)
    assert answer.headers["x-request-id"] == "trace-1.2_3"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "form-action 'none'"} <= set(policy)
    # With a CA of our own HSTS would lock people out of their own appliance.
    assert "strict-transport-security" not in answer.headers


async def test_the_page_allows_its_own_style_and_nothing_else(api: Api) -> None:
    for language in ("en", "zh"):
        answer = await api.request("GET", "/", token=None, headers={"accept-language": language})
        (style,) = re.findall("<style>(.*?)</style>", answer.body.decode(), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = answer.headers["content-security-policy"].split("; ")
        assert [part for part in policy if "src" in part] == [
            "default-src 'none'",
            f"style-src 'sha256-{digest}'",
        ]
        assert not re.search("<script|<img|<form| style=| on[a-z]+=", answer.body.decode())


# The id of a request


def made_up(answer: Answer) -> bool:
    return re.fullmatch("[0-9a-f]{12}-[0-9a-f]+", answer.headers["x-request-id"]) is not None


@pytest.mark.parametrize("asked", ["a", "A" * 64, "0.9_-z", SOME_ID])
async def test_plain_ids_are_taken_from_the_client(api: Api, asked: str) -> None:
    answer = await api.request("GET", "/v1/jobs", headers={"x-request-id": asked})
    assert answer.headers["x-request-id"] == asked


@pytest.mark.parametrize("asked", ["", "a" * 65, "a b", "a\nb", "<x>", "é", 'a"', "a\x00", "a\n"])
async def test_other_ids_are_made_anew(api: Api, asked: str) -> None:
    answer = await api.request("GET", "/v1/jobs", headers={"x-request-id": asked})
    assert made_up(answer)


async def test_every_request_has_another_id(api: Api) -> None:
    answers = [await api.request("GET", "/v1/jobs") for _ in range(3)]
    assert all(made_up(answer) for answer in answers)
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3


async def test_errors_name_the_request(api: Api) -> None:
    api.results["zone.update"] = Conflict("resource.disabled", name="x")
    for answer in (
        await api.call(OPERATIONS["zone.update"], headers=ID),
        await api.request("GET", "/nowhere", headers=ID),
        await api.request("GET", "/v1/jobs", token=None, headers=ID),
        await api.request("PUT", f"/v1/images/{SOME_ID}/content", token=None, headers=ID),
    ):
        assert answer.error["request_id"] == "trace-1.2_3"


@pytest.fixture
def lines() -> Iterator[LogCapture]:
    """Log lines as the node's processors see them."""
    before = structlog.get_config()
    capture = LogCapture()
    structlog.configure(processors=[request_id.add_to_line, capture])
    yield capture
    structlog.configure(**before)


async def test_the_lines_of_the_log_name_the_request(api: Api, lines: LogCapture) -> None:
    api.results["zone.update"] = RuntimeError("oops")
    answer = await api.call(OPERATIONS["zone.update"], headers=ID)
    assert answer.status == 500
    found = {entry["event"]: entry for entry in lines.entries}
    assert found["request_failed"]["request_id"] == "trace-1.2_3"
    line = found["request"]
    assert (line["request_id"], line["method"], line["status"]) == ("trace-1.2_3", "PATCH", 500)
    assert line["path"] == f"/v1/zones/{SOME_ID}"


async def test_the_id_is_not_left_behind(api: Api, lines: LogCapture) -> None:
    await api.request("GET", "/nowhere", headers=ID)
    structlog.get_logger().info("later")
    assert lines.entries == [{"event": "later", "log_level": "info"}]


async def test_reads_that_go_well_are_not_logged_and_paths_are_cut(
    api: Api, lines: LogCapture
) -> None:
    await api.request("GET", "/v1/overview")
    assert lines.entries == []
    await api.request("POST", "/" + "x" * 5000)
    assert len(lines.entries[0]["path"]) == 200


async def test_accepted_jobs_are_left_to_the_audit_log(api: Api, lines: LogCapture) -> None:
    api.results["vm.start"] = Accepted(jobs=[], resource_ids=[])
    answer = await api.call(OPERATIONS["vm.start"], headers=ID)
    assert answer.status == 202
    assert [entry["event"] for entry in lines.entries] == []


async def test_the_way_to_a_socket_has_an_id_too(served: Served) -> None:
    async with served.socket("/v1/feed") as socket:
        assert re.fullmatch("[0-9a-f]{12}-[0-9a-f]+", socket._response.headers["x-request-id"])
    async with served.socket("/v1/feed", authorization=None) as socket:
        body = msgspec.json.decode(await socket.receive_str(timeout=10))
        assert body["error"]["request_id"] == socket._response.headers["x-request-id"]


async def test_browsers_get_the_headers_over_the_wire(served: Served) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.get(served.url, ssl=served.tls, headers={"X-Request-Id": "over-the-wire"}) as page,
    ):
        assert page.headers["X-Request-Id"] == "over-the-wire"
        assert page.headers["X-Frame-Options"] == "DENY"
