"""What guests have written to simulated disks: each file keeps the last thing written to it.

So that it can be told whether snapshots, merges, copies and moves give the right disk the right
content. What is written is a number, which no two writes share; 0 is what a new disk shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hostagent.protocol.domain import DiskSpec, DomainState
from tests.lab.simulated.sharing import files_on
from tests.lab.simulated.state import HostState, SimFile, file_of


def shown(files: Mapping[str, SimFile], path: str) -> int:
    """What who reads a file finds: its own content, or that of the files below it."""
    while path:
        file = files[path]
        if file.written is not None:
            return file.written
        path = file.backing
    return 0


def write_disk(state: HostState, disk: DiskSpec, content: int) -> None:
    """A guest writes to one of its disks."""
    files, path = files_on(state, disk.volume.storage), file_of(state, disk.volume)
    files[path] = replace(files[path], written=content)


def write_all(state: HostState, vm_id: str, content: int) -> list[str]:
    """A guest writes to all its disks at one instant, if it runs; returns their volumes' ids."""
    domain = state.domains.get(vm_id)
    if domain is None or domain.state != DomainState.RUNNING:
        return []
    for disk in domain.spec.disks:
        write_disk(state, disk, content)
    return [disk.volume.volume_id for disk in domain.spec.disks]


def take_over(lower: SimFile, upper: SimFile) -> SimFile:
    """The lower file with what was written to the upper one."""
    return lower if upper.written is None else replace(lower, written=upper.written)
