"""The declarations of operations on primary storages."""

from __future__ import annotations

from appliance.protocol import requests as q
from appliance.protocol import storages as s
from appliance.protocol.declaring import add, job, reads, update


def declare_storages() -> None:
    """Declare what one can do with primary storages."""
    one = "/primary-storages/{id}"
    reads("primary_storage", "primary-storages", s.PrimaryStorage, "primary storage")
    add(
        "primary_storage.create",
        "POST /primary-storages",
        "Make a primary storage",
        s.PrimaryStorage,
        request=s.PrimaryStorageCreate,
    )
    update(
        "primary_storage",
        "primary-storages",
        s.PrimaryStorage,
        "primary storage",
        q.PrimaryStorageUpdate,
    )
    for verb, summary in (
        ("attach_cluster", "Use a primary storage in a further cluster"),
        ("detach_cluster", "Use a primary storage no more in a cluster that has no disks on it"),
    ):
        path = f"POST {one}/{verb.replace('_', '-')}"
        add(f"primary_storage.{verb}", path, summary, s.PrimaryStorage, request=s.StorageCluster)
    for verb, summary in (
        ("enable", "Let new disks be placed on a primary storage"),
        ("disable", "Place no new disks on a primary storage"),
        ("reconnect", "Connect all hosts with a primary storage anew, and look how it is"),
        ("clean_cache", "Delete the copies of images on a primary storage that no disk needs"),
    ):
        path = f"POST {one}/{verb.replace('_', '-')}"
        add(f"primary_storage.{verb}", path, summary, s.PrimaryStorage)
    job(
        "primary_storage.enter_maintenance",
        f"POST {one}/enter-maintenance",
        "Let no machine use a primary storage until it is enabled again",
        s.StorageEnterMaintenance,
    )
    add("primary_storage.delete", f"DELETE {one}", "Delete an empty primary storage", None)
