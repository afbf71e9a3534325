"""OVA archives: a description in OVF and disks beside it, read in place and never unpacked.

Source: DMTF DSP0243, Open Virtualization Format Specification 2.1 (and 1.1, which most use).
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs

from hostagent.images.refusals import hostile, not_an_image
from hostagent.images.window import Window

MOST_MEMBERS = 256
LARGEST_DESCRIPTION_BYTES = 2 * 1024**2
LONGEST_NAME = 255
# Of the values of CIM_OperatingSystem.OSType.
LINUX_IDS = frozenset({36, 79, 80, *range(82, 88), *range(89, 102), *range(106, 110)})
WINDOWS_IDS = frozenset({67, 69, 70, 71, 73, 74, 76, 77, 103, 105})


@dataclass(frozen=True, kw_only=True)
class Appliance:
    """What an OVA is made of: its first disk, and what its description says of the machine.

    `platform` and `firmware` are empty where it says nothing.
    """

    disk: Window
    is_gzip: bool
    platform: str
    firmware: str


def read(window: Window) -> Appliance:
    """Read an archive; raises CommandFailed for what is none, or would reach outside of itself."""
    members = _members(window)
    description = next((name for name in members if name.lower().endswith(".ovf")), None)
    if description is None:
        raise not_an_image("it is an archive without a description (OVF)")
    part = members[description]
    if part.size_bytes > LARGEST_DESCRIPTION_BYTES:
        raise hostile(f"its description has {part.size_bytes} bytes")
    root = _parsed(part.read(0, part.size_bytes))
    name, is_gzip = _first_disk(root)
    if name not in members:
        raise not_an_image(f"its disk {name} is not in it")
    return Appliance(
        disk=members[name], is_gzip=is_gzip, platform=_platform(root), firmware=_firmware(root)
    )


def _members(window: Window) -> dict[str, Window]:
    """The files in the archive by name."""
    found: dict[str, Window] = {}
    try:
        with window.path.open("rb") as file:
            file.seek(window.offset)
            with tarfile.open(fileobj=file, mode="r:") as archive:
                for member in archive:
                    found[_checked_name(member)] = Window(
                        path=window.path, offset=member.offset_data, size_bytes=member.size
                    )
                    if member.offset_data + member.size > window.offset + window.size_bytes:
                        raise not_an_image("its end is missing")
                    if len(found) > MOST_MEMBERS:
                        raise hostile(f"it has more than {MOST_MEMBERS} files")
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise not_an_image(f"the archive is damaged: {error}") from error
    return found


def _checked_name(member: tarfile.TarInfo) -> str:
    name = member.name.removeprefix("./")
    if not member.isreg() or member.issparse():
        raise hostile(f"there is something else than files in it: {_shown(name)}")
    if "/" in name or "\\" in name or name in ("", "..") or len(name) > LONGEST_NAME:
        raise hostile(f"it has a file outside of itself: {_shown(name)}")
    return name


def _parsed(text: bytes) -> Any:
    """The description, without entities, without a DTD, and without the network."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise not_an_image(f"its description is no XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise hostile("its description defines entities")
    return root


def _first_disk(root: Any) -> tuple[str, bool]:
    """The name of the first disk's file, and whether it is packed."""
    files = {_attribute(item, "id"): item for item in _all(root, "File")}
    for disk in _all(root, "Disk"):
        file = files.get(_attribute(disk, "fileRef"))
        if file is None:
            continue  # an empty disk
        if _attribute(file, "chunkSize"):
            raise not_an_image("its disk is cut into pieces")
        packing = _attribute(file, "compression")
        if packing not in ("", "gzip", "identity"):
            raise not_an_image(f"its disk is packed in an unknown way: {_shown(packing)}")
        return _attribute(file, "href").removeprefix("./"), packing == "gzip"
    raise not_an_image("its description names no disk")


def _platform(root: Any) -> str:
    section = next(iter(_all(root, "OperatingSystemSection")), None)
    if section is None:
        return ""
    told = _attribute(section, "osType") + "".join(
        text for item in _all(section, "Description") for text in item.itertext()
    )
    text = _attribute(section, "id")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if "windows" in told.lower() or number in WINDOWS_IDS:
        return "windows"
    words = ("linux", "ubuntu", "debian", "centos", "red hat", "suse", "fedora")
    return "linux" if number in LINUX_IDS or any(word in told.lower() for word in words) else ""


def _firmware(root: Any) -> str:
    """As VMware and VirtualBox write it."""
    config = {_attribute(item, "key"): _attribute(item, "value") for item in _all(root, "Config")}
    box = next((_attribute(item, "type") for item in _all(root, "Firmware")), "")
    if config.get("firmware", "").lower() == "efi" or box.upper().startswith("EFI"):
        is_secure = config.get("bootOptions.efiSecureBootEnabled", "").lower() == "true"
        return "uefi_secure" if is_secure else "uefi"
    return "bios" if config.get("firmware") or box else ""


def _all(root: Any, name: str) -> list[Any]:
    """Elements of this name in whichever namespace: versions of OVF differ in that alone."""
    return root.xpath(".//*[local-name() = $name]", name=name)


def _attribute(element: Any, name: str) -> str:
    return next(
        (str(value) for key, value in element.items() if etree.QName(key).localname == name), ""
    )


def _shown(name: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in name[:80])
