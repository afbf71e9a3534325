"""Finds out what this machine is: CPU, memory, NICs, file systems, versions."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
from pathlib import Path
from typing import Any

from pyroute2 import AsyncIPRoute

from hostagent.network.links.kernel import link_kinds
from hostagent.probe import Verdict
from hostagent.protocol.facts import FileSystemFacts, HostFacts, MachineFacts, NicFacts

AGENT_VERSION = "0.1.0"
OUR_PREFIX = "any"
REAL_FILE_SYSTEMS = frozenset({"ext4", "ext3", "xfs", "btrfs", "zfs", "f2fs", "nfs", "nfs4"})
IFF_UP = 1
ARPHRD_LOOPBACK = 772
VERSION_TIMEOUT_S = 10.0
BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")
NOTHING_KNOWN = MachineFacts()


async def collect(
    verdict: Verdict,
    libvirt_version: str,
    machine: MachineFacts = NOTHING_KNOWN,
    boot_id_file: Path = BOOT_ID_FILE,
) -> HostFacts:
    """The facts of this machine, as it is now."""
    return HostFacts(
        hostname=socket.gethostname(),
        os=_os_name(),
        kernel=platform.release(),
        cpu_model=_cpu_model(),
        cpu_count=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        nics=await nics(),
        file_systems=_file_systems(),
        libvirt_version=libvirt_version,
        qemu_version=await qemu_version(),
        accelerator=verdict.accelerator,
        accelerator_reason=verdict.reason,
        probed_at=verdict.probed_at,
        agent_version=AGENT_VERSION,
        link_kinds=await _link_kinds(),
        boot_id=boot_id_file.read_text(encoding="ascii").strip(),
        machine=machine,
    )


async def nics() -> list[NicFacts]:
    """Interfaces that a network could use: not loopback, and none of those that we made.

    What the bridge of a network has from its NIC is told of the NIC: it is the host's own.
    """
    async with AsyncIPRoute() as route:
        # pyroute2 describes neither of these answers to type checkers.
        source: Any = route
        links = [link async for link in await source.get_links()]
        addresses = [item async for item in await source.get_addr(family=socket.AF_INET)]
        routes = [item async for item in await source.get_default_routes(family=socket.AF_INET)]
    ways_out = {item.get("oif") for item in routes}
    found = []
    for link in links:
        name = link.get("ifname")
        if link["ifi_type"] == ARPHRD_LOOPBACK or name.startswith(OUR_PREFIX):
            continue
        places = {link["index"], link.get("master")} if _is_lent(link, links) else {link["index"]}
        own = [
            f"{item.get('address')}/{item['prefixlen']}"
            for item in addresses
            if item["index"] in places
        ]
        found.append(
            NicFacts(
                name=name,
                mac=link.get("address") or "",
                addresses=own,
                speed_mbit_s=_speed(name),
                is_up=bool(link["flags"] & IFF_UP),
                is_default_route=not places.isdisjoint(ways_out),
                mtu=link.get("mtu") or 0,
            )
        )
    return found


def _is_lent(link: Any, links: list[Any]) -> bool:
    """Whether a NIC is the port of a bridge that we made."""
    bridges = {item["index"] for item in links if item.get("ifname").startswith(OUR_PREFIX)}
    return link.get("master") in bridges


async def _link_kinds() -> list[str]:
    async with AsyncIPRoute() as route:
        return await link_kinds(route)


async def qemu_version() -> str:
    """The version of QEMU, or an empty text if there is none."""
    program = shutil.which("qemu-system-x86_64")
    if program is None:
        return ""
    process = await asyncio.create_subprocess_exec(
        program, "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(VERSION_TIMEOUT_S):
        output, _ = await process.communicate()
    words = output.decode(errors="replace").split()
    return words[3] if len(words) > 3 else ""


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return platform.system()


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()


def _speed(name: str) -> int:
    """Link speed in Mbit/s; 0 for links that have none or are down."""
    try:
        return max(0, int(Path(f"/sys/class/net/{name}/speed").read_text(encoding="ascii")))
    except (OSError, ValueError):
        return 0


def _file_systems() -> list[FileSystemFacts]:
    found = {}
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        device, path, kind, *_ = line.split()
        if kind not in REAL_FILE_SYSTEMS or device in found or not Path(path).is_dir():
            continue
        stat = os.statvfs(path)
        found[device] = FileSystemFacts(
            path=path,
            kind=kind,
            total_bytes=stat.f_blocks * stat.f_frsize,
            available_bytes=stat.f_bavail * stat.f_frsize,
        )
    return list(found.values())
