"""CD drives in the domain XML, and what is found in them again."""

from __future__ import annotations

import libvirt
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs

from appliance.protocol.ids import new_id
from hostagent.libvirt.drives import Drive, FoundDrive, drive_elements, drive_in, drive_xml
from hostagent.libvirt.xml import disk_element, disks_of
from hostagent.storage.driver import DiskSource, NetworkSource

DISC = DiskSource("/cache/disc.iso", cache="", format="raw")
POOL = NetworkSource(
    protocol="rbd",
    hosts=(("192.0.2.1", 6789), ("192.0.2.2", 3300)),
    user="anyun",
    secret_id=new_id(),
)
IN_POOL = DiskSource("vms/image-1", cache="writeback", format="raw", network=POOL)


def domain(*drives: Drive) -> str:
    elements = "".join(etree.tostring(one, encoding="unicode") for one in drive_elements(drives))
    return f"<domain><devices>{elements}</devices></domain>"


def test_what_is_in_a_drive_is_found_again() -> None:
    xml = domain(Drive(0, "sata", DISC), Drive(1, "scsi"))
    assert drive_in(xml, "sdx") == FoundDrive(0, "sata", "/cache/disc.iso")
    assert drive_in(xml, "sdy") == FoundDrive(1, "scsi", "")
    assert drive_in(xml, "sdz") is None


def test_many_machines_may_read_one_disc() -> None:
    for disc in (DISC, IN_POOL):
        xml = domain(Drive(0, "sata", disc))
        assert disks_of(xml) == {}
        assert disk_element(xml, disc.path) is None


def test_a_drive_is_read_only_and_stays_at_its_place() -> None:
    full, empty = (etree.fromstring(drive_xml(Drive(1, "scsi", disc))) for disc in (DISC, None))
    assert full.find("readonly") is not None
    assert full.find("source").get("file") == "/cache/disc.iso"
    assert empty.find("source") is None
    assert dict(full.find("address").attrib) == dict(empty.find("address").attrib)


def test_a_disc_in_a_pool_is_one_that_libvirt_understands() -> None:
    """libvirt's own parser reads it; its test driver needs no host."""
    drives = "".join(
        etree.tostring(one, encoding="unicode")
        for one in drive_elements([Drive(0, "sata", IN_POOL), Drive(1, "scsi")])
    )
    connection = libvirt.open("test:///default")
    try:
        made = connection.defineXML(
            "<domain type='test'><name>disc</name><memory>65536</memory>"
            f"<os><type>hvm</type></os><devices>{drives}</devices></domain>"
        )
        xml = made.XMLDesc()
        made.undefine()
    finally:
        connection.close()
    assert drive_in(xml, "sdx") == FoundDrive(0, "sata", "vms/image-1")
    assert drive_in(xml, "sdy") == FoundDrive(1, "scsi", "")
    source = etree.fromstring(xml).find("devices/disk/source")
    assert [host.get("port") for host in source.iterfind("host")] == ["6789", "3300"]
    assert source.find("auth/secret").get("uuid") == POOL.secret_id
