"""The check for files that are too long to read."""

from __future__ import annotations

from pathlib import Path

from installer.lint import MAX_LINES, long_files


def test_names_only_files_over_the_limit(tmp_path: Path) -> None:
    (tmp_path / "build.py").write_text("\n" * MAX_LINES)
    (tmp_path / "appliance").mkdir()
    (tmp_path / "appliance/long.py").write_text("\n" * (MAX_LINES + 1))

    assert long_files(tmp_path) == [("appliance/long.py", MAX_LINES + 1)]
