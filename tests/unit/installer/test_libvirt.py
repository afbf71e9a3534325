"""Whether QEMU's own user can reach a cloud's disks."""

from __future__ import annotations

from pathlib import Path

from installer import libvirt


def test_names_the_first_folder_that_is_closed(tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    closed = open_folder / "closed"
    (closed / "state").mkdir(parents=True)
    open_folder.chmod(0o755)
    closed.chmod(0o700)

    # What lies above is not ours to decide here: pytest's own folders are closed.
    first = libvirt.closed_folder(closed / "state")

    assert first is not None
    assert closed.is_relative_to(first)


def test_root_folder_is_open() -> None:
    assert libvirt.closed_folder(Path("/")) is None
