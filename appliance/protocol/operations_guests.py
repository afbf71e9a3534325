"""The declarations of operations on the inside of machines."""

from __future__ import annotations

from appliance.protocol import guests as g
from appliance.protocol.declaring import TENANT, add, job


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
    job(
        "vm.reimage",
        "POST /vms/{id}/reimage",
        "Make the root disk of a stopped virtual machine anew; what is on it is lost",
        access=TENANT,
    )
    job(
        "vm.change_image",
        "POST /vms/{id}/change-image",
        "Make the root disk of a stopped virtual machine from another image; what is on it is lost",
        g.VmChangeImage,
        TENANT,
    )
    job(
        "vm.attach_iso",
        "POST /vms/{id}/attach-iso",
        "Put a CD or DVD into a drive of a virtual machine, also while it runs",
        g.VmAttachIso,
        TENANT,
    )
    job(
        "vm.detach_iso",
        "POST /vms/{id}/detach-iso",
        "Take a CD or DVD out of a drive of a virtual machine, also while it runs",
        g.VmDetachIso,
        TENANT,
    )
