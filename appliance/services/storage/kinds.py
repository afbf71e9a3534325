"""What a request must say of a storage, by its kind."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from appliance.protocol.errors import InvalidInput
from appliance.protocol.storages import FIELDS_OF_KIND, KIND_FIELDS, PrimaryStorageCreate
from appliance.services.common import clean_name
from appliance.services.storage.refs import is_shared

SYSTEM_FOLDERS = frozenset(
    {"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt"}
    | {"/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib"}  # noqa: S108
    | {"/var/log", "/var/tmp"}  # noqa: S108
)
# Where hosts mount what they mount themselves: the same on each, as disks name their images.
MOUNTS = PurePosixPath("/var/lib/anyun/mounts")
# Mount options that administrators may give, see nfs(5); locks must stay.
NFS_OPTIONS = re.compile(
    r"(vers=(3|4|4\.0|4\.1|4\.2)|proto=(tcp|tcp6|rdma)|port=\d+|mountport=\d+|mountproto=tcp|"
    r"sec=(sys|krb5|krb5i|krb5p)|[rw]size=\d+|timeo=\d+|retrans=\d+|nconnect=\d+|"
    r"hard|soft|softerr|noatime|nodiratime|ac(reg|dir)?(min|max)=\d+|actimeo=\d+)"
)
_EXPORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):(/[^\s,]*)")
_POOL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_MONITOR = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(:\d{1,5})?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def columns_of(request: PrimaryStorageCreate, ref: str) -> dict[str, Any]:
    """The columns of a new storage, but for its key; raises InvalidInput naming the field."""
    for name in KIND_FIELDS:
        if getattr(request, name) and name not in FIELDS_OF_KIND[request.kind]:
            raise InvalidInput("storage.not_of_kind", field=name, kind=request.kind)
    columns = {
        "name": clean_name(request.name),
        "description": request.description,
        "cluster": request.cluster_id,
        "kind": request.kind,
        "is_shared": is_shared(request.kind),
        "path": "",
    }
    return columns | _COLUMNS[request.kind](request, ref)


def _folder(request: PrimaryStorageCreate, ref: str) -> dict[str, Any]:
    return {"path": checked_path(request.path)}


def _nfs(request: PrimaryStorageCreate, ref: str) -> dict[str, Any]:
    source = request.source.strip()
    found = _EXPORT.fullmatch(source)
    if found is None or ".." in PurePosixPath(found.group(2)).parts:
        raise InvalidInput("storage.bad_export", field="source", value=request.source)
    options = [option.strip() for option in request.options.split(",") if option.strip()]
    for option in options:
        if not NFS_OPTIONS.fullmatch(option):
            raise InvalidInput("storage.bad_option", field="options", value=option)
    return {"path": str(MOUNTS / ref), "source": source, "options": ",".join(options)}


def _ceph(request: PrimaryStorageCreate, ref: str) -> dict[str, Any]:
    if not _POOL.fullmatch(request.source):
        raise InvalidInput("storage.bad_pool", field="source", value=request.source)
    if not request.monitors:
        raise InvalidInput("storage.no_monitor", field="monitors")
    for monitor in request.monitors:
        if not _MONITOR.fullmatch(monitor):
            raise InvalidInput("storage.bad_monitor", field="monitors", value=monitor)
    if bool(request.user) != bool(request.key):
        raise InvalidInput("storage.user_and_key", field="key" if request.user else "user")
    if request.user and not _USER.fullmatch(request.user):
        raise InvalidInput("storage.bad_user", field="user", value=request.user)
    _check_key(request.key.strip())
    return {"source": request.source, "monitors": request.monitors, "user": request.user}


def _check_key(key: str) -> None:
    """Ceph's keys are base64; the error does not repeat it."""
    try:
        base64.b64decode(key, validate=True)
    except binascii.Error:
        raise InvalidInput("storage.bad_key", field="key") from None


_COLUMNS: dict[str, Callable[[PrimaryStorageCreate, str], dict[str, Any]]] = {
    "local": _folder,
    "shared": _folder,
    "nfs": _nfs,
    "ceph": _ceph,
}


def checked_path(text: str) -> str:
    """A directory path in its normal form; raises InvalidInput for relative or system ones."""
    path = PurePosixPath(text.strip())
    if not path.is_absolute() or ".." in path.parts or "\0" in text:
        raise InvalidInput("path.not_absolute", field="path", path=text)
    normal = "/" + "/".join(path.parts[1:])  # POSIX lets a path begin with two slashes
    if normal in SYSTEM_FOLDERS or PurePosixPath(normal).is_relative_to(MOUNTS):
        raise InvalidInput("path.reserved", field="path", path=normal)
    return normal
