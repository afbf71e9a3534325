"""The layout of the topology: everything is there, in its place, and nothing overlaps."""

from __future__ import annotations

from itertools import combinations

import msgspec
import pytest

from appliance.protocol import resources as r
from desktop.models.topology import NOWHERE, OUTSIDE, Box, Picture, arrange
from tests.gui.samples import infrastructure, make_id, make_vm


def cloud(vm_count: int, host_count: int, network_count: int) -> Picture:
    host, network = infrastructure()["host"][0], infrastructure()["network"][0]
    hosts = [
        msgspec.structs.replace(host, id=make_id(500 + n), name=f"node-{n}")
        for n in range(host_count)
    ]
    networks = [
        msgspec.structs.replace(network, id=make_id(700 + n), name=f"net-{n}")
        for n in range(network_count)
    ]
    vms = []
    for number in range(vm_count):
        vm = make_vm(number + 1, r.VmState.RUNNING)
        nics = [
            msgspec.structs.replace(nic, network_id=networks[number % network_count].id)
            for nic in vm.nics
        ]
        place = hosts[number % host_count].id if host_count else None
        vms.append(msgspec.structs.replace(vm, host_id=place, nics=nics))
    return arrange(vms, hosts, networks, "Outside")


def overlap(one: Box, two: Box) -> bool:
    return (
        one.x < two.x + two.width
        and two.x < one.x + one.width
        and one.y < two.y + two.height
        and two.y < one.y + one.height
    )


@pytest.mark.parametrize("sizes", [(1, 1, 1), (14, 1, 2), (200, 5, 4), (37, 3, 12)])
def test_everything_has_a_place_of_its_own(sizes: tuple[int, int, int]) -> None:
    picture = cloud(*sizes)
    kinds = [kind for kind, _ in picture.boxes]
    assert [kinds.count(kind) for kind in ("vm", "host", "network", OUTSIDE)] == [*sizes, 1]
    boxes = list(picture.boxes.values())
    for one, two in combinations([box for box in boxes if box.kind != "vm"], 2):
        assert not overlap(one, two), (one, two)
    for one, two in combinations([box for box in boxes if box.kind == "vm"], 2):
        assert not overlap(one, two), (one, two)
    for box in boxes:
        assert min(box.x, box.y) >= 0
        assert box.x + box.width <= picture.width
        assert box.y + box.height <= picture.height


def test_two_hundred_machines_make_a_picture_that_fits_a_screen() -> None:
    picture = cloud(200, 5, 4)
    assert 0.8 < picture.width / picture.height < 2.5
    # Shown whole on a window of this size, a chip is still wide enough for a name.
    scale = min(1000 / picture.width, 700 / picture.height)
    assert 136 * scale > 60


def test_machines_stand_on_their_host_and_hang_on_their_networks() -> None:
    picture = cloud(10, 2, 2)
    host = picture.boxes["host", make_id(500)]
    lit = picture.related(host.key)
    assert {key for key in lit if key[0] == "vm"} == {
        ("vm", make_id(number + 1)) for number in range(0, 10, 2)
    }
    network = ("network", make_id(700))
    assert picture.related(network) >= {("vm", make_id(1)), network}
    assert picture.related(("vm", make_id(1))) == {("vm", make_id(1)), network}
    assert ((network), (OUTSIDE, "")) in picture.lines
    assert picture.related(("vm", "nobody")) == set()


def test_machines_without_a_host_have_a_place_too() -> None:
    vm = msgspec.structs.replace(make_vm(1, r.VmState.STOPPED), host_id=None)
    picture = arrange([vm], [], [], "Outside")
    assert ("host", NOWHERE) in picture.boxes
    assert ("vm", vm.id) in picture.boxes
    assert set(arrange([], [], [], "Outside").boxes) == {(OUTSIDE, "")}
