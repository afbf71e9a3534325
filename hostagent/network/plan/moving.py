"""What a host's document says when a machine has come to it, or has left, before the service knows.

The service says the same a moment later; until then neighbours and peers would talk to nobody.
"""

from __future__ import annotations

from msgspec.structs import replace

from hostagent.protocol.network import NetworkDocument, NetworkSpec


def with_machine(document: NetworkDocument, vm_id: str) -> NetworkDocument:
    """It runs here: its elastic addresses are held, and no tunnel leads to it any more."""
    nics, macs = _nics(document, vm_id), _macs(document, vm_id)
    coming = [item for item in document.coming_addresses if item.nic_id in nics]
    networks = [_without_remote(network, macs) for network in document.networks]
    if not coming and networks == document.networks:
        return document
    return replace(
        document,
        networks=networks,
        elastic_addresses=[*document.elastic_addresses, *coming],
        coming_addresses=[item for item in document.coming_addresses if item not in coming],
    )


def without_machine(document: NetworkDocument, vm_id: str) -> NetworkDocument:
    """It runs elsewhere: its elastic addresses are not answered for here."""
    nics = _nics(document, vm_id)
    kept = [item for item in document.elastic_addresses if item.nic_id not in nics]
    if len(kept) == len(document.elastic_addresses):
        return document
    return replace(document, elastic_addresses=kept)


def _nics(document: NetworkDocument, vm_id: str) -> set[str]:
    ports = (port for network in document.networks for port in network.ports)
    return {port.nic_id for port in ports if port.vm_id == vm_id}


def _macs(document: NetworkDocument, vm_id: str) -> set[str]:
    ports = (port for network in document.networks for port in network.ports)
    return {port.mac for port in ports if port.vm_id == vm_id}


def _without_remote(network: NetworkSpec, macs: set[str]) -> NetworkSpec:
    if network.vxlan is None or not any(one.mac in macs for one in network.vxlan.remote_macs):
        return network
    remote = [one for one in network.vxlan.remote_macs if one.mac not in macs]
    return replace(network, vxlan=replace(network.vxlan, remote_macs=remote))
