"""What of a foreign domain's hardware machines of ours can have, and what stands against it.

Element names: libvirt's domain XML format, https://libvirt.org/formatdomain.html#bios-bootloader.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hostagent.libvirt.firmware import folder_of
from hostagent.libvirt.machine_xml import FIRMWARE
from hostagent.protocol.foreign import TakeFirmwareParams
from hostagent.protocol.link import CommandFailed
from hostagent.storage.paths import remove
from hostagent.storage.transfer import publish

BIOS, UEFI, SECURE = "bios", "uefi", "uefi_secure"
# The buses that machines of ours have, by those of domains. What speaks ATA finds its disk on SATA.
BUSES = {"virtio": "virtio", "sata": "sata", "ide": "sata"}


def firmware_of(root: Any) -> str:
    """What a domain boots by, as machines of ours name it."""
    os, loader = root.find("os"), root.find("os/loader")
    if os.get("firmware") != "efi" and loader is None:
        return BIOS
    features = root.findall("os/firmware/feature[@name='secure-boot'][@enabled='yes']")
    is_secure = bool(features) or (loader is not None and loader.get("secure") == "yes")
    return SECURE if is_secure else UEFI


def firmware_problem(root: Any) -> str:
    """Why its firmware cannot be ours: a code, empty if it can."""
    firmware = firmware_of(root)
    if firmware == BIOS:
        return ""
    loader, nvram = root.find("os/loader"), root.find("os/nvram")
    if loader is not None and loader.get("type", "pflash") != "pflash":
        return "uefi"  # it keeps its variables nowhere, or is no OVMF
    if any(not Path(one).exists() for one in FIRMWARE[firmware]):
        return "no_firmware"
    kept = variables_of(root)
    if kept is None or not kept.exists():
        return ""  # never started: it begins with variables as new machines have them
    template = Path(FIRMWARE[firmware][1])
    is_alike = kept.is_file() and kept.stat().st_size == template.stat().st_size
    is_raw = nvram.get("format", "raw") == "raw"
    return "" if is_alike and is_raw else "uefi"


def variables_of(root: Any) -> Path | None:
    """The file with the variables of a domain's UEFI."""
    text = root.findtext("os/nvram")
    return Path(text.strip()) if text and text.strip() else None


def bus_of(item: Any, root: Any) -> str:
    """The bus on which a disk would be as one of ours, empty if there is none.

    Guests have drivers for the SCSI controller that they had: of those ours is virtio's alone.
    """
    bus = item.find("target").get("bus") or ""
    if bus != "scsi":
        return BUSES.get(bus, "")
    address = item.find("address")
    index = address.get("controller") if address is not None else "0"
    model = root.xpath("string(devices/controller[@type='scsi'][@index=$n]/@model)", n=index)
    return "virtio_scsi" if model in ("virtio-scsi", "virtio-transitional") else ""


def take_variables(root: Any, params: TakeFirmwareParams) -> None:
    """Copy the variables of a domain's UEFI to where the machine will have them.

    May be repeated. Raises CommandFailed if they cannot be ours.
    """
    problem = firmware_problem(root)
    if problem:
        raise CommandFailed(
            "foreign.firmware", f"its firmware is not ours: {problem}", problem=problem
        )
    source, firmware = variables_of(root), firmware_of(root)
    if firmware == BIOS or source is None or not source.exists():
        return
    folder = folder_of(params.domain_id, params.volume.storage)
    target = folder / f"{firmware}.fd"
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".new")
    remove(temporary)
    shutil.copyfile(source, temporary)
    publish(temporary, target)
