"""CD drives in the domain XML, and what is found in them again."""

from __future__ import annotations

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs

from hostagent.libvirt.drives import Drive, drive_elements, drive_in, drive_xml
from hostagent.libvirt.xml import disk_element, disks_of


def domain(*drives: Drive) -> str:
    elements = "".join(etree.tostring(one, encoding="unicode") for one in drive_elements(drives))
    return f"<domain><devices>{elements}</devices></domain>"


def test_what_is_in_a_drive_is_found_again() -> None:
    full, empty = Drive(0, "sata", "/cache/disc.iso"), Drive(1, "scsi")
    xml = domain(full, empty)
    assert drive_in(xml, "sdx") == full
    assert drive_in(xml, "sdy") == empty
    assert drive_in(xml, "sdz") is None


def test_many_machines_may_read_one_disc() -> None:
    xml = domain(Drive(0, "sata", "/cache/disc.iso"))
    assert disks_of(xml) == {}
    assert disk_element(xml, "/cache/disc.iso") is None


def test_a_drive_is_read_only_and_stays_at_its_place() -> None:
    full, empty = (etree.fromstring(drive_xml(Drive(1, "scsi", path))) for path in ("/a.iso", ""))
    assert full.find("readonly") is not None
    assert full.find("source").get("file") == "/a.iso"
    assert empty.find("source") is None
    assert dict(full.find("address").attrib) == dict(empty.find("address").attrib)
