"""The bare reference of `bench storage --part snapshot`: libvirt's own live snapshots of one disk.

Run inside the test host: snapshot_reference.py DOMAIN DISK FOLDER COUNT. Takes one snapshot after
the other, each with a new file in FOLDER; prints the seconds of each as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import libvirt
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs
from lxml.builder import E

FLAGS = (
    libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
)


def snapshot_xml(disks: list[str], disk: str, path: Path) -> str:
    """A new file for one disk, and nothing for the others."""
    elements = [
        E.disk(E.source(file=str(path)), name=name, snapshot="external", type="file")
        if name == disk
        else E.disk(name=name, snapshot="no")
        for name in disks
    ]
    return etree.tostring(E.domainsnapshot(E.disks(*elements)), encoding="unicode")


def take(domain: Any, disk: str, path: Path) -> float:
    """One snapshot; returns its seconds."""
    disks = etree.fromstring(domain.XMLDesc()).xpath("devices/disk/target/@dev")
    xml = snapshot_xml(disks, disk, path)
    began = time.monotonic()
    domain.snapshotCreateXML(xml, FLAGS)
    return time.monotonic() - began


def main() -> None:
    """Measure, and print the seconds."""
    name, disk, folder, count = sys.argv[1:]
    domain = libvirt.open("qemu:///system").lookupByName(name)
    paths = [Path(folder) / f"{disk}.{number}.qcow2" for number in range(int(count))]
    print(json.dumps([take(domain, disk, path) for path in paths]))


if __name__ == "__main__":
    main()
