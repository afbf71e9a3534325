"""The declarations of operations on the hardware and the size of machines."""

from __future__ import annotations

from appliance.protocol import hardware_requests as q
from appliance.protocol import resources as r
from appliance.protocol.declaring import TENANT, add, job


def declare_hardware() -> None:
    """Declare what one can change of a machine besides its disks and NICs."""
    add(
        "vm.update_hardware",
        "PATCH /vms/{id}/hardware",
        "Change firmware, boot order, processor and room to grow of a virtual machine",
        r.Vm,
        request=q.VmUpdateHardware,
        access=TENANT,
    )
    job(
        "vm.resize",
        "POST /vms/{id}/resize",
        "Give a virtual machine another size; while it runs, more CPUs and memory",
        q.VmResize,
        TENANT,
    )
