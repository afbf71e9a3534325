"""NoCloud seeds: small discs with what a guest needs to know at its start.

Made with pycdlib, which needs no program beside the agent. They hold secrets (user data), so they
lie in memory, readable by root (libvirt hands a file to QEMU's user while a machine has it), and
only as long as the host knows the machine.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from hostagent.protocol.domain import SeedSpec
from hostagent.storage.paths import checked_id, make_folder

FOLDER = Path("/run/anyun/seeds")
LABEL = "cidata"  # what cloud-init looks for
FILE_MODE = 0o600


def seed_path(vm_id: str) -> Path:
    """The seed of a machine."""
    return FOLDER / f"{checked_id(vm_id)}.iso"


def write_seed(vm_id: str, seed: SeedSpec) -> Path:
    """Make the seed anew: what it says may have changed since the last start."""
    path = seed_path(vm_id)
    make_folder(path.parent)
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(image_of(seed))
    temporary.rename(path)
    return path


def remove_seed(vm_id: str) -> None:
    """Delete the seed; does nothing if there is none."""
    seed_path(vm_id).unlink(missing_ok=True)


def image_of(seed: SeedSpec) -> bytes:
    """The disc's content."""
    from pycdlib import PyCdlib  # few machines need one

    disc = PyCdlib()
    disc.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=LABEL)
    for name, content in (
        ("meta-data", seed.meta_data.encode()),
        ("user-data", seed.user_data),
        ("network-config", seed.network_config.encode()),
    ):
        plain = name.replace("-", "_").upper()
        disc.add_fp(
            io.BytesIO(content),
            len(content),
            f"/{plain}.;1",
            rr_name=name,
            joliet_path=f"/{name}",
        )
    made = io.BytesIO()
    disc.write_fp(made)
    disc.close()
    return made.getvalue()
