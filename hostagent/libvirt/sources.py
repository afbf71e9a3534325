"""Where libvirt finds what is in a disk or a drive: in a file, or on the network."""

from __future__ import annotations

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs
from lxml.builder import E

from hostagent.storage.driver import DiskSource


def type_of(source: DiskSource | None) -> str:
    """The `type` of the element that has the source; an empty drive is one for files."""
    return "network" if source is not None and source.network else "file"


def source_element(source: DiskSource) -> etree._Element:
    """The source itself."""
    network = source.network
    if network is None:
        return E.source(file=source.path)
    auth = E.auth(E.secret(type="ceph", uuid=network.secret_id), username=network.user)
    hosts = (E.host(name=name, port=str(port)) for name, port in network.hosts)
    return E.source(
        *hosts,
        *([auth] if network.user else []),
        protocol=network.protocol,
        name=source.path,
    )


def path_in(element: etree._Element) -> str:
    """What names the source of a disk or drive in a domain's XML, empty if there is none."""
    source = element.find("source")
    return "" if source is None else source.get("file") or source.get("name") or ""
