"""Runs one dnsmasq in each network's namespace and sees to it that it keeps running."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

import structlog

from hostagent.network.links.netns import namespace_path
from hostagent.network.plan.network import NetworkPlan
from hostagent.network.processes import run
from hostagent.network.services.dhcp import (
    DhcpFiles,
    render_config,
    render_hosts,
    render_local_names,
    render_names,
    unprivileged_user,
)

_STOP_TIMEOUT_S = 5.0

log = structlog.get_logger(__name__)


class Dnsmasq:
    """The DHCP and DNS server of one network."""

    def __init__(self, files: DhcpFiles) -> None:
        self.files = files

    def pid(self) -> int | None:
        """Process id of our running dnsmasq, or None.

        A pid file may outlive its process, so the command line has to name our configuration.
        """
        try:
            pid = int(self.files.pid.read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        return pid if _option(self.files.config).encode() in command else None

    async def test(self, plan: NetworkPlan) -> None:
        """Raise ProcessFailed if dnsmasq would refuse the plan's configuration."""
        self._make_folder()
        candidate = self.files.folder / "dnsmasq.conf.new"
        candidate.write_text(self._config(plan))
        try:
            await run("dnsmasq", "--test", f"--conf-file={candidate}")
        finally:
            candidate.unlink(missing_ok=True)

    async def converge(self, plan: NetworkPlan) -> None:
        """Make dnsmasq serve `plan`: nothing, a signal or a restart, whichever is needed.

        Raises ProcessFailed; a configuration that dnsmasq refuses does not replace the old one.
        """
        if not plan.needs_dnsmasq:
            await self.remove()
            return
        self._make_folder()
        config = self._config(plan)
        pid = self.pid()
        if pid is not None and not _is_inside(pid, plan.namespace):
            await self.stop()
            pid = None
        if _read(self.files.config) != config:
            await self.test(plan)
            if pid is not None:
                await self.stop()
                pid = None
            _write(self.files.config, config)
        changed = [_write(path, text) for path, text in self._lists(plan).items()]
        if pid is None:
            await self._start(plan)
        elif any(changed):
            os.kill(pid, signal.SIGHUP)

    async def stop(self) -> None:
        """End dnsmasq, with force if it does not go by itself."""
        pid = self.pid()
        if pid is None:
            return
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            signal.pidfd_send_signal(handle, signal.SIGTERM)
            if not await exited(handle, _STOP_TIMEOUT_S):
                log.warning("dnsmasq.killed", pid=pid)
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                await exited(handle, _STOP_TIMEOUT_S)
        except ProcessLookupError:
            pass  # it went between the look and the signal, which is what we want
        finally:
            os.close(handle)

    async def remove(self) -> None:
        """End dnsmasq and delete its files."""
        await self.stop()
        shutil.rmtree(self.files.folder, ignore_errors=True)

    def stale_leases(self, plan: NetworkPlan) -> list[tuple[str, str]]:
        """Leases (MAC, address) of NICs that are gone: dnsmasq would keep their addresses back."""
        known = {(port.mac, port.address) for port in plan.spec.ports}
        found = []
        for line in (_read(self.files.leases) or "").splitlines():
            match line.split():
                case [_expiry, mac, address, *_] if (mac, address) not in known:
                    found.append((mac, address))
        return found

    def serves(self, plan: NetworkPlan) -> bool:
        """Whether dnsmasq runs with what `plan` says, or does not if there is nothing to do."""
        if not plan.needs_dnsmasq:
            return self.pid() is None
        return (
            self.pid() is not None
            and _read(self.files.config) == self._config(plan)
            and all(_read(path) == text for path, text in self._lists(plan).items())
        )

    def _config(self, plan: NetworkPlan) -> str:
        return render_config(plan, self.files, *unprivileged_user())

    def _lists(self, plan: NetworkPlan) -> dict[Path, str]:
        return {
            self.files.hosts: render_hosts(plan),
            self.files.names: render_names(plan),
            self.files.local_names: render_local_names(plan),
        }

    def _make_folder(self) -> None:
        # dnsmasq reads its files again after it has dropped root.
        self.files.folder.mkdir(parents=True, exist_ok=True)
        self.files.folder.chmod(0o755)

    async def _start(self, plan: NetworkPlan) -> None:
        self.files.pid.unlink(missing_ok=True)
        await run(
            "nsenter",
            f"--net={namespace_path(plan.namespace)}",
            "dnsmasq",
            _option(self.files.config),
        )
        log.info("dnsmasq.started", network=plan.spec.id, pid=self.pid())


def _option(config: Path) -> str:
    return f"--conf-file={config}"


def _is_inside(pid: int, namespace: str) -> bool:
    try:
        inode = Path(f"/proc/{pid}/ns/net").stat().st_ino
    except FileNotFoundError:
        return False
    return inode == namespace_path(namespace).stat().st_ino


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def _write(path: Path, text: str) -> bool:
    """Replace a file at once if its content differs; True if it did."""
    if _read(path) == text:
        return False
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text)
    temporary.chmod(0o644)
    temporary.replace(path)
    return True


async def exited(pidfd: int, timeout_s: float) -> bool:
    """Wait until the process behind `pidfd` has ended; False if it takes longer."""
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    loop.add_reader(pidfd, done.set)
    try:
        async with asyncio.timeout(timeout_s):
            await done.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(pidfd)
    return True
