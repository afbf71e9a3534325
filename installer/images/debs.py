"""Debian packages as material: found, downloaded and unpacked into a folder, never installed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path


class PackageError(Exception):
    """A package could not be found, downloaded or unpacked; the text says which and why."""


def _run(*command: str, cwd: Path | None = None) -> str:
    result = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    if result.returncode:
        detail = (result.stderr or result.stdout).strip().splitlines()[-5:]
        raise PackageError(f"{' '.join(command[:3])} … failed: {' / '.join(detail)}")
    return result.stdout


def _depends(packages: Iterable[str]) -> list[str]:
    """Names of real packages that `packages` depend on, first choice of each alternative."""
    names: list[str] = []
    skip_alternatives = False
    for line in _run("apt-cache", "depends", "--important", *packages).splitlines():
        kind, separator, name = line.strip().partition(": ")
        if not separator:
            continue
        if not skip_alternatives and not name.startswith("<") and kind.endswith("Depends"):
            names.append(name)
        # A bar marks that the next line is another way to satisfy the same dependency.
        skip_alternatives = kind.startswith("|")
    return names


def closure(packages: Iterable[str]) -> list[str]:
    """`packages`, the versioned package behind each metapackage, and all libraries they need.

    Raises PackageError when the package lists do not know one of them.
    """
    found: set[str] = set()
    waiting = set(packages)
    while waiting:
        found |= waiting
        waiting = {name for name in _depends(sorted(waiting)) if _is_material(name)} - found
    return sorted(found)


def _is_material(name: str) -> bool:
    """Whether a dependency carries files we need: a library, or the kernel of its metapackage."""
    return name.startswith(("lib", "zlib", "linux-image-"))


def download(packages: Iterable[str], folder: Path) -> list[Path]:
    """Download the packages' files into `folder` with apt, which checks their signatures."""
    folder.mkdir(parents=True, exist_ok=True)
    _run("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *packages, cwd=folder)
    return sorted(folder.glob("*.deb"))


def unpack(files: Iterable[Path], folder: Path) -> None:
    """Lay the contents of all package files over each other in `folder`.

    Old and new paths are one: /lib and the like become links into /usr, as on Debian systems.
    """
    for name in ("bin", "sbin", "lib", "lib64"):
        (folder / "usr" / name).mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(f"usr/{name}")
    for file in files:
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", file], stdout=subprocess.PIPE
        ) as archive:
            # --keep-directory-symlink: a package's ./lib folder follows the link made above.
            extract = subprocess.run(
                ["tar", "-x", "-C", folder, "--keep-directory-symlink"],
                stdin=archive.stdout,
                capture_output=True,
                text=True,
            )
        if archive.returncode or extract.returncode:
            raise PackageError(f"{file.name} could not be unpacked: {extract.stderr.strip()}")


class Tree:
    """An unpacked set of packages whose programs run without being installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _loader(self) -> list[str]:
        # The tree's own loader and libraries: the machine's may be of another release.
        return [
            str(self.folder / "usr/lib64/ld-linux-x86-64.so.2"),
            "--library-path",
            str(self.folder / "usr/lib/x86_64-linux-gnu"),
        ]

    def run(self, program: str, *arguments: str | Path, name: str | None = None) -> str:
        """Run the tree's `program` (path below its root), called by `name`; returns its output."""
        named = ["--argv0", name] if name else []
        path = str(self.folder / program)
        return _run(*self._loader(), *named, path, *map(str, arguments))

    def libraries(self, program: str) -> list[Path]:
        """Files of the tree that `program` needs to run: its loader and shared libraries."""
        found: list[Path] = []
        for line in _run(*self._loader(), "--list", str(self.folder / program)).splitlines():
            for word in line.split():
                if word.startswith(str(self.folder)):
                    found.append(Path(word).relative_to(self.folder))
            if "not found" in line:
                raise PackageError(f"{program} misses a library: {line.strip()}")
        return found
