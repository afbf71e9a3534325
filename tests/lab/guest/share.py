"""This machine's programs and the project, read-only and by virtiofs, as a guest's file system."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_LINKS = ("bin", "sbin", "lib", "lib64")
# Part of QEMU's package in Debian 12, a package of its own in 13.
_SERVERS = ("/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd")
_STARTS_WITHIN_S = 10.0


def shared_folders() -> list[Path]:
    """What the guest has of this machine: programs, settings, Python, the project."""
    wanted = [Path(name) for name in ("/usr", "/etc", sys.base_prefix, sys.prefix)]
    wanted = [*(path.resolve() for path in wanted), ROOT]
    return [
        path
        for path in dict.fromkeys(wanted)
        if not any(path.is_relative_to(other) for other in wanted if other != path)
    ]


class Share:
    """A virtiofs server of a tree below `folder`/machine, seen by nobody else.

    `guest` is a folder that the guest has as /guest; `modules` comes below it.
    """

    def __init__(self, folder: Path, guest: Path, modules: Path) -> None:
        self.socket = folder / "virtiofs"
        self._tree = folder / "machine"
        self._tree.mkdir()
        binds = [(path, self._tree / path.relative_to("/")) for path in shared_folders()]
        binds += [(guest, self._tree / "guest"), (modules, self._tree / "guest/modules")]
        lines = ["set -e", f"mount -t tmpfs machine {self._tree}"]
        for name in _LINKS:
            link = Path("/", name)
            if link.is_symlink():
                lines.append(f"ln -s {link.readlink()} {self._tree / name}")
        for source, target in binds:
            lines += [
                f"mkdir -p '{target}'",
                f"mount --bind '{source}' '{target}'",
                f"mount -o remount,bind,ro '{target}'",
            ]
        options = f"source={self._tree},sandbox=chroot,cache=always"
        lines.append(f"exec {_server()} --socket-path={self.socket} -o {options}")
        with (folder / "virtiofs.log").open("wb") as log:
            # The mounts are in a namespace of their own, and gone with the server.
            self._process = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", "\n".join(lines)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._await_socket(folder / "virtiofs.log")

    def _await_socket(self, log: Path) -> None:
        end = time.monotonic() + _STARTS_WITHIN_S
        while not self.socket.exists():
            if self._process.poll() is not None or time.monotonic() > end:
                self.close()
                raise RuntimeError(f"no virtiofs: {log.read_text(errors='replace')}")
            time.sleep(0.02)

    def close(self) -> None:
        """End the server; it does so by itself when the guest has gone."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def _server() -> str:
    for path in _SERVERS:
        if found := shutil.which(path):
            return found
    raise RuntimeError("virtiofsd is not installed")
