"""The files of a volume that has snapshots: which stand on which, and whether all are there."""

from __future__ import annotations

import os
from pathlib import Path

from hostagent.protocol.link import CommandFailed
from hostagent.protocol.snapshots import ChainParams, ChainReport, NodeReport, NodeSpec
from hostagent.protocol.storage import VolumeRef
from hostagent.storage.paths import node_path, sync_folder
from hostagent.storage.qcow2 import BadHeader, Header, read_header

DEEPEST = 256  # more than any volume may have: a ring of files ends, too
BLOCK_BYTES = 512


def files_of(volume: VolumeRef) -> list[Path]:
    """All files of a volume that are whole, the first node first."""
    first = node_path(volume, "")
    others = sorted(first.parent.glob(f"{first.stem}.*.qcow2"))
    return [path for path in (first, *others) if path.exists()]


def nodes_of(volume: VolumeRef) -> list[str]:
    """The nodes of a volume that are there."""
    first = len(node_path(volume, "").stem)
    return [path.stem[first:].removeprefix(".") for path in files_of(volume)]


def delete_all(volume: VolumeRef) -> None:
    """Delete all files of a volume, whole ones and others; does nothing if there are none."""
    first = node_path(volume, "")
    if not first.parent.exists():
        return
    for path in (first, *first.parent.glob(f"{first.stem}.*")):
        path.unlink(missing_ok=True)
    sync_folder(first.parent)


def header_of(path: Path, needed_by: Path | None = None) -> Header:
    """The header of a file; raises CommandFailed that names it and what stands on it."""
    try:
        return read_header(path)
    except FileNotFoundError:
        raise damaged(path, "it is missing", needed_by) from None
    except (BadHeader, OSError) as error:
        raise damaged(path, str(error), needed_by) from error


def chain_of(path: Path) -> list[Path]:
    """A file and all that it stands on, down to the image if there is one.

    Raises CommandFailed if one of them is missing or unreadable.
    """
    chain: list[Path] = []
    above: Path | None = None
    while len(chain) < DEEPEST:
        header = header_of(path, above)
        chain.append(path)
        if not header.backing:
            return chain
        above, path = path, _resolved(path, header)
        if path in chain:
            break
    raise damaged(path, "files stand on each other in a ring", above)


def standing_on(volume: VolumeRef, node: Path) -> set[Path]:
    """The files of the volume that stand on one of them; raises CommandFailed if one is damaged."""
    return {path for path in files_of(volume) if backing_of(path) == node}


def backing_of(path: Path) -> Path | None:
    """The file that another stands on; raises CommandFailed if that cannot be read."""
    header = header_of(path)
    return _resolved(path, header) if header.backing else None


def used_bytes(path: Path) -> int:
    """What a file takes on its disk."""
    return path.stat().st_blocks * BLOCK_BYTES


def damaged(path: Path, reason: str, needed_by: Path | None = None) -> CommandFailed:
    """The error for a file that cannot be used; says what stands on it."""
    above = f", and {needed_by} stands on it" if needed_by else ""
    return CommandFailed(
        "volume.chain_damaged",
        f"{path}: {reason}{above}",
        path=str(path),
        reason=reason,
        needed_by=str(needed_by or path),
    )


def check(params: ChainParams) -> ChainReport:
    """Compare the files of a volume with what they should be; changes nothing."""
    known = {node_path(params.volume, one.node) for one in params.nodes}
    strangers = [str(path) for path in files_of(params.volume) if path not in known]
    return ChainReport(
        nodes=[_checked(params.volume, one) for one in params.nodes], strangers=strangers
    )


def _checked(volume: VolumeRef, spec: NodeSpec) -> NodeReport:
    path = node_path(volume, spec.node)

    def report(problem: str, reason: str = "", size_bytes: int = 0) -> NodeReport:
        return NodeReport(
            node=spec.node,
            path=str(path),
            size_bytes=size_bytes,
            used_bytes=used_bytes(path) if path.exists() else 0,
            problem=problem,
            reason=reason,
        )

    if not path.exists():
        return report("missing")
    try:
        header = read_header(path)
    except (BadHeader, OSError) as error:
        return report("damaged", str(error))
    backing = _resolved(path, header) if header.backing else None
    wanted = None if spec.parent is None else node_path(volume, spec.parent)
    on_node = backing if backing is not None and backing.parent == path.parent else None
    if on_node != wanted:
        return report("wrong_link", str(backing or ""), header.size_bytes)
    if wanted is None and backing is not None and not backing.exists():
        return report("base_missing", str(backing), header.size_bytes)
    return report("", "", header.size_bytes)


def _resolved(path: Path, header: Header) -> Path:
    """Where a backing file lies; a relative name counts from the file that has it."""
    return Path(os.path.normpath(path.parent / header.backing))
