"""Client and appliance of versions that don't fit say so, with both versions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.client import Client
from appliance.protocol import messages
from appliance.protocol.errors import Unavailable
from appliance.protocol.operations import API_VERSION
from tests.unit.appliance.client.fake_appliance import FakeAppliance


@pytest.fixture
async def appliance(tmp_path: Path) -> AsyncIterator[FakeAppliance]:
    found = FakeAppliance(tmp_path)
    await found.start()
    yield found
    await found.stop()


async def refused(appliance: FakeAppliance) -> Unavailable:
    """What the client says of an appliance that it does not fit."""
    async with Client(appliance.url, fingerprint=appliance.ca.fingerprint) as client:
        with pytest.raises(Unavailable) as caught:
            await client.check_version()
    return caught.value


async def test_an_appliance_of_our_version_fits(appliance: FakeAppliance) -> None:
    async with Client(appliance.url, fingerprint=appliance.ca.fingerprint) as client:
        assert await client.check_version() == appliance.info


async def test_a_newer_appliance_that_still_knows_us_fits(appliance: FakeAppliance) -> None:
    appliance.be_version(api=API_VERSION + 5)
    async with Client(appliance.url, fingerprint=appliance.ca.fingerprint) as client:
        assert (await client.check_version()).api_version == API_VERSION + 5


@pytest.mark.parametrize(
    ("api", "least"),
    [(API_VERSION + 6, API_VERSION + 1), (API_VERSION - 1, API_VERSION - 1)],
    ids=["it needs newer clients", "it is older than the client"],
)
async def test_one_that_does_not_fit_is_refused_with_both_versions(
    appliance: FakeAppliance, api: int, least: int
) -> None:
    appliance.be_version(api=api, least=least)
    error = await refused(appliance)
    assert error.code == "client.version"
    assert error.params == {"client": API_VERSION, "server": api}
    english = messages.render(error.code, error.params, "en")
    assert f"client API {API_VERSION}, appliance API {api}" in english.message
    assert english.remedy == "Install the client that belongs to the appliance."
    chinese = messages.render(error.code, error.params, "zh")
    assert f"客户端接口 {API_VERSION}，设备接口 {api}" in chinese.message
    assert chinese.remedy == "请安装与设备匹配的客户端。"
