"""Volumes in a directory, and what works on their snapshots; no machine has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.protocol.ids import new_id
from hostagent.libvirt.domains import Domains
from hostagent.libvirt.guestagent import GuestAgents
from hostagent.libvirt.snapshots import Snapshots
from hostagent.protocol.storage import StorageRef, VolumeRef
from hostagent.storage.drivers import driver_for
from tests.unit.hostagent.snapshots.disks import SIZE_BYTES


class NoMachines(Domains):
    """A host on which no machine runs. libvirt is not started: its thread and Qt do not bear each
    other in the one process that runs many tests.
    """

    def __init__(self) -> None:
        """Nothing to connect to."""

    async def open_files(self) -> list[tuple[str, set[str]]]:
        """None has a file open."""
        return []


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    """Snapshots of volumes that no machine has."""
    domains = NoMachines()
    return Snapshots(domains, GuestAgents(domains, tmp_path / "frozen"))


@pytest.fixture
async def volume(tmp_path: Path) -> VolumeRef:
    """An empty volume."""
    storage = StorageRef(storage_id="s", path=str(tmp_path))
    ref = VolumeRef(volume_id=new_id(), storage=storage)
    await driver_for(storage).create_empty(ref, SIZE_BYTES)
    return ref
