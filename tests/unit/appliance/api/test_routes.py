"""From a request to its handler and back: ids, sizes, statuses, faults, the audit's lines."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import msgspec
import pytest

from appliance.api.decoding import MAX_BODY_BYTES
from appliance.protocol.errors import (
    Conflict,
    Forbidden,
    NoResources,
    NotFound,
    TooManyRequests,
    Unavailable,
)
from appliance.protocol.operations import OPERATIONS, Accepted, Kind
from appliance.protocol.resources import AuditEntry, Zone
from appliance.services.audit.service import AuditRow
from tests.unit.appliance.api.harness import SOME_ID, Api

ZONE = Zone(id=SOME_ID, name="z", created_at=datetime(2026, 1, 1, tzinfo=UTC))
BAD_IDS = ["1", "None", SOME_ID.upper(), SOME_ID[:-1], SOME_ID + "0", "{" + SOME_ID + "}", "%00"]


async def audited(api: Api) -> list[AuditEntry]:
    answer = await api.request("GET", "/v1/audit?sort=at&limit=1000")
    return msgspec.convert(answer.json["items"], list[AuditEntry])


async def test_ids_in_paths_are_uuids(api: Api) -> None:
    routes = (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/start"))
    for ref, (method, rest) in product(BAD_IDS, routes):
        answer = await api.request(method, f"/v1/vms/{ref}{rest}")
        assert answer.status in (400, 404)
        assert answer.error["code"] in ("request.bad_id", "request.not_found")
    assert api.seen == []


@pytest.mark.parametrize(
    ("name", "result", "status"),
    [
        ("zone.create", ZONE, 201),
        ("zone.update", ZONE, 200),
        ("zone.get", ZONE, 200),
        ("cluster.delete", None, 204),
        ("vm.start", Accepted(jobs=[], resource_ids=[SOME_ID]), 202),
    ],
)
async def test_the_status_tells_what_happened(
    api: Api, name: str, result: object, status: int
) -> None:
    api.results[name] = result
    body = {"name": "z"} if name == "zone.create" else b""
    answer = await api.call(OPERATIONS[name], body)
    assert answer.status == status
    assert answer.body == (b"" if result is None else msgspec.json.encode(result))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Forbidden("access.denied", operation="x"), 403),
        (NotFound("resource.not_found", kind="zone", id="1"), 404),
        (Conflict("request.id_taken", field="id", id="1"), 409),
        (Unavailable("host.not_connected", name="h"), 503),
        (NoResources("network.no_address", name="n", total=1), 507),
    ],
)
async def test_errors_of_handlers_travel_with_their_class(
    api: Api, error: Exception, status: int
) -> None:
    api.results["zone.update"] = error
    answer = await api.call(OPERATIONS["zone.update"])
    assert answer.status == status
    assert answer.error["code"] == error.args[0]
    assert answer.error["message"]
    assert answer.error["remedy"]


async def test_slowing_down_says_for_how_long(api: Api) -> None:
    api.results["session.create"] = TooManyRequests("session.slow_down", retry_after_s=7)
    answer = await api.call(OPERATIONS["session.create"], {"account": "a", "password": "b"})
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize("name", ["zone.get", "zone.update"])
async def test_faults_of_ours_show_a_reference_and_nothing_else(api: Api, name: str) -> None:
    api.results[name] = RuntimeError("password=hunter2 in /var/lib/anyun")
    answer = await api.call(OPERATIONS[name])
    assert (answer.status, answer.error["code"]) == (500, "internal")
    assert answer.error["params"]["reference"]
    assert b"hunter2" not in answer.body
    assert b"Traceback" not in answer.body


async def test_a_body_at_the_limit_is_read_and_one_beyond_is_not(api: Api) -> None:
    fits = b'{"name":"z"}'.ljust(MAX_BODY_BYTES)
    api.results["zone.create"] = ZONE
    assert (await api.request("POST", "/v1/zones", fits)).status == 201
    answer = await api.request("POST", "/v1/zones", fits + b" ")
    assert (answer.status, answer.error["code"]) == (400, "request.too_large")
    lying = {"content-length": "3"}
    answer = await api.request("POST", "/v1/zones", fits + b" ", headers=lying)
    assert answer.error["code"] == "request.too_large"
    assert len(api.seen) == 1


async def test_unknown_paths_and_methods_answer_in_our_form(api: Api) -> None:
    for method, path in (("GET", "/v2/zones"), ("PATCH", "/v1/zones"), ("POST", "/")):
        answer = await api.request(method, path)
        assert (answer.status, answer.error["code"]) == (404, "request.not_found")
        assert answer.error["params"] == {"path": path}


async def test_every_change_is_audited_and_no_read(api: Api) -> None:
    changes = [spec for spec in OPERATIONS.values() if spec.kind != Kind.READ]
    for spec in OPERATIONS.values():
        api.results[spec.name] = Conflict("resource.disabled", name="x")
        await api.call(spec, example(spec.name))
    lines = await audited(api)
    assert {line.operation for line in lines} == {spec.name for spec in changes}
    assert {line.outcome for line in lines} == {"resource.disabled"}
    assert {line.address for line in lines} == {"192.0.2.7"}


async def test_the_audit_names_account_resource_and_outcome(api: Api) -> None:
    api.results["zone.create"] = ZONE
    api.results["vm.create"] = Accepted(jobs=[], resource_ids=["vm-1", "vm-2"])
    await api.call(OPERATIONS["zone.create"], {"name": "z"})
    await api.call(OPERATIONS["vm.create"], example("vm.create"))
    await api.call(OPERATIONS["cluster.delete"])
    lines = [(line.account_name, line.resource_id, line.outcome) for line in await audited(api)]
    # Those of one millisecond are in no order.
    assert sorted(lines) == [
        ("admin", SOME_ID, "done"),
        ("admin", SOME_ID, "done"),
        ("admin", "vm-1", "accepted"),
    ]


async def test_changes_that_end_in_a_fault_of_ours_are_audited(api: Api) -> None:
    api.results["zone.update"] = RuntimeError("oops")
    await api.call(OPERATIONS["zone.update"])
    assert [line.outcome for line in await audited(api)] == ["internal"]


async def test_secrets_of_requests_are_not_audited(api: Api) -> None:
    secret = "very secret password"
    await api.call(OPERATIONS["session.create"], {"account": "admin", "password": secret})
    rows = await api.store.read(lambda: list(AuditRow.select().dicts()))
    assert len(rows) == 1
    assert secret not in str(rows)


async def test_the_content_of_an_image_is_handed_on(api: Api) -> None:
    answer = await api.request("PUT", f"/v1/images/{SOME_ID}/content", b"QFI\xfb")
    assert answer.status == 202
    assert api.uploaded == [(SOME_ID, 4, b"QFI\xfb")]


async def test_an_upload_says_its_size_first(api: Api) -> None:
    headers = {"content-length": ""}
    answer = await api.request("PUT", f"/v1/images/{SOME_ID}/content", b"x", headers=headers)
    assert (answer.status, answer.error["code"]) == (400, "image.size_needed")


async def test_a_screenshot_is_a_picture(api: Api) -> None:
    answer = await api.request("GET", f"/v1/vms/{SOME_ID}/screenshot")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")


@pytest.mark.parametrize(
    ("language", "words"), [("zh-CN,zh;q=0.9", "私有云"), ("en", "private cloud"), ("", "cloud")]
)
async def test_browsers_see_what_this_is(api: Api, language: str, words: str) -> None:
    answer = await api.request("GET", "/", token=None, headers={"accept-language": language})
    assert words in answer.body.decode()
    assert ":".join(["0A"] * 32) in answer.body.decode()


async def test_anyone_can_fetch_the_ca_and_the_description(api: Api) -> None:
    assert (await api.request("GET", "/v1/ca.pem", token=None)).body.startswith(b"-----BEGIN")
    description = await api.request("GET", "/v1/openapi.json", token=None)
    assert description.json["openapi"] == "3.1.0"


def example(name: str) -> dict[str, object]:
    """A body that fits the operation's request."""
    values: dict[str, object] = {
        "name": "x",
        "count": 1,
        "cpu_count": 1,
        "memory_bytes": 1024**3,
        "size_bytes": 1024**3,
        "vni_first": 1,
        "vni_last": 2,
        "kind": "local",
        "source": "starter",
        "policy": "affinity",
        "direction": "in",
        "is_enabled": True,
        "security_group_ids": [SOME_ID],
        "services": ["dhcp"],
        "ranges": [{"first": "a", "last": "b"}],
        "request": {},
        "action": "start",
        "on_host_boot": "restart",
        "machine": SOME_ID,
        "nics": [{"network_id": SOME_ID}],
        "statements": [{"effect": "allow", "operations": ["vm.*"]}],
        "scopes": ["vm.*"],
        "id": SOME_ID,
        "ids": [SOME_ID],
    }
    values |= {"share.create": {"kind": "image"}, "quota.update": {"name": "vm", "value": 1}}.get(
        name, {}
    )
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(OPERATIONS[name].request):
        if field.required:
            text = SOME_ID if field.name.endswith("_id") else "x"
            found[field.name] = values.get(field.name, text)
    return found
