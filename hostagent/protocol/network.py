"""The network part of the contract: one document that says what a host's networks must be."""

import hashlib
from typing import Any, Literal

import msgspec

from hostagent.protocol.firewall import SecurityGroupSpec
from hostagent.protocol.ipv6 import Ipv6Spec

# Private ones have the host itself as their gateway: "nat" on each host by itself, "vxlan" one
# network over all hosts. The others are on a wire: "physical" untagged, "vlan" with a tag.
NetworkKind = Literal["nat", "physical", "vlan", "vxlan"]
Severity = Literal["error", "warning"]

LINK_NAME_MAX = 15  # IFNAMSIZ - 1: the kernel takes no longer link name
PREFIX = "any"  # every link, namespace and table of ours begins with it
METADATA_ADDRESS = "169.254.169.254"
LIMIT_MIN_BITS_PER_S, LIMIT_MAX_BITS_PER_S = 64_000, 10**12
VLAN_IDS = (1, 4094)  # IEEE 802.1Q: 0 and 4095 are no VLANs
VNIS = (1, 2**24 - 1)  # RFC 7348; 0 is left out, as everywhere
VXLAN_PORT = 4789  # IANA
VXLAN_OVERHEAD_BYTES = 50  # over IPv4: IP 20, UDP 8, VXLAN 8, the inner Ethernet header 14


class InstanceMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a VM may read about itself at http://169.254.169.254 (EC2-compatible paths)."""

    instance_id: str
    hostname: str
    ssh_public_keys: list[str] = []
    user_data: bytes | None = None
    instance_type: str = ""
    zone: str = ""
    region: str = ""
    image_id: str = ""


class PortSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One NIC of one VM on this host; `tap` is the link that libvirt makes for it.

    `security_group_ids` name groups of the document; a NIC without any is not filtered. By the
    `is_default` NIC of its several a VM reaches everything but their own networks. What
    anti-spoofing throws away is told of if `log_forged`. "Inbound" is what the VM receives; None
    is unlimited. A network with an IPv6 part may give it an `ipv6_address` as well.
    """

    nic_id: str
    vm_id: str
    tap: str
    mac: str
    address: str
    hostname: str
    metadata: InstanceMetadata
    anti_spoofing: bool = True
    is_default: bool = True
    security_group_ids: list[str] = []
    log_forged: bool = False
    inbound_bits_per_s: int | None = None
    outbound_bits_per_s: int | None = None
    ipv6_address: str = ""


class HostRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A way that VMs are told of: packets to `destination` (a CIDR) go to `next_hop`."""

    destination: str
    next_hop: str


class RemoteMac(msgspec.Struct, frozen=True, kw_only=True):
    """A NIC of a VM on another host: frames for `mac` go to that host's `endpoint`."""

    mac: str
    endpoint: str


class VxlanSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The tunnels of a network of kind "vxlan" (RFC 7348), as seen from this host.

    `endpoint` is this host's own address in the underlay, `peers` are those of all other hosts
    of the network: frames for everybody, and for MACs that are not in `remote_macs`, go to each of
    them. Nothing is learned from packets, so no multicast is needed and nobody can claim a MAC.
    Only packets from `peers` are taken.
    """

    vni: int
    endpoint: str
    port: int = VXLAN_PORT
    peers: list[str] = []
    remote_macs: list[RemoteMac] = []


class NetworkSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One network as it must be on this host.

    `cidr` like "10.0.0.0/24"; `gateway` lies in it: for kinds "nat" and "vxlan" the host itself
    takes that address (each host of a vxlan network the same one, with the same MAC), for
    "physical" and "vlan" it is the router on the wire. `dhcp_address` is the address of the
    network's DHCP and metadata namespace (the same on each host, so it must be kept out of the
    range for VMs). `mtu` in bytes. `dhcp`, `names` (a DNS server that knows the VMs; on the wire
    of "physical" there is none), `metadata` and `snat` say what this host does for its VMs.

    `physical_interface` is the NIC of kinds "physical" and "vlan" (also a bond, or a VLAN device
    itself), `vlan_id` the tag (IEEE 802.1Q) of kind "vlan" alone, `vxlan` there for kind "vxlan"
    alone.
    """

    id: str
    kind: NetworkKind
    bridge: str
    cidr: str
    gateway: str
    dhcp_address: str
    physical_interface: str | None = None
    vlan_id: int | None = None
    vxlan: VxlanSpec | None = None
    dns: list[str] = []
    domain: str = ""
    mtu: int = 1500
    dhcp: bool = True
    names: bool = True
    metadata: bool = True
    snat: bool = True
    host_routes: list[HostRoute] = []
    ports: list[PortSpec] = []
    ipv6: Ipv6Spec | None = None

    @property
    def is_private(self) -> bool:
        """Whether the host itself is the gateway."""
        return self.kind in ("nat", "vxlan")


class ElasticAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A public address that belongs to one NIC of this host, one to one.

    `network_id` is the network of kind "physical" or "vlan" that the address lies in; `nic_id` a
    port of a private network.
    """

    address: str
    network_id: str
    nic_id: str


class NetworkDocument(msgspec.Struct, frozen=True, kw_only=True):
    """All networks of one host. A higher `generation` replaces a lower one, never the reverse.

    `security_groups` has each group of a NIC of the document and each group that their rules name.
    `coming_addresses` are those of machines on their way here: they leave under them from their
    first packet on, and when one goes on here the host holds its address at once.
    """

    generation: int
    networks: list[NetworkSpec] = []
    security_groups: list[SecurityGroupSpec] = []
    elastic_addresses: list[ElasticAddress] = []
    coming_addresses: list[ElasticAddress] = []


class NetworkError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a document (or one network of it) could not be applied; `code` is stable."""

    code: str
    message: str
    network_id: str | None = None
    params: dict[str, Any] = {}


class NetworkReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to "network.apply": `generation` is the one that runs now.

    With `applied` false the host keeps its previous networks and `errors` says what was wrong.
    """

    generation: int
    applied: bool
    errors: list[NetworkError] = []


class NetworkState(msgspec.Struct, frozen=True, kw_only=True):
    """How one network stands on this host at the moment of asking."""

    id: str
    bridge: str
    healthy: bool
    dhcp_pid: int | None = None
    drift: list[str] = []


class PortDrops(msgspec.Struct, frozen=True, kw_only=True):
    """Packets of one NIC that were thrown away since the rules were loaded.

    `packets` by anti-spoofing, `refused_packets` by the rules of its security groups,
    `limited_packets` by its bandwidth limits.
    """

    nic_id: str
    tap: str
    packets: int
    size_bytes: int
    refused_packets: int = 0
    refused_size_bytes: int = 0
    limited_packets: int = 0
    limited_size_bytes: int = 0


class NetworkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to "network.status"."""

    generation: int
    networks: list[NetworkState] = []
    drops: list[PortDrops] = []
    errors: list[NetworkError] = []


class AddressSpan(msgspec.Struct, frozen=True, kw_only=True):
    """Addresses that VMs would get, both ends included."""

    first: str
    last: str


class NetworkCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Asks whether a network that does not exist yet would work on this host.

    `ranges` are all ranges of the network; `range_first` and `range_last` are an older way to
    say one. Without `probe` nothing is asked on the wire, which takes seconds. For kind "vxlan"
    the host needs an address in `underlay_cidr`. `mtu` in bytes, None for whatever fits.
    """

    kind: NetworkKind
    cidr: str
    gateway: str
    physical_interface: str | None = None
    vlan_id: int | None = None
    underlay_cidr: str | None = None
    mtu: int | None = None
    range_first: str | None = None
    range_last: str | None = None
    ranges: list[AddressSpan] = []
    probe: bool = True


class NetworkProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One finding of a check; `field` names the field of the check that it is about."""

    code: str
    severity: Severity
    field: str
    message: str
    params: dict[str, Any] = {}


class NicAddressing(msgspec.Struct, frozen=True, kw_only=True):
    """How a NIC of this host is addressed now.

    `addresses` are CIDR texts; `gateway` is its default route's or ""; `in_use` are addresses of
    others that the kernel has heard of there.
    """

    name: str
    addresses: list[str]
    gateway: str = ""
    in_use: list[str] = []


class NetworkCheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to "network.check": no problem of severity "error" means it will work.

    `nics` and `resolvers` are what a network on this host could be proposed from.
    """

    problems: list[NetworkProblem] = []
    nics: list[NicAddressing] = []
    resolvers: list[str] = []

    @property
    def ok(self) -> bool:
        """Whether nothing found stands in the way (warnings may be there)."""
        return not any(problem.severity == "error" for problem in self.problems)


def _digest(kind: str, identity: str) -> str:
    return hashlib.sha256(f"{kind}:{identity}".encode()).hexdigest()


def bridge_name(network_id: str) -> str:
    """The bridge of a network, e.g. "anyb3f9c1a2b4d"; the same id gives the same name."""
    return f"{PREFIX}b{_digest('network', network_id)[:10]}"


def tap_name(nic_id: str) -> str:
    """The tap link of a NIC, e.g. "anyt0c5d9e12ab"; put it into the VM's domain as target dev."""
    return f"{PREFIX}t{_digest('nic', nic_id)[:10]}"


def service_link_name(network_id: str) -> str:
    """The host's end of the veth that leads to the network's DHCP and metadata namespace."""
    return f"{PREFIX}s{_digest('network', network_id)[:10]}"


def vlan_link_name(network_id: str) -> str:
    """The VLAN device of a network of kind "vlan", e.g. "anyv3f9c1a2b4d": its bridge's port."""
    return f"{PREFIX}v{_digest('network', network_id)[:10]}"


def vxlan_link_name(network_id: str) -> str:
    """The tunnel of a network of kind "vxlan", e.g. "anyx3f9c1a2b4d": its bridge's port."""
    return f"{PREFIX}x{_digest('network', network_id)[:10]}"


def namespace_name(network_id: str) -> str:
    """The network namespace that holds DHCP and metadata of a network."""
    return f"{PREFIX}-{_digest('network', network_id)[:10]}"


def mac_for(nic_id: str) -> str:
    """A locally administered unicast MAC for a NIC (IEEE 802, second bit of the first octet)."""
    digest = _digest("nic", nic_id)
    return ":".join(["0a", *(digest[i : i + 2] for i in range(0, 10, 2))])
