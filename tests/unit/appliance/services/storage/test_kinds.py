"""What a request must say of a storage."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.protocol.errors import InvalidInput
from appliance.protocol.ids import new_id
from appliance.protocol.storages import PrimaryStorageCreate
from appliance.services.storage.kinds import columns_of

CEPH = {"kind": "ceph", "source": "vms", "monitors": ["192.0.2.1", "[2001:db8::1]:3300"]}
NFS = {"kind": "nfs", "source": "nas.example.com:/export/vms"}


def asked(**fields: Any) -> PrimaryStorageCreate:
    return PrimaryStorageCreate(name="s", cluster_id=new_id(), **fields)


def test_each_kind_is_told_by_its_own_fields() -> None:
    ref = new_id()
    assert columns_of(asked(path="/srv//disks/"), ref)["path"] == "/srv/disks"
    nfs = columns_of(asked(**NFS, options="vers=4.2, hard"), ref)
    assert nfs["path"] == f"/var/lib/anyun/mounts/{ref}"
    assert (nfs["options"], nfs["is_shared"]) == ("vers=4.2,hard", True)
    ceph = columns_of(asked(**CEPH, user="anyun", key="QUFBQQ=="), ref)
    assert (ceph["source"], ceph["user"], "key" in ceph) == ("vms", "anyun", False)


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"path": "disks"}, "path.not_absolute", "path"),
        ({"path": "/var/lib/anyun/mounts/x"}, "path.reserved", "path"),
        ({"path": "/srv/a", "source": "x"}, "storage.not_of_kind", "source"),
        ({"kind": "nfs", "source": "nas"}, "storage.bad_export", "source"),
        ({"kind": "nfs", "source": "nas:/a/../b"}, "storage.bad_export", "source"),
        ({"kind": "nfs", "source": "-o:/a"}, "storage.bad_export", "source"),
        ({"kind": "nfs", "source": "nas:/a b"}, "storage.bad_export", "source"),
        (NFS | {"options": "nolock"}, "storage.bad_option", "options"),
        (NFS | {"options": "hard,exec"}, "storage.bad_option", "options"),
        (NFS | {"path": "/srv"}, "storage.not_of_kind", "path"),
        (CEPH | {"source": "a/b"}, "storage.bad_pool", "source"),
        (CEPH | {"monitors": []}, "storage.no_monitor", "monitors"),
        (CEPH | {"monitors": ["a,b"]}, "storage.bad_monitor", "monitors"),
        (CEPH | {"user": "anyun"}, "storage.user_and_key", "key"),
        (CEPH | {"key": "QUFBQQ=="}, "storage.user_and_key", "user"),
        (CEPH | {"user": "client:x", "key": "QUFBQQ=="}, "storage.bad_user", "user"),
        (CEPH | {"user": "anyun", "key": "no key!"}, "storage.bad_key", "key"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        columns_of(asked(**fields), new_id())
    assert (caught.value.code, caught.value.field) == (code, field)
    assert "no key!" not in str(caught.value.params)
