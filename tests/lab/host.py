"""One test host: a network namespace and a mount namespace with its own libvirtd.

Everything that a test host makes lies in its folder and its namespaces; `stop` ends all its
processes and removes the namespace and the veth pair, also after failures.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

LIBVIRTD_CONF = 'host_uuid = "{uuid}"\nauth_unix_rw = "none"\nunix_sock_group = "root"\n'
QEMU_CONF = """\
user = "root"
group = "root"
dynamic_ownership = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
"""
PRIVATE = ("/etc/libvirt", "/run", "/var/lib/libvirt", "/var/log/libvirt")


@dataclass
class LabHost:
    """Parameters: `name` short and unique on the machine; `folder` for everything it writes.

    The host reaches the root namespace at `outer_address`, over a veth pair of its own. Folders
    in `private` are its own as well, as if they were on its disk. `nics` are addresses of further
    NICs, which whoever plugs them in adds.
    """

    name: str
    folder: Path
    number: int = 1
    private: tuple[Path, ...] = ()
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    nics: dict[str, str] = field(default_factory=dict)

    @property
    def outer_address(self) -> str:
        """Our end of the veth pair: where the host reaches the service."""
        return f"10.99.{self.number}.1"

    @property
    def inner_address(self) -> str:
        """The host's own address."""
        return f"10.99.{self.number}.2"

    def start(self) -> None:
        """Make the namespaces and start libvirtd; returns when it answers."""
        if self._namespace_exists():
            self.stop()  # left by a test run that was killed
        self._make_network()
        self._make_mounts()
        self._start_libvirtd()

    def stop(self) -> None:
        """End everything; may be called after a half-done start."""
        self._end_namespaces_inside()
        for process in reversed(self.processes):
            _end(process)
        if self._namespace_exists():
            self._end_all_inside()
            _run("ip", "netns", "delete", self.name)
        subprocess.run(["ip", "link", "delete", self._link], capture_output=True, check=False)
        _unmount_below(self.folder)

    def command(self, *arguments: str) -> list[str]:
        """`arguments` as a command line that runs inside the host."""
        pid = str(self.processes[0].pid)
        return [
            "nsenter",
            f"--net=/run/netns/{self.name}",
            f"--mount=/proc/{pid}/ns/mnt",
            *arguments,
        ]

    def run(self, *arguments: str, timeout_s: float = 60.0) -> str:
        """Run a command inside the host; returns what it printed. Raises on failure.

        What a command said is a note of the CalledProcessError.
        """
        return _run(*self.command(*arguments), timeout_s=timeout_s)

    def spawn(self, *arguments: str, log: Path) -> subprocess.Popen[bytes]:
        """Start a process inside the host; it is ended with the host."""
        with log.open("ab") as file:
            process = subprocess.Popen(
                self.command(*arguments), stdout=file, stderr=file, stdin=subprocess.DEVNULL
            )
        self.processes.append(process)
        return process

    @property
    def _link(self) -> str:
        return f"lab-{self.name}"[:15]

    def _make_network(self) -> None:
        _run("ip", "netns", "add", self.name)
        _run("ip", "link", "add", self._link, "type", "veth", "peer", "eth0", "netns", self.name)
        _run("ip", "address", "add", f"{self.outer_address}/24", "dev", self._link)
        _run("ip", "link", "set", self._link, "up")
        self._configure_network()

    def _configure_network(self) -> None:
        inside = ["ip", "-n", self.name]
        _run(*inside, "link", "set", "lo", "up")
        _run(*inside, "address", "add", f"{self.inner_address}/24", "dev", "eth0")
        _run(*inside, "link", "set", "eth0", "up")
        _run(*inside, "route", "add", "default", "via", self.outer_address)
        for nic in self.nics:
            self.configure_nic(nic)

    def configure_nic(self, nic: str) -> None:
        """Give a further NIC its address, as the machine's settings do at its start."""
        _run("ip", "-n", self.name, "address", "add", self.nics[nic], "dev", nic)
        _run("ip", "-n", self.name, "link", "set", nic, "up")

    def _make_mounts(self) -> None:
        """A process holds the mount namespace: nothing else must outlive it."""
        binds = []
        for path in (*PRIVATE, *map(str, self.private)):
            private = self.folder / path.strip("/").replace("/", "-")
            private.mkdir(parents=True)
            Path(path).mkdir(parents=True, exist_ok=True)
            binds.append(f"mount --bind {private} {path}")
        (self.folder / "etc-libvirt" / "libvirtd.conf").write_text(
            LIBVIRTD_CONF.format(uuid=uuid.uuid4())
        )
        (self.folder / "etc-libvirt" / "qemu.conf").write_text(QEMU_CONF)
        script = " && ".join(
            [*binds, "mkdir -p /run/netns /run/lock", "echo ready", "exec sleep infinity"]
        )
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.name, "unshare", "-m", "sh", "-c", script],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        self.processes.append(process)
        assert process.stdout is not None
        with process.stdout as output:
            said = output.readline()
        if said != b"ready\n":
            raise RuntimeError("the host's mounts could not be made")

    def _start_libvirtd(self) -> None:
        log = self.folder / "libvirtd.log"
        self.spawn("virtlogd", log=log)
        self.libvirtd = self.spawn("libvirtd", log=log)
        self._await_libvirtd()

    def _await_libvirtd(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.run("virsh", "-q", "version", timeout_s=20)
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def restart_libvirtd(self) -> None:
        """Kill libvirtd and start it again; machines go on running."""
        self.stop_libvirtd()
        self.start_libvirtd()

    def stop_libvirtd(self) -> None:
        """End libvirtd; machines go on running."""
        _end(self.libvirtd)

    @contextlib.contextmanager
    def frozen_libvirtd(self) -> Iterator[None]:
        """While this lasts, libvirtd is there and does not answer."""
        self.libvirtd.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.libvirtd.send_signal(signal.SIGCONT)

    def start_libvirtd(self) -> None:
        """Start libvirtd again; returns when it answers."""
        self.libvirtd = self.spawn("libvirtd", log=self.folder / "libvirtd.log")
        self._await_libvirtd()

    def crash(self) -> None:
        """Lose all that a machine loses when its power goes: processes, links, rules, /run.

        Its NICs are there again, without addresses, and libvirtd runs.
        """
        self._end_namespaces_inside()
        self._end_all_inside(but_for=self.processes[0].pid)
        for line in self.run("ip", "netns", "list").splitlines():
            self.run("ip", "netns", "delete", line.split()[0])
        self.run("nft", "flush", "ruleset")
        for link in json.loads(self.run("ip", "-j", "link")):
            if link["ifname"] != "lo" and not link["ifname"].startswith("eth"):
                with contextlib.suppress(subprocess.CalledProcessError):  # went with its peer
                    self.run("ip", "link", "delete", link["ifname"])
            elif link["ifname"] != "lo":
                self.run("ip", "address", "flush", "dev", link["ifname"])
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=0")
        self.run("find", "/run", "-mindepth", "1", "-not", "-path", "/run/netns", "-delete")
        self.run("mkdir", "-p", "/run/lock")
        self._configure_network()
        self._start_libvirtd()

    def _namespace_exists(self) -> bool:
        return Path(f"/run/netns/{self.name}").exists()

    def _end_namespaces_inside(self) -> None:
        """What an agent left running in network namespaces of its own (DHCP servers)."""
        if not self.processes or self.processes[0].poll() is not None:
            return
        with contextlib.suppress(subprocess.SubprocessError):
            for line in self.run("ip", "netns", "list").splitlines():
                for pid in self.run("ip", "netns", "pids", line.split()[0]).split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)

    def _end_all_inside(self, but_for: int = 0) -> None:
        """Only processes in this host's own network namespaces are touched."""
        for _ in range(20):
            pids = {int(pid) for pid in _run("ip", "netns", "pids", self.name).split()} - {but_for}
            if not pids:
                return
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)


def _run(*arguments: str, timeout_s: float = 30.0) -> str:
    result = subprocess.run(
        arguments, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    if result.returncode != 0:
        error = subprocess.CalledProcessError(
            result.returncode, arguments, result.stdout, result.stderr
        )
        error.add_note(result.stderr)
        raise error
    return result.stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _unmount_below(folder: Path) -> None:
    """Nothing of a host's own mounts is seen here, but a failed start may leave some."""
    shutil.rmtree(folder / "run", ignore_errors=True)
