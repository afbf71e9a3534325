"""A Ceph cluster on loopback for tests: a monitor, a manager, and an OSD that works in memory."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

POOL, USER = "anyun", "anyun"
UP_WITHIN_S = 60.0
ENDS_WITHIN_S = 10.0


class CephFailed(Exception):
    """One of Ceph's programs refused."""


@dataclass
class CephCluster:
    """`monitor` is its address, `key` that of the user who may work in the pool."""

    folder: Path
    monitor: str
    key: str = ""
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def ceph(self, *arguments: str, given: str | None = None) -> str:
        """Run a command as administrator of the cluster."""
        return self.run("ceph", *arguments, given=given)

    def run(self, program: str, *arguments: str, given: str | None = None) -> str:
        """Run one of Ceph's programs; raises CephFailed."""
        conf = ["--conf", str(self.folder / "ceph.conf")]
        done = subprocess.run(
            [program, *conf, *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=UP_WITHIN_S,
        )
        if done.returncode != 0:
            raise CephFailed(f"{program} {arguments[0]}: {done.stderr}")
        return done.stdout

    def start(self, daemon: str, name: str) -> None:
        """Start a daemon in the foreground of a process of ours."""
        with (self.folder / f"{daemon}.log").open("ab") as log:
            self.processes[daemon] = subprocess.Popen(
                [f"ceph-{daemon}", "--conf", str(self.folder / "ceph.conf"), "-f", "--id", name],
                stdout=log,
                stderr=log,
            )

    def await_osd(self) -> None:
        """Wait until the OSD serves again; raises TimeoutError."""
        _until(self, lambda: '"num_up_osds":1' in self.ceph("status", "--format", "json"))

    def kill(self, daemon: str) -> None:
        """End a daemon at once, as a power cut does."""
        process = self.processes.pop(daemon)
        process.kill()
        process.wait(ENDS_WITHIN_S)

    def stop(self) -> None:
        """End all daemons."""
        for daemon in list(self.processes):
            self.kill(daemon)


@contextlib.contextmanager
def ceph_cluster(folder: Path) -> Iterator[CephCluster]:
    """A cluster with one pool and a user for it; gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = CephCluster(folder, f"127.0.0.1:{_free_port()}")
    try:
        _start(cluster)
        yield cluster
    finally:
        cluster.stop()


def _start(cluster: CephCluster) -> None:
    folder, fsid = cluster.folder, str(uuid.uuid4())
    _write_conf(cluster, fsid)
    keyring = str(folder / "keyring")
    for name in ("mon.", "client.admin"):
        caps = [part for of in ("mon", "osd", "mgr") for part in ("--cap", of, "allow *")]
        new = [] if name == "client.admin" else ["--create-keyring"]
        cluster.run("ceph-authtool", *new, keyring, "--gen-key", "-n", name, *caps)
    monmap = str(folder / "monmap")
    address = f"[v1:{cluster.monitor}]"
    cluster.run("monmaptool", "--create", "--addv", "a", address, "--fsid", fsid, monmap)
    cluster.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring)
    cluster.start("mon", "a")
    _until(cluster, lambda: bool(cluster.ceph("status")))
    (folder / "mgr").mkdir()
    key = cluster.ceph("auth", "get-or-create", "mgr.x", "mon", "allow *", "osd", "allow *")
    (folder / "mgr" / "keyring").write_text(key)
    cluster.start("mgr", "x")
    (folder / "osd").mkdir()
    osd_id = str(uuid.uuid4())
    cluster.ceph("osd", "new", osd_id)
    caps = ("mon", "allow profile osd", "osd", "allow *", "mgr", "allow profile osd")
    key = cluster.ceph("auth", "get-or-create", "osd.0", *caps)
    (folder / "osd" / "keyring").write_text(key)
    cluster.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd_id, "--no-mon-config")
    cluster.start("osd", "0")
    cluster.ceph("osd", "pool", "create", POOL, "8")
    cluster.await_osd()
    cluster.run("rbd", "pool", "init", POOL)
    cluster.ceph("auth", "get-or-create", f"client.{USER}", *_caps())
    cluster.key = cluster.ceph("auth", "get-key", f"client.{USER}").strip()


def _caps() -> tuple[str, ...]:
    return ("mon", "profile rbd", "osd", f"profile rbd pool={POOL}", "mgr", "profile rbd")


def _write_conf(cluster: CephCluster, fsid: str) -> None:
    folder = cluster.folder
    lines = [
        "[global]",
        f"fsid = {fsid}",
        f"mon_host = [v1:{cluster.monitor}]",
        "public_addr = 127.0.0.1",
        "cluster_addr = 127.0.0.1",
        *(f"auth_{of}_required = cephx" for of in ("cluster", "service", "client")),
        f"keyring = {folder}/keyring",
        f"run_dir = {folder}",
        "admin_socket =",
        "log_file =",
        "osd_pool_default_size = 1",
        "osd_pool_default_min_size = 1",
        "osd_crush_chooseleaf_type = 0",
        "mon_allow_pool_size_one = true",
        "mon_warn_on_pool_no_redundancy = false",
        "mon_data_avail_warn = 1",
        "mon_data_avail_crit = 0",
        "mgr_initial_modules =",
        "[mon]",
        f"mon_data = {folder}/mon",
        "[mgr]",
        f"mgr_data = {folder}/mgr",
        f"keyring = {folder}/mgr/keyring",
        "[osd]",
        f"osd_data = {folder}/osd",
        f"keyring = {folder}/osd/keyring",
        "osd_objectstore = memstore",
        f"memstore_device_bytes = {4 * 1024**3}",
    ]
    (folder / "ceph.conf").write_text("\n".join([*lines, ""]))
    (folder / "ceph.conf").chmod(0o600)


def _until(cluster: CephCluster, is_so: object) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < deadline:
        with contextlib.suppress(CephFailed):
            if is_so():
                return
        time.sleep(0.3)
    raise TimeoutError((cluster.folder / "mon.log").read_text(errors="replace")[-2000:])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
