"""Requests that another one's tool makes up from our OpenAPI: none ends in a fault of ours."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from appliance.protocol.declaring import BYTES
from appliance.protocol.operations import OPERATIONS
from tests.contract.api.appliance import ROOT, Appliance
from tests.contract.api.bodies import NOT_AT_RANDOM

EXAMPLES = 10  # of each operation
SOCKETS = {"feed.follow"}  # OpenAPI knows no WebSockets
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
DOCUMENT = msgspec.json.decode((ROOT / "docs" / "openapi.json").read_bytes())
DESCRIBED = {
    result.ok().definition.raw["operationId"]: result.ok()
    for result in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
    if isinstance(result, Ok)
}


@pytest.mark.parametrize("name", sorted(DESCRIBED.keys() - set(NOT_AT_RANDOM)))
def test_nothing_made_up_breaks_the_service(appliance: Appliance, name: str) -> None:
    @given(case=DESCRIBED[name].as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    )
    def probe(case: Any) -> None:
        response = case.call(
            base_url=appliance.ready["url"],
            headers={"Authorization": f"Bearer {appliance.token}"},
            verify=str(appliance.state / "service" / "ca" / "ca.crt"),
            timeout=20,
        )
        case.validate_response(response, checks=CHECKS)

    probe()


def test_all_operations_are_probed() -> None:
    assert {spec.name for spec in (OPERATIONS | BYTES).values()} - DESCRIBED.keys() == SOCKETS
