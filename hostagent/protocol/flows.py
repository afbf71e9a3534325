"""The open connections of a machine, as one host tells them to another when the machine moves."""

import msgspec

MAX_FLOWS = 20_000  # that go along; a machine that has more loses the others
TCP, UDP = 6, 17


class TcpState(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """How far a TCP connection is, in the kernel's numbers
    (linux/netfilter/nf_conntrack_tcp.h); flags and window scales of both directions.
    """

    state: int
    flags: tuple[int, int] = (0, 0)
    scales: tuple[int, int] = (0, 0)


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """One connection (or exchange of datagrams) of one NIC with a peer.

    `address` and `port` are the NIC's own. `elastic` is what the peer knows it by, "" if that is
    its own address; `elastic_port` then. A private network's tracking zone has the first packet's
    direction if `is_zoned`, and the answers' if `is_zoned_back`; `is_marked` says that the
    connection's mark has the network. `is_cut` ones are refused by the rules of security groups.
    """

    nic_id: str
    is_inbound: bool
    protocol: int
    address: str
    port: int
    peer: str
    peer_port: int
    timeout_s: int
    elastic: str = ""
    elastic_port: int = 0
    is_zoned: bool = False
    is_zoned_back: bool = False
    is_marked: bool = False
    is_cut: bool = False
    is_answered: bool = False
    is_assured: bool = False
    tcp: TcpState | None = None
