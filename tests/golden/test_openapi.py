"""The API's description in docs/openapi.json is the one that the service gives."""

from __future__ import annotations

from pathlib import Path

import msgspec

from appliance.api.openapi import describe
from tests.conftest import Golden

PUBLISHED = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_published_description_is_current(golden: Golden) -> None:
    text = msgspec.json.format(msgspec.json.encode(describe(), order="deterministic"), indent=2)
    golden.check(str(PUBLISHED), text.decode() + "\n")
