"""A database with a small made-up cloud, and the same rows as plain dictionaries."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee

from appliance.node import Node, NodeConfig
from appliance.store.fields import database
from appliance.store.kinds import Kinds
from appliance.store.migrations import migrate

Row = dict[str, Any]
GIB = 1024**3
TABLES = ("zone", "cluster", "agent", "host", "primary_storage", "network", "vm", "nic", "volume")


def names(choose: random.Random) -> str:
    """Names with everything that a query might stumble over, and many that are alike."""
    return choose.choice(
        ("web", "Web", "web-1", "web_1", "web%", "a'b", 'a"b', "a\\b", "网络", "É", "é", "", "db")
    )


def make_rows(seed: int, machines: int = 30) -> dict[str, list[Row]]:
    """Rows of all tables."""
    choose = random.Random(seed)
    of: dict[str, list[Row]] = {name: [] for name in TABLES}

    def add(table: str, **columns: Any) -> Row:
        row = {"id": f"{table}-{len(of[table])}"} | columns
        of[table].append(row)
        return row

    def named(table: str, **columns: Any) -> Row:
        common = {"name": names(choose), "description": "", "created_at": 0}
        return add(table, **(common | columns))

    def any_of(table: str) -> str:
        return choose.choice(of[table])["id"]

    for _ in range(2):
        named("zone", state="enabled")
        named("cluster", zone_id=any_of("zone"), hypervisor="kvm", state="enabled")
    for number in range(4):
        add(
            "agent",
            hostname=f"h{number}",
            address=f"192.0.2.{number}",
            is_local=choose.random() < 0.5,
            certificate_sha256="secret",
            facts="{}",
            enrolled_at=0,
        )
        named(
            "host",
            agent_id=f"agent-{number}",
            cluster_id=any_of("cluster"),
            state=choose.choice(("enabled", "disabled")),
            cpu_ratio=choose.choice((1.0, 2.5)),
            memory_reserved_bytes=0,
            connected=choose.random() < 0.5,
        )
        named(
            "network",
            cluster_id=any_of("cluster"),
            kind="nat",
            physical_interface="",
            cidr="10.0.0.0/8",
            gateway="10.0.0.1",
            dns="[]",
            domain="",
            mtu=1500,
            dhcp_address="",
            state="enabled",
            is_deleting=0,
        )
    storage = named(
        "primary_storage",
        cluster_id=any_of("cluster"),
        kind="local",
        path="/s",
        state="enabled",
        total_bytes=0,
        available_bytes=0,
    )
    for _ in range(machines):
        vm = named(
            "vm",
            cluster_id=any_of("cluster"),
            host_id=choose.choice((None, any_of("host"))),
            last_host_id=None,
            image_id="image-0",
            offering_id=None,
            cpu_count=choose.choice((1, 2, 4)),
            memory_bytes=choose.choice((1, 2, 4)) * GIB,
            state=choose.choice(("running", "stopped", "destroyed")),
            state_reason="",
            ssh_public_key="",
            user_data="secret",
            owner_id=choose.choice(("ann", "bob")),
            accelerator="kvm",
            resume=0,
            request_sha256="secret",
            created_at=choose.randrange(5) * 86_400_000,
            started_at=choose.choice((None, 1_000, 86_400_000)),
            destroyed_at=None,
        )
        for position in range(choose.randrange(3)):
            number = len(of["nic"])
            add(
                "nic",
                vm_id=vm["id"],
                network_id=any_of("network"),
                mac=f"0a:00:00:00:00:{number:02x}",
                address=(10 << 24) + number * 37,
                position=position,
            )
        for position in range(choose.randrange(3)):
            add(
                "volume",
                name=names(choose),
                description="",
                vm_id=vm["id"],
                position=position,
                read_iops=0,
                write_iops=0,
                read_bytes_s=0,
                write_bytes_s=0,
                request_sha256="secret",
                owner_id=vm["owner_id"],
                kind="root",
                image_id="image-0",
                primary_storage_id=storage["id"],
                host_id=any_of("host"),
                size_bytes=choose.choice((10, 20)) * GIB,
                status="ready",
                created_at=0,
            )
    return of


def kinds_of(folder: Path) -> Kinds:
    """The kinds of a real node."""
    return Node(NodeConfig(state_dir=folder / "node")).store.kinds


@contextmanager
def filled(folder: Path, rows: dict[str, list[Row]]) -> Iterator[None]:
    """A database of the newest version with these rows, for queries from this thread."""
    path = folder / "cloud.db"
    migrate(path)
    found = peewee.SqliteDatabase(str(path))
    database.initialize(found)
    with found.connection_context():
        for table in TABLES:
            for row in rows[table]:
                columns = ", ".join(f'"{name}"' for name in row)
                marks = ", ".join("?" * len(row))
                sql = f'INSERT INTO "{table}" ({columns}) VALUES ({marks})'
                found.execute_sql(sql, list(row.values()))
        yield
