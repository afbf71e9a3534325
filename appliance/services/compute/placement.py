"""Placement: filters remove hosts one after the other, a strategy orders those that are left.

The filters are SQL conditions, so that the usual case is one query that walks an index of free
memory and stops at the first host that passes all of them, however many hosts there are. The
same conditions, counted one after the other, explain why nothing was found.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from appliance.protocol.errors import ApiError, NoResources
from appliance.protocol.results import (
    PlacementCandidate,
    PlacementFilter,
    PlacementReport,
)
from appliance.services.networks.tunnels import LACKS_ENDPOINT, LACKS_KIND
from appliance.store.fields import database

FREE_SPACE_KEPT_BYTES = 256 * 1024**2
SHOWN_CANDIDATES = 20


@dataclass(frozen=True)
class Affinity:
    """The group that the machine is in. `vm_id` is empty for one that is not there yet."""

    group_id: str
    is_apart: bool
    is_required: bool
    vm_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a virtual machine needs.

    Parameters: `host_id` pins it to one host, `avoid` lists hosts that have just failed,
    `last_host_id` is preferred by the strategy `last_host`. `disk_bytes` is what its new disks
    claim and `image_bytes` what must really be free for its image; both 0 if it has its disks.
    `networks` are those of its networks that not every host can carry, `needs` the abilities that
    its hardware asks of a host, `storages` those of its storages that not every host reaches,
    `others` what new disks claim on storages besides `storage_id`, in bytes. With `is_return` it
    ran on `last_host_id` before, so that will do even if it takes no new machines.
    """

    cluster_id: str
    cpu_count: int
    memory_bytes: int
    storage_id: str
    disk_bytes: int = 0
    image_bytes: int = 0
    host_id: str | None = None
    last_host_id: str | None = None
    avoid: Sequence[str] = field(default_factory=tuple)
    strategy: str = "least_loaded"
    affinity: Affinity | None = None
    networks: Sequence[str] = field(default_factory=tuple)
    needs: Sequence[str] = field(default_factory=tuple)
    is_return: bool = False
    storages: Sequence[str] = field(default_factory=tuple)
    others: Sequence[tuple[str, int]] = field(default_factory=tuple)


@dataclass(frozen=True)
class Choice:
    """The host that was chosen."""

    host_id: str
    accelerator: str


@dataclass(frozen=True)
class Filter:
    """A condition that hosts must pass; `code` names the error when none does."""

    name: str
    condition: str
    code: str


# The machines of the group but this one; those that are off will start where their disks are.
_MEMBERS = (
    "vm g WHERE g.affinity_group_id = :group_id AND g.id != :vm_id "
    "AND g.state NOT IN ('destroying', 'destroyed', 'expunging')"
)
_MEMBERS_HERE = f"{_MEMBERS} AND g.last_host_id = h.id"

# What a machine's hardware asks for, and the host's agent does not report.
_LACKS = (
    "w.value NOT IN (SELECT y.value FROM agent a, json_each(a.facts, '$.machine.abilities') y "
    "WHERE a.id = h.agent_id)"
)

# A storage on which a new disk that is not with the root disk has no room.
_NO_ROOM = """
    json_each(:others) w JOIN primary_storage o ON o.id = json_extract(w.value, '$[0]')
    LEFT JOIN storage_place q ON q.primary_storage_id = o.id
        AND q.host_id = CASE WHEN o.is_shared THEN '' ELSE h.id END
    LEFT JOIN ledger e ON e.holder = q.id AND e.unit = 'disk'
    WHERE COALESCE(e.free, 0) < json_extract(w.value, '$[1]')
        OR q.total_bytes - q.available_bytes > o.threshold * q.total_bytes
"""

FILTERS = (
    Filter("in_cluster", "h.cluster_id = :cluster_id", "placement.no_hosts"),
    Filter("chosen", "(:host_id IS NULL OR h.id = :host_id)", "placement.no_hosts"),
    Filter(
        "enabled",
        "(h.state = 'enabled' OR (:is_return AND h.state = 'disabled' AND h.id = :last_host_id))",
        "placement.none_enabled",
    ),
    Filter("connected", "h.connected", "placement.none_connected"),
    Filter(
        "not_failed", "h.id NOT IN (SELECT value FROM json_each(:avoid))", "placement.all_failed"
    ),
    Filter(
        "network",
        "(:networks = '[]' OR NOT EXISTS (SELECT 1 FROM json_each(:networks) w "  # noqa: S608
        f"JOIN network n ON n.id = w.value WHERE ({LACKS_KIND}) OR ({LACKS_ENDPOINT})))",
        "placement.no_network",
    ),
    Filter(
        "hardware",
        "(:needs = '[]' OR NOT EXISTS "  # noqa: S608 our condition
        f"(SELECT 1 FROM json_each(:needs) w WHERE {_LACKS}))",
        "placement.no_hardware",
    ),
    Filter(
        "storage",
        "(:storages = '[]' OR NOT EXISTS (SELECT 1 FROM json_each(:storages) w WHERE NOT EXISTS "
        "(SELECT 1 FROM storage_host x WHERE x.primary_storage_id = w.value "
        "AND x.host_id = h.id AND x.status = 'connected')))",
        "placement.no_storage",
    ),
    Filter("cpu", "COALESCE(c.free, 0) >= :cpu_count", "placement.no_cpu"),
    Filter("memory", "COALESCE(m.free, 0) >= :memory_bytes", "placement.no_memory"),
    Filter(
        "affinity_group",
        f"(NOT :must_be_apart OR NOT EXISTS (SELECT 1 FROM {_MEMBERS_HERE})) AND "  # noqa: S608
        f"(NOT :must_be_together OR EXISTS (SELECT 1 FROM {_MEMBERS_HERE}) "
        f"OR NOT EXISTS (SELECT 1 FROM {_MEMBERS}))",
        "placement.affinity",
    ),
    Filter(
        "disk_threshold",
        "(:disk_bytes = 0 OR p.total_bytes - p.available_bytes <= s.threshold * p.total_bytes)",
        "placement.threshold",
    ),
    Filter(
        "disk_claimed",
        "(:disk_bytes = 0 OR COALESCE(d.free, 0) >= :disk_bytes)",
        "placement.no_claim",
    ),
    Filter(
        "disk_free",
        "(:disk_bytes = 0 OR COALESCE(p.available_bytes, 0) >= :image_bytes)",
        "placement.no_disk",
    ),
    Filter(
        "other_disks",
        f"(:others = '[]' OR NOT EXISTS (SELECT 1 FROM {_NO_ROOM}))",  # noqa: S608 our condition
        "placement.no_other_disk",
    ),
)

# Which host comes first, of those with `m.free` bytes of memory.
STRATEGIES = {
    "least_loaded": "m.free DESC",
    "most_packed": "m.free ASC",
    "last_host": "h.id = :last_host_id DESC, m.free DESC",
}

_TABLES = """
    {join} host h {on_host}
    {join} ledger c ON c.holder = h.id AND c.unit = 'cpu'
    {join} primary_storage s ON s.id = :storage_id
    {join} storage_place p ON p.primary_storage_id = :storage_id
        AND p.host_id = CASE WHEN s.is_shared THEN '' ELSE h.id END
    {join} ledger d ON d.holder = p.id AND d.unit = 'disk'
"""
# CROSS JOIN keeps SQLite to this order of tables: hosts by free memory, best first.
_FAST = "FROM ledger m" + _TABLES.format(join="CROSS JOIN", on_host="ON h.id = m.holder").replace(
    "CROSS JOIN storage_place", "LEFT JOIN storage_place"
).replace("CROSS JOIN ledger d", "LEFT JOIN ledger d")
_ALL = (
    _TABLES.format(join="LEFT JOIN", on_host="").replace("LEFT JOIN host h", "FROM host h")
    + " LEFT JOIN ledger m ON m.holder = h.id AND m.unit = 'memory'"
)
_CONDITIONS = " AND ".join(item.condition for item in FILTERS)
# Most machines are in networks that every host can carry, on storages that every host has, and need
# nothing that a host may lack: what need not be asked costs nothing.
_UNUSUAL = ("network", "hardware", "storage", "other_disks")
_USUAL_CONDITIONS = " AND ".join(item.condition for item in FILTERS if item.name not in _UNUSUAL)


def choose_host(wish: Wish) -> Choice:
    """The best host that passes all filters; within a write, which makes the choice exact.

    Raises NoResources naming the first filter that no host passed, with the numbers.
    """
    order = _order(wish)
    is_unusual = wish.networks or wish.needs or wish.storages or wish.others
    conditions = _CONDITIONS if is_unusual else _USUAL_CONDITIONS
    rows = _rows(
        f"SELECT h.id, h.agent_id {_FAST} WHERE m.unit = 'memory' AND m.free >= :memory_bytes "
        f"AND {conditions} ORDER BY {order} LIMIT 1",
        _values(wish),
    )
    if not rows:
        raise _refusal(wish)
    host_id, agent_id = rows[0]
    accelerator = _rows(
        "SELECT json_extract(facts, '$.accelerator') FROM agent WHERE id = :id", {"id": agent_id}
    )
    return Choice(host_id, accelerator[0][0] or "tcg")


def explain(wish: Wish) -> PlacementReport:
    """How many hosts each filter removed, and the best of those that are left; within a read."""
    values = _values(wish)
    steps = _count(values)
    order = _order(wish)
    rows = _rows(
        f"SELECT h.id, h.name, c.free, m.free, COALESCE(d.free, 0) {_ALL} "
        f"WHERE {_CONDITIONS} ORDER BY {order} LIMIT {SHOWN_CANDIDATES}",
        values,
    )
    return PlacementReport(
        considered=_rows("SELECT COUNT(*) FROM host", {})[0][0],
        filters=steps,
        candidates=[
            PlacementCandidate(
                host_id=row[0],
                host_name=row[1],
                cpu_free=row[2],
                memory_free_bytes=row[3],
                disk_free_bytes=row[4],
            )
            for row in rows
        ],
    )


@dataclass(frozen=True)
class Judged:
    """A host, and the names of the filters that it does not pass."""

    id: str
    name: str
    accelerator: str
    cpu_free: int
    memory_free_bytes: int
    disk_free_bytes: int
    failed: tuple[str, ...]


def judge(wish: Wish) -> list[Judged]:
    """Each host of the wish's cluster by itself; within a read or write."""
    names = [item.name for item in FILTERS if item.name != "in_cluster"]
    passed = ", ".join(f"({item.condition})" for item in FILTERS if item.name != "in_cluster")
    columns = (
        "h.id, h.name, "
        "(SELECT json_extract(facts, '$.accelerator') FROM agent WHERE id = h.agent_id), "
        "COALESCE(c.free, 0), COALESCE(m.free, 0), COALESCE(d.free, 0)"
    )
    rows = _rows(
        f"SELECT {columns}, {passed} {_ALL} WHERE h.cluster_id = :cluster_id ORDER BY h.name",
        _values(wish),
    )
    return [
        Judged(
            *(ref, name, accelerator or "tcg", cpu, memory, disk),
            tuple(name for name, is_passed in zip(names, passes, strict=True) if not is_passed),
        )
        for ref, name, accelerator, cpu, memory, disk, *passes in rows
    ]


def _order(wish: Wish) -> str:
    """What its group prefers comes before the strategy."""
    order = STRATEGIES[wish.strategy]
    if wish.affinity is None:
        return order
    direction = "ASC" if wish.affinity.is_apart else "DESC"
    return f"(SELECT COUNT(*) FROM {_MEMBERS_HERE}) {direction}, {order}"  # noqa: S608


def _count(values: dict[str, Any]) -> list[PlacementFilter]:
    """How many hosts are left after each filter, all counted in one pass over the hosts."""
    sums = []
    passed = "1"
    for item in FILTERS:
        passed += f" AND {item.condition}"
        sums.append(f"COALESCE(SUM({passed}), 0)")
    (counts,) = _rows(f"SELECT {', '.join(sums)}, COUNT(*) {_ALL}", values)
    found = []
    before = counts[-1]
    for item, left in zip(FILTERS, counts, strict=False):
        found.append(PlacementFilter(name=item.name, removed=before - left, left=left))
        before = left
    return found


def _refusal(wish: Wish) -> ApiError:
    values = _values(wish)
    steps = _count(values)
    index = next((i for i, step in enumerate(steps) if step.left == 0), len(steps) - 1)
    name, code = FILTERS[index].name, FILTERS[index].code
    before = steps[index - 1].left if index else steps[0].removed
    params: dict[str, Any] = {"count": before} | _numbers(wish, index, values)
    filters = [[step.name, step.removed] for step in steps[: index + 1]]
    shown = "host_id" if name == "chosen" else None
    return NoResources(code, field=shown, filters=filters, **params)


def _numbers(wish: Wish, index: int, values: dict[str, Any]) -> dict[str, Any]:
    """What the error text names: what is needed, and the best of the hosts that came so far."""
    passed = " AND ".join(item.condition for item in FILTERS[:index]) or "1"
    best = {"cpu": "c.free", "memory": "m.free"}.get(FILTERS[index].name, "p.available_bytes")
    rows = _rows(
        "SELECT h.name, COALESCE(c.free, 0), COALESCE(m.free, 0), COALESCE(d.free, 0), "
        "COALESCE(p.available_bytes, 0), COALESCE(p.total_bytes, 0), h.cpu_ratio, "
        f"h.memory_reserved_bytes, s.name, s.ratio, s.threshold {_ALL} WHERE {passed} "
        f"ORDER BY {best} DESC LIMIT 1",
        values,
    )
    if not rows:
        return {}
    host, cpu, memory, claimable, available, total, ratio, reserved, storage, over, limit = rows[0]
    match FILTERS[index].name:
        case "cpu":
            return {"host": host, "needed": wish.cpu_count, "free": cpu, "ratio": ratio}
        case "memory":
            return {
                "host": host,
                "needed_bytes": wish.memory_bytes,
                "free_bytes": memory,
                "reserved_bytes": reserved,
            }
        case "network":
            return {"names": ", ".join(_names("network", wish.networks))}
        case "hardware":
            return {"names": ", ".join(_lacking(values, passed))}
        case "storage":
            return {"names": ", ".join(_names("primary_storage", wish.storages))}
        case "other_disks":
            refs = [ref for ref, _ in wish.others]
            return {"names": ", ".join(_names("primary_storage", refs))}
        case "affinity_group":
            group = _rows(
                f"SELECT n.name, (SELECT COUNT(*) FROM {_MEMBERS}) FROM affinity_group n "  # noqa: S608
                "WHERE n.id = :group_id",
                values,
            )
            return {"name": group[0][0], "vms": group[0][1]}
        case "disk_threshold":
            used = 100 * (total - available) // total if total else 100
            return {"name": storage, "used": used, "limit": round(100 * (limit or 0))}
        case "disk_claimed":
            needed = {"needed_bytes": wish.disk_bytes, "free_bytes": claimable}
            return {"name": storage, "host": host, "ratio": over} | needed
        case "disk_free":
            needed = {"needed_bytes": wish.image_bytes, "available_bytes": available}
            return {"name": storage, "host": host} | needed
    return {}


def _names(table: Literal["network", "primary_storage"], ids: Sequence[str]) -> list[str]:
    rows = _rows(
        f"SELECT name FROM {table} WHERE id IN (SELECT value FROM json_each(:ids)) ORDER BY name",  # noqa: S608
        {"ids": json.dumps(list(ids))},
    )
    return [name for (name,) in rows]


def _lacking(values: dict[str, Any], passed: str) -> list[str]:
    """What no host has that came so far; of things that no host has together, all."""
    rows = _rows(
        "SELECT w.value FROM json_each(:needs) w WHERE NOT EXISTS "  # noqa: S608 our conditions
        f"(SELECT 1 {_ALL} WHERE {passed} AND NOT {_LACKS})",
        values,
    )
    return [name for (name,) in rows] or json.loads(values["needs"])


def special_networks(network_ids: Sequence[str]) -> list[str]:
    """Those of networks that not every host of their clusters can carry."""
    rows = _rows(
        "SELECT id FROM network WHERE kind IN ('vlan', 'vxlan') "
        "AND id IN (SELECT value FROM json_each(:ids)) ORDER BY id",
        {"ids": json.dumps(list(network_ids))},
    )
    return [ref for (ref,) in rows]


def special_networks_of(vm_id: str) -> list[str]:
    """The same of a machine's networks."""
    rows = _rows("SELECT network_id FROM nic WHERE vm_id = :vm_id", {"vm_id": vm_id})
    return special_networks([ref for (ref,) in rows])


def _values(wish: Wish) -> dict[str, Any]:
    group = wish.affinity
    return asdict(wish) | {
        "avoid": json.dumps(list(wish.avoid)),
        "networks": json.dumps(list(wish.networks)),
        "needs": json.dumps(list(wish.needs)),
        "storages": json.dumps(list(wish.storages)),
        "others": json.dumps(list(wish.others)),
        "affinity": None,
        "group_id": group.group_id if group else "",
        "vm_id": group.vm_id if group else "",
        "must_be_apart": group is not None and group.is_required and group.is_apart,
        "must_be_together": group is not None and group.is_required and not group.is_apart,
    }


def _rows(sql: str, values: dict[str, Any]) -> list[Any]:
    return database.execute_sql(sql, values).fetchall()
