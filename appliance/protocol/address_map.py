"""The address map of a network: which address belongs to whom, and what is free."""

from __future__ import annotations

from typing import Literal

import msgspec


class AddressUse(msgspec.Struct, kw_only=True, frozen=True):
    """One address in use. What belongs to others is not named to tenants."""

    address: str
    use: Literal["gateway", "dhcp", "vm", "elastic_ip"]
    vm_id: str | None = None
    vm_name: str = ""
    vm_state: str = ""
    nic_id: str | None = None
    mac: str = ""
    elastic_ip_id: str | None = None
    elastic_ip_name: str = ""


class FreeSpan(msgspec.Struct, kw_only=True, frozen=True):
    """Addresses in a row; both ends included."""

    first: str
    last: str
    count: int


class AddressMap(msgspec.Struct, kw_only=True, frozen=True):
    """All addresses of a network that are used, in order, what its ranges still offer, and what
    they hold back. IPv6 addresses that are used stand by themselves; what is free of those cannot
    be told in numbers.
    """

    items: list[AddressUse]
    free: list[FreeSpan]
    reserved: list[FreeSpan] = []
    ipv6: list[AddressUse] = []
