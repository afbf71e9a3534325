"""Lets QEMU catch accesses to memory that has not come yet (userfaultfd), which post-copy needs.

QEMU has no privileges, and the kernel lets such processes do it only if the sysctl
vm.unprivileged_userfaultfd is 1 (Documentation/admin-guide/sysctl/vm.rst). For all time that would
help attackers of the kernel, so it is 1 only while this host receives a machine that may need it.
Only the destination does: QEMU asks there, and nowhere else.
"""

from __future__ import annotations

from pathlib import Path

import structlog

from hostagent.protocol.link import CommandFailed

SETTING = Path("/proc/sys/vm/unprivileged_userfaultfd")
BEFORE = Path("/run/anyun/userfaultfd-before")
ALLOWED = "1"

log = structlog.get_logger(__name__)


class UserFaults:
    """The kernel's setting. `before` is a file that survives the agent, but not the host."""

    def __init__(self, setting: Path = SETTING, before: Path = BEFORE) -> None:
        self._setting, self._before = setting, before
        self._users: set[str] = set()
        self._give_back()  # an agent that was killed left it

    def allow(self, migration_id: str) -> None:
        """Allow it until `release`. Raises CommandFailed if this host's kernel cannot do it."""
        try:
            value = self._setting.read_text(encoding="ascii").strip()
            if value != ALLOWED:
                self._before.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
                self._before.write_text(value, encoding="ascii")
                self._setting.write_text(ALLOWED, encoding="ascii")
                log.info("migration_userfaults", allowed=True)
        except OSError as error:
            raise CommandFailed("migration.no_userfaultfd", f"{self._setting}: {error}") from error
        self._users.add(migration_id)

    def release(self, migration_id: str) -> None:
        """It needs it no more: the setting is as before when nobody does."""
        self._users.discard(migration_id)
        if not self._users:
            self._give_back()

    def _give_back(self) -> None:
        try:
            value = self._before.read_text(encoding="ascii")
            self._setting.write_text(value, encoding="ascii")
            self._before.unlink()
        except FileNotFoundError:
            return  # nothing was changed
        except OSError as error:
            log.warning("migration_userfaults", reason=str(error))
        else:
            log.info("migration_userfaults", allowed=False)
