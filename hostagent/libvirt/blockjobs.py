"""Merging files that a running machine has open; functions for the thread of libvirt.

Meaning of the calls: https://libvirt.org/html/libvirt-libvirt-domain.html (virDomainBlockCommit).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import libvirt
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs
from lxml.builder import E

from hostagent.libvirt.holds import is_held

ACTIVE = libvirt.VIR_DOMAIN_BLOCK_COMMIT_ACTIVE
PIVOT = libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT
READY_WITHIN_S = 10.0
LOOK_EVERY_S = 0.02
DONE = (-1, -1)  # as progress: there is nothing more to do
SNAPSHOT_FLAGS = (
    libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
)


def chains_of(xml: str) -> dict[str, list[str]]:
    """A domain's disks by libvirt's name: the file that is written to, and those below it."""
    disks = etree.fromstring(xml).findall("devices/disk[source]")
    return {disk.find("target").get("dev"): list(_files(disk)) for disk in disks}


def disk_of(xml: str, *paths: str) -> str | None:
    """libvirt's name of the disk that is written to one of these files."""
    for name, chain in chains_of(xml).items():
        if chain[0] in paths:
            return name
    return None


def switch(domain: Any, heads: dict[str, str]) -> None:
    """Let the machine write to new files from one instant on; `heads` by libvirt's disk name."""
    domain.snapshotCreateXML(_snapshot_xml(domain.XMLDesc(), heads), SNAPSHOT_FLAGS)


def progress_of(domain: Any, disk: str) -> tuple[int, int] | None:
    """How far the job on a disk is (bytes done, bytes in all); None if there is none."""
    found = domain.blockJobInfo(disk, 0)
    return (int(found["cur"]), int(found["end"])) if found else None


def is_ready(domain: Any, disk: str) -> bool:
    """Whether both files are the same now, so that the machine can go on with the lower one."""
    progress = progress_of(domain, disk)
    if progress is None or progress[0] < progress[1]:
        return False
    mirror = _element(domain.XMLDesc(), disk).find("mirror")
    return mirror is not None and mirror.get("ready") == "yes"


def pivot(domain: Any, disk: str, drop_upper: Callable[[], None], *, stay_paused: bool) -> None:
    """Let the machine go on with the lower file, and drop the upper one.

    Its CPUs stand still meanwhile: at each instant, either both files have the same content, or
    the upper one is gone. So whatever dies on the way, one knows which is the newest.
    """
    upper = chains_of(domain.XMLDesc())[disk][0]
    pause(domain)
    try:
        _await_ready(domain, disk)
        domain.blockJobAbort(disk, PIVOT)
        drop_upper()
    finally:
        is_unchanged = chains_of(domain.XMLDesc())[disk][0] == upper
        if not stay_paused and (is_unchanged or not Path(upper).exists()):
            go_on(domain)


def _await_ready(domain: Any, disk: str) -> None:
    """Wait for the last that the guest wrote; returns at once in most cases."""
    deadline = time.monotonic() + READY_WITHIN_S
    while not is_ready(domain, disk) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)


def pause(domain: Any) -> None:
    """Have the CPUs stand still, and all that the guest has written on its way to the disks."""
    if domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING:
        domain.suspend()


def go_on(domain: Any) -> None:
    """Let the CPUs go on that `pause` has stopped, perhaps in an earlier attempt; not while a disk
    is just changing places.
    """
    if is_held(domain.UUIDString()):
        return
    state, reason = domain.state()
    if state == libvirt.VIR_DOMAIN_PAUSED and reason == libvirt.VIR_DOMAIN_PAUSED_USER:
        domain.resume()


def _snapshot_xml(xml: str, heads: dict[str, str]) -> str:
    disks = etree.fromstring(xml).xpath("devices/disk/target/@dev")
    elements = [
        E.disk(
            E.driver(type="qcow2"),
            E.source(file=heads[disk]),
            name=disk,
            snapshot="external",
            type="file",
        )
        if disk in heads
        else E.disk(name=disk, snapshot="no")
        for disk in disks
    ]
    return etree.tostring(E.domainsnapshot(E.disks(*elements)), encoding="unicode")


def _element(xml: str, disk: str) -> etree._Element:
    return etree.fromstring(xml).find(f"devices/disk/target[@dev='{disk}']/..")


def _files(disk: etree._Element) -> Iterator[str]:
    """The file of a disk, and those below it as libvirt knows them."""
    element = disk
    while element is not None:
        source = element.find("source")
        if source is not None:
            yield source.get("file") or source.get("name") or ""
        element = element.find("backingStore")
