"""Command-line options from request structs, and request bodies from what was typed."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import typer
from msgspec import inspect as mi

from appliance.cli.disks import parse_disk
from appliance.cli.hardware import HARDWARE_HELP
from appliance.cli.nics import METAVAR, parse_nic, parse_nic_with_mac
from appliance.protocol.bandwidth import parse_bandwidth
from appliance.protocol.hardware import Hardware
from appliance.protocol.hardware_text import parse_cell, parse_pin, parse_topology
from appliance.protocol.references import FIELD_KINDS, PART_FIELDS
from appliance.protocol.sizes import parse_size
from appliance.protocol.tenancy import UNLIMITED

HELP = {
    "on_host_boot": "What becomes of the machine, if it ran when its host went, after a reboot.",
    "parallel": "How many machines leave at once.",
    "restart": "Start the machines again that were stopped for the maintenance.",
    "machine": "Id of the unknown machine.",
    "primary_storage_id": "Primary storage: id or name.",
    "nics": "NIC: a network by id or name, then what the NIC is to have, like "
    "office,mac=52:54:00:12:34:56; may be repeated.",
    "probe": "Find out anew whether KVM works, which takes a minute.",
    "cpu_ratio": "How many CPUs VMs may claim for each that is there.",
    "memory_ratio": "How much memory VMs may claim for each byte that is there.",
    "memory_reserved_bytes": "Memory kept for the host itself.",
    "ratio": "How many bytes disks may claim for each that is there.",
    "reserved_bytes": "Space that disks may not claim.",
    "threshold": "Place nothing new where more than this share (0 to 1) is really used.",
    "strategy": "Which host is taken: the emptiest or the fullest that fits.",
    "action": "What to do.",
    "value": "The new value; -1 is no limit for a quota.",
    "ids": "Whom to do it to; may be given several times.",
    "id": "Id for the new resource; with it the command can be repeated safely.",
    "name": "Name, up to 255 characters; need not be unique.",
    "description": "Description.",
    "zone_id": "Zone: id or name.",
    "cluster_id": "Cluster: id or name.",
    "host_id": "Host: id or name.",
    "candidate_id": "Enrolled machine: id or host name.",
    "image_store_id": "Image store: id or name.",
    "image_id": "Image: id or name.",
    "network_id": "Network: id or name.",
    "offering_id": "Instance offering: id or name; or give --cpu-count and --memory.",
    "affinity_group_id": "Affinity group: id or name.",
    "security_group_id": "Security group: id or name.",
    "security_group_ids": "Security group: id or name; may be given several times.",
    "peer_group_id": "Security group at the other end: id or name.",
    "direction": "What comes to members (in), or leaves them (out).",
    "priority": "1 to 1000; lower goes first, and at the same number what denies.",
    "protocol": "any, tcp, udp, icmp or icmpv6.",
    "port_first": "First destination port.",
    "port_last": "Last destination port; left out, the first is the only one.",
    "icmp_type": "ICMP type.",
    "icmp_code": "ICMP code.",
    "log_drops": "Note packets that its machines are refused, a few of each NIC a minute.",
    "is_enabled": "Whether it holds.",
    "vm_id": "Virtual machine: id or name.",
    "volume_id": "Volume: id or name.",
    "snapshot_id": "Snapshot: id or name.",
    "save_as": "Keep what is there now as a snapshot of this name; else it is lost.",
    "quiesce": "Let the guest's agent freeze its file systems meanwhile, if there is one.",
    "to_vm_id": "Where to: id or name of a virtual machine.",
    "to_address": "Where to: an address.",
    "port": "Destination port.",
    "policy": "Whether its machines share hosts (affinity) or stay apart (anti_affinity).",
    "is_required": "Rather refuse than place a machine where the policy does not fit.",
    "hypervisor": "Kind of hypervisor.",
    "path": "Absolute path of a directory on the host.",
    "kind": "Which kind.",
    "options": "Further mount options, with commas between.",
    "monitors": "Monitor of a Ceph cluster: address, with port if need be; may be given several "
    "times.",
    "key": "File with the key of the Ceph user; - reads standard input.",
    "cpu_count": "Number of virtual CPUs.",
    "memory_bytes": "Memory, like 512M or 4GiB.",
    "root_disk_bytes": "Size of the root disk, like 20GiB; 0: as large as the image.",
    "count": "How many; above 1 they are called NAME-1, NAME-2, …",
    "address": "Fixed IPv4 address; else the system chooses.",
    "ipv6_address": "Fixed IPv6 address; else the system chooses.",
    "ipv6_mode": "How machines come to IPv6 addresses: slaac (they make them), dhcp, or none.",
    "ipv6_cidr": "The IPv6 network, like fd00:1::/64; left out, a private one is chosen.",
    "ipv6_gateway": "IPv6 address of the gateway; else the network's first one.",
    "ipv6_ranges": "IPv6 addresses that DHCPv6 gives out, like fd00:1::100-fd00:1::1ff or "
    "fd00:1::/80; may be repeated; none for nearly all.",
    "ssh_public_key": "SSH public key for the guest; @FILE reads it from a file.",
    "iso_id": "CD or DVD to put into its drive: id or name; without an image, its root disk is "
    "empty.",
    "slot": "Which of the two CD drives: 0 or 1.",
    "hostname": "Host name of the guest; without it, it is made from the machine's name.",
    "cloud_init": "How the guest learns of keys and user data: metadata (it asks over the "
    "network), seed (on a start-up disc), none, or auto.",
    "user": "User: of the guest, or of a Ceph cluster without “client.”.",
    "user_data": "User data for the guest's first boot; @FILE reads it from a file, @- from input.",
    "start": "Start it at once.",
    "force": "At once, without asking the guest.",
    "stop_machines": "Stop the machines that use it.",
    "timeout_s": "Seconds until the guest is switched off if it does not obey.",
    "view_only": "Look only; keys and mouse do nothing.",
    "source": "Where an image comes from; an NFS export (server:/directory), or a Ceph pool.",
    "url": "Address of the image, http:// or https://.",
    "platform": "Operating system in the image.",
    "firmware": "Firmware that machines start with: bios, uefi, or uefi_secure.",
    "size_bytes": "Size: of a volume, like 20G, or of the file to upload.",
    "auto_converge": "Slow the machine down if it writes faster than its memory can be sent.",
    "post_copy": "If several passes do not suffice, go on over there before all memory has come: "
    "ends for certain, but a fault meanwhile loses the machine as a power cut would.",
    "bandwidth_bytes_s": "At most so many bytes a second, for example 100M; 0 is no limit.",
    "read_iops": "Read operations a second; 0 is no limit.",
    "write_iops": "Write operations a second; 0 is no limit.",
    "read_bytes_s": "Bytes read in a second, like 50M; 0 is no limit.",
    "write_bytes_s": "Bytes written in a second, like 50M; 0 is no limit.",
    "sha256": "Checksum that the image must have.",
    "physical_interface": "NIC of the hosts that a physical network attaches to.",
    "vlan_id": "VLAN (802.1Q tag) from 1 to 4094.",
    "vxlan_pool_id": "VXLAN pool that a VXLAN network takes its VNI from: id or name.",
    "vni": "VNI of a VXLAN network; without it the lowest free one of its pool.",
    "vni_first": "First VNI of the pool.",
    "vni_last": "Last VNI of the pool.",
    "underlay_cidr": "Network that the hosts have the addresses of their tunnels in, like "
    "10.0.0.0/24.",
    "cidr": "The network, like 192.168.100.0/24.",
    "gateway": "Address of the gateway.",
    "dns": "DNS server; may be repeated; none for none.",
    "nic_id": "NIC of the machine: its address, MAC, network or id.",
    "inbound_bits_per_s": "Most that it receives, in bits per second like 10M; none: unlimited.",
    "outbound_bits_per_s": "Most that it sends, in bits per second like 10M; none: unlimited.",
    "more_nics": "Further NIC: a network by id or name, then what the NIC is to have, like "
    "office,address=10.0.0.9,security-group=web,inbound=10M,outbound=10M; may be repeated.",
    "data_disks": "Data disk, like 20G or db=20G, with :virtio_scsi for that bus, storage=nas for "
    "another primary storage than the root disk's, image=records for a copy of an image, like "
    "db=20G,storage=nas; may be repeated.",
    "host_routes": "Route that machines are told of, like 10.20.0.0/16=192.168.100.5; may be "
    "repeated; none for none.",
    "domain": "DNS domain of the guests.",
    "mtu": "Largest packet in bytes; without it the largest that all hosts carry.",
    "ranges": "Addresses to give out, like 192.168.100.10-192.168.100.200 or 192.168.100.64/26; "
    "may be repeated.",
    "reserved": "Addresses of the ranges to hold back, like 192.168.100.50-192.168.100.59; may be "
    "repeated; none for none.",
    "allocation": "Which free address is given out: the lowest, any, or the one that was free for "
    "longest.",
    "services": "What the network does for its machines: dhcp, dns, metadata, snat, elastic_ip, "
    "security_group; may be repeated; none for none.",
    "owner_id": "Account that gets it: id or name. For administrators.",
    "account_id": "Account: id or name.",
    "user_id": "User: id or name.",
    "group_id": "Group of users: id or name.",
    "resource_id": "Id of the resource.",
    "statements": "What is allowed and denied, as JSON: "
    '\'[{"effect": "allow", "operations": ["vm.*"]}]\'; @FILE reads it from a file.',
    "scopes": "Operations that it is good for, like vm.* or *.list; may be repeated.",
    "expires_in_s": "Seconds until it expires; never, if it is not given.",
    "step": "Step of the set-up: zone, cluster, host, image_store, primary_storage, offering, "
    "image or network.",
    "request": 'Values to change, as JSON: \'{"name": "lab"}\'; @FILE reads them from a file.',
}
HELP |= HARDWARE_HELP
NOTHING = "none"  # given alone: an empty list
FLAGS = {
    "ranges": "--range",
    "ipv6_ranges": "--ipv6-range",
    "services": "--service",
    "read_bytes_s": "--read-bandwidth",
    "write_bytes_s": "--write-bandwidth",
    "data_disks": "--data-disk",
    "host_routes": "--route",
    "timeout_s": "--guest-timeout",
    "more_nics": "--nic",
    "boot_order": "--boot",
    "cpu_pins": "--cpu-pin",
    "max_cpu_count": "--max-cpus",
    "nics": "--nic",
}
ITEMS = {
    "ranges": "FIRST-LAST",
    "reserved": "FIRST-LAST",
    "ipv6_ranges": "FIRST-LAST",
    "host_routes": "CIDR=NEXT_HOP",
    "more_nics": METAVAR,
    "data_disks": "[NAME=]SIZE[:BUS][,OPTION=VALUE]",
    "cpu_pins": "CPU=HOST_CPUS",
    "numa": "CPUS=MEMORY[@NODE]",
    "nics": METAVAR,
}
# Structs are typed as one text, or field by field.
STRUCTS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "topology": (str, "SOCKETSxCORESxTHREADS", {}),
    "hardware": (list[str], "KEY=VALUE", {}),
}
JSON = frozenset({"statements", "request"})
FROM_FILE = frozenset({"ssh_public_key", "user_data", "request", "statements", "key"})
# Secrets: what is given is always the name of a file.
ONLY_FROM_FILE = frozenset({"key"})
# Never options, because other users of the machine can see command lines.
SECRET = frozenset({"password"})
SUFFIXES = ("_id", "_bytes", "_bits_per_s", "_s")


@dataclass(frozen=True)
class RequestField:
    """One field of a request struct and how it looks on the command line."""

    name: str
    type: mi.Type
    required: bool
    default: Any

    @property
    def flags(self) -> list[str]:
        """`--memory` and `--memory-bytes`: short first, the field's own name is taken as well."""
        own = "--" + self.name.replace("_", "-")
        short = FLAGS.get(self.name)
        if short is None:
            suffix = next((end for end in SUFFIXES if self.name.endswith(end)), "")
            short = "--" + self.name.removesuffix(suffix).replace("_", "-")
        flags = [short] if short == own else [short, own]
        if isinstance(self.type, mi.BoolType):
            return [f"{flag}/--no-{flag[2:]}" for flag in flags]
        return flags

    @property
    def flag(self) -> str:
        """The flag as errors name it."""
        return self.flags[0].partition("/")[0]

    def parameter(self) -> inspect.Parameter:
        """The parameter of the command's function."""
        kind, metavar, limits = _shape(self)
        option = typer.Option(
            *self.flags,
            help=HELP[self.name] + self._default_help(),
            metavar=metavar,
            show_default=False,
            **limits,
        )
        return inspect.Parameter(
            self.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if self.required else None,
            annotation=Annotated[kind if self.required else kind | None, option],
        )

    def _default_help(self) -> str:
        if self.required or self.default in (None, "", 0, [], msgspec.NODEFAULT):
            return ""
        shown = self.default
        if isinstance(shown, bool):
            shown = "yes" if shown else "no"
        return rf" \[default: {shown}]"  # a bracket that is no markup

    def value(self, typed: Any) -> Any:
        """What goes into the request; raises typer.BadParameter naming the option."""
        try:
            return _convert(self, typed)
        except (ValueError, OSError) as error:
            raise typer.BadParameter(str(error), param_hint=f"'{self.flag}'") from error


def fields_of(request: type[Any]) -> list[RequestField]:
    """The fields of a request struct: what must be given first, the chosen id last."""
    info = mi.type_info(request)
    assert isinstance(info, mi.StructType)
    found = [
        RequestField(field.name, _plain(field.type), field.required, field.default)
        for field in info.fields
    ]
    return sorted(found, key=lambda field: (not field.required, field.name == "id"))


def body_of(request: type[Any], typed: dict[str, Any]) -> dict[str, Any]:
    """The request's body from the options that were given.

    Raises typer.BadParameter for a value that cannot be one of its field.
    """
    fields = {field.name: field for field in fields_of(request)}
    body = {
        name: fields[name].value(value)
        for name, value in typed.items()
        if value is not None and value not in ([], ()) and name in fields
    }
    _check(request, fields, body)
    return body


def _check(request: type[Any], fields: dict[str, RequestField], body: dict[str, Any]) -> None:
    """Let the struct judge the values, except references, which may still be names."""
    try:
        msgspec.convert(_with_ids(body), request)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        name = place.rstrip("`").partition("[")[0]
        hint = f"'{fields[name].flag}'" if name in fields else None
        raise typer.BadParameter(reason, param_hint=hint) from error


def _with_ids(value: Any, name: str = "") -> Any:
    """A body, or part of it, with an id wherever a resource or a part of one is named."""
    if isinstance(value, dict):
        return {key: _with_ids(item, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_ids(item, name) for item in value]
    is_named = name in FIELD_KINDS or name in PART_FIELDS
    return "0" * 36 if is_named and value is not None else value


def _plain(kind: mi.Type) -> mi.Type:
    """The type without `| None`."""
    if isinstance(kind, mi.UnionType):
        others = [item for item in kind.types if not isinstance(item, mi.NoneType)]
        return others[0] if len(others) == 1 else mi.AnyType()
    return kind


def _shape(field: RequestField) -> tuple[Any, str | None, dict[str, Any]]:
    """Python type, placeholder in the help, and limits of an option."""
    match field.type:
        case mi.BoolType():
            return bool, None, {}
        case mi.LiteralType(values=values):
            return Literal[tuple(values)], None, {}
        case mi.IntType() if field.name.endswith(("_bytes", "_bytes_s")) or field.name == "value":
            return str, "SIZE", {}
        case mi.IntType() if field.name.endswith("_bits_per_s"):
            return str, "RATE", {}
        case mi.IntType(ge=lowest, le=highest):
            return int, "NUMBER", {"min": lowest, "max": highest}
        case mi.AnyType():
            return str, "VALUE", {}
        case mi.FloatType():
            return float, "NUMBER", {}
        case mi.DictType() | mi.ListType() if field.name in JSON:
            return str, "JSON", {}
        case mi.ListType():
            return list[str], ITEMS.get(field.name, "TEXT"), {}
        case mi.StructType():
            return STRUCTS[field.name]
        case mi.StrType():
            return str, _placeholder(field.name), {}
    raise TypeError(f"no option for field {field.name} of type {field.type}")


def _placeholder(name: str) -> str:
    return "ID|NAME" if name in FIELD_KINDS else "ID" if name == "id" else "TEXT"


def _convert(field: RequestField, typed: Any) -> Any:
    if field.name in FROM_FILE:
        typed = from_file(f"@{typed.removeprefix('@')}" if field.name in ONLY_FROM_FILE else typed)
    match field.type:
        case mi.IntType() if typed == str(UNLIMITED):
            return UNLIMITED
        case mi.IntType() if field.name.endswith("_bits_per_s"):
            return parse_bandwidth(typed)
        case mi.IntType(ge=lowest, le=highest) if isinstance(typed, str):
            return _bounded(parse_size(typed), typed, lowest, highest)
        case mi.ListType(item_type=mi.StructType()) if isinstance(typed, str):
            return _json_list(typed)
        case mi.ListType() if typed == [NOTHING]:
            return []
        case mi.ListType(item_type=mi.StructType()):
            parse = PARSERS.get(field.name, _span)
            return [parse(text) for text in typed]
        case mi.StructType() if field.name == "topology":
            return parse_topology(typed)
        case mi.StructType():
            return _hardware(typed)
        case mi.DictType():
            return _json_object(typed)
        case mi.AnyType():
            return _number_or_text(typed)
    return typed


def _number_or_text(typed: str) -> int | float | bool | str:
    """A value whose type the service knows: what looks like a number is one."""
    try:
        value = msgspec.json.decode(typed)
    except msgspec.DecodeError:
        return typed
    return value if isinstance(value, int | float | bool) else typed


def _bounded(size_bytes: int, typed: str, lowest: int | None, highest: int | None) -> int:
    if lowest is not None and size_bytes < lowest:
        raise ValueError(f"{typed} is too small; at least {_readable(lowest)}")
    if highest is not None and size_bytes > highest:
        raise ValueError(f"{typed} is too large; at most {_readable(highest)}")
    return size_bytes


def _readable(size_bytes: int) -> str:
    from appliance.protocol.messages import size

    return size(size_bytes).replace(" ", "")


def _span(text: str) -> dict[str, str]:
    """Two addresses, or one address or block alone."""
    first, dash, last = text.partition("-")
    if not first.strip() or bool(dash) != bool(last.strip()):
        raise ValueError(
            f"{text!r} is no range; write it like 192.168.100.10-192.168.100.200, "
            "192.168.100.10 or 192.168.100.64/26"
        )
    return {"first": first.strip(), "last": last.strip()}


def _hardware(pairs: list[str]) -> dict[str, Any]:
    """Options of `vm update-hardware`, each as KEY=VALUE; raises ValueError."""
    fields = {field.flag[2:]: field for field in fields_of(Hardware)}
    typed: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = (part.strip() for part in pair.partition("="))
        field = fields.get(key.replace("_", "-"))
        if field is None or not sign or not value:
            raise ValueError(f"{pair!r} is no KEY=VALUE; the keys are {', '.join(sorted(fields))}")
        if isinstance(field.type, mi.ListType):
            typed.setdefault(field.name, []).append(value)
        else:
            typed[field.name] = _single(field, value)
    return {
        field.name: _convert(field, typed[field.name])
        for field in fields.values()
        if field.name in typed
    }


def _single(field: RequestField, value: str) -> Any:
    """A value that the command line would have read by the option's type."""
    if isinstance(field.type, mi.BoolType):
        if value not in ("yes", "no"):
            raise ValueError(f"{value!r} is neither yes nor no")
        return value == "yes"
    if isinstance(field.type, mi.IntType) and not field.name.endswith("_bytes"):
        return int(value)
    return value


def _route(text: str) -> dict[str, str]:
    destination, sign, hop = text.partition("=")
    if not destination.strip() or not sign or not hop.strip():
        raise ValueError(f"{text!r} is no route; write it like 10.20.0.0/16=192.168.100.5")
    return {"destination": destination.strip(), "next_hop": hop.strip()}


# How items are read that are no ranges of addresses.
PARSERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "more_nics": parse_nic,
    "nics": parse_nic_with_mac,
    "data_disks": parse_disk,
    "host_routes": _route,
    "cpu_pins": parse_pin,
    "numa": parse_cell,
}


def _json_object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise ValueError(f'{error}; write it like \'{{"name": "lab"}}\'') from error


def _json_list(text: str) -> list[Any]:
    try:
        return msgspec.json.decode(text, type=list[Any])
    except msgspec.MsgspecError as error:
        raise ValueError(f"{error}; write it as a list in brackets") from error


def from_file(text: str) -> str:
    """`text`, or for `@FILE` the content of a file, for `@-` standard input.

    Raises OSError.
    """
    if not text.startswith("@"):
        return text
    if text == "@-":
        return sys.stdin.read()
    return Path(text[1:]).expanduser().read_text(encoding="utf-8")
