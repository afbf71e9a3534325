"""Whether the paths between hosts carry a network's frames: what is asked, and what was found."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.protocol.errors import ErrorBody
from appliance.protocol.requests import Request

# Everything arrives; only smaller frames do; nothing does.
PathState = Literal["works", "small", "silent"]


class ClusterProbePaths(Request, kw_only=True, frozen=True):
    """Would a network work between the hosts of this cluster?

    Either on the NIC `physical_interface`, with the tag `vlan_id` if there is one, or in tunnels
    between the hosts' addresses in `underlay_cidr`. `mtu` is what its machines may send, in bytes.
    """

    physical_interface: Annotated[str, Meta(max_length=15)] = ""
    vlan_id: Annotated[int, Meta(ge=1, le=4094)] | None = None
    underlay_cidr: Annotated[str, Meta(max_length=64)] = ""
    mtu: Annotated[int, Meta(ge=576, le=9216)] = 1500


class PathHost(msgspec.Struct, kw_only=True, frozen=True):
    """A host of the probe; without a `limit_bytes` it took no part.

    `limit_bytes` is the largest MTU that its own link has room for.
    """

    host_id: str
    host_name: str
    limit_bytes: int | None = None


class Path(msgspec.Struct, kw_only=True, frozen=True):
    """The way from one host to another: frames of up to `max_bytes` arrive.

    `round_trip_us` is known if answers came back.
    """

    from_host_id: str
    from_host_name: str
    to_host_id: str
    to_host_name: str
    state: PathState
    max_bytes: int
    round_trip_us: int | None = None


class NetworkPaths(msgspec.Struct, kw_only=True, frozen=True):
    """Every pair of hosts, each direction, and what to look at.

    `wire` names what was probed: a NIC with its tag, or an underlay. No `findings` mean that
    everything works.
    """

    wire: str
    mtu: int
    hosts: list[PathHost]
    paths: list[Path]
    findings: list[ErrorBody] = []
