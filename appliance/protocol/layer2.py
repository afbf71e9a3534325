"""VXLAN pools, and the clusters that networks are in: resources and requests."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from appliance.protocol.base import Resource
from appliance.protocol.requests import Create, Id, Request, Update, Vni


class VxlanPool(Resource, kw_only=True, frozen=True):
    """VNIs (RFC 7348) for the VXLAN networks of a zone, and what their tunnels run over.

    Hosts send each other the frames of these networks from their addresses in `underlay_cidr`.
    """

    zone_id: str
    vni_first: int
    vni_last: int
    underlay_cidr: str
    networks: int  # how many have a VNI of it


class VxlanPoolCreate(Create, kw_only=True, frozen=True):
    """Make a pool of VNIs; `underlay_cidr` is a network that the hosts have addresses in."""

    zone_id: Id
    vni_first: Vni
    vni_last: Vni
    underlay_cidr: Annotated[str, Meta(max_length=18)]


class VxlanPoolUpdate(Update, kw_only=True, frozen=True):
    """Change of a pool; VNIs in use stay in it."""

    vni_first: Vni | UnsetType = UNSET
    vni_last: Vni | UnsetType = UNSET


class NetworkCluster(Request, kw_only=True, frozen=True):
    """Names a cluster."""

    cluster_id: Id
