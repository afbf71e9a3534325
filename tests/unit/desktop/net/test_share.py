"""Equal texts become one, and nothing else changes."""

from __future__ import annotations

import msgspec

from appliance.protocol.resources import Vm
from desktop.net.share import Sharer
from tests.gui.samples import make_vm


def decoded(number: int) -> Vm:
    return msgspec.json.decode(msgspec.json.encode(make_vm(number)), type=Vm)


def test_common_texts_are_shared() -> None:
    sharer, one, other = Sharer(), decoded(1), decoded(2)
    sharer.share(one)
    sharer.share(other)
    assert one.image_id is other.image_id
    assert one.nics[0].network_id is other.nics[0].network_id
    assert one.volumes[0].vm_id is one.id


def test_nothing_changes() -> None:
    vm = decoded(1)
    Sharer().share(vm)
    assert vm == make_vm(1)
