"""Which columns the table of each kind of resource has, and how values look in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.cli.texts import say
from appliance.cli.texts_help import TITLES, VERBS
from appliance.client.snapshot_tree import Placed
from appliance.protocol import resources as r
from appliance.protocol import security as s
from appliance.protocol import tenancy as t
from appliance.protocol.address_map import AddressUse
from appliance.protocol.drops import NicLosses, NotedPacket
from appliance.protocol.effective import EffectiveRule
from appliance.protocol.elastic import ElasticIp
from appliance.protocol.foreign import UnknownVm
from appliance.protocol.hosts import PlannedMachine
from appliance.protocol.layer2 import VxlanPool
from appliance.protocol.messages import Language, render, sentence, size, word
from appliance.protocol.nodes import ManagementNode
from appliance.protocol.snapshots import ChainFile, Snapshot

SIZES = frozenset({"memory", "volume_bytes", "image_bytes"})  # quotas that are sizes
Cell = Callable[[Any, Language], str]


@dataclass(frozen=True)
class Column:
    """A column: key of its heading in `texts`, and its cell for one resource."""

    heading: str
    cell: Cell
    is_number: bool = False


def moment(value: datetime | None) -> str:
    """A time in the local time zone; empty if it has not come."""
    return value.astimezone().strftime("%Y-%m-%d %H:%M") if value else ""


def ports(rule: s.SecurityRule | EffectiveRule) -> str:
    """Ports, or ICMP type and code, as people write them."""
    if rule.port_first is not None:
        is_one = rule.port_last == rule.port_first
        return str(rule.port_first) if is_one else f"{rule.port_first}-{rule.port_last}"
    if rule.icmp_type is not None:
        return f"{rule.icmp_type}/{'*' if rule.icmp_code is None else rule.icmp_code}"
    return "*"


def second(value: datetime) -> str:
    """A time to the second, in the local time zone."""
    return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def end(address: str, port: int | None) -> str:
    """An address with its port; `–` if the packet had none."""
    if port is None:
        return address or "–"
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def what(packet: NotedPacket) -> str:
    """A packet's protocol, with the type and code of ICMP."""
    if packet.icmp_type is None:
        return packet.protocol
    return f"{packet.protocol} {packet.icmp_type}/{packet.icmp_code}"


def _figure(attribute: str) -> Cell:
    def cell(losses: NicLosses, _: Language) -> str:
        value = getattr(losses, attribute)
        return "?" if value is None else str(value)

    return cell


def _noted(losses: NicLosses, language: Language) -> str:
    kinds = {"spoofed": losses.is_logging_spoofed, "refused": losses.is_logging_refused}
    found = [word(f"drop.kind.{kind}", language) for kind, is_on in kinds.items() if is_on]
    return ", ".join(found) or word("drop.kind.none", language)


def _peer(rule: EffectiveRule, language: Language) -> str:
    if rule.peer_group_id is None:
        return rule.cidr or "*"
    more = " …" if rule.peer_count > len(rule.peer_addresses) else ""
    return f"{rule.peer_group_name} ({', '.join(rule.peer_addresses) or '–'}{more})"


def _planned(machine: PlannedMachine, language: Language) -> str:
    words = word(f"maintenance.action.{machine.action}", language)
    return f"{words} → {machine.host_name}" if machine.host_name else words


def _planned_why(machine: PlannedMachine, language: Language) -> str:
    said = []
    for reason in machine.reasons:
        words = sentence(reason.code, reason.params, language)
        said.append(f"{reason.host_name}: {words}" if reason.host_name else words)
    return "\n".join(dict.fromkeys(said))


def _unknown_disks(machine: UnknownVm, _: Language) -> str:
    return "\n".join(f"{disk.path} ({size(disk.size_bytes)})" for disk in machine.disks)


def _unknown_problems(machine: UnknownVm, language: Language) -> str:
    origin = word("unknown.was_ours" if machine.was_ours else "unknown.foreign", language)
    problems = [word(f"unknown.problem.{code}", language) for code in machine.problems]
    return "\n".join([origin, *problems])


def _cpu_used(host: r.Host, _: Language) -> str:
    return "–" if host.load is None else f"{host.load.cpu_share:.0%}"


def _memory_used(host: r.Host, _: Language) -> str:
    if host.load is None or not host.load.memory_total_bytes:
        return "–"
    return f"{host.load.memory_used_bytes / host.load.memory_total_bytes:.0%}"


def _plain(heading: str, attribute: str | None = None, *, is_number: bool = False) -> Column:
    name = attribute or heading
    return Column(heading, lambda item, _: str(getattr(item, name)), is_number)


def _size(heading: str, attribute: str) -> Column:
    return Column(heading, lambda item, _: size(getattr(item, attribute)), is_number=True)


def _word(heading: str, prefix: str, attribute: str) -> Column:
    def cell(item: Any, language: Language) -> str:
        return word(f"{prefix}.{getattr(item, attribute)}", language)

    return Column(heading, cell)


def _moment(heading: str, attribute: str) -> Column:
    return Column(heading, lambda item, _: moment(getattr(item, attribute)))


def _pair(heading: str, used: str, total: str, *, is_size: bool = False) -> Column:
    def cell(item: Any, _: Language) -> str:
        figures = (getattr(item, used), getattr(item, total))
        return " / ".join(size(figure) if is_size else str(figure) for figure in figures)

    return Column(heading, cell, is_number=True)


def _count(heading: str, attribute: str) -> Column:
    return Column(heading, lambda item, _: str(len(getattr(item, attribute))), is_number=True)


def _quota_figure(attribute: str) -> Cell:
    def cell(quota: t.Quota, _: Language) -> str:
        value = getattr(quota, attribute)
        if value == t.UNLIMITED and attribute == "limit":
            return "∞"
        return size(value) if quota.name in SIZES else str(value)

    return cell


def _summary(item: t.OperationInfo, language: Language) -> str:
    title = TITLES.get(item.name)
    if language == "en":
        return item.summary
    noun, _, verb = item.name.partition(".")
    general = VERBS.get(verb, item.summary).format(kind=word(f"kind.{noun}", language))
    return title or general


def _job_error(job: r.Job, language: Language) -> str:
    return render(job.error.code, job.error.params, language).message if job.error else ""


NAME = _plain("name")
ID = _plain("id")
STATE = _word("state", "state", "state")
STATUS = _word("status", "status", "status")


def _here(placed: Placed, language: Language) -> str:
    """Where the volume stands now; snapshots of all disks of a machine have a mark, too."""
    words = [say("you_are_here", language)] if placed.snapshot.is_current else []
    if placed.snapshot.group_id:
        words.append(say("all_disks", language))
    return ", ".join(words)


def _file_state(file: ChainFile, language: Language) -> str:
    if not file.problem:
        return say("sound", language)
    reason = f" ({file.reason})" if file.reason else ""
    return word(f"chain.problem.{file.problem}", language) + reason


COLUMNS: dict[type[Any], tuple[Column, ...]] = {
    r.Zone: (NAME, STATE, _plain("description"), ID),
    r.Cluster: (NAME, _plain("hypervisor"), STATE, ID),
    r.Host: (
        NAME,
        _plain("address"),
        STATUS,
        STATE,
        _plain("accelerator"),
        _pair("cpu", "cpu_claimed", "cpu_capacity"),
        _pair("memory", "memory_claimed_bytes", "memory_capacity_bytes", is_size=True),
        Column("cpu_used", _cpu_used, is_number=True),
        Column("memory_used", _memory_used, is_number=True),
        ID,
    ),
    UnknownVm: (
        NAME,
        _word("state", "domain.state", "state"),
        _plain("cpu", "cpu_count", is_number=True),
        _size("memory", "memory_bytes"),
        Column("disks", _unknown_disks),
        Column("why", _unknown_problems),
        ID,
    ),
    PlannedMachine: (
        _plain("vm", "vm_name"),
        _word("state", "vm.state", "state"),
        _size("memory", "memory_bytes"),
        Column("action", _planned),
        Column("why", _planned_why),
    ),
    r.HostCandidate: (
        _plain("name", "hostname"),
        _plain("address"),
        STATUS,
        _plain("accelerator"),
        _plain("cpu", "cpu_count", is_number=True),
        _size("memory", "memory_bytes"),
        ID,
    ),
    r.ImageStore: (
        NAME,
        _plain("kind"),
        _plain("path"),
        STATUS,
        _pair("free", "available_bytes", "total_bytes", is_size=True),
        ID,
    ),
    r.PrimaryStorage: (
        NAME,
        _plain("kind"),
        _plain("path"),
        STATE,
        STATUS,
        _pair("free", "available_bytes", "total_bytes", is_size=True),
        ID,
    ),
    r.Cleanup: (
        _plain("resource", "resource_name"),
        _word("operation", "operation", "operation"),
        _plain("error"),
        ID,
    ),
    ManagementNode: (
        NAME,
        _word("state", "node.status", "status"),
        _moment("started", "started_at"),
        _moment("seen", "seen_at"),
        ID,
    ),
    AddressUse: (
        _plain("address"),
        _word("use", "use", "use"),
        _plain("vm", "vm_name"),
        _plain("mac"),
    ),
    s.TraceStep: (
        Column("passed", lambda step, _: "✓" if step.is_passed else "✗"),
        Column("step", lambda step, language: sentence(step.code, step.params, language)),
    ),
    ElasticIp: (
        NAME,
        _plain("address"),
        _plain("network", "network_name"),
        _plain("vm", "vm_name"),
        Column("vm_address", lambda item, _: item.vm_address or ""),
        ID,
    ),
    s.SecurityGroup: (
        NAME,
        _count("rules", "rules"),
        _plain("vms", "vm_count", is_number=True),
        _plain("description"),
        ID,
    ),
    s.SecurityRule: (
        _plain("group", "security_group_id"),
        _word("direction", "direction", "direction"),
        _word("action", "rule", "action"),
        _plain("priority", is_number=True),
        _plain("protocol"),
        Column("ports", lambda rule, _: ports(rule)),
        Column("peer", lambda rule, _: rule.cidr or rule.peer_group_id or "*"),
        ID,
    ),
    r.InstanceOffering: (
        NAME,
        _plain("cpu", "cpu_count", is_number=True),
        _size("memory", "memory_bytes"),
        STATE,
        ID,
    ),
    r.AffinityGroup: (
        NAME,
        _word("policy", "policy", "policy"),
        Column("required", lambda group, _: "✓" if group.is_required else ""),
        _plain("vms", "vm_count", is_number=True),
        _plain("description"),
        ID,
    ),
    r.Image: (
        NAME,
        _word("state", "image.status", "status"),
        _plain("kind"),
        _plain("platform"),
        _plain("firmware"),
        _plain("format"),
        _size("size", "size_bytes"),
        _size("disk", "virtual_size_bytes"),
        ID,
    ),
    VxlanPool: (
        NAME,
        _plain("vni_first", is_number=True),
        _plain("vni_last", is_number=True),
        _plain("underlay", "underlay_cidr"),
        _plain("networks", is_number=True),
        ID,
    ),
    r.Network: (
        NAME,
        _plain("kind"),
        _plain("cidr"),
        _plain("gateway"),
        _pair("used", "addresses_used", "addresses_total"),
        ID,
    ),
    NicLosses: (
        _plain("address"),
        _plain("network", "network_name"),
        Column("spoofed", _figure("spoofed_packets"), is_number=True),
        Column("refused", _figure("refused_packets"), is_number=True),
        Column("noted", _noted),
    ),
    NotedPacket: (
        Column("at", lambda packet, _: second(packet.at)),
        _word("direction", "direction", "direction"),
        Column("protocol", lambda packet, _: what(packet)),
        Column("from", lambda packet, _: end(packet.source, packet.source_port)),
        Column("to", lambda packet, _: end(packet.destination, packet.destination_port)),
        Column("why", lambda packet, lang: sentence(packet.reason, packet.params, lang)),
    ),
    EffectiveRule: (
        _plain("priority", is_number=True),
        _word("action", "rule", "action"),
        _plain("protocol"),
        Column("ports", lambda rule, _: ports(rule)),
        Column("peer", _peer),
        _plain("group", "security_group_name"),
        _plain("description"),
    ),
    r.Vm: (
        NAME,
        _word("state", "vm.state", "state"),
        Column("addresses", lambda vm, _: ", ".join(nic.address for nic in vm.nics)),
        _plain("cpu", "cpu_count", is_number=True),
        _size("memory", "memory_bytes"),
        _plain("image", "image_name"),
        _plain("host", "host_name"),
        ID,
    ),
    r.Volume: (
        NAME,
        _word("kind", "volume.kind", "kind"),
        _word("state", "volume.status", "status"),
        _size("size", "size_bytes"),
        _plain("vm", "vm_name"),
        _plain("host", "host_name"),
        ID,
    ),
    Snapshot: (
        NAME,
        _word("state", "snapshot.status", "status"),
        _plain("volume", "volume_name"),
        _size("size", "size_bytes"),
        _moment("created", "created_at"),
        ID,
    ),
    Placed: (
        Column("name", lambda placed, _: placed.prefix + placed.snapshot.name),
        Column("here", _here),
        Column("state", lambda one, lang: word(f"snapshot.status.{one.snapshot.status}", lang)),
        Column("volume", lambda placed, _: placed.snapshot.volume_name),
        Column("size", lambda placed, _: size(placed.snapshot.size_bytes), is_number=True),
        Column("used", lambda placed, _: size(placed.snapshot.used_bytes), is_number=True),
        Column("created", lambda placed, _: moment(placed.snapshot.created_at)),
        Column("id", lambda placed, _: placed.snapshot.id),
    ),
    ChainFile: (
        _plain("path"),
        Column("state", _file_state),
        _size("size", "size_bytes"),
        _size("used", "used_bytes"),
        Column("snapshot", lambda file, _: file.snapshot_id or "–"),
    ),
    r.Job: (
        _word("operation", "operation", "operation"),
        _plain("resource", "resource_name"),
        _word("state", "job.state", "state"),
        Column("percent", lambda job, _: f"{job.percent} %", is_number=True),
        Column("error", _job_error),
        _moment("created", "created_at"),
        ID,
    ),
    r.Account: (NAME, _plain("kind"), STATE, _plain("description"), ID),
    t.User: (NAME, STATE, _plain("description"), ID),
    t.Group: (NAME, _count("users", "user_ids"), _plain("description"), ID),
    t.Role: (NAME, _count("statements", "statements"), _plain("description"), ID),
    t.Share: (
        _word("kind", "kind", "kind"),
        _plain("resource", "resource_name"),
        Column("account", lambda share, _: share.account_id or "*"),
        ID,
    ),
    t.Token: (
        NAME,
        Column("scopes", lambda token, _: ", ".join(token.scopes)),
        _moment("expires", "expires_at"),
        _moment("last_used", "last_used_at"),
        ID,
    ),
    t.Quota: (
        _word("quota", "quota", "name"),
        Column("used", _quota_figure("used"), is_number=True),
        Column("limit", _quota_figure("limit"), is_number=True),
    ),
    t.OperationInfo: (
        _plain("operation", "name"),
        _plain("access"),
        Column("allowed", lambda item, _: "✓" if item.is_allowed else ""),
        Column("description", _summary),
    ),
    r.AuditEntry: (
        _moment("at", "at"),
        _plain("account", "account_name"),
        _plain("address"),
        _plain("operation"),
        _plain("resource", "resource_id"),
        _plain("outcome"),
    ),
}
