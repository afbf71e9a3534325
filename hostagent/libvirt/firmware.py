"""What a machine's firmware and TPM keep: files beside its root disk, which go where that goes.

    <storage>/firmware/<vm_id>/<firmware>.fd   the variables of UEFI, made from a template
    <storage>/firmware/<vm_id>/tpm/            the state of the TPM, written by swtpm

libvirt looks for a TPM's state in one folder of the host alone (before 10.10), so that a link
stands there. On storages without a directory, hosts keep these files themselves.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from hostagent.libvirt.machine_xml import FIRMWARE
from hostagent.protocol.domain import DomainSpec
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.storage import StorageRef

FOLDER = "firmware"
WITHOUT_DIRECTORY = Path("/var/lib/anyun")
LIBVIRT_TPM = Path("/var/lib/libvirt/swtpm")
PASSABLE = 0o711  # QEMU and swtpm run as users of their own, which must reach their files


def folder_of(vm_id: str, storage: StorageRef) -> Path:
    """Where the files of a machine are whose root disk is on this storage."""
    root = Path(storage.path) if storage.path else WITHOUT_DIRECTORY
    return root / FOLDER / vm_id


def nvram_of(spec: DomainSpec) -> Path | None:
    """The file with the variables of a machine's firmware; None if that keeps none."""
    if spec.hardware.firmware == "bios":
        return None
    return folder_of(spec.vm_id, spec.disks[0].volume.storage) / f"{spec.hardware.firmware}.fd"


def prepare(spec: DomainSpec) -> None:
    """Have the folders that a machine's firmware and TPM need; also where it migrates to.

    Raises CommandFailed if the host lacks the firmware or swtpm.
    """
    hardware = spec.hardware
    if hardware.firmware == "bios" and not hardware.tpm:
        return
    missing = [path for path in FIRMWARE.get(hardware.firmware, ()) if not Path(path).exists()]
    if missing:
        raise CommandFailed("domain.no_firmware", f"{missing[0]} does not exist", path=missing[0])
    if hardware.tpm and not has_tpm():
        raise CommandFailed("domain.no_tpm", "swtpm is not installed")
    folder = folder_of(spec.vm_id, spec.disks[0].volume.storage)
    for part in (folder.parent, folder):
        part.mkdir(parents=True, exist_ok=True)
        part.chmod(PASSABLE)
    if hardware.tpm:
        _link(spec.vm_id, folder / "tpm")


def forget(vm_id: str, storage: StorageRef) -> None:
    """Delete what a machine's firmware and TPM have kept; does nothing if there is nothing."""
    folder = folder_of(vm_id, storage)
    link = LIBVIRT_TPM / vm_id
    # It may lead to where the machine has its state by now: that is used.
    if not link.is_symlink() or link.readlink() == folder / "tpm":
        _unlink(link)
    if folder.exists():
        shutil.rmtree(folder)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()


def has_tpm() -> bool:
    """Whether this host can give machines a TPM."""
    return shutil.which("swtpm") is not None and shutil.which("swtpm_setup") is not None


def _link(vm_id: str, state: Path) -> None:
    state.mkdir(exist_ok=True)
    state.chmod(PASSABLE)
    LIBVIRT_TPM.mkdir(parents=True, exist_ok=True)
    LIBVIRT_TPM.chmod(PASSABLE)
    link = LIBVIRT_TPM / vm_id
    if link.is_symlink() and link.readlink() == state:
        return
    _unlink(link)
    link.symlink_to(state, target_is_directory=True)


def _unlink(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
