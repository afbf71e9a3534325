"""Brings the machine to where a part of Anyun can run: packages, environment, starter image."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from installer import debian
from installer.images import starter
from installer.images.debs import PackageError
from installer.progress import Failed, note, step
from installer.venv import Environment, check_python

ROOT = Path(__file__).resolve().parents[1]
"""The folder with the sources."""


def log_file() -> Path:
    """Where the output of apt-get and pip goes."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "anyun" / "log" / "setup.log"


def can_host() -> bool:
    """Whether this machine and user can be an appliance: root on Linux with apt."""
    return sys.platform == "linux" and os.geteuid() == 0 and debian.is_debian()


def environment(extras: Iterable[str]) -> Environment:
    """The virtual environment with `extras` installed. Raises Failed."""
    check_python()
    made = Environment(ROOT, ROOT / ".venv")
    made.ensure(extras, log_file())
    return made


def appliance(*, desktop: bool, tests: bool = False) -> Environment:
    """Everything for service and host agent on this machine, with the client or the tests."""
    check_python()
    warning = debian.release_warning()
    if warning:
        note(warning)
    packages = [*debian.BUILD, *debian.HOST, *debian.python_packages()]
    extras = ["appliance", "hostagent"]
    if desktop or tests:
        packages += debian.DESKTOP
        extras.append("desktop")
    if tests:
        packages += debian.test_packages()
        extras.append("dev")
    debian.ensure(packages, log_file())
    debian.allow_tpm_states()
    return environment(extras)


def starter_image(*, again: bool = False) -> starter.StarterImage:
    """The starter image, from the cache or built now. Raises Failed."""
    present = starter.cached()
    if present and not again:
        return present
    debian.ensure(("qemu-utils",), log_file())
    with step("Building the starter image") as shown:
        debian.update_if_needed(("linux-image-cloud-amd64", "dropbear-bin"), log_file())
        try:
            return starter.build(shown.detail, again=again)
        except PackageError as error:
            raise Failed(
                f"The starter image could not be built: {error}\n"
                "Check that `apt-get update` works, then run this again."
            ) from error
