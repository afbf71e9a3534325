"""Errors that a client raises can be found in the service's log, whatever answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.client import Client
from appliance.protocol.errors import ApiError
from tests.unit.appliance.client.fake_appliance import FakeAppliance

REFUSED = b'{"error": {"code": "resource.disabled", "message": "", "params": {"name": "x"}%s}}'
HEADER = {"X-Request-Id": "of-the-header"}


@pytest.mark.parametrize(
    ("headers", "body", "code", "request_id"),
    [
        (HEADER, REFUSED % b', "request_id": "of-the-body"', "resource.disabled", "of-the-body"),
        (HEADER, REFUSED % b"", "resource.disabled", "of-the-header"),
        (HEADER, b"<h1>Bad gateway</h1>", "internal", "of-the-header"),
        ({}, b"", "internal", ""),
    ],
)
async def test_the_request_is_named(
    tmp_path: Path, headers: dict[str, str], body: bytes, code: str, request_id: str
) -> None:
    appliance = FakeAppliance(tmp_path)
    appliance.broken["zones"] = (502, headers, body)
    await appliance.start()
    try:
        async with Client(appliance.url, fingerprint=appliance.ca.fingerprint) as client:
            with pytest.raises(ApiError) as caught:
                await client.call("zone.list")
    finally:
        await appliance.stop()
    assert (caught.value.code, caught.value.request_id) == (code, request_id)
