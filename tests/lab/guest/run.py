"""Runs one command as root in a guest with Debian's kernel, on this machine's files."""

from __future__ import annotations

import asyncio
import io
import shlex
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hostagent import probe
from installer.images import starter
from tests.lab.guest import kernel
from tests.lab.guest.share import ROOT, Share

RESULT = "/run/result"
"""Folder in the guest; the files that a command leaves there are handed out."""
_HERE = Path(__file__).parent
_LAST_WORDS = 2000


@dataclass(frozen=True)
class GuestResult:
    """How a command ended; `exit_code` is None if the guest was over before it."""

    exit_code: int | None
    output: str
    files: Mapping[str, bytes]


def accelerator() -> str:
    """ "kvm" where a kernel really boots under it, else "tcg"."""
    image = starter.build()
    keep = image.folder.with_name("lab-guest-probe.json")
    version = subprocess.run(
        ["qemu-system-x86_64", "--version"], check=True, capture_output=True, text=True
    ).stdout
    return asyncio.run(probe.verdict(image.kernel, image.initrd, keep, version)).accelerator


def run(
    folder: Path,
    command: Sequence[str],
    *,
    timeout_s: float,
    settings: Mapping[str, str] | None = None,
    devices: Sequence[str] = (),
    memory_mib: int = 1536,
    cpu_count: int = 2,
    hear: Callable[[str], object] = print,
) -> GuestResult:
    """Boot, run, and come back when the guest is off.

    Args:
        folder: an empty folder for sockets and logs.
        command: what to run in the folder of the project; `settings` are added to its environment.
        timeout_s: how long all of it may take; then the guest is killed.
        devices: more arguments for QEMU, as for a NIC.
        hear: called with each line that the command prints.
    """
    made = kernel.build()
    _write_command(folder / "guest", command, settings or {})
    share = Share(folder, folder / "guest", made.modules)
    machine = [
        "-smp", str(cpu_count), "-m", f"{memory_mib}M",
        # The server of the files reads and writes the guest's memory.
        "-object", f"memory-backend-memfd,id=memory,size={memory_mib}M,share=on",
        "-chardev", f"socket,id=files,path={share.socket}",
        "-device", "vhost-user-fs-pci,chardev=files,tag=machine",
        *devices,
    ]  # fmt: skip
    try:
        output = _run_qemu(folder, made, machine, timeout_s, hear)
    finally:
        share.close()
    files = _files(folder / "result.tar")
    code = files.pop("exit-code", None)
    if code is None:
        output += _tail(folder / "console.log") + _tail(folder / "virtiofs.log")
    return GuestResult(None if code is None else int(code), output, files)


def _write_command(guest: Path, command: Sequence[str], settings: Mapping[str, str]) -> None:
    (guest / "modules").mkdir(parents=True)
    shutil.copy2(_HERE / "start.sh", guest / "start")
    exports = [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]
    lines = ["#!/bin/sh", *exports, f"cd {shlex.quote(str(ROOT))}", f"exec {shlex.join(command)}"]
    (guest / "command").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in ("start", "command"):
        (guest / name).chmod(0o755)


def _run_qemu(
    folder: Path,
    made: kernel.GuestKernel,
    machine: Sequence[str],
    timeout_s: float,
    hear: Callable[[str], object],
) -> str:
    accel = "kvm" if accelerator() == "kvm" else "tcg,thread=multi"
    process = subprocess.Popen(
        [
            "qemu-system-x86_64", "-machine", "q35,memory-backend=memory", "-accel", accel,
            "-cpu", "max", *machine,
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", str(made.image), "-initrd", str(made.initrd),
            "-append", "console=ttyS0 quiet panic=-1",
            "-serial", f"file:{folder}/console.log",
            "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
            "-chardev", "file,id=output,path=/dev/stdout",
            "-device", "virtserialport,nr=1,chardev=output",
            "-chardev", f"file,id=result,path={folder}/result.tar",
            "-device", "virtserialport,nr=2,chardev=result",
        ],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    clock = threading.Timer(timeout_s, process.kill)
    clock.start()
    heard: list[str] = []
    try:
        assert process.stdout is not None
        with process.stdout as stream:
            for line in stream:
                heard.append(line.decode(errors="replace"))
                hear(heard[-1].rstrip("\n"))
        process.wait()
    finally:
        clock.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
    return "".join(heard)


def _files(archive: Path) -> dict[str, bytes]:
    """Files below RESULT; none when the guest did not come to its end."""
    data = archive.read_bytes() if archive.exists() else b""
    if not data:
        return {}
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is not None:
                    found[member.name.removeprefix("./")] = content.read()
    except tarfile.TarError:
        return {}
    return found


def _tail(log: Path) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    return f"\n-- {log.name}\n{text[-_LAST_WORDS:]}" if text else ""
