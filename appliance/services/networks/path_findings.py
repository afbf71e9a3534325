"""What the paths between hosts tell of switches: a cut-off host, a part of the wire, a small MTU.

No I/O. People look at ports and uplinks rather than at pairs, so what many pairs have in common
is said once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.protocol.errors import Conflict, ErrorBody, to_body

PAIRS_TOLD = 5

Pair = tuple[str, str]


@dataclass
class Found:
    """What a probe has brought to light; hosts by name, pairs are (from, to).

    `sizes` has the largest frame that arrived, 0 for none; `limits` the largest MTU of each host's
    own link; `other_tags` the tag of frames that arrived with another one than they were sent with.
    """

    wire: str
    mtu: int
    hosts: Sequence[str]
    sizes: Mapping[Pair, int]
    limits: Mapping[str, int] = field(default_factory=dict)
    unplugged: Sequence[str] = ()
    other_tags: Mapping[Pair, int] = field(default_factory=dict)


def findings(found: Found) -> list[ErrorBody]:
    """What to look at, the gravest first; empty if everything works."""
    if len(found.hosts) < 2:
        return [_finding("path.few_hosts", count=len(found.hosts))]
    bodies = [_finding("path.no_carrier", name=name, wire=found.wire) for name in found.unplugged]
    bodies += _tags(found)
    bodies += _silence(found)
    bodies += [
        _finding("path.own_mtu", name=name, wire=found.wire, limit=limit, mtu=found.mtu)
        for name, limit in found.limits.items()
        if limit < found.mtu
    ]
    return [*bodies, *_small(found)]


def _tags(found: Found) -> Iterable[ErrorBody]:
    for (source, target), tag in found.other_tags.items():
        code = "path.other_tag" if tag else "path.lost_tag"
        yield _finding(code, source=source, name=target, wire=found.wire, tag=tag)


def _silence(found: Found) -> Iterable[ErrorBody]:
    silent = {pair for pair, size in found.sizes.items() if not size}
    silent -= set(found.other_tags)
    if not silent:
        return
    parts = _parts(found.hosts, set(found.sizes) - silent)
    if len(parts) == len(found.hosts) > 2:
        yield _finding("path.all_silent", wire=found.wire)
        return
    lone = [part[0] for part in parts if len(part) == 1 and part[0] not in found.unplugged]
    if len(found.hosts) > 2:
        for name in lone:
            yield _finding("path.cut_off", name=name, wire=found.wire)
    together = [part for part in parts if len(part) > 1]
    if len(together) > 1:
        words = " | ".join(", ".join(part) for part in together)
        yield _finding("path.islands", count=len(together), parts=words, wire=found.wire)
    if len(parts) > 1 and len(found.hosts) > 2:
        of = {name: number for number, part in enumerate(parts) for name in part}
        silent = {pair for pair in silent if of[pair[0]] == of[pair[1]]}
    yield from _one_way(found, silent)


def _one_way(found: Found, silent: set[Pair]) -> Iterable[ErrorBody]:
    """Hosts that nobody hears, or that hear nobody; then the pairs that this does not explain."""
    for place, code in ((0, "path.mute"), (1, "path.deaf")):
        for name in found.hosts:
            mine = {pair for pair in found.sizes if pair[place] == name}
            if len(mine) > 1 and mine <= silent:
                yield _finding(code, name=name, wire=found.wire)
                silent = silent - mine
    if silent:
        yield _finding(
            "path.silent", count=len(silent), pairs=_told(sorted(silent)), wire=found.wire
        )


def _small(found: Found) -> Iterable[ErrorBody]:
    """Paths that are narrower than both ends."""
    small = {
        pair: size
        for pair, size in found.sizes.items()
        if 0 < size < min(found.mtu, *(found.limits.get(name, found.mtu) for name in pair))
    }
    if not small:
        return
    works = {pair for pair, size in found.sizes.items() if size}
    if set(small) == works and len(found.hosts) > 2:
        yield _finding("path.all_small", size=min(small.values()), mtu=found.mtu, wire=found.wire)
        return
    for name in found.hosts:
        mine = {pair for pair in works if name in pair}
        if len(mine) > 2 and mine <= set(small):
            size = min(small[pair] for pair in mine)
            yield _finding("path.host_small", name=name, size=size, mtu=found.mtu, wire=found.wire)
            small = {pair: size for pair, size in small.items() if name not in pair}
    if small:
        yield _finding(
            "path.small",
            count=len(small),
            pairs=_told(sorted(small)),
            size=min(small.values()),
            mtu=found.mtu,
            wire=found.wire,
        )


def _parts(hosts: Sequence[str], alive: set[Pair]) -> list[list[str]]:
    """Hosts that reach each other in some way, directly or by others."""
    left, parts = list(hosts), []
    while left:
        part, edge = [], [left.pop(0)]
        while edge:
            name = edge.pop()
            part.append(name)
            near = [other for other in left if (name, other) in alive or (other, name) in alive]
            left = [other for other in left if other not in near]
            edge += near
        parts.append(sorted(part, key=hosts.index))
    return parts


def _told(pairs: Sequence[Pair]) -> str:
    words = ", ".join(f"{source} → {target}" for source, target in pairs[:PAIRS_TOLD])
    return f"{words} …" if len(pairs) > PAIRS_TOLD else words


def _finding(code: str, **params: Any) -> ErrorBody:
    return to_body(Conflict(code, **params))
