"""The agents in simulated guests: the same answers as QEMU's, or none."""

from __future__ import annotations

from hostagent.protocol.commands import Nothing
from hostagent.protocol.domain import VmRef
from hostagent.protocol.guest import GuestFileSystem, GuestInfo, GuestNic, GuestPassword
from hostagent.protocol.link import CallContext, CommandFailed
from tests.lab.simulated.state import HostState

GiB = 1024**3
USERS = ("root", "debian")


class Guests:
    """What guests answer; those of hosts whose guests do not obey have no agent."""

    def __init__(self, state: HostState) -> None:
        self._state = state

    async def info(self, params: VmRef, _: CallContext) -> GuestInfo:
        """A small Linux with the NICs of its machine."""
        domain = self._state.domains.get(params.vm_id)
        if domain is None or not domain.is_active or not self._state.traits.guests_obey:
            return GuestInfo(is_answering=False)
        return GuestInfo(
            is_answering=True,
            hostname=domain.spec.name,
            os="Simulated Linux",
            kernel="6.1.0-sim",
            nics=[
                GuestNic(name=f"eth{number}", mac=nic.mac)
                for number, nic in enumerate(domain.spec.nics)
            ],
            file_systems=[
                GuestFileSystem(mount_point="/", kind="ext4", total_bytes=8 * GiB, used_bytes=GiB)
            ],
        )

    async def set_password(self, params: GuestPassword, _: CallContext) -> Nothing:
        """There are two users."""
        if not self._state.traits.guests_obey:
            raise CommandFailed("guest.no_agent", "no agent")
        if params.user not in USERS:
            reason = f"user {params.user} does not exist"
            raise CommandFailed("guest.password_refused", reason, user=params.user, reason=reason)
        self._state.note("guest.set_password", params.vm_id)
        return Nothing()
