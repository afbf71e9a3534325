"""Debian's kernel for guests of the lab: downloaded and unpacked once, kept in the user's cache."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from installer import debian, prepare
from installer.images import cpio, debs, starter
from installer.images.modules import Modules, module_name

PACKAGES = ("linux-image-cloud-amd64", "busybox-static", "kmod")
# What the guest needs to find its files and to speak; all else is loaded from them.
MODULES = ("virtio_pci", "virtio_console", "virtio_rng", "virtiofs", "overlay")
PROGRAMS = ("sh", "mount", "mkdir", "insmod", "switch_root")
_INIT = Path(__file__).with_name("init.sh")


@dataclass(frozen=True)
class GuestKernel:
    """Where the kernel, its initramfs and all its modules lie."""

    folder: Path

    @property
    def image(self) -> Path:
        """The kernel."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """The initramfs that goes into the machine's files."""
        return self.folder / "initrd.img"

    @property
    def modules(self) -> Path:
        """What /lib/modules is in the guest."""
        return self.folder / "modules"


def build() -> GuestKernel:
    """The kernel from the cache, or made now (a few seconds). Raises debs.PackageError."""
    folder = starter.cache_folder().with_name(f"lab-guest-{_recipe_hash()}")
    if folder.exists():
        return GuestKernel(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=folder.parent) as work:
        _build(Path(work))
        # Renamed when complete, so an interrupted build leaves nothing that looks finished.
        (Path(work) / "result").rename(folder)
    return GuestKernel(folder)


def _recipe_hash() -> str:
    digest = hashlib.sha256(starter.release().encode())
    for path in (Path(__file__), _INIT):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _build(work: Path) -> None:
    debian.update_if_needed(PACKAGES, prepare.log_file())
    tree = debs.Tree(work / "tree")
    debs.unpack(debs.download(debs.closure(PACKAGES), work / "debs"), tree.folder)
    kernel = next(iter(sorted((tree.folder / "boot").glob("vmlinuz-*"))))
    modules = Modules(tree, kernel.name.removeprefix("vmlinuz-"))
    result = work / "result"
    result.mkdir()
    shutil.copyfile(kernel, result / "vmlinuz")
    initramfs = cpio.archive(_initramfs(work / "initramfs", tree, modules))
    (result / "initrd.img").write_bytes(gzip.compress(initramfs, 1, mtime=0))
    (tree.folder / "usr/lib/modules").rename(result / "modules")


def _initramfs(folder: Path, tree: debs.Tree, modules: Modules) -> Path:
    for name in ("bin", "dev", "proc", "sys", "modules"):
        (folder / name).mkdir(parents=True)
    shutil.copyfile(_INIT, folder / "init")
    (folder / "init").chmod(0o755)
    shutil.copy2(tree.folder / "usr/bin/busybox", folder / "bin/busybox")
    for name in PROGRAMS:
        (folder / "bin" / name).symlink_to("busybox")
    paths = modules.with_needed(list(MODULES))
    for path in paths:
        (folder / "modules" / module_name(path)).write_bytes(modules.read(path))
    names = "".join(f"{module_name(path)}\n" for path in paths)
    (folder / "modules/list").write_text(names, encoding="ascii")
    return folder
