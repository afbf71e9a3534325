"""The project's virtual environment: made, kept in step with pyproject.toml, and repaired."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from installer.progress import Failed, run_logged, step

MINIMUM = (3, 11)
_KEY_FILE = "anyun-environment.json"

Reporter = Callable[[str], None]


@dataclass(frozen=True)
class Environment:
    """A virtual environment in `folder` for the sources in `root`."""

    root: Path
    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.program("python")

    def program(self, name: str) -> Path:
        """A program installed in it."""
        if os.name == "nt":
            return self.folder / "Scripts" / f"{name}.exe"
        return self.folder / "bin" / name

    def ensure(self, extras: Iterable[str], log: Path) -> None:
        """Make it hold the project with `extras`; does nothing when it does already.

        Interrupted at any point, the next call goes on: the key is written last. Raises Failed.
        """
        with _lock(self.folder):
            wanted = self._wanted(set(extras))
            present = self._present()
            if present is not None and present.satisfies(wanted):
                return
            if present is not None:
                # Other parts' packages stay, so that run and test do not undo each other.
                wanted = Key(wanted.base, wanted.extras | present.extras)
            with step("Installing Python packages") as shown:
                if not self._works():
                    self._create(log)
                (self.folder / _KEY_FILE).unlink(missing_ok=True)
                self._install(wanted.extras, log, shown.detail)
                _write_whole(self.folder / _KEY_FILE, wanted.to_json())

    def _wanted(self, extras: set[str]) -> Key:
        return Key(_fingerprint(self.root), frozenset(extras))

    def _present(self) -> Key | None:
        try:
            text = (self.folder / _KEY_FILE).read_text(encoding="utf-8")
            return Key.from_json(text) if self._works() else None
        except (FileNotFoundError, ValueError, KeyError):
            return None

    def _works(self) -> bool:
        """Whether its interpreter runs, is the version we run under, and has pip."""
        code = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
        try:
            result = subprocess.run(
                [self.python, "-I", "-c", code], capture_output=True, text=True, check=False
            )
        except OSError:
            return False
        return result.stdout.strip() == f"{sys.version_info[0]}.{sys.version_info[1]}"

    def _create(self, log: Path) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)
        run_logged([sys.executable, "-m", "venv", self.folder], log, lambda _line: None)

    def _install(self, extras: frozenset[str], log: Path, on_line: Reporter) -> None:
        target = f"{self.root}[{','.join(sorted(extras))}]" if extras else str(self.root)
        run_logged(
            [
                self.python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check",
                "--progress-bar", "off", "--editable", target,
            ],
            log,
            lambda line: on_line(_short(line)),
            # pip warns root about installing for the system, which this is not.
            env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"},
        )  # fmt: skip


@dataclass(frozen=True)
class Key:
    """What an environment was made of: `base` is a hash of everything but the extras."""

    base: str
    extras: frozenset[str]

    def satisfies(self, wanted: Key) -> bool:
        """Whether an environment with this key can do what `wanted` needs."""
        return self.base == wanted.base and self.extras >= wanted.extras

    def to_json(self) -> str:
        """As kept in the environment."""
        return json.dumps({"base": self.base, "extras": sorted(self.extras)})

    @classmethod
    def from_json(cls, text: str) -> Key:
        """Read what `to_json` wrote. Raises ValueError or KeyError."""
        value = json.loads(text)
        return cls(value["base"], frozenset(value["extras"]))


def check_python() -> None:
    """Raise Failed when the running Python is too old."""
    if sys.version_info < MINIMUM:
        have = ".".join(map(str, sys.version_info[:3]))
        need = ".".join(map(str, MINIMUM))
        raise Failed(f"This is Python {have}; Anyun needs {need} or newer.")


def _fingerprint(root: Path) -> str:
    """Hash of what decides the environment: dependencies, packages found, and the Python."""
    with (root / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    parts = {
        "project": project["project"],
        "build": project["build-system"],
        # The editable install knows top-level packages by name.
        "packages": sorted(path.parent.name for path in root.glob("*/__init__.py")),
        "root": str(root),
        "python": list(sys.version_info[:2]),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Let one process at a time change the environment; others wait."""
    if os.name == "nt":
        yield
        return
    import fcntl  # not there on Windows

    # Not inside the environment, which may be made anew; build/ is never committed.
    lock = folder.parent / "build" / "environment.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write_whole(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _short(line: str) -> str:
    return " ".join(line.split()[:3])
