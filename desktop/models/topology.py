"""Where everything stands on the picture of the networks: no Qt, only boxes and lines.

Outside at the top, networks below it, hosts with their machines below those. Hosts flow into rows
so that the whole is about as wide as a screen, however many machines there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, inf, sqrt

from appliance.protocol import resources as r
from desktop.models.columns import natural

OUTSIDE = "outside"
NOWHERE = ""  # the host of machines that are placed on none
CHIP = (136.0, 44.0)
CHIP_GAP = 8.0
NETWORK = (208.0, 56.0)
GAP = 32.0
HEAD = 36.0  # of a host, above its machines
ROW_GAP = 56.0
WIDE = 1.6  # how much wider than high a host and the whole shall be


@dataclass(frozen=True)
class Box:
    """One thing on the picture. `networks` are the ids of those that it is attached to."""

    kind: str
    ref: str
    title: str
    detail: str
    x: float
    y: float
    width: float
    height: float
    state: str = ""
    networks: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by."""
        return self.kind, self.ref


@dataclass
class Picture:
    """Everything with its place; `lines` join keys of boxes."""

    boxes: dict[tuple[str, str], Box] = field(default_factory=dict)
    lines: list[tuple[tuple[str, str], tuple[str, str]]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0

    def add(self, box: Box) -> None:
        """Put a box on the picture."""
        self.boxes[box.key] = box
        self.width = max(self.width, box.x + box.width)
        self.height = max(self.height, box.y + box.height)

    def related(self, key: tuple[str, str]) -> set[tuple[str, str]]:
        """A box with all that belongs to it: a machine's networks, a network's machines."""
        box = self.boxes.get(key)
        if box is None:
            return set()
        found = {key, *(("network", ref) for ref in box.networks)}
        if box.kind == "network":
            found |= {one.key for one in self.boxes.values() if box.ref in one.networks}
        if box.kind == "host":
            inside = (one for one in self.boxes.values() if one.kind == "vm" and _within(one, box))
            found |= {one.key for one in inside}
        return found


def arrange(
    vms: Sequence[r.Vm], hosts: Sequence[r.Host], networks: Sequence[r.Network], outside: str
) -> Picture:
    """The picture of a cloud; `outside` is what the world is called."""
    picture = Picture()
    tops = _host_boxes(picture, vms, hosts)
    width = max(picture.width, len(networks) * (NETWORK[0] + GAP) - GAP, NETWORK[0])
    left = (width - (len(networks) * (NETWORK[0] + GAP) - GAP)) / 2
    for place, network in enumerate(sorted(networks, key=lambda one: natural(one.name))):
        x = left + place * (NETWORK[0] + GAP)
        box = Box("network", network.id, network.name, network.cidr, x, tops, *NETWORK)
        picture.add(box)
        picture.lines.append((box.key, (OUTSIDE, "")))
    picture.add(Box(OUTSIDE, "", outside, "", (width - NETWORK[0]) / 2, 0.0, *NETWORK))
    return picture


def _host_boxes(picture: Picture, vms: Sequence[r.Vm], hosts: Sequence[r.Host]) -> float:
    """Place hosts with their machines; returns where the networks above them stand."""
    top = NETWORK[1] + ROW_GAP
    known = {host.id for host in hosts}
    on_host: dict[str, list[r.Vm]] = defaultdict(list)
    for vm in vms:
        place = vm.host_id or NOWHERE
        on_host[place if place in known else NOWHERE].append(vm)
    shown = [(host.id, host.name, host.status.value) for host in hosts]
    shown.sort(key=lambda one: natural(one[1]))
    if on_host[NOWHERE]:
        shown.append((NOWHERE, "", ""))
    sizes = {ref: _size_of(len(on_host[ref])) for ref, _, _ in shown}
    below = top + NETWORK[1] + ROW_GAP
    places = _best_rows([sizes[ref] for ref, _, _ in shown], below)
    for (ref, name, status), (x, y) in zip(shown, places, strict=True):
        picture.add(Box("host", ref, name, "", x, y, *sizes[ref], state=status))
        _chips(picture, on_host[ref], x, y)
    return top


def _best_rows(sizes: Sequence[tuple[float, float]], top: float) -> list[tuple[float, float]]:
    """Places of boxes in rows below `top`, so that the whole can be shown as large as possible."""
    best: list[tuple[float, float]] = []
    least = inf
    for abreast in range(1, len(sizes) + 1):
        wide = max(
            sum(width + GAP for width, _ in sizes[start : start + abreast]) - GAP
            for start in range(0, len(sizes), abreast)
        )
        places, height = _rows(sizes, wide, top)
        if max(wide / WIDE, height) < least:
            best, least = places, max(wide / WIDE, height)
    return best


def _rows(
    sizes: Sequence[tuple[float, float]], wide: float, top: float
) -> tuple[list[tuple[float, float]], float]:
    """Places from left to right, beginning anew at `wide`; and where the last row ends."""
    x, y, row_height = 0.0, top, 0.0
    places = []
    for width, height in sizes:
        if x > 0 and x + width > wide:
            x, y, row_height = 0.0, y + row_height + GAP, 0.0
        places.append((x, y))
        x, row_height = x + width + GAP, max(row_height, height)
    return places, y + row_height


def _abreast(count: int) -> int:
    """How many machines stand side by side on a host, so that it is wide rather than high."""
    ratio = (CHIP[1] + CHIP_GAP) / (CHIP[0] + CHIP_GAP)
    return max(1, round(sqrt(WIDE * ratio * count)))


def _size_of(count: int) -> tuple[float, float]:
    columns = _abreast(count)
    rows = max(1, ceil(count / columns))
    return (
        columns * (CHIP[0] + CHIP_GAP) + CHIP_GAP,
        HEAD + rows * (CHIP[1] + CHIP_GAP) + CHIP_GAP,
    )


def _chips(picture: Picture, vms: Sequence[r.Vm], x: float, y: float) -> None:
    for place, vm in enumerate(sorted(vms, key=lambda one: natural(one.name))):
        row, column = divmod(place, _abreast(len(vms)))
        networks = tuple(nic.network_id for nic in vm.nics)
        box = Box(
            "vm",
            vm.id,
            vm.name,
            ", ".join(nic.elastic_address or nic.address for nic in vm.nics),
            x + CHIP_GAP + column * (CHIP[0] + CHIP_GAP),
            y + HEAD + row * (CHIP[1] + CHIP_GAP),
            *CHIP,
            state=vm.state.value,
            networks=networks,
        )
        picture.add(box)
        picture.lines += [(box.key, ("network", ref)) for ref in dict.fromkeys(networks)]


def _within(box: Box, other: Box) -> bool:
    return (
        other.x <= box.x
        and box.x + box.width <= other.x + other.width
        and other.y <= box.y
        and box.y + box.height <= other.y + other.height
    )
