"""At which addresses a host can be reached by another one, for what they send each other."""

from __future__ import annotations

from ipaddress import ip_interface

from appliance.services.infrastructure.models import AgentRow
from hostagent.protocol.facts import HostFacts

OUR_LINKS = "any"  # bridges and links of networks of ours: guests are there


def addresses_between(source_id: str, destination_id: str) -> list[str]:
    """The destination's addresses: those of networks that both are in, then the one by which it
    reached us, and all others if there are no such; within a read.
    """
    source, destination = AgentRow.get_by_id(source_id), AgentRow.get_by_id(destination_id)
    own = _interfaces(destination.facts)
    nets = {interface.network for interface in _interfaces(source.facts)}
    found = [str(interface.ip) for interface in own if interface.network in nets]
    everywhere = [str(interface.ip) for interface in own]
    if destination.address in everywhere and destination.address not in found:
        found.append(destination.address)
    return found or everywhere


def _interfaces(facts: HostFacts) -> list:
    """Addresses that others can reach."""
    interfaces = [
        ip_interface(address)
        for nic in facts.nics
        if nic.is_up and not nic.name.startswith(OUR_LINKS)
        for address in nic.addresses
    ]
    return [item for item in interfaces if not (item.ip.is_loopback or item.ip.is_link_local)]
