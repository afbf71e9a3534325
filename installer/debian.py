"""Debian packages that Anyun needs: which are missing, and installing those."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from installer.progress import Failed, run_logged, step

# To make the virtual environment; libvirt-python is built against this machine's libvirt.
BUILD = ("ca-certificates", "gcc", "libc6-dev", "libvirt-dev", "pkg-config")
# What the host agent drives.
HOST = (
    "bubblewrap",
    "ceph-common",
    "dnsmasq-base",
    "iproute2",
    "kmod",
    "libvirt-clients",
    "libvirt-daemon-system",
    "nfs-common",
    "nftables",
    "ovmf",
    "procps",
    "qemu-block-extra",
    "qemu-system-x86",
    "qemu-utils",
    "swtpm",
    "swtpm-tools",
    "util-linux",
    "xz-utils",
    "zstd",
)
# Libraries that Qt's wheels expect, and fonts for both languages.
DESKTOP = (
    "fonts-dejavu-core",
    "fonts-noto-cjk",
    "libdbus-1-3",
    "libegl1",
    "libfontconfig1",
    "libgl1",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xinerama0",
    "libxcb-xkb1",
    "libxkbcommon-x11-0",
    "libxkbcommon0",
)
# What tests use beside that: a screen, DHCP and HTTP clients, a look at the wire.
TEST = (
    "busybox",
    "ceph-mon",
    "ceph-osd",
    "curl",
    "dhcpcd-base",
    "e2fsprogs",
    "git",
    "iputils-ping",
    "isc-dhcp-client",
    "openssh-client",
    "tcpdump",
    "xauth",
    "xdotool",
    "xvfb",
)
_RELEASES = ("12", "13")


# libvirt lets a machine's swtpm write to libvirt's own folder alone; ours is a link to where the
# machine's disk is.
APPARMOR = Path("/etc/apparmor.d")
TPM_RULE = "owner /**/firmware/*/tpm/** rwk,\n"


def allow_tpm_states(folder: Path = APPARMOR) -> None:
    """Let machines' TPMs reach their states where AppArmor confines them; may be repeated.

    libvirt loads a machine's profile, which includes this, at each start.
    """
    path = folder / "local" / "abstractions" / "libvirt-qemu"
    if not folder.is_dir():
        return
    present = path.read_text(encoding="utf-8") if path.exists() else ""
    if TPM_RULE not in present:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(present + TPM_RULE, encoding="utf-8")


def is_debian() -> bool:
    """Whether this machine has apt and dpkg, as Debian and its kin do."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg-query") is not None


def test_packages() -> tuple[str, ...]:
    """TEST, and the server of virtiofs where it is no part of QEMU's own package."""
    is_in_qemu = _release().get("VERSION_ID") == "12"
    return TEST if is_in_qemu else (*TEST, "virtiofsd")


def _release() -> dict[str, str]:
    facts: dict[str, str] = {}
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        facts[key] = value.strip('"')
    return facts


def release_warning() -> str | None:
    """What to say when this is not a release that Anyun was made for; None when it is."""
    facts = _release()
    if facts.get("ID") == "debian" and facts.get("VERSION_ID") in _RELEASES:
        return None
    name = facts.get("PRETTY_NAME", "an unknown system")
    return f"This is {name}; Anyun was made for Debian 12 and 13. Going on, but it may not fit."


def python_packages() -> tuple[str, ...]:
    """Packages that make the running Python able to build a virtual environment."""
    if not sys.executable.startswith("/usr/bin/"):
        return ()
    return ("python3-venv", "python3-dev")


def missing(packages: Iterable[str]) -> list[str]:
    """Those of `packages` that are not installed."""
    wanted = sorted(set(packages))
    result = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted],
        capture_output=True,
        text=True,
        check=False,  # it fails when one is unknown, and still prints the others
    )
    present = {
        line.split()[0] for line in result.stdout.splitlines() if line.endswith(" installed")
    }
    return [name for name in wanted if name not in present]


def ensure(packages: Iterable[str], log: Path) -> None:
    """Install what is missing of `packages`. Raises Failed when apt cannot or may not."""
    wanted = missing(packages)
    if not wanted:
        return
    command = f"apt-get install {' '.join(wanted)}"
    if os.geteuid() != 0:
        raise Failed(f"Debian packages are missing. As root: {command}")
    with step(f"Installing {len(wanted)} Debian packages") as shown:
        update_if_needed(wanted, log)
        run_logged(
            [*_APT, "install", "-y", "--no-install-recommends", *wanted],
            log,
            lambda line: shown.detail(_short(line)),
            env=_environment(),
        )
    still = missing(wanted)
    if still:
        raise Failed(f"apt-get ended well, but these are not installed: {' '.join(still)}")


# A lock held by another apt is waited for instead of failing at once.
_APT = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0")


def update_if_needed(packages: Iterable[str], log: Path) -> None:
    """Fetch apt's package lists when one of `packages` is not in those at hand."""
    result = subprocess.run(
        ["apt-cache", "policy", *packages],
        capture_output=True,
        text=True,
        check=False,
        env=_environment(),
    )
    known = result.stdout.count("  Candidate: ") - result.stdout.count("  Candidate: (none)")
    if known < len(list(packages)):
        run_logged([*_APT, "update"], log, lambda _line: None, env=_environment())


def _environment() -> dict[str, str]:
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


def _short(line: str) -> str:
    words = line.split()
    return " ".join(words[:3]) if line.startswith(("Setting up", "Unpacking")) else line
