"""Builds the starter image: a small Debian-made guest with kernel, BusyBox and an SSH server."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from installer.images import cpio, debs, disk
from installer.images.modules import Modules, module_name

RECIPE = Path(__file__).resolve().parents[2] / "assets" / "starter"
NAME = "starter"
VERSION = "1"
LABEL = "anyun-starter"
SIZE_BYTES = 96 << 20
"""Size of the root file system as built; it grows to its disk at the first start."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class StarterImage:
    """Where a built image lies; `folder` also holds manifest.json."""

    folder: Path

    @property
    def disk(self) -> Path:
        """The bootable qcow2."""
        return self.folder / "starter.qcow2"

    @property
    def kernel(self) -> Path:
        """The kernel alone, for the probe that tells whether KVM works."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """The initramfs that goes with `kernel`."""
        return self.folder / "initrd.img"


def release() -> str:
    """Code name of the Debian release this machine takes packages from."""
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key == "VERSION_CODENAME":
            return value.strip('"')
    return "unknown"


def recipe_hash() -> str:
    """Hash over every file the image is made of, the builder's code, and the Debian release."""
    digest = hashlib.sha256(f"{NAME} {VERSION} {release()}".encode())
    sources = sorted(Path(__file__).parent.glob("*.py"))
    for path in [*sources, *sorted(RECIPE.rglob("*"))]:
        if path.is_file() and path.suffix != ".md":
            mode = "x" if os.access(path, os.X_OK) else "-"
            digest.update(f"{path.name} {mode}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Folder of the user's cache in which this recipe's image is kept."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "anyun" / "images" / f"{NAME}-{recipe_hash()}"


def cached() -> StarterImage | None:
    """The image of the present recipe, if it has been built already."""
    folder = cache_folder()
    return StarterImage(folder) if (folder / "manifest.json").exists() else None


def build(report: Report = print, *, again: bool = False) -> StarterImage:
    """Return the cached image, or build it first (about half a minute).

    Args:
        report: called with one line of progress at a time.
        again: build even when it is in the cache.

    Raises:
        debs.PackageError: a package cannot be found or downloaded.
    """
    folder = cache_folder()
    present = cached()
    if present and not again:
        return present
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=folder.parent) as work:
        _build(Path(work), report)
        result = Path(work) / "result"
        # Renamed when complete, so an interrupted build leaves nothing that looks finished.
        if folder.exists():
            shutil.rmtree(folder)
        result.rename(folder)
    return StarterImage(folder)


def _words(file: str) -> list[str]:
    lines = (RECIPE / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _build(work: Path, report: Report) -> None:
    report("finding the packages")
    packages = debs.closure(_words("packages.txt"))
    report(f"downloading {len(packages)} packages")
    files = debs.download(packages, work / "debs")
    report("unpacking them")
    tree = debs.Tree(work / "tree")
    debs.unpack(files, tree.folder)
    kernel = next(iter(sorted((tree.folder / "boot").glob("vmlinuz-*"))))
    modules = Modules(tree, kernel.name.removeprefix("vmlinuz-"))

    report("making the initramfs")
    result = work / "result"
    result.mkdir()
    shutil.copyfile(kernel, result / "vmlinuz")
    # Compressed, because the boot loader's reading is the slowest part of an emulated start.
    initramfs = gzip.compress(cpio.archive(_initramfs(work, tree, modules)), 9, mtime=0)
    (result / "initrd.img").write_bytes(initramfs)

    report("making the root file system")
    root = _root(work, tree, modules)
    shutil.copyfile(result / "vmlinuz", root / "boot/vmlinuz")
    shutil.copyfile(result / "initrd.img", root / "boot/initrd.img")
    _settle_times(root)
    disk.file_system(tree, root, work / "root.ext4", LABEL, SIZE_BYTES)

    report("making the disk")
    boot_sector, core = disk.boot_loader(tree, RECIPE / "grub.cfg", "(hd0,msdos1)/boot/grub")
    disk.disk(boot_sector, core, work / "root.ext4", work / "disk.raw")
    disk.to_qcow2(work / "disk.raw", result / "starter.qcow2")
    _write_manifest(result, (work / "disk.raw").stat().st_size, modules.version)


def _module_lists() -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for line in _words("modules.txt"):
        when, name = line.split()
        lists.setdefault(when, []).append(name.replace("-", "_"))
    return lists


def _busybox_links(busybox: Path) -> list[str]:
    return subprocess.run(
        [busybox, "--list-full"], check=True, capture_output=True, text=True
    ).stdout.split()


def _initramfs(work: Path, tree: debs.Tree, modules: Modules) -> Path:
    folder = work / "initramfs"
    for name in ("bin", "dev", "proc", "sys", "modules"):
        (folder / name).mkdir(parents=True)
    shutil.copy2(RECIPE / "initramfs/init", folder / "init")
    busybox = tree.folder / "usr/bin/busybox"
    shutil.copy2(busybox, folder / "bin/busybox")
    for link in _busybox_links(busybox):
        target = folder / "bin" / Path(link).name
        if not target.exists():
            target.symlink_to("busybox")
    lists = _module_lists()
    for when in ("early", "other"):
        paths = modules.with_needed(lists[when])
        names = [module_name(path) for path in paths]
        (folder / "modules" / f"{when}.list").write_text("\n".join(names) + "\n", encoding="ascii")
        for name, path in zip(names, paths, strict=True):
            (folder / "modules" / name).write_bytes(modules.read(path))
    return folder


def _root(work: Path, tree: debs.Tree, modules: Modules) -> Path:
    root = work / "root"
    for name in (
        "usr/bin", "usr/sbin", "usr/lib64", "etc/dropbear", "root", "boot", "dev", "proc", "sys",
        "run", "tmp", "mnt", "var/log", "var/lib/anyun", "var/spool/cron/crontabs",
    ):  # fmt: skip
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    for link, target in (
        ("var/run", "/run"), ("etc/resolv.conf", "/run/resolv.conf"), ("etc/mtab", "/proc/mounts"),
    ):  # fmt: skip
        (root / link).symlink_to(target)
    lists = _module_lists()
    modules.copy_to(root, [name for names in lists.values() for name in names])
    shutil.copyfile(RECIPE / "modules.txt", root / "etc/modules")
    _copy_programs(root, tree)
    # Our own files last: they may stand in the place of a BusyBox program.
    shutil.copytree(RECIPE / "root", root, dirs_exist_ok=True, symlinks=True)
    (root / "root").chmod(0o700)
    (root / "etc/dropbear").chmod(0o700)
    return root


def _copy_programs(root: Path, tree: debs.Tree) -> None:
    programs = (
        "usr/sbin/dropbear", "usr/bin/dropbearkey", "usr/sbin/resize2fs", "usr/sbin/qemu-ga",
    )  # fmt: skip
    busybox = tree.folder / "usr/bin/busybox"
    shutil.copy2(busybox, root / "usr/bin/busybox")
    for program in programs:
        shutil.copy2(tree.folder / program, root / program)
        for library in tree.libraries(program):
            target = root / library
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(tree.folder / library, target)
            target.chmod(0o755)
    for link in _busybox_links(busybox):
        target = root / link
        if not target.exists() and not target.is_symlink():
            target.symlink_to("/bin/busybox")


def _settle_times(root: Path) -> None:
    for path in [root, *root.rglob("*")]:
        os.utime(path, (1700000000, 1700000000), follow_symlinks=False)


def _write_manifest(folder: Path, virtual_bytes: int, kernel: str) -> None:
    image = folder / "starter.qcow2"
    manifest = {
        "name": NAME,
        "version": VERSION,
        "recipe": recipe_hash(),
        "debian": release(),
        "kernel": kernel,
        "file": image.name,
        "format": "qcow2",
        "sha256": hashlib.sha256(image.read_bytes()).hexdigest(),
        "size_bytes": image.stat().st_size,
        "virtual_size_bytes": virtual_bytes,
        "min_disk_bytes": virtual_bytes,
        "min_memory_bytes": 128 << 20,
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
