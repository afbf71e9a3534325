"""The driver of each kind of storage."""

from __future__ import annotations

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import StorageRef
from hostagent.storage.ceph import CephDriver
from hostagent.storage.driver import Driver
from hostagent.storage.files import LocalDriver, SharedDriver
from hostagent.storage.nfs import NfsDriver

DRIVERS: dict[str, type[Driver]] = {
    "local": LocalDriver,
    "shared": SharedDriver,
    "nfs": NfsDriver,
    "ceph": CephDriver,
}


def driver_for(storage: StorageRef) -> Driver:
    """The driver of a storage; raises CommandFailed for kinds that this agent does not know."""
    kind = DRIVERS.get(storage.kind)
    if kind is None:
        raise CommandFailed(
            "storage.unknown_kind", f"no driver for {storage.kind!r}", kind=storage.kind
        )
    return kind(storage)
