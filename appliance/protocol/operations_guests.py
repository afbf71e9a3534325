"""The declarations of operations on the inside of machines."""

from __future__ import annotations

from appliance.protocol import guests as g
from appliance.protocol.declaring import TENANT, add


def declare_guests() -> None:
    """Declare what one can learn and change in guests."""
    add(
        "vm.guest_info",
        "GET /vms/{id}/guest",
        "Show what the guest of a virtual machine tells of itself: addresses, system, file systems",
        g.GuestInfo,
        access=TENANT,
    )
    add(
        "vm.set_password",
        "POST /vms/{id}/password",
        "Give a user of the guest another password, through its agent",
        None,
        request=g.VmSetPassword,
        access=TENANT,
        is_secret=True,
    )
