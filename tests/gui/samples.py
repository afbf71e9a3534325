"""A small cloud made of structs, for tests that show pages without a service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.protocol import resources as r
from appliance.protocol import security as s
from appliance.protocol import tenancy as t
from appliance.protocol.elastic import ElasticIp
from appliance.protocol.errors import ErrorBody
from appliance.protocol.layer2 import VxlanPool
from appliance.protocol.storages import StorageHost

GIB = 1024**3
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def make_id(number: int) -> str:
    """A fixed id that looks like the real ones."""
    return f"019abc00-0000-7000-8000-{number:012d}"


def make_vm(number: int, state: r.VmState = r.VmState.RUNNING, **changes: Any) -> r.Vm:
    """A virtual machine; `number` gives its name, id and address."""
    runs = state in (r.VmState.RUNNING, r.VmState.PAUSED)
    values: dict[str, Any] = {
        "id": make_id(number),
        "name": f"web-{number}",
        "created_at": NOW - timedelta(hours=number % 1000),
        "zone_id": make_id(900_001),
        "cluster_id": make_id(900_002),
        "host_id": make_id(900_003) if runs else None,
        "host_name": "node-a" if runs else "",
        "last_host_id": make_id(900_003),
        "image_id": make_id(900_010),
        "image_name": "Anyun starter",
        "offering_id": make_id(900_020),
        "cpu_count": 1 + number % 4,
        "memory_bytes": (1 + number % 4) * GIB // 2,
        "state": state,
        "accelerator": "tcg",
        "nics": [
            r.Nic(
                id=make_id(800_000 + number),
                network_id=make_id(900_030),
                network_name="private",
                mac=f"fa:16:3e:00:{number // 256 % 256:02x}:{number % 256:02x}",
                address=f"10.0.{number // 250 % 250}.{number % 250 + 2}",
            )
        ],
        "volumes": [
            r.Volume(
                id=make_id(700_000 + number),
                name=f"root-{number}",
                created_at=NOW,
                vm_id=make_id(number),
                kind="root",
                primary_storage_id=make_id(900_040),
                host_id=make_id(900_003),
                size_bytes=8 * GIB,
                status=r.VolumeStatus.READY,
                owner_id=make_id(1),
            )
        ],
        "ssh_public_key": "",
        "has_user_data": False,
        "owner_id": make_id(1),
        "started_at": NOW - timedelta(hours=2) if runs else None,
        "destroyed_at": NOW - timedelta(hours=2) if state is r.VmState.DESTROYED else None,
    }
    return r.Vm(**{**values, **changes})


def make_job(number: int, state: r.JobState, **changes: Any) -> r.Job:
    """A job that creates a virtual machine."""
    done = state in (r.JobState.SUCCEEDED, r.JobState.FAILED)
    steps = ["configure_network", "cache_image", "create_disk", "start_domain"]
    states = {
        r.JobState.SUCCEEDED: ["done"] * 4,
        r.JobState.FAILED: ["done", "failed", "pending", "pending"],
    }.get(state, ["done", "running", "pending", "pending"])
    values: dict[str, Any] = {
        "id": make_id(600_000 + number),
        "operation": "vm.create",
        "state": state,
        "resource_kind": "vm",
        "resource_id": make_id(number),
        "resource_name": f"web-{number}",
        "account_id": make_id(1),
        "steps": [
            r.JobStep(name=name, state=r.StepState(one), started_at=NOW, finished_at=NOW)
            for name, one in zip(steps, states, strict=True)
        ],
        "percent": 100 if done else 68,
        "created_at": NOW,
        "started_at": NOW,
        "finished_at": NOW + timedelta(seconds=4.2) if done else None,
    }
    if state is r.JobState.RUNNING:
        values["progress"] = r.Progress(done=214 * 1024**2, total=312 * 1024**2, unit="bytes")
    if state is r.JobState.FAILED:
        values["error"] = ErrorBody(
            code="storage.no_space",
            params={"needed_bytes": 8 * GIB, "available_bytes": GIB, "path": "/srv/anyun"},
        )
    return r.Job(**{**values, **changes})


def make_host(number: int = 3, **changes: Any) -> r.Host:
    """A host that runs emulated."""
    values: dict[str, Any] = {
        "id": make_id(900_000 + number),
        "name": "node-a",
        "created_at": NOW,
        "zone_id": make_id(900_001),
        "cluster_id": make_id(900_002),
        "address": "192.168.10.11",
        "state": r.HostState.ENABLED,
        "status": r.Status.CONNECTED,
        "accelerator": "tcg",
        "accelerator_reason": "hangs",
        "cpu_model": "AMD EPYC 7763",
        "cpu_count": 16,
        "cpu_ratio": 4.0,
        "own_cpu_ratio": 4.0,
        "cpu_capacity": 64,
        "cpu_claimed": 23,
        "memory_bytes": 64 * GIB,
        "memory_capacity_bytes": 62 * GIB,
        "memory_reserved_bytes": 2 * GIB,
        "memory_claimed_bytes": 52 * GIB,
        "load": r.HostLoad(
            cpu_share=0.37,
            load_1=6.4,
            memory_total_bytes=64 * GIB,
            memory_used_bytes=41 * GIB,
            file_systems=[
                r.FileSystemLoad(path="/", total_bytes=480 * GIB, available_bytes=130 * GIB)
            ],
            at=NOW,
        ),
        "os": "Debian GNU/Linux 12 (bookworm)",
        "kernel": "6.1.0-28-amd64",
        "libvirt_version": "9.0.0",
        "qemu_version": "7.2.15",
        "nics": [
            r.HostNic(
                name="eno1",
                mac="3c:ec:ef:00:00:01",
                addresses=["192.168.10.11/24"],
                is_up=True,
                is_default_route=True,
            )
        ],
    }
    return r.Host(**{**values, **changes})


def _offering(number: int, name: str, cpu: int, memory_bytes: int) -> r.InstanceOffering:
    return r.InstanceOffering(
        id=make_id(number), name=name, created_at=NOW, cpu_count=cpu, memory_bytes=memory_bytes
    )


def infrastructure() -> dict[str, list[Any]]:
    """Zone, cluster, host, storage, image, offerings and network."""
    zone, cluster, host = make_id(900_001), make_id(900_002), make_host()
    place = {"state": r.State.ENABLED, "status": r.Status.CONNECTED, "created_at": NOW}
    return {
        "zone": [r.Zone(id=zone, name="Zone-1", created_at=NOW)],
        "cluster": [r.Cluster(id=cluster, name="Cluster-1", created_at=NOW, zone_id=zone)],
        "host": [host],
        "image_store": [
            r.ImageStore(
                id=make_id(900_050),
                name="Images-1",
                zone_id=zone,
                host_id=host.id,
                path="/var/lib/anyun/storage/images",
                total_bytes=512 * GIB,
                available_bytes=389 * GIB,
                **place,
            )
        ],
        "primary_storage": [
            r.PrimaryStorage(
                id=make_id(900_040),
                name="Local-1",
                zone_id=zone,
                cluster_id=cluster,
                cluster_ids=[cluster],
                kind="local",
                path="/var/lib/anyun/storage/disks",
                capacity_bytes=512 * GIB,
                hosts=[
                    StorageHost(host_id=make_id(900_041), host_name="node-1", status="connected"),
                    StorageHost(
                        host_id=make_id(900_042),
                        host_name="node-2",
                        status="broken",
                        code="storage.hangs",
                        reason="/var/lib/anyun/storage/disks does not answer",
                    ),
                ],
                total_bytes=512 * GIB,
                available_bytes=89 * GIB,
                claimed_bytes=480 * GIB,
                **place,
            )
        ],
        "image": [
            r.Image(
                id=make_id(900_010),
                name="Anyun starter",
                created_at=NOW,
                image_store_id=make_id(900_050),
                source="starter",
                url="",
                platform="linux",
                format="qcow2",
                status=r.ImageStatus.READY,
                state=r.State.ENABLED,
                size_bytes=37 * 1024**2,
                virtual_size_bytes=GIB,
                sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            )
        ],
        "volume": [
            r.Volume(
                id=make_id(900_070),
                name="data-1",
                created_at=NOW,
                vm_id=None,
                kind="data",
                primary_storage_id=make_id(900_040),
                host_id=make_id(900_003),
                host_name="node-a",
                size_bytes=20 * GIB,
                used_bytes=3 * GIB,
                status=r.VolumeStatus.READY,
                serial="7311a1632d756d9b5f5d",
                read_iops=500,
                write_bytes_s=20 * 1024**2,
                owner_id=make_id(1),
            )
        ],
        "instance_offering": [
            _offering(900_020, "Small", 1, GIB // 2),
            _offering(900_021, "Medium", 2, 4 * GIB),
        ],
        "account": [
            r.Account(id=make_id(1), name="admin", created_at=NOW, kind="administrator"),
            r.Account(id=make_id(900_026), name="acme", created_at=NOW, kind="tenant"),
        ],
        "user": [
            t.User(
                id=make_id(900_027),
                name="bob",
                created_at=NOW,
                account_id=make_id(900_026),
                state=r.State.ENABLED,
                role_ids=[make_id(900_028)],
                group_ids=[],
            )
        ],
        "group": [
            t.Group(
                id=make_id(900_070),
                name="operators",
                created_at=NOW,
                account_id=make_id(900_026),
                role_ids=[],
                user_ids=[],
            )
        ],
        "share": [
            t.Share(
                id=make_id(900_071),
                kind="image",
                resource_id=make_id(900_010),
                resource_name="Anyun starter",
                account_id=None,
                owner_id=make_id(1),
                created_at=NOW,
            )
        ],
        "token": [
            t.Token(
                id=make_id(900_072),
                name="backup",
                created_at=NOW,
                account_id=make_id(1),
                user_id=None,
                scopes=["vm.*", "*.list"],
                expires_at=NOW + timedelta(days=90),
                last_used_at=None,
            )
        ],
        "role": [
            t.Role(
                id=make_id(900_028),
                name="operator",
                created_at=NOW,
                account_id=make_id(900_026),
                is_predefined=False,
                statements=[
                    t.Statement(effect="allow", operations=["vm.*", "*.list"]),
                    t.Statement(effect="deny", operations=["vm.expunge"]),
                ],
            )
        ],
        "affinity_group": [
            r.AffinityGroup(
                id=make_id(900_025),
                name="database",
                created_at=NOW,
                policy=r.AffinityPolicy.ANTI_AFFINITY,
                is_required=True,
                vm_count=1,
                owner_id=make_id(1),
            )
        ],
        "security_group": [
            s.SecurityGroup(
                id=make_id(900_026),
                name="web",
                created_at=NOW,
                is_default=False,
                rules=security_rules(),
                vm_count=1,
                owner_id=make_id(1),
            )
        ],
        "security_rule": security_rules(),
        "elastic_ip": [
            ElasticIp(
                id=make_id(900_060),
                name="shop",
                created_at=NOW,
                network_id=make_id(900_031),
                network_name="office",
                address="203.0.113.20",
                vm_id=make_id(1),
                vm_name="web-0001",
                vm_address="10.0.0.3",
                owner_id=make_id(1),
            )
        ],
        "vxlan_pool": [
            VxlanPool(
                id=make_id(900_032),
                name="overlay",
                created_at=NOW,
                zone_id=zone,
                vni_first=5000,
                vni_last=5999,
                underlay_cidr="192.0.2.0/24",
                networks=1,
            )
        ],
        "network": [
            r.Network(
                id=make_id(900_030),
                name="private",
                created_at=NOW,
                zone_id=zone,
                cluster_id=cluster,
                cluster_ids=[cluster],
                kind="nat",
                physical_interface="",
                cidr="10.0.0.0/16",
                gateway="10.0.0.1",
                dns=["9.9.9.9"],
                domain="",
                mtu=1500,
                ranges=[r.AddressRange(id=make_id(31), first="10.0.0.2", last="10.0.7.254")],
                dhcp_address="10.0.0.2",
                addresses_total=2045,
                addresses_used=231,
                state=r.State.ENABLED,
            )
        ],
    }


def small_cloud() -> dict[str, list[Any]]:
    """Infrastructure, fourteen VMs in all sorts of states, and some jobs."""
    states = [r.VmState.RUNNING] * 8 + [
        r.VmState.STOPPED,
        r.VmState.STOPPED,
        r.VmState.STARTING,
        r.VmState.PAUSED,
        r.VmState.ERROR,
        r.VmState.DESTROYED,
    ]
    cloud = infrastructure()
    cloud["vm"] = [make_vm(number + 1, state) for number, state in enumerate(states)]
    cloud["job"] = [
        make_job(11, r.JobState.RUNNING),
        make_job(5, r.JobState.SUCCEEDED),
        make_job(10, r.JobState.FAILED),
    ]
    return cloud


def security_rules() -> list[s.SecurityRule]:
    """Rules of the group “web”, of several sorts."""
    common: dict[str, Any] = {
        "security_group_id": make_id(900_026),
        "port_first": None,
        "port_last": None,
        "icmp_type": None,
        "icmp_code": None,
        "cidr": "",
        "peer_group_id": None,
        "description": "",
        "is_enabled": True,
        "owner_id": make_id(1),
        "created_at": NOW,
        "action": "allow",
        "priority": 100,
        "direction": "in",
    }
    different: list[dict[str, Any]] = [
        {"protocol": "tcp", "port_first": 443, "port_last": 443, "cidr": "0.0.0.0/0"},
        {
            "protocol": "tcp",
            "port_first": 8000,
            "port_last": 8100,
            "peer_group_id": make_id(900_026),
        },
        {"protocol": "icmp", "icmp_type": 8, "action": "deny", "priority": 10},
        {"protocol": "any", "direction": "out", "cidr": "::/0", "is_enabled": False},
    ]
    return [
        s.SecurityRule(id=make_id(900_060 + number), **(common | fields))
        for number, fields in enumerate(different)
    ]
