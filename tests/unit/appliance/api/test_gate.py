"""Who gets in: every operation asks for exactly what its declaration says."""

from __future__ import annotations

from itertools import product

import pytest

from appliance.protocol.operations import OPERATIONS, Access
from tests.unit.appliance.api.harness import SOME_ID, TENANT, Api

GUARDED = [spec for spec in OPERATIONS.values() if spec.access != Access.PUBLIC]
ADMIN_ONLY = [spec for spec in OPERATIONS.values() if spec.access == Access.ADMIN]
BYTES = [("GET", f"/v1/vms/{SOME_ID}/screenshot"), ("PUT", f"/v1/images/{SOME_ID}/content")]
STRANGERS = [
    {},
    {"authorization": "Bearer"},
    {"authorization": "Bearer "},
    {"authorization": "Bearer unknown"},
    {"authorization": "Basic YWRtaW46YWRtaW4="},
    {"authorization": "Console admin-token"},
]


def test_only_what_a_stranger_needs_is_public() -> None:
    public = {spec.name for spec in OPERATIONS.values() if spec.access == Access.PUBLIC}
    assert public == {"info.get", "session.create", "session.set_first_password"}


async def test_strangers_get_401_and_reach_no_handler(api: Api) -> None:
    for spec, headers in product(GUARDED, STRANGERS):
        answer = await api.call(spec, token=None, headers=headers)
        case = (spec.name, headers)
        assert (answer.status, answer.error["code"]) == (401, "session.required"), case
    assert api.seen == []


async def test_tenants_get_403_for_what_administrators_do(api: Api) -> None:
    for spec in ADMIN_ONLY:
        answer = await api.call(spec, token=TENANT)
        assert (answer.status, answer.error["code"]) == (403, "access.denied"), spec.name
        assert answer.error["params"] == {"operation": spec.name}
    assert api.seen == []


@pytest.mark.parametrize(("method", "path"), BYTES)
async def test_routes_of_bytes_are_guarded_as_well(api: Api, method: str, path: str) -> None:
    assert (await api.request(method, path, b"x", token=None)).status == 401
    # The harness knows no machines and images, so none are the tenant's.
    assert (await api.request(method, path, b"x", token=TENANT)).status == 404
    assert (api.seen, api.uploaded) == ([], [])


async def test_a_stranger_learns_nothing_from_a_bad_request(api: Api) -> None:
    """The login is asked for before the id and the body are looked at."""
    answer = await api.request("POST", "/v1/vms/no-id/start", b"{broken", token=None)
    assert answer.status == 401


async def test_the_scheme_may_be_written_in_any_case(api: Api) -> None:
    answer = await api.request(
        "GET", "/v1/overview", token=None, headers={"authorization": "bEaReR admin-token"}
    )
    assert answer.status == 204


async def test_handlers_learn_who_calls_and_from_where(api: Api) -> None:
    await api.request("POST", f"/v1/vms/{SOME_ID}/start")
    call, _ = api.seen[0]
    assert (call.operation, call.target) == ("vm.start", SOME_ID)
    assert (call.caller.account_name, call.caller.address) == ("admin", "192.0.2.7")
