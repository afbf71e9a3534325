"""A repeated request is told from another one, whichever field differs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from appliance.protocol.hardware import NewHardware
from appliance.protocol.ids import new_id
from appliance.protocol.requests import DataDisk, NewNic, VmCreate
from appliance.services.compute.creation import digest

BASE = VmCreate(name="web", image_id=new_id(), network_id=new_id())
OTHER: dict[type, Any] = {str: "other", int: 7, bool: False}
VALUES = {
    "address": "10.0.0.9",
    "ipv6_address": "fd00::9",
    "memory_bytes": 2**30,
    "inbound_bits_per_s": 10**6,
    "outbound_bits_per_s": 10**6,
}
CHOICES = {
    "strategy": "most_packed",
    "cloud_init": "seed",
    "on_host_boot": "leave_off",
    "root_bus": "virtio_scsi",
    "hardware": NewHardware(firmware="uefi"),
}


def other(field: msgspec.structs.FieldInfo) -> Any:
    value = getattr(BASE, field.name)
    if field.name in CHOICES:
        return CHOICES[field.name]
    if field.name == "more_nics":
        return [NewNic(network_id=new_id())]
    if field.name == "data_disks":
        return [DataDisk(size_bytes=2**30)]
    if field.name == "security_group_ids":
        return [new_id()]
    if field.name.endswith("_id") or field.name == "id":
        return new_id()
    if value is None:
        return VALUES.get(field.name, 7)
    return OTHER[type(value)]


@pytest.mark.parametrize("field", msgspec.structs.fields(VmCreate), ids=lambda field: field.name)
def test_any_other_field_makes_another_request(field: msgspec.structs.FieldInfo) -> None:
    changed = msgspec.structs.replace(BASE, **{field.name: other(field)})
    assert changed != BASE
    assert digest(changed) != digest(BASE)
    assert digest(msgspec.json.decode(msgspec.json.encode(changed), type=VmCreate)) == digest(
        changed
    )
