"""A service with two tenants, and rows of every kind that belong to one, the other, or are shared.

The rows are written while the service is stopped, as machines and images need hosts to be made.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.engine.models import JobRow
from appliance.protocol.ids import new_id
from appliance.protocol.resources import ImageStatus, State
from appliance.protocol.tenancy import Statement
from appliance.services.compute.models import AffinityGroupRow, VmRow
from appliance.services.firewall.models import SecurityGroupRow, SecurityRuleRow
from appliance.services.identity.models import GroupRow, RoleRow, TokenRow, UserRow
from appliance.services.images.models import ImageRow, InstanceOfferingRow
from appliance.services.networks.models import ElasticIpRow, NetworkRow, NicRow
from appliance.services.snapshots.models import SnapshotRow
from appliance.services.storage.models import ImageStoreRow, VolumeRow
from appliance.services.tenancy.models import ShareRow
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms
from appliance.store.kinds import Kinds
from hostagent.protocol.network import mac_for
from tests.contract.api.appliance import PASSWORD, Appliance, set_up
from tests.unit.appliance.services import rows

GiB = 1024**3
COMMON: dict[str, Any] = {"description": "", "created_at": 0}


@dataclass
class Tenants:
    """The service, its tenants' accounts and tokens, and rows to try operations on.

    `ready[owner, kind]` holds rows of which each is used once; `shared[kind]` are the
    administrator's, shared with the tenant `own`.
    """

    appliance: Appliance
    accounts: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    ready: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)

    def take(self, owner: str, kind: str) -> str:
        """A row that nothing was tried on yet; accounts are what they are."""
        return self.accounts[owner] if kind == "account" else self.ready[owner, kind].pop()


def make(folder: Path, *, each: int) -> Tenants:
    """Start, make the tenants `own` and `foreign`, and `each` rows of every kind for both."""
    found = Tenants(Appliance(folder))
    appliance = found.appliance
    appliance.start()
    set_up(appliance)
    found.tokens["admin"] = appliance.token
    for name in ("own", "foreign", "disabled"):
        body = {"name": name, "password": PASSWORD}
        answer = appliance.request("POST", "/v1/accounts", body)
        assert answer.status == 201, answer.body
        found.accounts[name] = answer.json["id"]
        found.tokens[name] = log_in(appliance, name)
    me = appliance.request("GET", "/v1/sessions/current").json
    found.accounts["admin"] = me["id"]
    appliance.stop()
    asyncio.run(_fill(found, each))
    appliance.start()
    return found


def log_in(appliance: Appliance, name: str) -> str:
    """The token of a new session."""
    body = {"account": name, "password": PASSWORD}
    answer = appliance.request("POST", "/v1/sessions", body, token="")
    assert answer.status == 201, answer.body
    return answer.json["token"]


async def _fill(found: Tenants, each: int) -> None:
    store = Store(found.appliance.state / "service" / "anyun.db", Kinds())
    await store.start()

    def fill(tx: Transaction) -> None:
        rows._fill(tx, 1, 16)  # a zone, a cluster, a host that is away, a storage
        tx.touched.clear()
        for owner in ("own", "foreign"):
            for kind, add in ADD.items():
                refs = [add(found.accounts[owner]) for _ in range(each)]
                found.ready[owner, kind] = refs
        for kind in ("image", "network", "instance_offering", "image_store"):
            ref = found.shared[kind] = ADD[kind](found.accounts["admin"])
            _share(found.accounts["admin"], kind, ref, found.accounts["own"])

    await store.write(fill)
    await store.stop()


def _vm(owner: str) -> str:
    ref = new_id()
    VmRow.create(
        id=ref,
        name="vm",
        cluster=rows.CLUSTER,
        image_id=new_id(),
        cpu_count=1,
        memory_bytes=GiB,
        state="stopped",
        state_reason="",
        ssh_public_key="",
        user_data="",
        owner_id=owner,
        accelerator="tcg",
        **COMMON,
    )
    _volume(owner, ref)
    _nic(owner, ref)
    return ref


def _nic(owner: str, vm_id: str) -> str:
    """A NIC with an id that is known: that of its machine."""
    mac = mac_for(vm_id)
    network = _network(owner)
    NicRow.create(id=vm_id, vm_id=vm_id, network=network, mac=mac, address=2, position=0)
    return vm_id


def _volume(owner: str, vm_id: str | None = None) -> str:
    return VolumeRow.create(
        id=new_id(),
        vm_id=vm_id,
        kind="root" if vm_id else "data",
        image_id=new_id() if vm_id else "",
        primary_storage=rows.STORAGE,
        host_id="host-0",
        size_bytes=GiB,
        status="ready",
        owner_id=owner,
        created_at=0,
    ).id


def _snapshot(owner: str) -> str:
    return SnapshotRow.create(
        id=new_id(),
        name="snapshot",
        volume=_volume(owner),
        node="",
        size_bytes=GiB,
        status="ready",
        owner_id=owner,
        created_at=0,
    ).id


def _image_store(owner: str) -> str:
    sizes = {"total_bytes": 0, "available_bytes": 0}
    return ImageStoreRow.create(
        **(COMMON | sizes),
        id=new_id(),
        name="store",
        zone=rows.ZONE,
        host="host-0",
        path=f"/images/{new_id()}",
        state=State.ENABLED,
    ).id


def _image(owner: str) -> str:
    return ImageRow.create(
        id=new_id(),
        name="image",
        image_store=_image_store(owner),
        source="url",
        url="http://127.0.0.1:9/",
        platform="linux",
        format="qcow2",
        status=ImageStatus.READY,
        state=State.ENABLED,
        expected_size_bytes=0,
        expected_sha256="",
        size_bytes=GiB,
        virtual_size_bytes=GiB,
        sha256="",
        owner_id=owner,
        **COMMON,
    ).id


def _network(owner: str) -> str:
    return NetworkRow.create(
        id=new_id(),
        name="network",
        cluster=rows.CLUSTER,
        kind="nat",
        physical_interface="",
        cidr="10.0.0.0/24",
        gateway="10.0.0.1",
        dns=[],
        domain="",
        mtu=1500,
        dhcp_address="10.0.0.2",
        state=State.ENABLED,
        owner_id=owner,
        **COMMON,
    ).id


def _elastic_ip(owner: str) -> str:
    return ElasticIpRow.create(
        id=new_id(), name="eip", network=_network(owner), address=1, owner_id=owner, **COMMON
    ).id


def _affinity_group(owner: str) -> str:
    return AffinityGroupRow.create(
        id=new_id(),
        name="group",
        policy="affinity",
        is_required=False,
        owner_id=owner,
        **COMMON,
    ).id


def _security_group(owner: str) -> str:
    return SecurityGroupRow.create(id=new_id(), name="group", owner_id=owner, **COMMON).id


def _security_rule(owner: str) -> str:
    return SecurityRuleRow.create(
        id=new_id(),
        security_group_id=_security_group(owner),
        direction="in",
        action="allow",
        priority=100,
        protocol="tcp",
        port_first=80,
        port_last=80,
        cidr="",
        is_enabled=True,
        owner_id=owner,
        **COMMON,
    ).id


def _offering(owner: str) -> str:
    return InstanceOfferingRow.create(
        id=new_id(),
        name="offering",
        cpu_count=1,
        memory_bytes=GiB,
        state=State.ENABLED,
        owner_id=owner,
        **COMMON,
    ).id


def _job(owner: str) -> str:
    ref = new_id()
    JobRow.create(
        id=ref,
        operation="vm.start",
        state="succeeded",
        queue=f"vm:{ref}",
        resource_kind="vm",
        resource_id=new_id(),
        resource_name="vm",
        account_id=owner,
        reason="",
        data={},
        steps=[],
        created_at=now_ms(),
        finished_at=now_ms(),  # finished jobs are kept for a while only
    )
    return ref


def _user(owner: str) -> str:
    ref = new_id()
    return UserRow.create(
        id=ref, account=owner, name=ref, password_hash="", state=State.ENABLED, **COMMON
    ).id


def _group(owner: str) -> str:
    return GroupRow.create(id=new_id(), account=owner, name="group", **COMMON).id


def _role(owner: str) -> str:
    statements = [Statement(effect="allow", operations=["vm.*"])]
    values = COMMON | {"statements": statements}
    return RoleRow.create(id=new_id(), account_id=owner, name="role", **values).id


def _token(owner: str) -> str:
    ref = new_id()
    return TokenRow.create(
        id=ref, account=owner, name="token", token_sha256=ref, scopes=["vm.*"], **COMMON
    ).id


def _share(owner: str, kind: str = "image", ref: str = "", account_id: str = "x") -> str:
    return ShareRow.create(
        id=new_id(),
        kind=kind,
        resource_id=ref or new_id(),
        account_id=account_id,
        owner_id=owner,
        created_at=0,
    ).id


ADD: dict[str, Any] = {
    "vm": _vm,
    "volume": _volume,
    "snapshot": _snapshot,
    "image_store": _image_store,
    "image": _image,
    "network": _network,
    "instance_offering": _offering,
    "affinity_group": _affinity_group,
    "elastic_ip": _elastic_ip,
    "security_group": _security_group,
    "security_rule": _security_rule,
    "job": _job,
    "user": _user,
    "group": _group,
    "role": _role,
    "token": _token,
    "share": _share,
}
