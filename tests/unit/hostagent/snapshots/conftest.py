"""Volumes in a directory, and what works on their snapshots; no machine has them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.protocol.ids import new_id
from hostagent.libvirt.connection import Connection
from hostagent.libvirt.domains import Domains
from hostagent.libvirt.guestagent import GuestAgents
from hostagent.libvirt.snapshots import Snapshots
from hostagent.protocol.storage import StorageRef, VolumeRef
from hostagent.storage.drivers import driver_for
from tests.unit.hostagent.snapshots.disks import SIZE_BYTES


@pytest.fixture
async def snapshots(tmp_path: Path) -> AsyncIterator[Snapshots]:
    """libvirt's own test driver stands for a host on which none of our machines runs."""
    connection = Connection("test:///default", on_up=lambda: None, on_event=lambda *_: None)
    connection.start()
    domains = Domains(connection)
    yield Snapshots(domains, GuestAgents(domains, tmp_path / "frozen"))
    await connection.stop()


@pytest.fixture
async def volume(tmp_path: Path) -> VolumeRef:
    """An empty volume."""
    storage = StorageRef(storage_id="s", path=str(tmp_path))
    ref = VolumeRef(volume_id=new_id(), storage=storage)
    await driver_for(storage).create_empty(ref, SIZE_BYTES)
    return ref
