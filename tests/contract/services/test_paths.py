"""Directories for images and disks: what is wrong with one is told at the field `path`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.services.bench import Bench
from tests.integration.network.conftest import run

CREATES = ("image_store.create", "primary_storage.create")


def request(cloud: Bench, operation: str, path: str) -> dict[str, object]:
    make = cloud.store_request if operation == CREATES[0] else cloud.storage_request
    return make(name="another", path=path)


# What is typed, the code of the refusal, and the path as the refusal names it.
UNUSABLE = [
    ("srv/images", "path.not_absolute", "srv/images"),
    ("/srv/../etc/x", "path.not_absolute", "/srv/../etc/x"),
    ("/srv/a\0b", "path.not_absolute", "/srv/a\0b"),
    ("/etc", "path.reserved", "/etc"),
    ("//var//lib/", "path.reserved", "/var/lib"),
    ("//", "path.reserved", "/"),
    ("/proc/anyun", "path.not_writable", "/proc/anyun"),
]


async def test_directories_that_cannot_be_used(cloud: Bench) -> None:
    for path, code, named in UNUSABLE:
        checked = await cloud.do("host.check_path", cloud.machine, path=path)
        (problem,) = checked.problems
        assert (problem.code, problem.field, problem.params["path"]) == (code, "path", named)
        assert named in problem.message
        for operation in CREATES:
            error = await cloud.refused(operation, **request(cloud, operation, path))
            assert (error.code, error.field, error.params["path"]) == (code, "path", named)
    assert [item.name for item in await cloud.all("image_store")] == ["s"]
    assert [item.name for item in await cloud.all("primary_storage")] == ["p"]


async def test_a_directory_on_a_read_only_file_system(cloud: Bench) -> None:
    place = cloud.folder / "sealed"
    place.mkdir()
    run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(place))
    for operation in CREATES:
        error = await cloud.refused(operation, **request(cloud, operation, str(place / "x")))
        assert (error.code, error.field) == ("path.not_writable", "path")
        assert "Read-only" in error.message


async def test_a_directory_without_room_is_told_with_the_numbers(cloud: Bench) -> None:
    place = cloud.folder / "small"
    place.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place))
    for operation in CREATES:
        error = await cloud.refused(operation, **request(cloud, operation, str(place)))
        assert (error.code, error.field) == ("path.no_space", "path")
        assert "8 MiB" in error.message
        assert "1 GiB" in error.message
    (place / "full").write_bytes(bytes(1024**2))
    with (place / "full").open("ab") as file:
        while True:
            try:
                file.write(bytes(65536))
                file.flush()
            except OSError:
                break
    checked = await cloud.do("host.check_path", cloud.machine, path=str(place))
    assert [(item.code, item.field) for item in checked.problems] == [("storage.no_space", "path")]


async def test_one_directory_serves_one_storage(cloud: Bench) -> None:
    for operation, path, owner in (
        (CREATES[0], cloud.folder / "images", "s"),
        (CREATES[1], cloud.folder / "primary", "p"),
    ):
        error = await cloud.refused(operation, **request(cloud, operation, f"{path}/"))
        assert (error.code, error.field, error.params["name"]) == ("path.taken", "path", owner)


async def test_a_host_that_is_away_is_no_fault_of_the_path(
    cloud: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.hosts.links.WAIT_FOR_LINK_S", 0.1)
    await cloud.unplug()
    error = await cloud.refused(CREATES[0], **cloud.store_request(path=str(Path("/srv/x"))))
    assert (error.code, error.field) == ("host.not_connected", None)
