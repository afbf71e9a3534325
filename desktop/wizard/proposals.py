"""What is proposed for a network, and what of it somebody has typed instead. No Qt, no service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Interface, IPv4Network
from typing import Any

from appliance.protocol.networks import PRIVATE_KINDS
from appliance.protocol.resources import HostNic
from desktop.wizard.validation import suggested

ADDRESSING = ("cidr", "gateway", "ranges", "dns")
"""What depends on the wire, by the names of the request's fields."""
PRIVATE = [f"192.168.{third}.0/24" for third in (100, 110, 120, 130, 140)] + ["10.88.0.0/24"]

Fields = dict[str, Any]


class Proposals:
    """Proposals for a private network and for each NIC; what was typed is never replaced.

    `is_awaited` means that somebody has chosen another kind or NIC, and that the host has not
    told yet what it proposes for it.
    """

    def __init__(self) -> None:
        self.is_awaited = False
        self._private: Fields = {}
        self._spare: Fields = {}
        self._by_nic: dict[str, Fields] = {}
        self._typed: set[str] = set()

    def typed(self, key: str) -> None:
        """Somebody typed into this field; with a network, gateway and range follow it."""
        self._typed |= {key, "gateway", "ranges"} if key == "cidr" else {key}

    def take_request(self, request: Mapping[str, Any]) -> None:
        """The service keeps this: a proposal of its own, or what was agreed on earlier."""
        kept = _addressing(request)
        self.is_awaited = False
        if request["kind"] in PRIVATE_KINDS:
            self._private = kept
            self._typed.clear()
        else:
            self._typed = set(kept)
            self._compare(request)

    def take_facts(self, facts: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """What a host told, while the form says `values`."""
        told: Mapping[str, Fields] = facts.get("proposals") or {}
        if not told:
            return
        is_first = not self._by_nic
        self._by_nic = {nic: _addressing(fields) for nic, fields in told.items()}
        if is_first and not self.is_awaited:
            self._compare(values)

    def forget_host(self, private: Fields) -> None:
        """Another host, with other NICs; `private` is what would be free beside them."""
        self._by_nic.clear()
        self._spare = private

    def untouched(self, kind: str, nic: str) -> Fields:
        """The proposal for a kind of network, without the fields that somebody has typed."""
        if kind in PRIVATE_KINDS:
            self.is_awaited = False
            found = self._private or self._spare
        elif kind == "vlan":  # another network than the host's own on that NIC
            self.is_awaited = False
            found = {}
        else:
            self.is_awaited = self.is_awaited and not self._by_nic
            found = self._by_nic.get(nic, {})
        return {key: value for key, value in found.items() if key not in self._typed}

    def _compare(self, values: Mapping[str, Any]) -> None:
        """What is the host's own proposal was not typed."""
        proposal = self._by_nic.get(values.get("physical_interface", ""), {})
        self._typed -= {key for key, value in proposal.items() if values.get(key) == value}


def private_network(nics: Iterable[HostNic]) -> Fields:
    """A private network that none of these NICs is in."""
    texts = [text for nic in nics for text in nic.addresses if ":" not in text]
    used = [IPv4Interface(text).network for text in texts]
    for cidr in PRIVATE:
        fitting = suggested(cidr)
        if fitting is not None and not any(IPv4Network(cidr).overlaps(one) for one in used):
            gateway, first, last = fitting
            return {
                "cidr": cidr,
                "gateway": gateway,
                "ranges": [{"first": first, "last": last}],
            }
    return {}


def _addressing(request: Mapping[str, Any]) -> Fields:
    return {key: request[key] for key in ADDRESSING if key in request}
