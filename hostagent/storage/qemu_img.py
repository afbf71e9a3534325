"""qemu-img, confined: limited memory, CPU time and file size, and never a shell."""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
from collections.abc import Callable, Sequence

import msgspec

from hostagent.protocol.link import CommandFailed
from hostagent.storage.cage import Cage

MEMORY_LIMIT_BYTES = 2 * 1024**3
INFO_TIMEOUT_S = 30.0
CONVERT_TIMEOUT_S = 6 * 3600.0
_PERCENT = re.compile(rb"\((\d+\.\d+)/100%\)")


class QemuImgFailed(Exception):
    """qemu-img refused; the message is what it said."""


class Specific(msgspec.Struct, kw_only=True):
    """The part of the answer that depends on the format."""

    data: dict[str, object] = {}


class Info(msgspec.Struct, kw_only=True):
    """What `qemu-img info --output=json` tells; names as it writes them."""

    format: str
    virtual_size: int = msgspec.field(name="virtual-size")
    actual_size: int = msgspec.field(name="actual-size", default=0)
    backing_filename: str | None = msgspec.field(name="backing-filename", default=None)
    encrypted: bool = False
    format_specific: Specific | None = msgspec.field(name="format-specific", default=None)


async def info(path: str, *, expected_format: str | None = None, in_use: bool = False) -> Info:
    """What a disk image is, also while a machine has it open if it may be `in_use`.

    Raises QemuImgFailed if it is none.
    """
    force = ["-f", expected_format] if expected_format else []
    share = ["--force-share"] if in_use else []
    return await info_of([*share, *force, path])


async def info_of(image: list[str], *, cage: Cage | None = None) -> Info:
    """What the image is that these words of qemu-img name; raises QemuImgFailed if it is none."""
    output = await run(
        ["info", "--output=json", *image], timeout_s=INFO_TIMEOUT_S, cpu_s=20, cage=cage
    )
    return msgspec.json.decode(output, type=Info)


async def run(
    arguments: list[str],
    *,
    timeout_s: float,
    cpu_s: int | None = None,
    largest_file_bytes: int | None = None,
    cage: Cage | None = None,
    fine_codes: Sequence[int] = (0,),
    on_percent: Callable[[float], None] | None = None,
) -> bytes:
    """Run qemu-img; returns what it printed. Raises QemuImgFailed.

    It writes no file larger than `largest_file_bytes`, and sees nothing outside of its `cage`.
    `on_percent` is told the progress of commands that were given `-p`; exit codes that are none of
    `fine_codes` are failures.
    """
    words = ["qemu-img", *arguments]
    process = await asyncio.create_subprocess_exec(
        *(words if cage is None else await cage.around(words)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        preexec_fn=lambda: _limit(cpu_s, largest_file_bytes),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(timeout_s):
            output, complaint = await asyncio.gather(
                _collect(process.stdout, on_percent), process.stderr.read()
            )
            await process.wait()
    except TimeoutError:
        raise QemuImgFailed(f"no answer within {timeout_s:.0f} s") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode not in fine_codes:
        text = complaint.decode(errors="replace").strip().removeprefix("qemu-img: ")
        raise QemuImgFailed(text or f"exit status {process.returncode}")
    return output


def failed(error: QemuImgFailed) -> CommandFailed:
    """The error that the service sees when qemu-img fails without a better reason."""
    return CommandFailed("storage.qemu_img", str(error))


async def _collect(
    stream: asyncio.StreamReader, on_percent: Callable[[float], None] | None
) -> bytes:
    chunks = []
    while chunk := await stream.read(4096):
        chunks.append(chunk)
        if on_percent is not None and (found := _PERCENT.findall(chunk)):
            on_percent(float(found[-1]))
    return b"".join(chunks)


def _limit(cpu_s: int | None, largest_file_bytes: int | None) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if cpu_s is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    if largest_file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file_bytes, largest_file_bytes))
