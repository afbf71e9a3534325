"""Security groups and their rules: what clients see of them, and the requests that change them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.protocol.requests import Create, Description, Id, Request, Update
from appliance.protocol.resources import Resource

Direction = Literal["in", "out"]
Action = Literal["allow", "deny"]
Protocol = Literal["any", "tcp", "udp", "icmp", "icmpv6"]
Priority = Annotated[int, Meta(ge=1, le=1000)]
Port = Annotated[int, Meta(ge=1, le=65_535)]
IcmpNumber = Annotated[int, Meta(ge=0, le=255)]
Cidr = Annotated[str, Meta(max_length=64)]

GROUPS_MAX = 16  # of one machine


class SecurityRule(msgspec.Struct, kw_only=True, frozen=True):
    """One rule, seen from a member of its group.

    Lower `priority` numbers are asked first, and at the same number what denies. The peer is who
    sends ("in") or receives ("out"): `cidr`, or the members of `peer_group_id`, or anybody.
    """

    id: str
    security_group_id: str
    direction: str
    action: str
    priority: int
    protocol: str
    port_first: int | None
    port_last: int | None
    icmp_type: int | None
    icmp_code: int | None
    cidr: str
    peer_group_id: str | None
    description: str
    is_enabled: bool
    owner_id: str
    created_at: datetime


class SecurityGroup(Resource, kw_only=True, frozen=True):
    """A stateful firewall that machines share; what no rule allows is refused.

    `rules` are in the order in which they are asked. With `log_drops` a few of the packets that
    its machines are refused are noted, see `vm.drops`.
    """

    is_default: bool
    log_drops: bool = False
    rules: list[SecurityRule]
    vm_count: int
    owner_id: str


class SecurityGroupCreate(Create, kw_only=True, frozen=True):
    """Make a security group; its members may at first send, and receive nothing but answers."""

    log_drops: bool = False


class SecurityGroupUpdate(Update, kw_only=True, frozen=True):
    """Change a security group's name and description, and whether refused packets are noted."""

    log_drops: bool | UnsetType = UNSET


class SecurityRuleCreate(Request, kw_only=True, frozen=True):
    """Add a rule to a security group; it holds within a second on all hosts."""

    id: Id | None = None
    security_group_id: Id
    direction: Direction
    action: Action = "allow"
    priority: Priority = 100
    protocol: Protocol = "any"
    port_first: Port | None = None
    port_last: Port | None = None  # None: only the first
    icmp_type: IcmpNumber | None = None
    icmp_code: IcmpNumber | None = None
    cidr: Cidr = ""
    peer_group_id: Id | None = None
    description: Description = ""
    is_enabled: bool = True


class SecurityRuleUpdate(Request, kw_only=True, frozen=True):
    """Change a rule; fields left out stay as they are."""

    direction: Direction | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    protocol: Protocol | UnsetType = UNSET
    port_first: Port | UnsetType | None = UNSET
    port_last: Port | UnsetType | None = UNSET
    icmp_type: IcmpNumber | UnsetType | None = UNSET
    icmp_code: IcmpNumber | UnsetType | None = UNSET
    cidr: Cidr | UnsetType = UNSET
    peer_group_id: Id | UnsetType | None = UNSET
    description: Description | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET


class VmSetSecurityGroups(Request, kw_only=True, frozen=True):
    """Say which security groups a machine is in, or one of its NICs; without any, nothing filters
    it.
    """

    nic_id: Id | None = None

    security_group_ids: Annotated[list[Id], Meta(max_length=GROUPS_MAX)] = msgspec.field(
        default_factory=list
    )


class VmSetAntiSpoofing(Request, kw_only=True, frozen=True):
    """Hold a machine, or one of its NICs, to its own addresses, or let it use others as routers
    have to.
    """

    nic_id: Id | None = None
    is_enabled: bool


class VmTrace(Request, kw_only=True, frozen=True):
    """Ask whether a packet of this machine reaches another machine, or an address."""

    to_vm_id: Id | None = None
    to_address: Annotated[str, Meta(max_length=64)] = ""
    protocol: Literal["tcp", "udp", "icmp"] = "tcp"
    port: Port | None = None


class TraceStep(msgspec.Struct, kw_only=True, frozen=True):
    """One place on a packet's way. `code` with `params` says what happens there."""

    code: str
    is_passed: bool
    params: dict[str, str] = {}
    message: str = ""
    security_group_id: str | None = None
    rule_id: str | None = None


class TraceResult(msgspec.Struct, kw_only=True, frozen=True):
    """The way of a packet, up to where it ends."""

    is_reached: bool
    steps: list[TraceStep]
