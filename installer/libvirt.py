"""Sees to it that libvirt runs: the system's own, or else one of ours for as long as we run."""

from __future__ import annotations

import shutil
import socket
import stat
import subprocess
import sys
import time
import uuid
from pathlib import Path

from installer.processes import Part
from installer.progress import Failed, step

ROOT = Path(__file__).resolve().parents[1]
SOCKET = Path("/run/libvirt/libvirt-sock")
_KVM = Path("/dev/kvm")
URI = "qemu:///system"

# Without systemd nobody manages control groups and mount namespaces for guests, and no daemon of
# its own keeps QEMU's logs.
_QEMU_CONF = """\
cgroup_controllers = []
namespaces = []
security_driver = "none"
stdio_handler = "file"
"""
_AS_ROOT = 'user = "root"\ngroup = "root"\n'


def answers() -> bool:
    """Whether some libvirtd serves this machine's socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(SOCKET))
        except OSError:
            return False
    return True


def ensure(state_dir: Path) -> Part | None:
    """Have libvirt running. Returns the daemon if it is ours to stop, None if it is not.

    Raises Failed when it cannot be started.
    """
    if answers():
        _check_reach(state_dir)
        return None
    with step("Starting libvirt"):
        if Path("/run/systemd/system").is_dir():
            _start_service()
            _check_reach(state_dir)
            return None
        return _start_own(state_dir)


def _start_service() -> None:
    result = subprocess.run(
        ["systemctl", "start", "libvirtd.socket", "libvirtd.service"],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode or not answers():
        raise Failed(
            f"systemd could not start libvirtd: {result.stderr.strip()}\n"
            "See: journalctl -u libvirtd"
        )


def _check_reach(state_dir: Path) -> None:
    """A libvirtd that is not ours runs QEMU as a user who must reach the disks."""
    closed = closed_folder(state_dir)
    if closed is not None:
        raise Failed(
            f"QEMU's user cannot pass {closed} on the way to the VMs' disks below {state_dir}.\n"
            f"Choose another --state-dir, or: chmod o+x {closed}"
        )


def closed_folder(path: Path) -> Path | None:
    """The first folder on the way to `path` that other users cannot pass, if there is one."""
    for folder in [*reversed(path.resolve().parents), path.resolve()]:
        if folder.exists() and not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def _configure(state_dir: Path) -> Path:
    """Write a configuration of our own, so that the machine's files stay as they are.

    Domains' definitions live in it too: they belong to the cloud in `state_dir`.
    """
    folder = state_dir / "libvirt"
    folder.mkdir(parents=True, exist_ok=True)
    conf = folder / "libvirtd.conf"
    if not conf.exists():
        conf.write_text(
            f'host_uuid = "{uuid.uuid4()}"\nauth_unix_rw = "none"\nunix_sock_group = "root"\n',
            encoding="utf-8",
        )
    must_be_root = closed_folder(state_dir) is not None or _kvm_is_roots_alone()
    qemu = _QEMU_CONF + (_AS_ROOT if must_be_root else "")
    (folder / "qemu.conf").write_text(qemu, encoding="utf-8")
    return folder


def _kvm_is_roots_alone() -> bool:
    """Whether /dev/kvm is there, but not for QEMU's own user, as where no udev runs.

    libvirt then finds KVM with root's rights, misses it with that user's, and asks QEMU for its
    capabilities again at each step: half a minute for each VM that starts.
    """
    try:
        facts = _KVM.stat()
    except FileNotFoundError:
        return False
    shared = stat.S_IRGRP | stat.S_IWGRP
    open_to_all = stat.S_IROTH | stat.S_IWOTH
    mode = facts.st_mode
    return mode & open_to_all != open_to_all and (facts.st_gid == 0 or mode & shared != shared)


def _start_own(state_dir: Path) -> Part:
    daemon = shutil.which("libvirtd") or "/usr/sbin/libvirtd"
    folder = _configure(state_dir)
    part = Part("libvirt daemon", state_dir / "log" / "libvirtd.log")
    # Our configuration lies over /etc/libvirt in a mount namespace that only the daemon sees.
    script = 'mount --bind "$1" /etc/libvirt && exec "$2"'
    part.start(
        [
            sys.executable, "-m", "installer.reaper",
            "unshare", "--mount", "--propagation", "slave",
            "sh", "-c", script, "sh", folder, daemon,
        ],
        ROOT,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not answers():
        part.check()
        if time.monotonic() > deadline:
            part.stop(5)
            raise Failed(f"libvirtd did not answer on {SOCKET}.\n{part.last_lines()}")
        time.sleep(0.1)
    return part


def running_guests() -> list[str]:
    """Names of the VMs that run."""
    result = subprocess.run(
        ["virsh", "-c", URI, "list", "--name"],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    return result.stdout.split()


def stop_own(part: Part) -> None:
    """Stop the daemon that `ensure` started, after any VM that is still running.

    The service has shut its VMs down by now; one is left only when the service was killed.
    """
    for name in running_guests():
        subprocess.run(
            ["virsh", "-c", URI, "destroy", name], capture_output=True, check=False, timeout=60
        )
    part.stop(30)
