"""Secrets at rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.engine.sealing import CannotOpen, Sealer


def test_what_is_sealed_is_opened_in_its_place_alone(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path / "key")
    sealed = sealer.seal("the key", "row")
    assert b"the key" not in sealed
    assert sealed != sealer.seal("the key", "row")
    assert Sealer(tmp_path / "key").open(sealed, "row") == "the key"
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    for bad, place in ((sealed, "other"), (sealed[:-1] + b"x", "row")):
        with pytest.raises(CannotOpen):
            sealer.open(bad, place)
    with pytest.raises(CannotOpen):
        Sealer(tmp_path / "another").open(sealed, "row")
