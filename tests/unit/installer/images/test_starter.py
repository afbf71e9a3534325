"""The starter image's recipe: what its hash depends on, and where its image is kept."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from installer.images import starter


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "recipe"
    folder.mkdir()
    (folder / "packages.txt").write_text("busybox-static\n")
    monkeypatch.setattr(starter, "RECIPE", folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def test_hash_follows_content_and_mode(recipe: Path) -> None:
    file = recipe / "packages.txt"
    first = starter.recipe_hash()
    assert starter.recipe_hash() == first

    file.write_text("busybox\n")
    second = starter.recipe_hash()
    file.chmod(0o755)

    assert len({first, second, starter.recipe_hash()}) == 3


def test_hash_ignores_words_about_the_recipe(recipe: Path) -> None:
    first = starter.recipe_hash()
    (recipe / "README.md").write_text("More words.\n")

    assert starter.recipe_hash() == first


def test_image_counts_only_when_its_manifest_is_there(recipe: Path, tmp_path: Path) -> None:
    folder = starter.cache_folder()
    assert folder.parent == tmp_path / "cache/anyun/images"
    folder.mkdir(parents=True)
    assert starter.cached() is None

    (folder / "manifest.json").write_text(json.dumps({}))

    image = starter.cached()
    assert image is not None
    assert image.disk == folder / "starter.qcow2"


def test_programs_of_the_recipe_can_be_run() -> None:
    root = starter.RECIPE
    scripts = [path for path in root.rglob("*") if path.is_file() and _is_script(path)]

    assert scripts
    assert [path for path in scripts if not os.access(path, os.X_OK)] == []


def _is_script(path: Path) -> bool:
    return path.read_bytes()[:2] == b"#!"


def test_every_module_has_a_time_to_be_loaded() -> None:
    lines = (starter.RECIPE / "modules.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]

    assert [
        line for line in wanted if not re.fullmatch(r"(early|late|other|extra) \w+", line)
    ] == []
