"""Probing the paths between hosts: what the service asks of each of them, and what they answer.

One probe has a nonce that the service makes, and each host a number in it, its `member`. First
all hosts listen, then each of them sends, at last each says what it has heard. The nonce is also
the key of what goes over the wire: nobody without it can make a host answer.
"""

import msgspec

NONCE_BYTES = 32
MEMBERS_MAX = 1000
DURATION_MAX_S = 120.0


class ProbeWire(msgspec.Struct, frozen=True, kw_only=True):
    """Where the frames travel, and how large the largest of them is.

    With an `interface` as raw Ethernet frames through that NIC, with the tag `vlan_id` (IEEE
    802.1Q) if there is one; else as datagrams between the hosts' addresses in `underlay_cidr`, as
    large as a tunnel (VXLAN) makes of a frame. `mtu_bytes` is what the network's machines may send.
    """

    mtu_bytes: int
    interface: str | None = None
    vlan_id: int | None = None
    underlay_cidr: str | None = None


class ProbeListen(msgspec.Struct, frozen=True, kw_only=True):
    """Answer others of this probe for `duration_s` seconds, or until it ends."""

    nonce: bytes
    member: int
    wire: ProbeWire
    duration_s: float


class ProbeReady(msgspec.Struct, frozen=True, kw_only=True):
    """The host listens, at `place`: a MAC, or an address with a port.

    `limit_bytes` is the largest MTU that its own link has room for.
    """

    place: str
    port: int = 0
    limit_bytes: int
    has_carrier: bool = True


class ProbePeer(msgspec.Struct, frozen=True, kw_only=True):
    """Another host of the probe, and where it listens."""

    member: int
    place: str
    port: int = 0


class ProbeSend(msgspec.Struct, frozen=True, kw_only=True):
    """Find out which of `peers` answer, and up to which size."""

    nonce: bytes
    peers: list[ProbePeer]


class PathAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A peer has answered frames of up to `max_bytes`, the fastest after `round_trip_us`."""

    member: int
    max_bytes: int
    round_trip_us: int


class ProbeSent(msgspec.Struct, frozen=True, kw_only=True):
    """Who has answered; those who are not here have not."""

    answers: list[PathAnswer] = []


class ProbeEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Stop listening."""

    nonce: bytes


class PathHeard(msgspec.Struct, frozen=True, kw_only=True):
    """What came from a peer, whether it heard the answers or not.

    Frames with another tag than the probe's are not counted in `max_bytes`; `other_tag` names it
    then, 0 for none at all.
    """

    member: int
    max_bytes: int = 0
    other_tag: int | None = None


class ProbeHeard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that this host has heard of the probe."""

    heard: list[PathHeard] = []
