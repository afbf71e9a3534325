"""Operations on zones, clusters and hosts; enrolment of agents."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from typing import Any

import structlog

from appliance.engine import ledger
from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, Step
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict, NotFound, Unauthenticated
from appliance.protocol.hosts import ClusterUpdate, HostState
from appliance.protocol.ids import new_id
from appliance.protocol.resources import State
from appliance.services.common import (
    chosen_id,
    clean_name,
    create_once,
    find,
    link_wait_s,
    refuse_if_used,
    updater,
)
from appliance.services.hardware.baseline import Baselines, change_cluster_cpu
from appliance.services.infrastructure.capacity import Limits
from appliance.services.infrastructure.joining import (
    UNFINISHED,
    certified,
    joining,
    matches,
    unfinished_local,
    unfinished_with,
)
from appliance.services.infrastructure.loads import Loads
from appliance.services.infrastructure.models import (
    AgentRow,
    ClusterRow,
    HostRow,
    JoinTokenRow,
    ZoneRow,
    note_addresses,
)
from appliance.services.infrastructure.views import HostViews, render_clusters, render_zones
from appliance.services.parts import Parts
from appliance.services.settings import HOST_CPU_RATIO, HOST_MEMORY_RATIO
from appliance.store.database import Transaction
from appliance.store.fields import database, now_ms
from appliance.store.kinds import Relation, ResourceKind, Rows
from hostagent.protocol.commands import HOST_RELEASE, Nothing
from hostagent.protocol.facts import HostFacts

TOKEN_LIFETIME_MS = 24 * 3600 * 1000

log = structlog.get_logger()


class Infrastructure:
    """Zones, clusters, hosts, enrolled machines."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._links = parts.hosts
        self._limits = Limits(parts.settings)
        self._loads = Loads(parts.store, parts.hosts)
        self._recounting: asyncio.Task[None] | None = None
        self._cleanup = parts.runner.cleanup
        release = Step("release_host", self._release, forward_only=True)
        self._release_work = parts.runner.define(
            JobDefinition(operation="host.delete", steps=(release,))
        )
        self.baselines = Baselines(parts.store, parts.hosts)
        self._booted_callback: Callable[[Transaction, str, str], None] | None = None
        self._added_callbacks: list[Callable[[str], None]] = []
        views = HostViews(parts.hosts, self._loads)
        kinds = parts.store.kinds
        kinds.add(
            ResourceKind(
                name="zone",
                model=ZoneRow,
                render=render_zones,
                relations={"clusters": Relation("cluster", ("id", "zone_id"), many=True)},
            )
        )
        kinds.add(
            ResourceKind(
                name="cluster",
                model=ClusterRow,
                render=render_clusters,
                relations={
                    "zone": Relation("zone", ("zone_id", "id")),
                    "hosts": Relation("host", ("id", "cluster_id"), many=True),
                    "networks": Relation("network", ("id", "cluster_id"), many=True),
                    "primary_storages": Relation(
                        "primary_storage", ("id", "cluster_id"), many=True
                    ),
                },
            )
        )
        kinds.add(
            ResourceKind(
                name="host",
                model=HostRow,
                render=views.hosts,
                extra=frozenset({"connected"}),
                relations={
                    "cluster": Relation("cluster", ("cluster_id", "id")),
                    "agent": Relation("agent", ("agent_id", "id")),
                    "vms": Relation("vm", ("id", "host_id"), many=True),
                    "volumes": Relation("volume", ("id", "host_id"), many=True),
                },
                aliases={"zone_id": "cluster.zone_id", "address": "agent.address"},
                live=True,
            )
        )
        kinds.add_rows(
            Rows(
                name="agent",
                model=AgentRow,
                internal=frozenset({"certificate_sha256"}),
                part_of=("id", "host"),
            )
        )
        kinds.add(
            ResourceKind(
                name="host_candidate",
                model=AgentRow,
                render=views.candidates,
                search=("hostname", "id", "address"),
                visible=lambda: AgentRow.id.not_in(HostRow.select(HostRow.agent)),
                order="enrolled_at",
                internal=frozenset({"certificate_sha256"}),
                live=True,
            )
        )
        self._bind(parts)

    def _bind(self, parts: Parts) -> None:
        bind = parts.registry.bind
        limits = self._limits
        bind("zone.update", updater(parts.store, ZoneRow, "zone"))
        bind("cluster.update", updater(parts.store, ClusterRow, "cluster", self._change_cluster))
        bind("host.update", updater(parts.store, HostRow, "host", limits.change_host))
        for setting in (HOST_CPU_RATIO, HOST_MEMORY_RATIO):
            parts.settings.on_change(setting, self._recount_soon)
        bind("zone.create", self._create_zone)
        bind("cluster.create", self._create_cluster)
        bind("cluster.delete", self._delete_cluster)
        bind("host.create", self._create_host)
        bind("host.delete", self._delete_host)
        bind("host.enable", self._enable)
        bind("host.disable", self._disable)

    def _change_cluster(self, tx: Transaction, row: ClusterRow, request: ClusterUpdate) -> None:
        self._limits.change_cluster(tx, row, request)
        change_cluster_cpu(tx, row, request)

    # Zones and clusters

    async def _create_zone(self, call: Call, request: q.ZoneCreate) -> Any:
        values = {
            "name": clean_name(request.name),
            "description": request.description,
            "state": State.ENABLED,
        }
        return await self._create("zone", ZoneRow, chosen_id(request), values)

    async def _create_cluster(self, call: Call, request: q.ClusterCreate) -> Any:
        values = {
            "name": clean_name(request.name),
            "description": request.description,
            "zone": request.zone_id,
            "hypervisor": request.hypervisor,
            "state": State.ENABLED,
        }
        return await self._create("cluster", ClusterRow, chosen_id(request), values)

    async def _create(self, kind: str, model: Any, ref: str, values: dict[str, Any]) -> Any:
        def create(tx: Transaction) -> Any:
            if "zone" in values:
                find(ZoneRow, values["zone"], "zone", field="zone_id")
            _, is_new = create_once(model, ref, values)
            if is_new:
                tx.touch(kind, ref)
            return self._store.kinds.render_one(kind, ref)

        return await self._store.write(create)

    async def _delete_cluster(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> None:
            row = find(ClusterRow, call.target, "cluster")
            for table, users in (
                ("host", "host"),
                ("vm", "vm"),
                ("network_cluster", "network"),
                ("primary_storage_cluster", "primary_storage"),
            ):
                refuse_if_used(row.name, _count_in_cluster(table, row.id), users)
            row.delete_instance()
            tx.touch("cluster", row.id)

        await self._store.write(delete)

    # Hosts

    async def _create_host(self, call: Call, request: q.HostCreate) -> Any:
        ref = request.candidate_id

        def create(tx: Transaction) -> Any:
            cluster = find(ClusterRow, request.cluster_id, "cluster", field="cluster_id")
            agent = AgentRow.get_or_none(AgentRow.id == ref)
            if agent is None:
                raise NotFound("host.candidate_unknown", field="candidate_id", id=ref)
            existing = HostRow.get_or_none(HostRow.id == ref)
            if existing is not None and existing.cluster_id != request.cluster_id:
                raise Conflict("host.already_used", field="candidate_id", name=existing.name)
            values = {
                "agent": ref,
                "name": clean_name(request.name),
                "description": request.description,
                "cluster": request.cluster_id,
                "state": HostState.ENABLED,
                **self._limits.holding(cluster, agent.facts),
            }
            if existing is None:
                connected = self._links.is_connected(ref)
                row = HostRow.create(id=ref, created_at=now_ms(), connected=connected, **values)
                self._limits.apply(tx, row)
                tx.on_commit(lambda: self._host_added(ref))
                tx.touch("host", ref)
                tx.touch("host_candidate", ref)
            return self._store.kinds.render_one("host", ref)

        return await self._store.write(create)

    async def _delete_host(self, call: Call, _: q.Empty) -> None:
        def delete(tx: Transaction) -> tuple[str, str]:
            row = find(HostRow, call.target, "host")
            if row.state == HostState.PRE_MAINTENANCE:
                raise Conflict("host.in_maintenance", name=row.name)
            for table, users in (
                ("vm", "vm"),
                ("volume", "volume"),
                ("image_store", "image_store"),
            ):
                refuse_if_used(row.name, _count_on_host(table, row.id), users)
            refuse_if_used(row.name, _count_coming(row.id), "volume")
            row.delete_instance()
            ledger.forget(tx, row.id)
            tx.touch("host", row.id)
            tx.touch("host_candidate", row.id)
            work = self._cleanup.leave(tx, self._release_work, row.id, row.name, {})
            return row.cluster_id, work

        cluster_id, work = await self._store.write(delete)
        await self._cleanup.attempt([work])
        await self.baselines.compare(cluster_id)

    async def _release(self, run: JobRun) -> None:
        """Nothing of its cluster's networks stays on a machine that is no host any more.

        One that is away gets an empty network document when it comes back.
        """
        host_id = run.resource_id
        is_host = HostRow.select().where(HostRow.id == host_id)
        if self._links.is_connected(host_id) and not await self._store.read(is_host.exists):
            await self._links.call(host_id, HOST_RELEASE, Nothing(), wait_s=link_wait_s(run))

    async def _enable(self, call: Call, _: q.Empty) -> Any:
        return await self._set_state(call.target, HostState.ENABLED)

    async def _disable(self, call: Call, _: q.Empty) -> Any:
        return await self._set_state(call.target, HostState.DISABLED)

    async def _set_state(self, host_id: str, state: HostState) -> Any:
        def change(tx: Transaction) -> Any:
            row = find(HostRow, host_id, "host")
            if row.state in (HostState.PRE_MAINTENANCE, HostState.MAINTENANCE):
                raise Conflict("host.in_maintenance", name=row.name)
            row.state = state
            row.save()
            tx.touch("host", host_id)
            return self._store.kinds.render_one("host", host_id)

        return await self._store.write(change)

    # Agents

    async def make_join_secret(self, *, is_local: bool) -> str:
        """A new one-time secret with which one machine may enrol within a day."""
        secret = secrets.token_urlsafe(32)

        def keep(tx: Transaction) -> None:
            JoinTokenRow.delete().where(JoinTokenRow.expires_at < now_ms()).execute()
            JoinTokenRow.create(
                secret_sha256=_hash(secret),
                is_local=is_local,
                expires_at=now_ms() + TOKEN_LIFETIME_MS,
            )

        await self._store.write(keep)
        return secret

    async def has_local_agent(self) -> bool:
        """Whether an agent of this very machine has joined: enrolled, and connected since."""
        query = AgentRow.select().where(AgentRow.is_local, ~UNFINISHED)
        return await self._store.read(query.exists)

    async def enrol(self, secret: str, facts: HostFacts, address: str) -> str:
        """Use up a join secret; returns the id of the agent.

        An agent that never connected may have died before it kept its certificate: it may come
        again, and is given the same id. Raises Unauthenticated for a secret that is unknown,
        used or too old.
        """
        digest = _hash(secret)

        def add(tx: Transaction) -> str:
            token = JoinTokenRow.get_or_none(JoinTokenRow.secret_sha256 == digest)
            if token is None:
                row = unfinished_with(digest, now_ms() - TOKEN_LIFETIME_MS)
                if row is None:
                    raise Unauthenticated("host.bad_join_token")
            elif token.expires_at < now_ms():
                raise Unauthenticated("host.bad_join_token")
            else:
                token.delete_instance()
                row = unfinished_local() if token.is_local else None
                if row is None:
                    row = AgentRow(id=new_id(), is_local=token.is_local)
                row.enrolled_at = now_ms()
            row.hostname, row.address, row.facts = facts.hostname, address, facts
            row.certificate_sha256 = joining(digest)
            row.save(force_insert=not AgentRow.select().where(AgentRow.id == row.id).exists())
            note_addresses(tx, row.id, facts)
            touch_host(tx, row.id)
            return row.id

        host_id = await self._store.write(add)
        log.info("agent_enrolled", host=host_id, hostname=facts.hostname, address=address)
        return host_id

    async def note_certificate(self, host_id: str, sha256: str) -> None:
        """Remember which certificate an agent must show; another one is refused."""

        def change(tx: Transaction) -> None:
            row = find(AgentRow, host_id, "host")
            row.certificate_sha256 = certified(row.certificate_sha256, sha256)
            row.save()

        await self._store.write(change)

    async def may_connect(self, host_id: str, certificate_sha256: str) -> bool:
        """Whether this certificate is the one that was issued to the agent.

        Who shows it has kept it: from now on the agent has joined, and its token is used up.
        """

        def join(tx: Transaction) -> bool:
            row = AgentRow.get_or_none(AgentRow.id == host_id)
            if row is None or not matches(row.certificate_sha256, certificate_sha256):
                return False
            row.certificate_sha256 = certificate_sha256
            row.save(only=[AgentRow.certificate_sha256])
            return True

        return await self._store.write(join)

    async def note_facts(self, host_id: str, facts: HostFacts, address: str | None = None) -> None:
        """Keep what an agent reports of its machine when it connects, or is asked."""

        def change(tx: Transaction) -> None:
            before = AgentRow.get_by_id(host_id).facts.boot_id
            known: dict[str, Any] = {"facts": facts, "hostname": facts.hostname}
            if address is not None:
                known["address"] = address
            AgentRow.update(**known).where(AgentRow.id == host_id).execute()
            note_addresses(tx, host_id, facts)
            row = HostRow.get_or_none(HostRow.id == host_id)
            if row is not None:
                self._limits.apply(tx, row)
                if before and before != facts.boot_id and self._booted_callback is not None:
                    self._booted_callback(tx, host_id, before)
            touch_host(tx, host_id)

        await self._store.write(change)

    async def note_link(self, host_id: str) -> None:
        """A link came or went: tell clients the host's new status."""

        def change(tx: Transaction) -> None:
            connected = self._links.is_connected(host_id)
            HostRow.update(connected=connected).where(HostRow.id == host_id).execute()
            touch_host(tx, host_id)

        await self._store.write(change)

    async def prepare(self) -> None:
        """At the start no host is connected yet, and capacity follows from facts and ratios."""

        def reset(tx: Transaction) -> None:
            HostRow.update(connected=False).execute()
            self._limits.apply_all(tx)

        await self._store.write(reset)
        self._loads.start()

    async def stop(self) -> None:
        """Stop what goes on beside operations."""
        await self._loads.stop()
        if self._recounting is not None:
            await asyncio.gather(self._recounting, return_exceptions=True)

    def _recount_soon(self) -> None:
        """A global setting that hosts follow has changed; at the next start it is done anyway."""
        work = self._store.write(self._limits.apply_all)
        self._recounting = asyncio.create_task(work, name="capacity of hosts")

    def on_host_added(self, callback: Callable[[str], None]) -> None:
        """Call `callback(host_id)` when a connected machine has become a host."""
        self._added_callbacks.append(callback)

    def on_host_booted(self, callback: Callable[[Transaction, str, str], None]) -> None:
        """Call `callback(tx, host_id, boot_id)` when a host tells another boot than `boot_id`, in
        the very transaction that notes it.
        """
        self._booted_callback = callback

    def _host_added(self, host_id: str) -> None:
        if self._links.is_connected(host_id):
            for callback in self._added_callbacks:
                callback(host_id)


def touch_host(tx: Transaction, host_id: str) -> None:
    """The host, or the candidate that it still is, changed."""
    is_host = HostRow.select().where(HostRow.id == host_id).exists()
    tx.touch("host" if is_host else "host_candidate", host_id)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _count_in_cluster(table: str, cluster_id: str) -> int:
    cursor = database.execute_sql(
        f"SELECT COUNT(*) FROM {table} WHERE cluster_id = ?",  # noqa: S608 fixed names
        (cluster_id,),
    )
    return int(cursor.fetchone()[0])


def _count_coming(host_id: str) -> int:
    """Volumes that are on their way to a host."""
    cursor = HostRow._meta.database.execute_sql(  # type: ignore[attr-defined]
        "SELECT COUNT(*) FROM volume_copy y JOIN volume v ON v.id = y.volume_id "
        "WHERE y.host_id = ? AND v.status = 'moving'",
        (host_id,),
    )
    return int(cursor.fetchone()[0])


def _count_on_host(table: str, host_id: str) -> int:
    column = "COALESCE(host_id, last_host_id)" if table == "vm" else "host_id"
    cursor = HostRow._meta.database.execute_sql(  # type: ignore[attr-defined]
        f"SELECT COUNT(*) FROM {table} WHERE {column} = ?",  # noqa: S608 fixed names
        (host_id,),
    )
    return int(cursor.fetchone()[0])
