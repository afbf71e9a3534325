"""How a host's networks stand, as its agent sees them at the moment of asking."""

from __future__ import annotations

import msgspec


class HostNetworkState(msgspec.Struct, kw_only=True, frozen=True):
    """One network on the host. `drift` names what is not as it should be and is being repaired."""

    network_id: str
    network_name: str
    bridge: str
    is_healthy: bool
    drift: list[str]


class NicDrops(msgspec.Struct, kw_only=True, frozen=True):
    """What of a NIC's packets was thrown away since the rules were loaded.

    `spoofed` claimed to be somebody else's or came from no VM (DHCP answers, router
    advertisements); `refused` were against the rules of its security groups, `limited` over its
    bandwidth limits.
    """

    nic_id: str
    vm_id: str | None
    vm_name: str
    address: str
    spoofed_packets: int
    spoofed_bytes: int
    refused_packets: int
    refused_bytes: int
    limited_packets: int = 0
    limited_bytes: int = 0


class HostNetwork(msgspec.Struct, kw_only=True, frozen=True):
    """A host's networks: what runs there, and what stands in the way of what should.

    `generation` is that of the document that runs. `waiting_for` says why the newest one does
    not run yet, "" if it does; `errors` what the host could not repair by itself.
    """

    generation: int
    waiting_for: str
    errors: list[str]
    networks: list[HostNetworkState]
    drops: list[NicDrops]
