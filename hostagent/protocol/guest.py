"""What is asked of the agent inside a guest, and what it answers.

The agent is QEMU's: https://www.qemu.org/docs/master/interop/qemu-ga-ref.html.
"""

import msgspec


class GuestNic(msgspec.Struct, kw_only=True, frozen=True):
    """A network interface as the guest has it; addresses as CIDR text."""

    name: str
    mac: str = ""
    addresses: list[str] = []


class GuestFileSystem(msgspec.Struct, kw_only=True, frozen=True):
    """A file system that the guest has mounted; sizes are 0 if it does not tell them."""

    mount_point: str
    kind: str = ""
    total_bytes: int = 0
    used_bytes: int = 0


class GuestInfo(msgspec.Struct, kw_only=True, frozen=True):
    """What a guest tells of itself; without an agent that answers nothing but that."""

    is_answering: bool
    hostname: str = ""
    os: str = ""
    os_id: str = ""
    kernel: str = ""
    nics: list[GuestNic] = []
    file_systems: list[GuestFileSystem] = []


class GuestPassword(msgspec.Struct, kw_only=True, frozen=True):
    """Give a user of the guest another password."""

    vm_id: str
    user: str
    password: str

    def __repr__(self) -> str:
        """Without the password: whatever is shown of this may be logged."""
        return f"GuestPassword(vm_id={self.vm_id!r}, user={self.user!r})"
