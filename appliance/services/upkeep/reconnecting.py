"""Reconnecting a host, and asking it anew what it is."""

from __future__ import annotations

from typing import Any

from appliance.engine.calls import Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol import requests as q
from appliance.protocol.hosts import HostRefreshFacts
from appliance.protocol.operations import Accepted
from appliance.services.common import find
from appliance.services.compute.sync import StateSync
from appliance.services.infrastructure.models import HostRow
from appliance.services.infrastructure.service import Infrastructure
from appliance.services.networks.documents import Documents
from appliance.services.parts import Parts
from appliance.services.storage.service import Storage
from appliance.store.database import Transaction
from hostagent.protocol.commands import HOST_FACTS, HOST_PROBE, Nothing

BACK_WITHIN_S = 40.0  # an agent dials again after pauses of at most 15 s


class Reconnecting:
    """`host.reconnect` and `host.refresh_facts`."""

    def __init__(
        self,
        parts: Parts,
        infrastructure: Infrastructure,
        storage: Storage,
        documents: Documents,
        sync: StateSync,
    ) -> None:
        self._store, self._links, self._runner = parts.store, parts.hosts, parts.runner
        self._infrastructure = infrastructure
        self._storage = storage
        self._documents = documents
        self._sync = sync
        self._job = parts.runner.define(
            JobDefinition(
                operation="host.reconnect",
                steps=(
                    Step("drop_link", self._drop),
                    Step("await_host", self._await_host),
                    Step("configure_network", self._configure_network),
                    Step("compare_machines", self._compare_machines),
                    Step("check_storage", self._check_storage),
                ),
            )
        )
        parts.registry.bind("host.reconnect", self._reconnect)
        parts.registry.bind("host.refresh_facts", self._refresh)

    async def _reconnect(self, call: Call, _: q.Empty) -> Accepted:
        def accept(tx: Transaction) -> Accepted:
            host = find(HostRow, call.target, "host")
            return self._runner.accept(tx, call.caller, host_job(self._job, host))

        return await self._store.write(accept)

    async def _drop(self, run: JobRun) -> None:
        self._links.drop(run.resource_id)

    async def _await_host(self, run: JobRun) -> None:
        """With its link a host tells its facts; asking again shows that it answers."""
        host_id = run.resource_id
        facts = await self._links.call(host_id, HOST_FACTS, Nothing(), wait_s=BACK_WITHIN_S)
        await self._infrastructure.note_facts(host_id, facts)

    async def _configure_network(self, run: JobRun) -> None:
        await self._documents.converge(run.resource_id)

    async def _compare_machines(self, run: JobRun) -> None:
        await self._sync.host_connected(run.resource_id)

    async def _check_storage(self, run: JobRun) -> None:
        await self._storage.refresh(run.resource_id)

    async def _refresh(self, call: Call, request: HostRefreshFacts) -> Any:
        await self._store.read(lambda: find(HostRow, call.target, "host"))
        command = HOST_PROBE if request.probe else HOST_FACTS
        facts = await self._links.call(call.target, command, Nothing())
        await self._infrastructure.note_facts(call.target, facts)
        return await self._store.read(lambda: self._store.kinds.render_one("host", call.target))


def host_job(definition: JobDefinition, host: HostRow, **data: Any) -> NewJob:
    """A job on a host; they run one after the other."""
    return NewJob(
        definition=definition,
        queue=f"host:{host.id}",
        resource_kind="host",
        resource_id=host.id,
        resource_name=host.name,
        data=data,
    )
