"""The facts of a machine are those of this machine, read from where everybody can look."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
from pathlib import Path

import pytest

from hostagent import facts
from hostagent.probe import Verdict
from tests.integration.network.conftest import Guest, inside, run

__all__ = ["inside"]


async def test_the_machine_itself() -> None:
    verdict = Verdict(accelerator="kvm", reason="booted", probed_at=7.0)
    found = await facts.collect(verdict, "9.1.2")
    assert found.hostname == socket.gethostname()
    assert found.kernel == platform.release()
    assert found.cpu_count == os.cpu_count()
    total = next(
        line for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line
    )
    assert found.memory_bytes == int(total.split()[1]) * 1024
    assert found.os
    assert found.cpu_model
    assert (found.accelerator, found.accelerator_reason) == ("kvm", "booted")
    assert (found.probed_at, found.libvirt_version) == (7.0, "9.1.2")
    shown = subprocess.run(
        ["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=True
    ).stdout
    assert found.qemu_version
    assert f"version {found.qemu_version}" in shown


async def test_a_machine_without_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await facts.qemu_version() == ""


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("QEMU emulator version 7.2.17 (Debian 1:7.2+dfsg-7)", "7.2.17"),
        ("QEMU emulator", ""),
        ("", ""),
    ],
)
async def test_versions_of_qemu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, version: str
) -> None:
    program = tmp_path / "qemu-system-x86_64"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert await facts.qemu_version() == version


def test_file_systems_are_real_ones_with_their_sizes() -> None:
    found = facts._file_systems()
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    kinds = {mount[1]: mount[2] for mount in mounts}
    for item in found:
        assert kinds[item.path] == item.kind
        assert item.kind in facts.REAL_FILE_SYSTEMS
        stat = os.statvfs(item.path)
        assert item.total_bytes == stat.f_blocks * stat.f_frsize
        assert 0 <= item.available_bytes <= item.total_bytes


@pytest.fixture
def wire(inside: Path) -> None:
    """A host with a NIC to a router, one that is down, and links of our own."""
    Guest("router", "wan0", "0a:ff:ff:ff:ff:01", inside)
    run("ip", "link", "set", "wan0", "address", "0a:00:00:00:00:05")
    for address in ("10.70.0.5/24", "10.70.0.6/32", "fd00::5/64"):
        run("ip", "addr", "add", address, "dev", "wan0")
    run("ip", "route", "add", "default", "via", "10.70.0.1")
    run("ip", "link", "add", "idle0", "type", "veth", "peer", "name", "anyt0123456789")
    run("ip", "link", "add", "anyb0123456789", "type", "bridge")
    run("ip", "addr", "add", "10.99.0.1/24", "dev", "anyb0123456789")


@pytest.mark.usefixtures("wire")
async def test_nics_with_their_addresses_but_not_our_own_links() -> None:
    nics = {nic.name: nic for nic in await facts.nics()}
    assert set(nics) == {"wan0", "idle0"}
    wan = nics["wan0"]
    assert (wan.mac, wan.addresses) == ("0a:00:00:00:00:05", ["10.70.0.5/24", "10.70.0.6/32"])
    assert (wan.is_up, wan.is_default_route) == (True, True)
    idle = nics["idle0"]
    assert (idle.addresses, idle.is_up, idle.is_default_route) == ([], False, False)
