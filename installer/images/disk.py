"""Makes a bootable disk image without mounting anything: boot code, one partition, ext4."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

from installer.images.debs import Tree

SECTOR_BYTES = 512
PARTITION_START = 2048
"""First sector of the partition: 1 MiB, which leaves room for the boot loader's core."""


def boot_loader(tree: Tree, config: Path, prefix: str) -> tuple[bytes, bytes]:
    """GRUB's boot sector and its core with `config` built in, for a disk with a DOS table."""
    modules = tree.folder / "usr/lib/grub/i386-pc"
    core = tree.folder / "core.img"
    tree.run(
        "usr/bin/grub-mkimage", "-O", "i386-pc", "-d", modules, "-p", prefix, "-c", config,
        "-o", core, "biosdisk", "part_msdos", "ext2", "linux", "search_fs_file", "search_label",
    )  # fmt: skip
    return (modules / "boot.img").read_bytes(), core.read_bytes()


def file_system(tree: Tree, source: Path, target: Path, label: str, size_bytes: int) -> None:
    """Write `source` as an ext4 file system of `size_bytes` to `target`, everything root's."""
    target.unlink(missing_ok=True)
    # A fixed identity and time: the same recipe gives the same file system.
    identity = "a17d0000-0000-4000-8000-000000000001"
    os.environ["E2FSPROGS_FAKE_TIME"] = "1700000000"
    try:
        tree.run(
            "usr/sbin/mke2fs", "-q", "-t", "ext4", "-b", "4096", "-i", "16384", "-m", "1",
            "-L", label, "-U", identity, "-E", f"hash_seed={identity},root_owner=0:0",
            "-O", "^metadata_csum_seed,^orphan_file", "-J", "size=4", "-d", source,
            target, f"{size_bytes // 1024}k",
        )  # fmt: skip
        _settle_inodes(tree, source, target)
    finally:
        del os.environ["E2FSPROGS_FAKE_TIME"]


def _settle_inodes(tree: Tree, source: Path, target: Path) -> None:
    """Make root the owner of every file, whoever builds, and all times the same."""
    commands = target.with_suffix(".debugfs")
    with commands.open("w", encoding="utf-8") as stream:
        for path in [source, *sorted(source.rglob("*"))]:
            name = path.relative_to(source).as_posix()
            for field, value in (("uid", "0"), ("gid", "0"), ("ctime", "@1700000000")):
                stream.write(f"set_inode_field /{'' if name == '.' else name} {field} {value}\n")
    tree.run("usr/sbin/debugfs", "-w", "-f", commands, target)


def disk(boot_sector: bytes, core: bytes, partition: Path, target: Path) -> None:
    """Put boot code, partition table and file system together as the raw disk `target`.

    The boot sector loads the core from sector 1 and the core expects to lie there: both are
    GRUB's own defaults, so no installer needs to patch them.
    """
    if len(core) > (PARTITION_START - 1) * SECTOR_BYTES:
        raise ValueError(f"the boot loader's core ({len(core)} bytes) does not fit its gap")
    sectors = partition.stat().st_size // SECTOR_BYTES
    # Bootable, type 0x83; the old cylinder fields say "look at the sector numbers".
    entry = struct.pack(
        "<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", PARTITION_START, sectors
    )
    with target.open("wb") as stream:
        stream.write(boot_sector[:440])
        stream.write(struct.pack("<IH", 0x616E7975, 0))
        stream.write(entry + bytes(48) + b"\x55\xaa")
        stream.write(core)
        stream.seek(PARTITION_START * SECTOR_BYTES)
        stream.write(partition.read_bytes())


def to_qcow2(raw: Path, target: Path) -> None:
    """Convert the raw disk into a compressed qcow2."""
    subprocess.run(
        ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c", raw, target],
        check=True,
        capture_output=True,
    )
