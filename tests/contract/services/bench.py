"""A real node and its SDK, with a real agent's work on a host made of namespaces.

Storage, images and networks of the host are real; only libvirt is not there, so machines are
made but not started.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakSet

from appliance.client import Client, JobFailed, wait
from appliance.node import Node, NodeConfig
from appliance.protocol.errors import ApiError, ErrorBody, to_body
from appliance.protocol.messages import render
from appliance.protocol.operations import Accepted
from hostagent import facts
from hostagent.images import fetch
from hostagent.images import service as images
from hostagent.images.finish import finish
from hostagent.images.receive import receive, received
from hostagent.images.send import send
from hostagent.link import enrol
from hostagent.link.dialler import Dialler
from hostagent.network.manager import NetworkManager
from hostagent.probe import Verdict
from hostagent.protocol import commands as c
from hostagent.protocol.enrolment import JoinToken
from hostagent.protocol.link import CallContext, Peer
from hostagent.protocol.storage import (
    CheckPathResult,
    LeaveParams,
    PrepareParams,
    StorageDocument,
    StorageReport,
    StorageStatus,
)
from hostagent.storage import volumes
from hostagent.storage.drivers import driver_for
from hostagent.storage.paths import check_path, release

PASSWORD = "correct horse battery"
CONNECTED_WITHIN_S = 20
JOB_WITHIN_S = 60

Handler = Callable[[Any, CallContext], Awaitable[Any]]


@dataclass
class HostSide:
    """What an agent does of its commands. `folder` holds its keys and the state of its networks."""

    folder: Path
    network: NetworkManager = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.network = NetworkManager(self.folder / "network")

    async def facts(self) -> Any:
        """The facts of this machine."""
        return await facts.collect(Verdict(accelerator="tcg", reason="no_device"), "9.0.0")

    def prepare(self, peer: Peer) -> None:
        """Bind the commands to a new link, as the agent does."""
        peer.handle(c.HOST_FACTS, lambda _, __: self.facts())
        peer.handle(c.HOST_RELEASE, _nothing(lambda _, __: self.network.remove_all()))
        peer.handle(c.STORAGE_PREPARE, _prepare_storage)
        peer.handle(c.STORAGE_APPLY, _apply_storages)
        peer.handle(c.STORAGE_LEAVE, _nothing(_leave_storage))
        peer.handle(c.STORAGE_CHECK_PATH, lambda p, _: asyncio.to_thread(check_path, p))
        peer.handle(c.STORAGE_RELEASE, _nothing(lambda p, _: asyncio.to_thread(release, p)))
        peer.handle(c.VOLUME_CREATE_OVERLAY, lambda p, _: volumes.create_overlay(p))
        peer.handle(c.VOLUME_DELETE, _nothing(lambda p, _: volumes.delete(p)))
        peer.handle(c.IMAGE_RECEIVE, receive)
        peer.handle(c.IMAGE_RECEIVED, received)
        peer.handle(c.IMAGE_SEND, _nothing(send))
        peer.handle(c.IMAGE_FETCH_URL, _nothing(fetch.fetch_url))
        peer.handle(c.IMAGE_CHECK_URL, fetch.check_url)
        peer.handle(c.IMAGE_ADOPT_FILE, _nothing(images.adopt_file))
        peer.handle(c.IMAGE_FINISH, finish)
        peer.handle(c.IMAGE_DELETE, _nothing(images.delete))
        peer.handle(c.IMAGE_DROP_CACHED, _nothing(images.drop_cached))
        peer.handle(c.IMAGE_ENSURE_CACHED, _nothing(images.ensure_cached))
        peer.handle(c.NETWORK_APPLY, lambda p, _: self.network.apply(p))
        peer.handle(c.NETWORK_CHECK, lambda p, _: self.network.check(p))


async def _prepare_storage(params: PrepareParams, _: CallContext) -> CheckPathResult:
    return await driver_for(params.spec.storage).check(is_new=params.is_new)


async def _leave_storage(params: LeaveParams, _: CallContext) -> None:
    await driver_for(params.storage).release(is_gone=params.is_gone)


async def _apply_storages(document: StorageDocument, _: CallContext) -> StorageReport:
    found = []
    for spec in document.storages:
        sizes = await driver_for(spec.storage).check()
        found.append(
            StorageStatus(
                storage_id=spec.storage.storage_id,
                is_connected=True,
                total_bytes=sizes.total_bytes,
                available_bytes=sizes.available_bytes,
            )
        )
    return StorageReport(storages=found)


def _nothing(work: Handler) -> Handler:
    async def handler(params: Any, context: CallContext) -> c.Nothing:
        await work(params, context)
        return c.Nothing()

    return handler


class Bench:
    """A node that somebody is logged in to, and at most one machine that has joined."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        config = NodeConfig(
            state_dir=folder / "state", bind="127.0.0.1", port=0, agent_port=0, local_agent=True
        )
        self._node = Node(config)
        self.host = HostSide(folder / "agent")
        self._dialler: Dialler | None = None
        self._client: Client | None = None
        self.machine = ""
        self.ids: dict[str, str] = {}

    @property
    def client(self) -> Client:
        """The SDK, logged in."""
        assert self._client is not None
        return self._client

    @property
    def _service_folder(self) -> Path:
        return self.folder / "state" / "service"

    async def start(self) -> None:
        """Start the service's side and log in."""
        await self._node.start()
        await self.host.network.start()
        ready = json.loads((self._service_folder / "ready.json").read_text())
        self._client = Client(ready["url"], fingerprint=ready["ca_fingerprint"])
        await self._client.set_first_password(ready["setup_code"], PASSWORD)

    async def stop(self) -> None:
        """Stop in reverse order; nothing of the host's networks stays."""
        if self._client is not None:
            await self._client.close()
        await self.unplug()
        await self._node.stop()
        await self.host.network.remove_all()

    async def join(self) -> None:
        """Let the machine enrol and connect; its id is `machine`."""
        token = JoinToken.decode((self._service_folder / "local-join-token").read_text())
        identity = await enrol.enrol(self.host.folder, token, await self.host.facts())
        self.machine = identity.host_id
        await self.plug()

    async def plug(self) -> None:
        """Connect the agent."""
        identity = enrol.load(self.host.folder)
        assert identity is not None
        connected = asyncio.Event()
        self._node.links.on_connected(lambda _: connected.set())
        self._dialler = Dialler(self.host.folder, identity, self.host.prepare)
        self._dialler.start()
        await asyncio.wait_for(connected.wait(), CONNECTED_WITHIN_S)

    async def unplug(self) -> None:
        """Disconnect the agent."""
        if self._dialler is not None:
            await self._dialler.stop()
            self._dialler = None

    async def do(self, operation: str, target: str = "", /, **fields: Any) -> Any:
        """An operation to the end of its jobs; the answer, or the ids of what was made."""
        answer = await self.client.call(operation, id=target, **fields)
        if not isinstance(answer, Accepted):
            return answer
        await wait(self.client, answer, timeout_s=JOB_WITHIN_S)
        return answer.resource_ids

    async def refused(self, operation: str, target: str = "", /, **fields: Any) -> ErrorBody:
        """The error of an operation or of its job, told in full in both languages."""
        try:
            answer = await self.do(operation, target, **fields)
        except ApiError as error:
            return told(to_body(error))
        except JobFailed as failed:
            return told(to_body(failed.error))
        raise AssertionError(f"{operation} was not refused: {answer}")

    async def all(self, kind: str) -> list[Any]:
        """Every resource of a kind."""
        return [item async for item in self.client.iterate(f"{kind}.list")]

    async def build(self) -> None:
        """Zone, cluster, host, image store, primary storage and offering; `ids` has them."""
        await self.join()
        ids = self.ids
        ids["zone"] = (await self.do("zone.create", name="z")).id
        ids["cluster"] = (await self.do("cluster.create", name="c", zone_id=ids["zone"])).id
        ids["host"] = self.machine
        await self.do(
            "host.create", name="box", cluster_id=ids["cluster"], candidate_id=self.machine
        )
        ids["store"] = (await self.do("image_store.create", **self.store_request())).id
        ids["storage"] = (await self.do("primary_storage.create", **self.storage_request())).id
        size = {"cpu_count": 1, "memory_bytes": 32 * 1024**2}
        ids["offering"] = (await self.do("instance_offering.create", name="o", **size)).id

    def store_request(self, **fields: Any) -> dict[str, Any]:
        """What `image_store.create` needs."""
        place = {"zone_id": self.ids["zone"], "host_id": self.machine}
        return {"name": "s", "path": str(self.folder / "images"), **place, **fields}

    def storage_request(self, **fields: Any) -> dict[str, Any]:
        """What `primary_storage.create` needs."""
        path = str(self.folder / "primary")
        return {"name": "p", "path": path, "cluster_id": self.ids["cluster"], **fields}

    def image_request(self, **fields: Any) -> dict[str, Any]:
        """What `image.create` needs."""
        return {"name": "i", "image_store_id": self.ids["store"], "source": "url", **fields}

    def network_request(self, **fields: Any) -> dict[str, Any]:
        """What `network.create` needs."""
        plan = {
            "cidr": "10.70.0.0/24",
            "gateway": "10.70.0.1",
            "ranges": [{"first": "10.70.0.10", "last": "10.70.0.20"}],
        }
        return {"name": "n", "cluster_id": self.ids["cluster"], **plan, **fields}

    def vm_request(self, image_id: str, network_id: str, **fields: Any) -> dict[str, Any]:
        """What `vm.create` needs for a machine that is not started."""
        used = {"image_id": image_id, "network_id": network_id, "offering_id": self.ids["offering"]}
        return {"name": "v", "start": False, **used, **fields}

    def image_files(self) -> list[str]:
        """Every file below the image store's directory; checks of it write one for a moment."""
        root = self.folder / "images"
        return sorted(
            str(path.relative_to(root))
            for path in root.rglob("*")
            if path.is_file() and not path.name.startswith(".anyun-probe-")
        )


def told(body: ErrorBody) -> ErrorBody:
    """`body` itself, if its texts are there in both languages with nothing left open."""
    for language in ("en", "zh"):
        text = render(body.code, body.params, language)
        assert text.message
        assert text.remedy, f"{body.code} has no text"
        is_open = re.search(r"{\w+}", text.message + text.remedy)
        assert is_open is None, text
    return body


def _thread_pools() -> WeakSet[ThreadPoolExecutor]:
    """All thread pools of this process."""
    return WeakSet(item for item in gc.get_objects() if isinstance(item, ThreadPoolExecutor))


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Bench]:
    """A bench for one test."""
    before = _thread_pools()
    bench = Bench(folder)
    try:
        await bench.start()
        yield bench
    finally:
        await bench.stop()
        # Threads share the namespaces of the test, and it can leave them only without company.
        await asyncio.get_running_loop().shutdown_default_executor()
        for pool in _thread_pools() - before:
            pool.shutdown()
