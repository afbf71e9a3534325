"""`build.py lint`: every check that needs no running program, and a summary at the end."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from installer.prepare import ROOT
from installer.progress import note
from installer.venv import Environment

MAX_LINES = 500
"""A file longer than this is not read in one sitting."""
_SOURCES = ("appliance", "hostagent", "desktop", "installer", "assets", "tests")


def run_lint(environment: Environment) -> bool:
    """Run all checks; returns whether all passed. What fails prints its findings."""
    checks: list[tuple[str, list[str]]] = [
        ("ruff check", [_program(environment, "ruff"), "check", "."]),
        ("ruff format", [_program(environment, "ruff"), "format", "--check", "."]),
        ("pyright", [_program(environment, "pyright")]),
        ("import rules", [_program(environment, "lint-imports")]),
    ]
    if (ROOT / "desktop/i18n/update.py").exists():
        command = [str(environment.python), "-m", "desktop.i18n.update", "--check"]
        checks.append(("translations", command))
    passed = [_check(name, command) for name, command in checks]
    return all([*passed, _file_sizes()])


def _program(environment: Environment, name: str) -> str:
    return str(environment.program(name))


def _check(name: str, command: list[str]) -> bool:
    started = time.monotonic()
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    if result.returncode == 0:
        note(f"lint: {name}: good ({seconds:.0f} s)")
        return True
    note((result.stdout + result.stderr).rstrip())
    note(f"lint: {name}: FAILED ({seconds:.0f} s)")
    return False


def long_files(root: Path) -> list[tuple[str, int]]:
    """Source files below `root` with more than MAX_LINES lines."""
    found: list[tuple[str, int]] = []
    files = [root / "build.py"]
    for folder in _SOURCES:
        files += sorted((root / folder).rglob("*.py"))
    for path in files:
        with path.open(encoding="utf-8") as file:
            count = sum(1 for _ in file)
        if count > MAX_LINES:
            found.append((path.relative_to(root).as_posix(), count))
    return found


def _file_sizes() -> bool:
    found = long_files(ROOT)
    for path, count in found:
        note(f"{path}: {count} lines, more than {MAX_LINES}")
    note(f"lint: file sizes: {'FAILED' if found else 'good'}")
    return not found
