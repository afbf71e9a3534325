"""What clients send: one struct a request. Unknown fields are refused; `id` is client-chosen.

A create request repeated with the same `id` and the same content answers with what exists;
with other content it is refused (409).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.protocol.bandwidth import LIMIT_MAX_BITS_PER_S, LIMIT_MIN_BITS_PER_S
from appliance.protocol.hardware import NewHardware
from appliance.protocol.networks import Allocation, Ipv6Mode, NetworkKind, Service

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Description = Annotated[str, Meta(max_length=2048)]
Id = Annotated[str, Meta(min_length=36, max_length=36)]
GiB = 1024**3


class Request(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Base of all requests."""


class Empty(Request, frozen=True):
    """A request without fields."""


class Create(Request, kw_only=True, frozen=True):
    """What every create request has; the service chooses the id if the client does not."""

    id: Id | None = None
    name: Name
    description: Description = ""


class Update(Request, kw_only=True, frozen=True):
    """Change of name and description; fields left out stay as they are."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET


Ratio = Annotated[float, Meta(gt=0, le=1000)]


class PrimaryStorageUpdate(Update, kw_only=True, frozen=True):
    """Change of a primary storage: name, description, and how much of it disks may claim.

    Nothing new is placed where more than the share `threshold` is really used.
    """

    ratio: Ratio | UnsetType = UNSET
    reserved_bytes: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    threshold: Annotated[float, Meta(gt=0, le=1)] | UnsetType = UNSET


class SetFirstPassword(Request, kw_only=True, frozen=True):
    """First login: the set-up code that the appliance shows, and the new password."""

    setup_code: str
    password: Annotated[str, Meta(max_length=1024)]


class Login(Request, kw_only=True, frozen=True):
    """Log in with account name and password."""

    account: Annotated[str, Meta(max_length=255)]
    password: Annotated[str, Meta(max_length=1024)]


class ChangePassword(Request, kw_only=True, frozen=True):
    """Change the caller's own password."""

    old_password: Annotated[str, Meta(max_length=1024)]
    new_password: Annotated[str, Meta(max_length=1024)]


class ZoneCreate(Create, kw_only=True, frozen=True):
    """Make a zone."""


class ClusterCreate(Create, kw_only=True, frozen=True):
    """Make a cluster in a zone."""

    zone_id: Id
    hypervisor: Literal["kvm"] = "kvm"


class HostCreate(Create, kw_only=True, frozen=True):
    """Take a machine whose agent has enrolled into a cluster; the host keeps the agent's id."""

    cluster_id: Id
    candidate_id: Id


class ImageStoreCreate(Create, kw_only=True, frozen=True):
    """Use a directory on a host as image server."""

    zone_id: Id
    host_id: Id
    kind: Literal["directory"] = "directory"
    path: Annotated[str, Meta(min_length=1, max_length=1024)]


class InstanceOfferingCreate(Create, kw_only=True, frozen=True):
    """Make a size of virtual machine."""

    cpu_count: Annotated[int, Meta(ge=1, le=1024)]
    memory_bytes: Annotated[int, Meta(ge=32 * 1024**2, le=64 * 1024**4)]


class ImageCreate(Create, kw_only=True, frozen=True):
    """Add an image. With source `upload` the content follows by PUT to `/content`.

    What is "auto" is told by the content: the kind surely, platform and firmware by a guess.
    """

    image_store_id: Id
    kind: Literal["auto", "root", "data", "iso"] = "auto"
    source: Literal["upload", "url", "starter"]
    url: Annotated[str, Meta(max_length=2048)] = ""
    platform: Literal["auto", "linux", "windows", "other"] = "auto"
    firmware: Literal["auto", "bios", "uefi", "uefi_secure"] = "auto"
    size_bytes: Annotated[int, Meta(ge=0)] = 0  # of the file to upload
    sha256: Annotated[str, Meta(max_length=64)] = ""  # checked if given


class VolumeCreateImage(Create, kw_only=True, frozen=True):
    """Make an image out of a volume as it is now, or of one of its snapshots.

    `auto` as for other images, but the kind follows the disk.
    """

    image_store_id: Id
    snapshot_id: Id | None = None
    kind: Literal["auto", "root", "data"] = "auto"
    platform: Literal["auto", "linux", "windows", "other"] = "auto"
    firmware: Literal["auto", "bios", "uefi", "uefi_secure"] = "auto"


class ImageUpdate(Update, kw_only=True, frozen=True):
    """Change of what is said of an image; fields left out stay as they are.

    A disk may be for starting from or for data, whatever it was taken for.
    """

    kind: Literal["root", "data"] | UnsetType = UNSET
    platform: Literal["linux", "windows", "other"] | UnsetType = UNSET
    firmware: Literal["bios", "uefi", "uefi_secure"] | UnsetType = UNSET


class RangeSpec(Request, kw_only=True, frozen=True):
    """Addresses in a row, both ends included; without `last` one address, or a block like
    192.168.100.64/26.
    """

    first: str
    last: str = ""


Ranges = Annotated[list[RangeSpec], Meta(min_length=1, max_length=64)]
Reserved = Annotated[list[RangeSpec], Meta(max_length=64)]


class RouteSpec(Request, kw_only=True, frozen=True):
    """A way that machines are told of: packets to `destination` (a CIDR) go to `next_hop`."""

    destination: str
    next_hop: str


Domain = Annotated[str, Meta(max_length=253)]
# An option of DHCP has 255 bytes, a route up to nine of them; two are always told.
Routes = Annotated[list[RouteSpec], Meta(max_length=24)]


Ipv6Text = Annotated[str, Meta(max_length=64)]
Ipv6Ranges = Annotated[list[RangeSpec], Meta(max_length=64)]
Services = Annotated[list[Service], Meta(max_length=6)]
VlanTag = Annotated[int, Meta(ge=1, le=4094)]  # IEEE 802.1Q
Vni = Annotated[int, Meta(ge=1, le=16_777_215)]  # RFC 7348
Mtu = Annotated[int, Meta(ge=576, le=9216)]


class NetworkCreate(Create, kw_only=True, frozen=True):
    """Make a network for the VMs of a cluster.

    Kinds: private on each host by itself ("nat"), private over all hosts ("vxlan", out of a pool,
    with the lowest free VNI if none is asked for), on a NIC ("physical"), or on a NIC with a tag
    ("vlan"). Without `mtu` (in bytes) it gets the largest that all hosts of the cluster carry, on
    a NIC 1500 at most.
    """

    cluster_id: Id
    kind: NetworkKind = "nat"
    physical_interface: Annotated[str, Meta(max_length=15)] = ""
    vlan_id: VlanTag | None = None
    vxlan_pool_id: Id | None = None
    vni: Vni | None = None
    cidr: str
    gateway: str
    dns: list[str] = []
    domain: Domain = ""
    mtu: Mtu | None = None
    ranges: Ranges
    reserved: Reserved = []
    allocation: Allocation = "first"
    host_routes: Routes = []
    services: Services | None = None  # all that the kind can have
    ipv6_mode: Ipv6Mode = "none"
    ipv6_cidr: Ipv6Text = ""  # left out: a private network gets one of its own
    ipv6_gateway: Ipv6Text = ""
    ipv6_ranges: Ipv6Ranges = []  # left out: nearly all


class NetworkUpdate(Update, kw_only=True, frozen=True):
    """Change of a network's name, description, and what it tells its machines.

    Machines learn of it when they renew their lease or start.
    """

    dns: list[str] | UnsetType = UNSET
    domain: Domain | UnsetType = UNSET
    host_routes: Routes | UnsetType = UNSET


class NetworkSetRanges(Request, kw_only=True, frozen=True):
    """Change which addresses a network gives out, and in which order; fields left out stay."""

    ranges: Ranges | UnsetType = UNSET
    reserved: Reserved | UnsetType = UNSET
    allocation: Allocation | UnsetType = UNSET


class NetworkSetIpv6(Request, kw_only=True, frozen=True):
    """Give a network an IPv6 part, change it, or take it away (mode "none").

    What is left out stays as long as mode and CIDR do, else it is chosen anew.
    Machines that are there get their addresses at once, or lose them.
    """

    ipv6_mode: Ipv6Mode | UnsetType = UNSET
    ipv6_cidr: Ipv6Text | UnsetType = UNSET
    ipv6_gateway: Ipv6Text | UnsetType = UNSET
    ipv6_ranges: Ipv6Ranges | UnsetType = UNSET


class NetworkSetServices(Request, kw_only=True, frozen=True):
    """Say what a network does for its machines."""

    services: Services


class SettingChange(Request, kw_only=True, frozen=True):
    """Give a global setting another value."""

    name: Annotated[str, Meta(max_length=100)]
    value: int | float | bool | str


class SettingReset(Request, kw_only=True, frozen=True):
    """Give a global setting its default value back."""

    name: Annotated[str, Meta(max_length=100)]


class DeletionPreview(Request, kw_only=True, frozen=True):
    """What would deleting this resource do?"""

    kind: Annotated[str, Meta(max_length=100)]
    id: Id


class PathCheck(Request, kw_only=True, frozen=True):
    """Can this directory on this host hold images or disks?"""

    path: str


class NetworkCheck(Request, kw_only=True, frozen=True):
    """Could this network be made on this host?"""

    kind: NetworkKind = "nat"
    physical_interface: str = ""
    vlan_id: VlanTag | None = None
    vxlan_pool_id: Id | None = None
    vni: Vni | None = None
    mtu: Mtu | None = None
    cidr: str
    gateway: str
    ranges: list[RangeSpec] = []


class UrlCheck(Request, kw_only=True, frozen=True):
    """Does this address answer with something that could be an image?"""

    url: str


# What a NIC carries at most in one direction; None: as much as it can.
Bandwidth = Annotated[int, Meta(ge=LIMIT_MIN_BITS_PER_S, le=LIMIT_MAX_BITS_PER_S)]
NICS_MAX = 8  # of one machine


class NewNic(Request, kw_only=True, frozen=True):
    """A further NIC in a network, with this address or one that is free.

    Without `security_group_ids` it is in those that the machine's own request names, or else in
    what the setting security_group.new_machines says. Inbound is what the machine receives.
    """

    network_id: Id
    address: str | None = None
    ipv6_address: Ipv6Text | None = None
    security_group_ids: Annotated[list[Id], Meta(max_length=16)] | None = None
    inbound_bits_per_s: Bandwidth | None = None
    outbound_bits_per_s: Bandwidth | None = None


# Of a volume; what hosts make is a multiple of this.
SizeBytes = Annotated[int, Meta(ge=1024**2, le=64 * 1024**4, multiple_of=1024**2)]
# How a guest reaches a disk: virtio-blk, or a disk of a virtio SCSI controller.
Bus = Literal["virtio", "virtio_scsi"]
DATA_VOLUMES_MAX = 8  # of one machine: each takes a port of its PCIe bus, as NICs do


class DataDisk(Request, kw_only=True, frozen=True):
    """A data disk that a machine is made with; it is called after it if it has no name. It is empty
    unless it is a copy of an image of the kind `data`, and with the root disk unless
    `primary_storage_id` says where.
    """

    name: Annotated[str, Meta(max_length=255)] = ""
    image_id: Id | None = None
    primary_storage_id: Id | None = None  # for administrators
    size_bytes: SizeBytes
    bus: Bus = "virtio"


# One a line, as in authorized_keys.
SshKeys = Annotated[str, Meta(max_length=16384)]
# As it is, or in base64, also packed with gzip; 64 KiB at most.
UserData = Annotated[str, Meta(max_length=65536)]
HostName = Annotated[str, Meta(max_length=63)]
# How a guest learns of its keys and user data: it asks over the network, reads a start-up disc
# (NoCloud), or does not at all. "auto": a disc where no network of the machine offers metadata.
CloudInit = Literal["auto", "metadata", "seed", "none"]


class VmCreate(Create, kw_only=True, frozen=True):
    """Make and start virtual machines; with `count` above 1 they are named name-1, name-2, …

    Address, security groups and limits are those of the default NIC, which is in `network_id`.
    """

    image_id: Id | None = None
    iso_id: Id | None = None  # a CD or DVD in its drive; without an image the root disk is empty
    snapshot_id: Id | None = None  # the root disk is a copy of it, where it lies; without an image
    network_id: Id
    offering_id: Id | None = None
    cpu_count: Annotated[int, Meta(ge=1, le=1024)] | None = None
    memory_bytes: Annotated[int, Meta(ge=32 * 1024**2, le=64 * 1024**4)] | None = None
    count: Annotated[int, Meta(ge=1, le=100)] = 1
    root_disk_bytes: Annotated[int, Meta(ge=0, le=64 * 1024**4)] = 0  # 0: as the image
    root_bus: Bus = "virtio"
    data_disks: Annotated[list[DataDisk], Meta(max_length=DATA_VOLUMES_MAX)] = []
    # Left out: the firmware that the image is for, the cluster's processor, no room to grow
    hardware: NewHardware | None = None
    host_id: Id | None = None
    primary_storage_id: Id | None = None  # of its disks; else the first one that they fit on
    on_host_boot: Literal["restart", "leave_off"] = "restart"  # if it ran when its host went
    strategy: Literal["least_loaded", "most_packed"] = "least_loaded"
    address: str | None = None
    ipv6_address: Ipv6Text | None = None
    ssh_public_key: SshKeys = ""
    user_data: UserData = ""
    hostname: HostName = ""  # left out: made from the name
    cloud_init: CloudInit = "auto"
    start: bool = True
    affinity_group_id: Id | None = None
    # Left out: as the setting security_group.new_machines says
    security_group_ids: Annotated[list[Id], Meta(max_length=16)] | None = None
    inbound_bits_per_s: Bandwidth | None = None
    outbound_bits_per_s: Bandwidth | None = None
    more_nics: Annotated[list[NewNic], Meta(max_length=NICS_MAX - 1)] = []
    owner_id: Id | None = None  # the account that gets them; administrators may name another


class AffinityGroupCreate(Create, kw_only=True, frozen=True):
    """Make a group of virtual machines that are placed together, or apart."""

    policy: Literal["affinity", "anti_affinity"]
    is_required: bool = False


class VmSetAffinityGroup(Request, kw_only=True, frozen=True):
    """Put a machine into an affinity group; without one, take it out."""

    affinity_group_id: Id | None = None


class VmAttachNic(NewNic, kw_only=True, frozen=True):
    """Give a machine a further NIC in a network, with this address or one that is free."""


class VmNic(Request, kw_only=True, frozen=True):
    """Names a NIC of the machine."""

    nic_id: Id


class VmSetNicLimits(Request, kw_only=True, frozen=True):
    """Limit what a NIC of the machine carries, or all of them; a field left out stays, null is
    unlimited. Inbound is what the machine receives.
    """

    nic_id: Id | None = None
    inbound_bits_per_s: Bandwidth | UnsetType | None = UNSET
    outbound_bits_per_s: Bandwidth | UnsetType | None = UNSET


class VmStop(Request, kw_only=True, frozen=True):
    """Ask the guest to shut down; force it after the time-out, or at once."""

    force: bool = False
    timeout_s: Annotated[int, Meta(ge=1, le=3600)] = 60


class VmBulk(Request, kw_only=True, frozen=True):
    """Do one thing with many machines; each becomes a part of one job, with its own result."""

    action: Literal["start", "stop", "reboot", "pause", "resume", "destroy", "recover", "expunge"]
    ids: Annotated[list[Id], Meta(min_length=1, max_length=1000)]
    force: bool = False  # of stop and reboot


class VmReboot(Request, kw_only=True, frozen=True):
    """Restart the guest: gracefully, or by the reset button."""

    force: bool = False


class ConsoleOpen(Request, kw_only=True, frozen=True):
    """Ask for a console."""

    kind: Literal["vnc", "serial"] = "vnc"
    view_only: bool = False


class SetupPlanUpdate(Request, kw_only=True, frozen=True):
    """Keep what the administrator typed into one step of the set-up."""

    step: str
    request: dict[str, Any]
