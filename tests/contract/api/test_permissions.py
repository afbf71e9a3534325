"""The permission matrix: every operation, by everyone it could be asked by, on everybody's things.

All cases come from the table of operations, so an operation that is added is tried as well.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest

from appliance.client import Client, Connected
from appliance.protocol.events import Change
from appliance.protocol.ids import new_id
from appliance.protocol.operations import BYTES, OPERATIONS, Access, Kind, OperationSpec
from appliance.protocol.references import (
    FIELD_KINDS,
    NAMED_BY_KIND,
    OPEN,
    OTHER_FIELDS,
    PART_FIELDS,
)
from appliance.protocol.tenancy import SHAREABLE
from tests.contract.api.appliance import Answer
from tests.contract.api.bodies import good_body
from tests.contract.api.tenants import Tenants, log_in, make

EACH = 80  # rows of a kind: more than there are operations on one
ALL = [spec for spec in (OPERATIONS | BYTES).values() if spec.name != "feed.follow"]
GUARDED = [spec for spec in ALL if spec.access != Access.PUBLIC]
ADMINS = [spec for spec in ALL if spec.access == Access.ADMIN]
LOGINS = [spec for spec in ALL if spec.access == Access.LOGIN and not spec.by_session]
TENANTS = [spec for spec in ALL if spec.access == Access.TENANT]
TARGETED = [spec for spec in TENANTS if spec.target]
OWNABLE = [spec for spec in TARGETED if spec.target != "image_store"]
READ_SHARED = [spec for spec in TARGETED if spec.target in SHAREABLE]
NARROW = "cluster.list"
OFFERING = {"cpu_count": 1, "memory_bytes": 1024**3}


def name_of(spec: Any) -> str:
    return spec.name if isinstance(spec, OperationSpec) else str(spec)


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenants]:
    found = make(tmp_path_factory.mktemp("tenants"), each=EACH)
    yield found
    found.appliance.stop()


def body_of(tenants: Tenants, spec: OperationSpec, owner: str = "own") -> dict[str, Any]:
    """A good body in which every reference is the owner's."""
    body = good_body(spec) if spec.method not in ("GET",) and spec.request is not None else {}
    for name in body:
        kind = kind_of(spec, name)
        if kind is not None:
            body[name] = usable(tenants, owner, kind)
    if "ids" in body:
        body["ids"] = [tenants.ready[owner, "vm"][0]]
    if spec.name in ("role.attach", "role.detach"):
        body["user_id"] = usable(tenants, owner, "user")
    if "name" in body and spec.verb == "create":
        body["name"] = f"n{new_id()[-12:]}"
    return body


def usable(tenants: Tenants, owner: str, kind: str) -> str:
    """Something that the owner may name; of infrastructure tenants have nothing."""
    if kind == "image_store" and owner == "own":
        return tenants.shared[kind]
    if kind == "account":
        return tenants.accounts[owner]
    return tenants.ready.get((owner, kind), [new_id()])[0]


def kind_of(spec: OperationSpec, name: str) -> str | None:
    if (spec.name, name) in NAMED_BY_KIND:
        return "image"
    return OTHER_FIELDS.get((spec.name, name)) or FIELD_KINDS.get(name)


def ask(
    tenants: Tenants,
    spec: OperationSpec,
    token: str,
    target: str | None = None,
    body: dict[str, Any] | None = None,
) -> Answer:
    path = spec.path.replace("{id}", target or new_id())
    content: Any = b"" if spec.method == "GET" else body or {}
    if spec.name == "image.upload":
        content = b"bytes"
    answer = tenants.appliance.request(spec.method, path, content, token=token)
    assert answer.status != 500, (spec.name, answer.body)
    return answer


def passed(answer: Answer) -> bool:
    """The gate let it through; what the handler said to it does not matter here."""
    return answer.status not in (401, 403, 404)


def shape(answer: Answer) -> Any:
    """An error without what differs from one request to the next."""
    error = answer.json["error"]
    params = {key: value for key, value in error["params"].items() if key != "id"}
    return answer.status, error["code"], error.get("field"), params


# Who is nobody


@pytest.mark.parametrize("spec", GUARDED, ids=name_of)
def test_nobody_gets_in_without_a_live_login(tenants: Tenants, spec: OperationSpec) -> None:
    for token in ("", "made-up", expired(tenants), revoked(tenants)):
        answer = ask(tenants, spec, token, body=body_of(tenants, spec))
        assert (answer.status, answer.code) == (401, "session.required")


def expired(tenants: Tenants) -> str:
    """An API token whose time is over, made once."""
    if "expired" not in tenants.tokens:
        secret = tenants.tokens["expired"] = "anyun_expired"
        row = (new_id(), tenants.accounts["own"], hashlib.sha256(secret.encode()).hexdigest())
        path = tenants.appliance.state / "service" / "anyun.db"
        with closing(sqlite3.connect(path, timeout=20)) as database:
            database.execute(
                "INSERT INTO api_token (id, account_id, name, description, token_sha256, scopes, "
                "expires_at, created_at) VALUES (?, ?, 'old', '', ?, '[\"*\"]', 1, 0)",
                row,
            )
            database.commit()
    return tenants.tokens["expired"]


def revoked(tenants: Tenants) -> str:
    """A session of an account that has been disabled meanwhile."""
    if "revoked" not in tenants.tokens:
        account = tenants.accounts["disabled"]
        token = tenants.tokens["revoked"] = tenants.tokens["disabled"]
        appliance = tenants.appliance
        assert appliance.request("GET", "/v1/vms", token=token).status == 200
        answer = appliance.request("POST", f"/v1/accounts/{account}/disable")
        assert (answer.status, answer.json["state"]) == (200, "disabled")
    return tenants.tokens["revoked"]


def narrow(tenants: Tenants) -> str:
    """An administrator's token that is good for one operation."""
    if "narrow" not in tenants.tokens:
        body = {"name": "narrow", "scopes": [NARROW]}
        answer = tenants.appliance.request("POST", "/v1/tokens", body)
        assert answer.status == 201, answer.body
        tenants.tokens["narrow"] = answer.json["token"]
    return tenants.tokens["narrow"]


@pytest.mark.parametrize("spec", GUARDED, ids=name_of)
def test_a_token_is_good_for_its_scopes_only(tenants: Tenants, spec: OperationSpec) -> None:
    answer = ask(tenants, spec, narrow(tenants), body=body_of(tenants, spec))
    if spec.by_session:
        assert (answer.status, answer.code) == (403, "access.no_token")
    elif spec.access == Access.LOGIN or spec.name == NARROW:
        assert answer.status == 200
    else:
        assert (answer.status, answer.code) == (403, "access.no_role")


# Tenants


@pytest.mark.parametrize("spec", ADMINS, ids=name_of)
def test_tenants_do_not_what_administrators_do(tenants: Tenants, spec: OperationSpec) -> None:
    answer = ask(tenants, spec, tenants.tokens["own"], body=body_of(tenants, spec))
    assert (answer.status, answer.code) == (403, "access.denied")


@pytest.mark.parametrize("spec", TARGETED, ids=name_of)
def test_what_is_foreign_is_like_what_is_not_there(tenants: Tenants, spec: OperationSpec) -> None:
    foreign = tenants.accounts["foreign"]
    if spec.target != "account":
        foreign = tenants.ready["foreign", spec.target][-1]
    body = body_of(tenants, spec)
    answers = [ask(tenants, spec, tenants.tokens["own"], ref, body) for ref in (foreign, new_id())]
    assert answers[0].code == "resource.not_found"
    assert shape(answers[0]) == shape(answers[1])
    assert answers[0].status == 404


@pytest.mark.parametrize("spec", READ_SHARED, ids=name_of)
def test_what_is_shared_is_seen_and_not_changed(tenants: Tenants, spec: OperationSpec) -> None:
    answer = ask(tenants, spec, tenants.tokens["own"], tenants.shared[spec.target])
    if spec.name == "image.download":  # the gate let it through, and there is no host
        assert (answer.status, answer.code) == (503, "host.not_connected")
    elif spec.kind == Kind.READ:
        assert answer.status == 200
    else:
        assert (answer.status, answer.code) == (403, "share.read_only")
    other = ask(tenants, spec, tenants.tokens["foreign"], tenants.shared[spec.target])
    assert other.status == 404


@pytest.mark.parametrize("spec", OWNABLE, ids=name_of)
def test_owners_and_administrators_reach_what_is_owned(
    tenants: Tenants, spec: OperationSpec
) -> None:
    target = tenants.take("own", spec.target)
    answer = ask(tenants, spec, tenants.tokens["own"], target, body_of(tenants, spec))
    assert passed(answer), answer.body
    target = tenants.take("foreign", spec.target)
    body = body_of(tenants, spec, "foreign")
    assert passed(ask(tenants, spec, tenants.tokens["admin"], target, body))


@pytest.mark.parametrize("spec", [s for s in TENANTS if not s.target], ids=name_of)
def test_tenants_carry_out_what_is_theirs(tenants: Tenants, spec: OperationSpec) -> None:
    body = body_of(tenants, spec)
    if spec.name == "share.create":
        body["account_id"] = tenants.accounts["foreign"]
    answer = ask(tenants, spec, tenants.tokens["own"], body=body)
    assert passed(answer), answer.body


REFERENCES = [
    (spec, field)
    for spec in OPERATIONS.values()
    if spec.access == Access.TENANT and spec.method != "GET"
    for field in spec.request.__struct_fields__
    if (spec.name, field) not in OPEN
    and (
        field in FIELD_KINDS
        or (spec.name, field) in NAMED_BY_KIND
        or (spec.name, field) in OTHER_FIELDS
    )
]


@pytest.mark.parametrize(("spec", "field"), REFERENCES, ids=name_of)
def test_nobody_names_what_is_foreign(tenants: Tenants, spec: OperationSpec, field: str) -> None:
    kind = kind_of(spec, field)
    assert kind is not None
    foreign = "host-0" + "0" * 30  # infrastructure is foreign to tenants as well
    if kind == "account":
        foreign = tenants.accounts["foreign"]
    elif ("foreign", kind) in tenants.ready:
        foreign = tenants.ready["foreign", kind][-1]
    target = tenants.take("own", spec.target) if spec.target else None
    body = body_of(tenants, spec) | {field: [foreign] if field.endswith("ids") else foreign}
    if spec.name.startswith("role.") and field != "user_id":
        body.pop("user_id", None)
    answer = ask(tenants, spec, tenants.tokens["own"], target, body)
    assert (answer.status, answer.code) == (404, "resource.not_found"), answer.body
    assert answer.json["error"]["field"] == field


PARTS = [
    (spec, field)
    for spec in OPERATIONS.values()
    if spec.access == Access.TENANT
    for field in spec.request.__struct_fields__
    if field in PART_FIELDS
]


@pytest.mark.parametrize(("spec", "field"), PARTS, ids=name_of)
def test_nobody_names_parts_of_what_is_foreign(
    tenants: Tenants, spec: OperationSpec, field: str
) -> None:
    target = tenants.take("own", spec.target)
    foreign = tenants.ready["foreign", PART_FIELDS[field]][-1]  # its NIC has the same id
    answers = [
        ask(tenants, spec, tenants.tokens["own"], target, body_of(tenants, spec) | {field: ref})
        for ref in (foreign, new_id())
    ]
    assert answers[0].code == "resource.not_found"
    assert answers[0].json["error"]["field"] == field
    assert shape(answers[0]) == shape(answers[1])


@pytest.mark.parametrize("spec", [s for s in TENANTS if s.verb == "list"], ids=name_of)
def test_lists_have_what_is_own_and_shared(tenants: Tenants, spec: OperationSpec) -> None:
    own, foreign = (
        tenants.appliance.request("GET", spec.path + "?limit=1000", token=tenants.tokens[name])
        for name in ("own", "foreign")
    )
    assert own.status == foreign.status == 200
    seen = {item["id"] for item in own.json["items"]}
    assert seen.isdisjoint(tenants.ready.get(("foreign", spec.noun), ()))
    assert own.json["total"] == len(seen)
    if spec.noun in tenants.shared:
        assert tenants.shared[spec.noun] in seen
        assert tenants.shared[spec.noun] not in {item["id"] for item in foreign.json["items"]}
    owners = {item.get("owner_id") for item in own.json["items"]} - {None}
    assert owners <= {tenants.accounts["own"], tenants.accounts["admin"], ""}


@pytest.mark.parametrize(
    "query",
    [
        "host.name=host-0",
        "cluster.name=c",
        "owner.name=foreign",
        "image.name=i",
        "nics.address=1.2.3.4",
    ],
)
def test_questions_over_relations_lead_nowhere_foreign(tenants: Tenants, query: str) -> None:
    answer = tenants.appliance.request("GET", f"/v1/vms?{query}", token=tenants.tokens["own"])
    assert (answer.status, answer.json["items"]) == (200, [])


def test_nobody_waits_for_foreign_jobs(tenants: Tenants) -> None:
    vm = tenants.take("own", "vm")
    for owner in ("foreign", "own"):
        headers = {"Anyun-After": tenants.ready[owner, "job"][0]}
        answer = tenants.appliance.request(
            "POST", f"/v1/vms/{vm}/start", token=tenants.tokens["own"], headers=headers
        )
        assert (answer.code == "job.unknown_dependency") == (owner == "foreign")


async def test_the_feed_tells_of_what_becomes_shared_and_of_nothing_foreign(
    tenants: Tenants,
) -> None:
    request, ready = tenants.appliance.request, tenants.appliance.ready
    made = request("POST", "/v1/instance-offerings", OFFERING | {"name": "secret"}).json["id"]
    shown = request("POST", "/v1/instance-offerings", OFFERING | {"name": "common"}).json["id"]
    async with Client(ready["url"], fingerprint=ready["ca_fingerprint"]) as client:
        client.token = tenants.tokens["own"]
        page = await client.call("instance_offering.list")
        assert not {made, shown} & {item.id for item in page.items}
        seen: list[str] = []
        async with asyncio.timeout(60):
            async for event in client.follow(page.seq):
                if isinstance(event, Connected) and not seen:
                    share = {"kind": "instance_offering", "resource_id": shown}
                    body = share | {"account_id": tenants.accounts["own"]}
                    request("PATCH", f"/v1/instance-offerings/{made}", {"name": "still secret"})
                    request("POST", "/v1/shares", body)
                if isinstance(event, Change) and event.kind == "instance_offering":
                    seen.append(event.id)
                    break
        assert seen == [shown]


def test_figures_are_ones_own(tenants: Tenants) -> None:
    answers = [
        tenants.appliance.request("GET", "/v1/overview", token=tenants.tokens[name]).json
        for name in ("own", "admin")
    ]
    assert answers[0]["counts"]["vm"] < answers[1]["counts"]["vm"]
    assert answers[0]["counts"].keys() <= {"vm", "image", "network", "volume"}


def test_operations_tell_who_may_call_them(tenants: Tenants) -> None:
    for name, access in (("own", {Access.ADMIN}), ("admin", set())):
        answer = tenants.appliance.request("GET", "/v1/operations", token=tenants.tokens[name])
        items = {item["name"]: item for item in answer.json["items"]}
        assert items.keys() == (OPERATIONS | BYTES).keys()
        refused = {item["name"] for item in items.values() if not item["is_allowed"]}
        assert refused == {spec.name for spec in ALL if spec.access in access}


# Users, groups, roles


def test_a_user_may_what_its_roles_say_and_deny_wins(tenants: Tenants) -> None:
    request, own = tenants.appliance.request, tenants.tokens["own"]
    body = {"name": "bob", "password": "correct horse battery"}
    user = request("POST", "/v1/users", body, token=own).json["id"]
    bob = log_in(tenants.appliance, "bob@own")
    vms = "/v1/vms"
    assert request("GET", vms, token=bob).code == "access.no_role"
    group = request("POST", "/v1/groups", {"name": "ops"}, token=own).json["id"]
    statements = [{"effect": "allow", "operations": ["vm.*"]}]
    role = request("POST", "/v1/roles", {"name": "r", "statements": statements}, token=own).json
    attach = f"/v1/roles/{role['id']}/attach"
    assert request("POST", attach, {"group_id": group}, token=own).status == 204
    assert request("GET", vms, token=bob).code == "access.no_role"
    member = {"user_id": user}
    assert request("POST", f"/v1/groups/{group}/add-user", member, token=own).status == 200
    assert request("GET", vms, token=bob).status == 200
    assert request("GET", "/v1/images", token=bob).code == "access.no_role"
    statements.append({"effect": "deny", "operations": ["vm.list", "vm.start"]})
    changed = request("PATCH", f"/v1/roles/{role['id']}", {"statements": statements}, token=own)
    assert changed.status == 200
    assert request("GET", vms, token=bob).code == "access.no_role"
    vm = tenants.ready["own", "vm"][0]
    assert request("GET", f"{vms}/{vm}", token=bob).status == 200
    # What is denied is not done in bulk either.
    bulk = {"action": "start", "ids": [vm]}
    assert request("POST", f"{vms}/bulk", bulk, token=bob).code == "access.no_role"
    me = request("GET", "/v1/sessions/current", token=bob).json
    assert (me["name"], me["user_name"], me["user_id"]) == ("own", "bob", user)
    assert request("POST", f"/v1/users/{user}/disable", token=own).status == 200
    assert request("GET", vms, token=bob).status == 401
    again = {"account": "bob@own", "password": "correct horse battery"}
    assert request("POST", "/v1/sessions", again, token="").code == "session.disabled"


def test_a_user_never_may_more_than_its_account(tenants: Tenants) -> None:
    request, own = tenants.appliance.request, tenants.tokens["own"]
    body = {"name": "eve", "password": "correct horse battery"}
    user = request("POST", "/v1/users", body, token=own).json["id"]
    administrator = "00000000-0000-7000-8000-000000000001"
    path = f"/v1/roles/{administrator}/attach"
    assert request("POST", path, {"user_id": user}, token=own).status == 204
    eve = log_in(tenants.appliance, "eve@own")
    assert request("GET", "/v1/vms", token=eve).status == 200
    assert request("GET", "/v1/hosts", token=eve).code == "access.denied"
    account = {"account_id": tenants.accounts["own"]}
    assert request("POST", path, account, token=own).code == "access.denied"
    assert request("DELETE", f"/v1/roles/{administrator}", token=own).code == "share.read_only"
    assert request("DELETE", f"/v1/roles/{administrator}").code == "role.predefined"


def test_an_auditor_sees_everything_and_changes_nothing(tenants: Tenants) -> None:
    request = tenants.appliance.request
    body = {"name": "auditor", "password": "correct horse battery"}
    user = request("POST", "/v1/users", body).json["id"]
    path = "/v1/roles/00000000-0000-7000-8000-000000000003/attach"
    assert request("POST", path, {"user_id": user}).status == 204
    auditor = log_in(tenants.appliance, "auditor@admin")
    for spec in ALL:
        if spec.access in (Access.PUBLIC, Access.LOGIN):
            continue
        answer = ask(tenants, spec, auditor, body=body_of(tenants, spec))
        if spec.verb in ("list", "get"):
            assert answer.code != "access.no_role", spec.name
        if spec.kind != Kind.READ:
            assert answer.code == "access.no_role", spec.name


def test_an_account_that_owns_something_stays(tenants: Tenants) -> None:
    request = tenants.appliance.request
    account = tenants.accounts["foreign"]
    answer = request("DELETE", f"/v1/accounts/{account}")
    assert (answer.status, answer.code) == (409, "account.owns")
    for verb, method in (("", "DELETE"), ("/disable", "POST")):
        path = f"/v1/accounts/{tenants.accounts['admin']}{verb}"
        assert request(method, path).status == 409
    made = request("POST", "/v1/accounts", {"name": "short", "password": "correct horse battery"})
    token = log_in(tenants.appliance, "short")
    assert request("DELETE", f"/v1/accounts/{made.json['id']}").status == 204
    assert request("GET", "/v1/vms", token=token).status == 401


def test_secrets_are_told_once(tenants: Tenants) -> None:
    request, own = tenants.appliance.request, tenants.tokens["own"]
    headers = {"Idempotency-Key": "once"}
    body = {"name": "ci", "scopes": ["vm.list"]}
    made = request("POST", "/v1/tokens", body, token=own, headers=headers)
    secret = made.json["token"]
    assert request("GET", "/v1/vms", token=secret).status == 200
    assert secret.encode() not in request("GET", "/v1/tokens", token=own).body
    for name in ("anyun.db", "anyun.db-wal"):
        path = tenants.appliance.state / "service" / name
        assert secret.encode() not in path.read_bytes()
    assert request("DELETE", f"/v1/tokens/{made.json['id']}", token=own).status == 204
    assert request("GET", "/v1/vms", token=secret).status == 401


def test_quotas_are_told_and_changed_by_administrators(tenants: Tenants) -> None:
    request, own = tenants.appliance.request, tenants.tokens["own"]
    path = f"/v1/accounts/{tenants.accounts['own']}/quotas"
    assert request("PUT", path, {"name": "vm", "value": 99}, token=own).code == "access.denied"
    assert request("PUT", path, {"name": "vm", "value": 99}).status == 200
    items = {item["name"]: item for item in request("GET", "/v1/quotas", token=own).json["items"]}
    assert items["vm"]["limit"] == 99
    assert items["vm"]["used"] > 0
    mine = msgspec.json.decode(request("GET", "/v1/quotas").body)
    assert {item["limit"] for item in mine["items"]} == {-1}
    assert request("GET", "/v1/ledger/check").json["differences"] == []
