"""Bodies for every operation: good ones, and ones with exactly one thing wrong."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from appliance.protocol.ids import new_id
from appliance.protocol.operations import OPERATIONS, Access, OperationSpec

WITH_BODY = [spec for spec in OPERATIONS.values() if spec.method != "GET"]
GUARDED = [spec for spec in OPERATIONS.values() if spec.access != Access.PUBLIC]
# These end the test's own session, or would wait for something that never comes.
NOT_AT_RANDOM = ("session.delete", "session.change_password", "session.set_first_password")

_VALUES: dict[str, Any] = {
    "policy": "anti_affinity",
    "on_host_boot": "restart",
    "direction": "in",
    "is_enabled": True,
    "security_group_ids": [new_id()],
    "cidr": "10.20.0.0/24",
    "gateway": "10.20.0.1",
    "vni_first": 5000,
    "vni_last": 5999,
    "underlay_cidr": "10.30.0.0/24",
    "ranges": [{"first": "10.20.0.10", "last": "10.20.0.20"}],
    "services": ["dhcp"],
    "ipv6_mode": "slaac",
    "ipv6_cidr": "fd00:1::/64",
    "path": "/srv/anyun",
    "source": "upload",
    "cpu_count": 1,
    "memory_bytes": 1024**3,
    "size_bytes": 1024**3,
    "request": {},
    "step": "zone",
    "action": "start",
    "statements": [{"effect": "allow", "operations": ["vm.*"]}],
    "scopes": ["vm.*"],
    "password": "correct horse battery",
    "id": new_id(),
    "value": 1,
    "ids": [new_id()],
    "url": "http://127.0.0.1:9/image",
}


OWN_VALUES: dict[tuple[str, str], Any] = {
    ("share.create", "kind"): "image",
    ("host.adopt_vm", "machine"): new_id(),
    ("host.adopt_vm", "nics"): [{"network_id": new_id()}],
    ("quota.update", "name"): "vm",
}


def path_of(spec: OperationSpec, ref: str | None = None) -> str:
    """The operation's path, with an id that nothing has."""
    return spec.path.replace("{id}", ref or new_id())


def good_body(spec: OperationSpec) -> dict[str, Any]:
    """The fields that must be there, with values that fit; ids lead nowhere."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(spec.request):
        if field.required:
            default = new_id() if field.name.endswith("_id") else "x"
            found[field.name] = OWN_VALUES.get((spec.name, field.name)) or _VALUES.get(
                field.name, default
            )
    return found


ODD_TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["", "0", "null", "../../etc/passwd", "a\x00b", "x" * 300, "'; --", "\u202e"]),
    st.uuids().map(str),
    st.ip_addresses().map(str),
    st.ip_addresses(v=4).map(lambda address: f"{address}/24"),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | ODD_TEXTS,
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def odd_bodies(draw: st.DrawFn, spec: OperationSpec) -> Any:
    """A body near a good one: some fields have any value, some are left out or added."""
    body = good_body(spec)
    names = [field.name for field in msgspec.structs.fields(spec.request)]
    if names:
        for name in draw(st.lists(st.sampled_from(names), max_size=3)):
            body[name] = draw(ODD_TEXTS | JSON)
        if draw(st.integers(0, 5)) == 0:
            body.pop(draw(st.sampled_from(names)), None)
    if draw(st.integers(0, 9)) == 0:
        body[draw(st.text(max_size=8))] = draw(JSON)
    return draw(JSON) if draw(st.integers(0, 19)) == 0 else body
