"""The start-up disc: what is on it, and who may read it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pycdlib import PyCdlib

from hostagent.protocol.domain import SeedSpec
from hostagent.storage import seed as module
from hostagent.storage.seed import image_of, remove_seed, write_seed

VM_ID = "01a206dc-e382-7311-a163-2d756d9b5f5d"
SEED = SeedSpec(meta_data="{}\n", user_data=b"#!/bin/sh\n\xff\n", network_config='{"version": 2}\n')


def content(image: bytes, view: str) -> dict[str, bytes]:
    """The files of a disc by their names in one of its directories."""
    disc = PyCdlib()
    disc.open_fp(io.BytesIO(image))
    found = {}
    for name in ("meta-data", "user-data", "network-config"):
        out = io.BytesIO()
        disc.get_file_from_iso_fp(out, **{view: f"/{name}"})
        found[name] = out.getvalue()
    disc.close()
    return found


@pytest.mark.parametrize("view", ["rr_path", "joliet_path"])
def test_linux_and_windows_find_all_three_files(view: str) -> None:
    image = image_of(SEED)
    assert content(image, view) == {
        "meta-data": b"{}\n",
        "user-data": SEED.user_data,
        "network-config": b'{"version": 2}\n',
    }
    # The label of the primary volume descriptor (ECMA-119, 8.4.7).
    assert image[16 * 2048 + 40 : 16 * 2048 + 72].decode().strip() == "cidata"


def test_it_is_readable_by_nobody_else_and_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FOLDER", tmp_path / "seeds")
    path = write_seed(VM_ID, SEED)
    assert path.stat().st_mode & 0o777 == 0o600
    first = path.read_bytes()
    other = SeedSpec(meta_data="{}", user_data=b"#!/bin/true", network_config="{}")
    assert write_seed(VM_ID, other) == path
    assert path.read_bytes() != first
    assert [one.name for one in path.parent.iterdir()] == [f"{VM_ID}.iso"]
    remove_seed(VM_ID)
    remove_seed(VM_ID)
    assert not path.exists()
    assert "true" not in repr(other)
