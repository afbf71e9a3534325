"""The domain XML of a machine, built from its specification. Golden-tested.

Element names and meaning: libvirt's domain XML format, https://libvirt.org/formatdomain.html.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs
from lxml.builder import E

from hostagent.libvirt import firmware, machine_xml
from hostagent.libvirt.drives import Drive, drive_elements
from hostagent.libvirt.sources import path_in, source_element, type_of
from hostagent.protocol.domain import DiskLimits, DiskSpec, DomainSpec, NicSpec
from hostagent.storage.driver import DiskSource

NAMESPACE = "urn:anyun:domain:1"
MiB = 1024**2
# What is plugged into a running machine needs a port of its own on its PCIe bus, and these cannot
# be plugged themselves; the machine's own devices take some of them.
PCIE_PORTS = 24
# A kind of limit, and libvirt's name of it.
LIMITS = {
    "read_bytes_s": "read_bytes_sec",
    "write_bytes_s": "write_bytes_sec",
    "read_iops": "read_iops_sec",
    "write_iops": "write_iops_sec",
}


def domain_name(vm_id: str) -> str:
    """libvirt's name of a machine; people's names are not unique, ids are."""
    return f"anyun-{vm_id}"


def build(spec: DomainSpec, disks: list[DiskSource], drives: Sequence[Drive] = ()) -> str:
    """The XML that defines the machine; `disks` in the order of the specification."""
    kvm = spec.accelerator == "kvm"
    domain = E.domain(
        E.name(domain_name(spec.vm_id)),
        E.uuid(spec.vm_id),
        E.title(_title(spec.name)),
        _metadata(spec.vm_id),
        *machine_xml.memory(spec),
        *machine_xml.processors(spec),
        machine_xml.system(spec, firmware.nvram_of(spec)),
        machine_xml.features(spec.hardware),
        E.clock(
            E.timer(name="rtc", tickpolicy="catchup"),
            E.timer(name="pit", tickpolicy="delay"),
            E.timer(name="hpet", present="no"),
            offset="utc",
        ),
        E.on_poweroff("destroy"),
        E.on_reboot("restart"),
        E.on_crash("destroy"),
        _devices(spec, disks, drives),
        type="kvm" if kvm else "qemu",
    )
    return etree.tostring(domain, pretty_print=True, encoding="unicode")


def vm_id_of(xml: str) -> str | None:
    """The machine's id in a domain's XML, or None if the domain is none of ours."""
    found = etree.fromstring(xml).find(f"metadata/{{{NAMESPACE}}}vm")
    return None if found is None else found.get("id")


def nic_xml(nic: NicSpec) -> str:
    """The XML of one NIC, to be plugged into a running machine or pulled out of it."""
    return etree.tostring(_nic(nic), pretty_print=True, encoding="unicode")


def disk_xml(spec: DiskSpec, source: DiskSource) -> str:
    """The XML of one disk, to be plugged into a running machine."""
    return etree.tostring(_disk(spec, source), pretty_print=True, encoding="unicode")


def disks_of(xml: str) -> dict[str, str]:
    """A domain's disks: the path of each one's source, and libvirt's name of it."""
    disks = _disks_in(xml)
    return {path_in(disk): disk.find("target").get("dev") for disk in disks}


def disk_element(xml: str, path: str) -> str | None:
    """The XML of the disk with this source as the domain has it, None if it has none."""
    for disk in _disks_in(xml):
        if path_in(disk) == path:
            return etree.tostring(disk, encoding="unicode")
    return None


def _disks_in(xml: str) -> list[etree._Element]:
    """The elements of disks; discs in CD drives are none: many machines may read one."""
    found = etree.fromstring(xml).findall("devices/disk[source]")
    return [disk for disk in found if disk.get("device", "disk") == "disk"]


def limits_of(limits: DiskLimits) -> dict[str, int]:
    """The limits by the names that libvirt has for them."""
    return {name: getattr(limits, field) for field, name in LIMITS.items()}


def macs_of(xml: str) -> set[str]:
    """The MACs of a domain's NICs."""
    return set(etree.fromstring(xml).xpath("devices/interface/mac/@address"))


def _title(name: str) -> str:
    return "".join(character for character in name if character.isprintable()) or "machine"


def _metadata(vm_id: str) -> etree._Element:
    vm = etree.Element(f"{{{NAMESPACE}}}vm", nsmap={"anyun": NAMESPACE})
    vm.set("id", vm_id)
    return E.metadata(vm)


def _devices(spec: DomainSpec, disks: list[DiskSource], drives: Sequence[Drive]) -> etree._Element:
    return E.devices(
        E.controller(type="pci", model="pcie-root"),
        *(E.controller(type="pci", model="pcie-root-port") for _ in range(PCIE_PORTS)),
        E.controller(type="scsi", index="0", model="virtio-scsi"),
        *(_disk(disk, source) for disk, source in zip(spec.disks, disks, strict=True)),
        *drive_elements(drives),
        *(_nic(nic) for nic in spec.nics),
        E.serial(E.target(type="isa-serial", port="0"), type="pty"),
        E.console(E.target(type="serial", port="0"), type="pty"),
        E.channel(E.target(type="virtio", name="org.qemu.guest_agent.0"), type="unix"),
        # Absolute pointer: the mouse is where the user sees it.
        E.input(type="tablet", bus="usb"),
        # No keymap: with one, QEMU ignores scan codes. No listener: the agent hands the
        # socket out itself.
        E.graphics(E.listen(type="none"), type="vnc"),
        E.video(E.model(type="vga", vram="16384")),
        E.memballoon(E.stats(period="10"), model="virtio"),
        E.rng(E.backend("/dev/urandom", model="random"), model="virtio"),
        *([_tpm()] if spec.hardware.tpm else []),
    )


def _disk(spec: DiskSpec, source: DiskSource) -> etree._Element:
    limits = {name: value for name, value in limits_of(spec.limits).items() if value}
    return E.disk(
        E.driver(name="qemu", type=source.format, cache=source.cache, discard="unmap"),
        source_element(source),
        _target(spec),
        *([E.iotune(*(E(name, str(value)) for name, value in limits.items()))] if limits else []),
        *([E.serial(spec.serial)] if spec.serial else []),
        *_address(spec),
        type=type_of(source),
        device="disk",
    )


TARGETS = {"virtio": ("vd", "virtio"), "virtio_scsi": ("sd", "scsi"), "sata": ("sd", "sata")}
SATA_PORTS = 6  # of one controller


def _target(spec: DiskSpec) -> etree._Element:
    """The guest's names are its own; these only tell the disks of a machine apart."""
    stem, bus = TARGETS[spec.bus]
    return E.target(dev=f"{stem}{chr(ord('a') + spec.position)}", bus=bus)


def _address(spec: DiskSpec) -> list[etree._Element]:
    """On the one SCSI controller; CD drives are beside, on another target. On SATA, those have the
    first controller, and disks the ones after it.
    """
    if spec.bus == "virtio":
        return []
    if spec.bus == "sata":
        controller, port = divmod(spec.position, SATA_PORTS)
        place = {"controller": str(controller + 1), "bus": "0", "target": "0", "unit": str(port)}
        return [E.address(type="drive", **place)]
    unit = str(spec.position)
    return [E.address(type="drive", controller="0", bus="0", target="0", unit=unit)]


def _tpm() -> etree._Element:
    """Its state outlives the domain, which is forgotten whenever the machine stops."""
    backend = E.backend(type="emulator", version="2.0", persistent_state="yes")
    return E.tpm(backend, model="tpm-crb")


def _nic(nic: NicSpec) -> etree._Element:
    return E.interface(
        E.mac(address=nic.mac),
        E.source(bridge=nic.bridge),
        E.target(dev=nic.tap),
        E.model(type=nic.model),
        E.mtu(size=str(nic.mtu)),
        type="bridge",
    )
