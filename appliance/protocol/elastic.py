"""Elastic IPs: what clients see of them, and the requests that change them."""

from __future__ import annotations

from appliance.protocol.requests import Create, Id, Request
from appliance.protocol.resources import Resource


class ElasticIp(Resource, kw_only=True, frozen=True):
    """A public address; bound to a virtual machine, it is that machine's alone.

    `network_id` is the public network that it comes from, `vm_address` the machine's own address.
    """

    network_id: str
    network_name: str
    address: str
    vm_id: str | None
    vm_name: str
    vm_address: str | None
    nic_id: str | None = None
    owner_id: str


class ElasticIpCreate(Create, kw_only=True, frozen=True):
    """Take an address out of a public network: this one, or any that is free."""

    network_id: Id
    address: str | None = None


class ElasticIpBind(Request, kw_only=True, frozen=True):
    """Give the address to this machine; if another one has it, it is taken from that one.

    Without `nic_id` the machine's first NIC in a private network gets it, the default one before
    others.
    """

    vm_id: Id
    nic_id: Id | None = None
