"""The inside of machines: what guests tell of themselves, and what is changed in them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.protocol.requests import CloudInit as CloudInit
from appliance.protocol.requests import HostName, Id, Request, SshKeys, Update, UserData
from appliance.protocol.volumes import CdDrive as CdDrive

USER_DATA_MAX_BYTES = 64 * 1024
PASSWORD_MAX = 256
# Names as Linux and Windows have them; a colon or a line's end would make another line of it
# where passwords are written down.
UserName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^:/\\\x00-\x1f\x7f]+$")]


CD_DRIVES = 2
Slot = Annotated[int, Meta(ge=0, le=CD_DRIVES - 1)]


class GuestNic(msgspec.Struct, kw_only=True, frozen=True):
    """A network interface as the guest has it; addresses as CIDR text."""

    name: str
    mac: str
    addresses: list[str]


class GuestFileSystem(msgspec.Struct, kw_only=True, frozen=True):
    """A file system that the guest has mounted; sizes are 0 if it does not tell them."""

    mount_point: str
    kind: str
    total_bytes: int
    used_bytes: int


class GuestInfo(msgspec.Struct, kw_only=True, frozen=True):
    """What a machine's guest tells of itself through its agent.

    All else is empty if no agent answers (`is_answering`).
    """

    is_answering: bool
    hostname: str = ""
    os: str = ""
    kernel: str = ""
    nics: list[GuestNic] = []
    file_systems: list[GuestFileSystem] = []


class VmUpdate(Update, kw_only=True, frozen=True):
    """Change of a machine's name, description, and what its guest reads at its start.

    Keys and user data are told anew at once where the guest asks over the network, and on the
    start-up disc from the next start on.
    """

    ssh_public_key: SshKeys | UnsetType = UNSET
    user_data: UserData | UnsetType = UNSET
    hostname: HostName | UnsetType = UNSET
    cloud_init: CloudInit | UnsetType = UNSET


class VmChangeImage(Request, kw_only=True, frozen=True):
    """Make the root disk anew from another image; what is on it is lost.

    Without a size it stays as large as it is, or becomes as large as the image.
    """

    image_id: Id
    root_disk_bytes: Annotated[int, Meta(ge=0, le=64 * 1024**4)] = 0


class VmAttachIso(Request, kw_only=True, frozen=True):
    """Put a CD or DVD into a drive of the machine: this one, or the first that is empty."""

    image_id: Id
    slot: Slot | None = None


class VmDetachIso(Request, kw_only=True, frozen=True):
    """Take the disc out of a drive; by force also if the guest has locked it."""

    slot: Slot | None = None  # needed if there are discs in both
    force: bool = False


class VmSetPassword(Request, kw_only=True, frozen=True):
    """Give a user of the guest another password. It goes to the guest, and is kept nowhere."""

    user: UserName
    password: Annotated[
        str, Meta(min_length=1, max_length=PASSWORD_MAX, pattern=r"^[^\x00-\x1f\x7f]+$")
    ]

    def __repr__(self) -> str:
        """Without the password: whatever is shown of this may be logged."""
        return f"VmSetPassword(user={self.user!r})"
