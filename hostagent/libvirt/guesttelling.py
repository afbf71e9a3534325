"""Whether a guest has an agent, and what it tells, made from libvirt's flat answer.

Names of its fields: virDomainGetGuestInfo, https://libvirt.org/html/libvirt-libvirt-domain.html.
"""

from __future__ import annotations

from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] lxml has no stubs

from hostagent.protocol.guest import GuestFileSystem, GuestInfo, GuestNic

CHANNEL = "org.qemu.guest_agent.0"
LONGEST_TEXT = 256
MOST_ITEMS = 64


def is_linked(xml: str) -> bool:
    """Whether an agent in the guest has its end of the channel open, by the domain's live XML."""
    targets = etree.fromstring(xml).iterfind("devices/channel/target")
    return any(
        target.get("name") == CHANNEL and target.get("state") == "connected" for target in targets
    )


def guest_info(told: dict[str, Any]) -> GuestInfo:
    """The answer in our words: what we have no use for is left out."""
    return GuestInfo(
        is_answering=True,
        hostname=_text(told, "hostname"),
        os=_text(told, "os.pretty-name") or _text(told, "os.name"),
        os_id=_text(told, "os.id"),
        kernel=_text(told, "os.kernel-release"),
        nics=[_nic(told, f"if.{number}.") for number in range(_count(told, "if.count"))],
        file_systems=[
            _file_system(told, f"fs.{number}.") for number in range(_count(told, "fs.count"))
        ],
    )


def _nic(told: dict[str, Any], prefix: str) -> GuestNic:
    addresses = []
    for number in range(_count(told, f"{prefix}addr.count")):
        address = _text(told, f"{prefix}addr.{number}.addr")
        if address:
            addresses.append(f"{address}/{_number(told, f'{prefix}addr.{number}.prefix')}")
    return GuestNic(
        name=_text(told, f"{prefix}name"), mac=_text(told, f"{prefix}hwaddr"), addresses=addresses
    )


def _file_system(told: dict[str, Any], prefix: str) -> GuestFileSystem:
    return GuestFileSystem(
        mount_point=_text(told, f"{prefix}mountpoint"),
        kind=_text(told, f"{prefix}fstype"),
        total_bytes=_number(told, f"{prefix}total-bytes"),
        used_bytes=_number(told, f"{prefix}used-bytes"),
    )


def _count(told: dict[str, Any], key: str) -> int:
    return min(_number(told, key), MOST_ITEMS)


def _number(told: dict[str, Any], key: str) -> int:
    """A size as the wire can carry it; 0 for what is none."""
    value = told.get(key, 0)
    return value if isinstance(value, int) and 0 <= value < 2**63 else 0


def _text(told: dict[str, Any], key: str) -> str:
    """One line of what can be printed: a guest may send anything."""
    value = told.get(key, "")
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value if letter.isprintable())[:LONGEST_TEXT]
