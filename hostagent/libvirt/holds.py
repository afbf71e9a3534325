"""Machines that must stand still: a disk of theirs changes places, and until the old copy has lost
its name nothing may be written to the new one.

Noted in memory, outside of the agent, so that another agent knows it, too; a reboot ends it, as it
ends the machines.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from hostagent.storage.paths import checked_id

FOLDER = Path("/run/anyun/held")


def hold(vm_id: str, volume_id: str) -> None:
    """From now on the machine's CPUs do not go on."""
    folder = FOLDER / checked_id(vm_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / checked_id(volume_id)).touch()


def let_go(vm_id: str, volume_id: str) -> None:
    """This volume holds the machine no more."""
    (FOLDER / checked_id(vm_id) / checked_id(volume_id)).unlink(missing_ok=True)


def forget(vm_id: str) -> None:
    """Nothing holds the machine: it is started anew."""
    shutil.rmtree(FOLDER / checked_id(vm_id), ignore_errors=True)


def is_held(vm_id: str) -> bool:
    """Whether a disk of the machine is just changing places."""
    folder = FOLDER / checked_id(vm_id)
    return folder.exists() and any(folder.iterdir())
