"""Images that would have the host read, write or hold what it should not: refused, nothing left."""

from __future__ import annotations

import os
import struct
import subprocess
import tarfile
from pathlib import Path

import pytest

from hostagent.images import unpack
from hostagent.storage import cage, qemu_img
from tests.unit.hostagent.images.samples import (
    MiB,
    archive,
    converted,
    description,
    iso,
    raw_disk,
    refused,
    run,
    take,
)

HOSTILE, NO_IMAGE = "image.hostile", "image.not_an_image"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return raw_disk(tmp_path / "disk.raw")


def patched(path: Path, place: int, content: bytes) -> Path:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(content)
    return path


@pytest.mark.parametrize(
    "backing",
    [
        "/etc/shadow",
        'json:{"driver":"raw","file":{"driver":"file","filename":"/etc/shadow"}}',
        "nbd://127.0.0.1:10809/x",
    ],
)
async def test_qcow2_on_another_file(tmp_path: Path, store: Path, backing: str) -> None:
    image = tmp_path / "x"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-u", "-b", backing, "-F", "raw", image, "1M")
    code, reason = await refused(image, store)
    assert (code, backing in reason) == (HOSTILE, True)


async def test_qcow2_with_its_data_elsewhere(tmp_path: Path, store: Path) -> None:
    options = f"data_file={tmp_path / 'data'},data_file_raw=on"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, tmp_path / "x", "1M")
    assert await refused(tmp_path / "x", store) == (HOSTILE, "its data lies in another file")


async def test_absurd_sizes_and_tables(raw: Path, store: Path) -> None:
    image = converted(raw, "qcow2")
    patched(image, 24, struct.pack(">Q", 2**62))
    assert "absurdly large" in (await refused(image, store))[1]
    patched(image, 24, struct.pack(">Q", 8 * MiB))
    patched(image, 36, struct.pack(">I", 2**31))
    assert "absurdly large" in (await refused(image, store))[1]
    patched(image, 36, struct.pack(">I", 1))
    patched(image, 60, struct.pack(">I", 60_000))
    assert (await refused(image, store))[1] == "it has 60000 snapshots"


async def test_snapshots_inside_an_image_do_not_come_along(raw: Path, store: Path) -> None:
    image = converted(raw, "qcow2")
    run("qemu-img", "snapshot", "-c", "before", image)
    assert (await take(image, store)).virtual_size_bytes == 8 * MiB
    kept = next((store / "images").glob("*.qcow2"))
    listed = subprocess.run(["qemu-img", "snapshot", "-l", kept], capture_output=True, check=True)
    assert listed.stdout == b""


@pytest.mark.parametrize(
    "text",
    [
        '# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\n'
        'RW 2048 FLAT "/etc/shadow" 0\n',
        "  # Disk DescriptorFile\n",
    ],
)
async def test_a_list_of_other_files(tmp_path: Path, store: Path, text: str) -> None:
    (tmp_path / "x").write_text(text.ljust(1024))
    assert await refused(tmp_path / "x", store) == (HOSTILE, "its data lies in other files")


async def test_vmdk_that_is_only_a_list(raw: Path, store: Path) -> None:
    """Without a capacity of its own, QEMU would open the files that the descriptor names."""
    image = patched(converted(raw, "vmdk"), 12, bytes(8))
    assert await refused(image, store) == (HOSTILE, "its data lies in other files")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"parentCID=12345678\n", "it is the difference to another disk"),
        (b'RW 1 SPARSE "a"\nRW 1 SPARSE "/etc/b"\n', "its data lies in other files"),
        (b'createType="twoGbMaxExtentSparse"\n', "its data lies in other files"),
    ],
)
async def test_vmdk_whose_descriptor_leads_elsewhere(
    raw: Path, store: Path, line: bytes, reason: str
) -> None:
    image = converted(raw, "vmdk")
    patched(image, 512, (b"# Disk DescriptorFile\n" + line).ljust(1024, b"\0"))
    assert await refused(image, store) == (HOSTILE, reason)


async def test_differences_to_other_disks(raw: Path, store: Path) -> None:
    vdi = patched(converted(raw, "vdi"), 76, struct.pack("<I", 4))
    assert await refused(vdi, store) == (HOSTILE, "it is the difference to another disk")
    vhd = converted(raw, "vpc", "-o", "force_size=on")
    footer = bytearray(vhd.read_bytes()[-512:])
    footer[60:64] = struct.pack(">I", 4)
    footer[64:68] = struct.pack(">I", ~sum(footer[:64] + footer[68:]) & 0xFFFFFFFF)
    patched(vhd, vhd.stat().st_size - 512, bytes(footer))
    assert await refused(vhd, store) == (HOSTILE, "it is the difference to another disk")


@pytest.mark.parametrize(
    ("tool", "options"),
    [
        ("qcow2", []),
        ("vmdk", []),
        ("vmdk", ["-o", "subformat=streamOptimized"]),
        ("vpc", ["-o", "force_size=on"]),
        ("vhdx", []),
        ("vdi", []),
    ],
)
async def test_an_image_without_its_end(
    raw: Path, store: Path, tool: str, options: list[str]
) -> None:
    image = converted(raw, tool, *options)
    os.truncate(image, image.stat().st_size - 700_000)
    assert (await refused(image, store))[0] == NO_IMAGE


async def test_archives_that_reach_outside(tmp_path: Path, store: Path) -> None:
    text, disk = description(), bytes(512)

    def member(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
        item = tarfile.TarInfo(name)
        item.type, item.linkname = kind, "/etc/shadow"
        return item

    outside = "it has a file outside of itself"
    other = "there is something else than files in it"
    for bad, reason in (
        (member("../../etc/cron.d/x"), outside),
        (member("/etc/cron.d/x"), outside),
        (member("disk.vmdk", tarfile.SYMTYPE), other),
        (member("disk.vmdk", tarfile.LNKTYPE), other),
        (member("disk.vmdk", tarfile.CHRTYPE), other),
    ):
        is_file = bad.type == tarfile.REGTYPE
        ova = archive(tmp_path / "x.ova", ("x.ovf", text), (bad, disk if is_file else b""))
        code, told = await refused(ova, store)
        assert (code, told.startswith(reason)) == (HOSTILE, True), told


async def test_descriptions_that_reach_outside(tmp_path: Path, store: Path) -> None:
    extra = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/shadow">]>'
    for text, expected in (
        (description(extra=extra, system="&e;"), (HOSTILE, "its description defines entities")),
        (description(href="other"), (NO_IMAGE, "its disk other is not in it")),
        (description(file='ovf:chunkSize="7"'), (NO_IMAGE, "its disk is cut into pieces")),
        (
            description(file='ovf:compression="x"'),
            (NO_IMAGE, "its disk is packed in an unknown way: x"),
        ),
    ):
        ova = archive(tmp_path / "x.ova", ("x.ovf", text), ("disk.vmdk", bytes(512)))
        assert await refused(ova, store) == expected
    nothing = archive(tmp_path / "x.ova", ("disk.vmdk", bytes(512)))
    assert "without a description" in (await refused(nothing, store))[1]
    many = archive(tmp_path / "x.ova", *((f"f{number}", b"") for number in range(300)))
    assert "more than 256 files" in (await refused(many, store))[1]


async def test_an_archive_within_an_archive(tmp_path: Path, store: Path) -> None:
    inner = archive(tmp_path / "inner", ("x.ovf", description())).read_bytes()
    outer = archive(tmp_path / "outer", ("x.ovf", description()), ("disk.vmdk", inner))
    assert (await refused(outer, store))[1] == "it is an archive within an archive"


@pytest.mark.parametrize("tool", ["gzip", "xz", "zstd"])
async def test_bombs(
    tmp_path: Path, store: Path, tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "ALWAYS_ALLOWED_BYTES", MiB)
    monkeypatch.setattr(unpack, "LARGEST_RATIO", 10)
    bomb = tmp_path / "bomb"
    with bomb.open("wb") as target:
        zeros = subprocess.Popen(["head", "-c", "64M", "/dev/zero"], stdout=subprocess.PIPE)
        subprocess.run([tool, "-c"], check=True, stdin=zeros.stdout, stdout=target)
        zeros.wait()
        assert zeros.stdout is not None
        zeros.stdout.close()
    code, reason = await refused(bomb, store)
    assert (code, reason.startswith("it unpacks to more than")) == (HOSTILE, True)
    os.truncate(bomb, bomb.stat().st_size - 7)
    monkeypatch.setattr(unpack, "LARGEST_RATIO", 10**6)
    assert (await refused(bomb, store))[0] == NO_IMAGE


async def test_packed_twice(raw: Path, tmp_path: Path, store: Path) -> None:
    twice = tmp_path / "twice"
    with twice.open("wb") as target:
        once = subprocess.run(["gzip", "-c", raw], check=True, capture_output=True).stdout
        subprocess.run(["gzip", "-c"], check=True, input=once, stdout=target)
    assert (await refused(twice, store))[0] == NO_IMAGE


async def test_kinds_that_do_not_fit(raw: Path, tmp_path: Path, store: Path) -> None:
    assert await refused(raw, store, "iso") == (NO_IMAGE, "it is no CD or DVD")
    disc = iso(tmp_path / "x.iso", b"DEBIAN")
    assert await refused(disc, store, "root") == (NO_IMAGE, "it is a CD or DVD, not a disk")


async def test_what_qemu_img_reads_it_reads_in_a_cage(tmp_path: Path) -> None:
    """Were a reference to slip through, there would be nothing at its end."""
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(MiB))
    image = tmp_path / "x.qcow2"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", secret, "-F", "raw", image)
    words = ["convert", "-f", "qcow2", "-O", "raw", str(image), str(tmp_path / "out")]
    target = tmp_path / "out"
    target.write_bytes(b"")
    target.chmod(0o666)
    with pytest.raises(qemu_img.QemuImgFailed, match="No such file"):
        await qemu_img.run(words, timeout_s=10, cage=cage.Cage(reads=[image], writes=[target]))
    alone = await cage.Cage().around(["sh", "-c", "id -u; ls /; grep CapEff /proc/self/status"])
    told = subprocess.run(alone, check=True, capture_output=True, text=True).stdout.split()
    assert told[0] == "65534"
    assert set(told[1:-2]) == {"bin", "dev", "lib", "lib64", "proc", "sbin", "usr"}
    assert int(told[-1], 16) == 0


async def test_an_image_cannot_become_larger_than_it_said(raw: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    words = ["convert", "-f", "raw", "-O", "raw", str(raw), str(target)]
    with pytest.raises(qemu_img.QemuImgFailed):
        await qemu_img.run(words, timeout_s=10, largest_file_bytes=MiB)
