"""One management node: builds its parts, starts them in order and stops them in reverse."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import structlog
import uvloop

from appliance.api import request_id
from appliance.api.app import build_app
from appliance.api.server import ApiServer
from appliance.engine.cascade import Cascade
from appliance.engine.nodes import Nodes
from appliance.engine.registry import Registry
from appliance.engine.retention import Retention
from appliance.engine.runner import Runner
from appliance.engine.sealing import Sealer
from appliance.engine.settings import Settings
from appliance.hosts.ca import CertificateAuthority, local_names
from appliance.hosts.links import HostLinks
from appliance.hosts.listener import AgentListener
from appliance.hosts.listening import in_url, local_address
from appliance.protocol.ids import new_id
from appliance.services import deletion, jobs, ledger, overview, settings
from appliance.services.audit.service import AuditLog
from appliance.services.compute.affinity import AffinityGroups
from appliance.services.compute.consoles import Consoles
from appliance.services.compute.guests import GuestShutdown
from appliance.services.compute.recyclebin import RecycleBin
from appliance.services.compute.service import Compute
from appliance.services.firewall import effective
from appliance.services.firewall.drops import Drops
from appliance.services.firewall.service import SecurityGroups
from appliance.services.firewall.trace import Trace
from appliance.services.guests.agent import GuestAgent
from appliance.services.guests.drives import Drives
from appliance.services.guests.reimaging import Reimaging
from appliance.services.hostwatch import HostWatch
from appliance.services.identity.service import Identity
from appliance.services.images.from_volume import FromVolume
from appliance.services.images.offerings import Offerings
from appliance.services.images.service import Images
from appliance.services.infrastructure.service import Infrastructure
from appliance.services.migration.service import Migration
from appliance.services.moving.service import Moving
from appliance.services.networks import (
    address_map,
    host_network,
    ipv6,
    offers,
    paths,
    ranges,
)
from appliance.services.networks.elastic import ElasticIps
from appliance.services.networks.service import Networks
from appliance.services.networks.vxlan_pools import VxlanPools
from appliance.services.parts import Parts
from appliance.services.setup.removal import Removal
from appliance.services.setup.service import Setup
from appliance.services.snapshots.service import Snapshots
from appliance.services.storage.service import Storage
from appliance.services.sweeping import Sweeper
from appliance.services.tenancy import service as tenancy
from appliance.services.upkeep.adopting import Adopting
from appliance.services.upkeep.maintenance import Maintenance
from appliance.services.upkeep.reconnecting import Reconnecting
from appliance.services.upkeep.recovery import Recovery
from appliance.services.upkeep.storage_maintenance import StorageMaintenance
from appliance.services.upkeep.unknown import Unknown
from appliance.services.volumes.service import Volumes
from appliance.store.database import Store
from appliance.store.files import write_private
from appliance.store.kinds import Kinds
from hostagent.protocol.enrolment import JoinToken

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class NodeConfig:
    """How a node is started. `stop_guests` is for the first-look way to run: guests stop with
    the node and start with it again.
    """

    state_dir: Path
    bind: str = "0.0.0.0"  # noqa: S104 clients come from the network
    port: int = 8443
    agent_port: int = 8444
    starter_dir: Path | None = None
    local_agent: bool = False
    stop_guests: bool = False


class Node:
    """A management node from its configuration."""

    def __init__(self, config: NodeConfig) -> None:
        self._config = config
        self._folder = config.state_dir / "service"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.chmod(0o700)
        self.ca = CertificateAuthority.load_or_create(self._folder / "ca", socket.gethostname())
        self.store = Store(self._folder / "anyun.db", Kinds(), node_id=_node_id(self._folder))
        self.registry = Registry()
        self.nodes = Nodes(self.store, name=socket.gethostname())
        self.runner = Runner(self.store, ownership=self.nodes)
        self.nodes.on_change(self.runner.adopt)
        self.links = HostLinks()
        self.settings = Settings(self.store)
        self._api: ApiServer | None = None
        self._build_services()
        self._listener = AgentListener(self.links, self.ca, self.infrastructure)

    def _build_services(self) -> None:
        parts = Parts(
            store=self.store,
            registry=self.registry,
            runner=self.runner,
            hosts=self.links,
            storage_root=self._config.state_dir / "storage",
            starter_folder=self._config.starter_dir,
            settings=self.settings,
            cascade=Cascade(self.store.kinds),
            sealer=Sealer(self._folder / "seal.key"),
        )
        settings.install(parts)
        self.identity = Identity(
            self.store, ca_fingerprint=self.ca.fingerprint, appliance_name=socket.gethostname()
        )
        self.identity.install(self.registry)
        self._audit = AuditLog(self.store)
        self.infrastructure = Infrastructure(parts)
        storage = Storage(parts)
        Offerings(parts)
        self._images = Images(parts)
        FromVolume(parts)
        VxlanPools(parts)
        networks = Networks(parts)
        ElasticIps(parts, networks.documents)
        host_network.install(parts, networks.documents)
        AffinityGroups(parts)
        address_map.install(parts)
        ranges.install(parts)
        offers.install(parts, networks.documents)
        paths.install(parts)
        ipv6.install(parts, networks.documents)
        self._security = SecurityGroups(parts, networks.documents)
        Trace(parts)
        effective.install(parts)
        self._drops = Drops(parts)
        compute = Compute(parts, networks)
        Migration(parts, networks.documents, compute.sync, compute.steps.caching)
        volumes = Volumes(parts, compute.steps.caching)
        Moving(parts)
        documents = networks.documents
        self._recovery = Recovery(parts, compute)
        Maintenance(parts, compute, storage, documents, self._recovery)
        StorageMaintenance(parts, compute)
        Adopting(parts, compute, documents, Unknown(parts))
        self.infrastructure.on_host_booted(self._recovery.host_booted)
        Reconnecting(parts, self.infrastructure, storage, documents, compute.sync)
        GuestAgent(parts)
        Drives(parts, compute.steps)
        Reimaging(parts, compute.steps)
        Snapshots(parts)
        self._consoles = Consoles(parts)
        Setup(parts, Removal(parts))
        overview.install(parts)
        ledger.install(parts)
        jobs.install(parts)
        deletion.install(parts)
        tenancy.install(parts, self.identity)
        machines = RecycleBin(self.store, compute, self.settings)
        self._bin = Sweeper(machines.sweep, self._images.sweep, volumes.sweep)
        self._retention = Retention(
            self.store,
            job_days=lambda: self.settings.get(settings.JOB_KEEP_DAYS),
            audit_days=lambda: self.settings.get(settings.AUDIT_KEEP_DAYS),
        )
        self._guests = GuestShutdown(parts)
        self._watch = HostWatch(
            self.links,
            infrastructure=self.infrastructure,
            storage=storage,
            networks=networks,
            compute=compute,
            sync=compute.sync,
            recovery=self._recovery,
        )

    async def start(self) -> None:
        """Start everything; clients and agents can connect when this returns."""
        config = self._config
        await self.store.start()
        await self.settings.load()
        await self.nodes.start()
        setup_code = await self.identity.prepare()
        self.identity.start()
        await self.infrastructure.prepare()
        await self._security.prepare()
        await self._recovery.start()
        self._watch.start()
        await self._listener.start(config.bind, config.agent_port)
        await self.runner.start()
        self._bin.start()
        self._retention.start()
        app = build_app(
            self.registry,
            self.store,
            self.identity,
            audit=self._audit,
            ca_pem=self.ca.certificate_pem,
            ca_fingerprint=self.ca.fingerprint,
            consoles=self._consoles,
            screenshot=self._consoles.screenshot,
            upload=self._images.uploads.receive,
            download=self._images.downloads.open,
        )
        chain, key = self.ca.server_files(*local_names(config.bind))
        api = ApiServer(app, chain, key, host=config.bind, port=config.port)
        await api.start()
        self._api = api
        await self._offer_local_join()
        self._write_ready(setup_code, api.port)
        log.info("node_ready", port=api.port, agent_port=self._listener.port)

    async def stop(self) -> None:
        """Stop in reverse order; accepted jobs go on at the next start."""
        (self._folder / "ready.json").unlink(missing_ok=True)
        if self._config.stop_guests and self._api is not None:
            await self._guests.stop_all()
        if self._api is not None:
            await self._api.stop()
        await self._bin.stop()
        await self._retention.stop()
        await self.runner.stop()
        await self._listener.stop()
        await self._watch.stop()
        await self._recovery.stop()
        await self.infrastructure.stop()
        await self._drops.stop()
        await self.identity.stop()
        await self.nodes.stop()
        await self.store.stop()

    async def _offer_local_join(self) -> None:
        """Let this machine's own agent enrol, once, through a file that only root can read."""
        path = self._folder / "local-join-token"
        path.unlink(missing_ok=True)
        if not self._config.local_agent or await self.infrastructure.has_local_agent():
            return
        secret = await self.infrastructure.make_join_secret(is_local=True)
        token = JoinToken(
            addresses=[(local_address(self._config.bind), self._listener.port)],
            ca_fingerprint=self.ca.fingerprint,
            secret=secret,
        )
        write_private(path, token.encode().encode())

    def _write_ready(self, setup_code: str | None, port: int) -> None:
        address = local_address(self._config.bind)
        content = {
            "url": f"https://{in_url(address)}:{port}",
            "address": address,
            "port": port,
            "agent_port": self._listener.port,
            "ca_fingerprint": self.ca.fingerprint,
            "setup_code": setup_code,
            "pid": os.getpid(),
        }
        write_private(self._folder / "ready.json", msgspec.json.encode(content))


def _node_id(folder: Path) -> str:
    """What this node is called for ever; made at its first start."""
    path = folder / "node-id"
    if not path.exists():
        write_private(path, new_id().encode())
    return path.read_text().strip()


def _calm_collector() -> None:
    """What was made by now lives as long as the node: the collector need not walk it again.

    Nearly all garbage goes by reference counts, so cycles may be looked for less often. This
    saves a tenth of the work of a request (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def serve(config: NodeConfig) -> None:
    """Run a node until SIGTERM or SIGINT."""
    node = Node(config)
    stopping = asyncio.Event()
    fenced = asyncio.create_task(node.store.fenced.wait(), name="fence")
    fenced.add_done_callback(lambda task: task.cancelled() or stopping.set())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        await node.start()
        _calm_collector()
        await stopping.wait()
    finally:
        log.info("node_stopping")
        await node.stop()


def parse(arguments: list[str] | None = None) -> NodeConfig:
    """The configuration from the command line."""
    parser = argparse.ArgumentParser(description="Anyun management service")
    parser.add_argument("--state-dir", type=Path, default=Path("/var/lib/anyun"))
    parser.add_argument(
        "--bind", default=NodeConfig.bind, help="IPv4 or IPv6 address; :: is everywhere with both"
    )
    parser.add_argument("--port", type=int, default=NodeConfig.port)
    parser.add_argument("--agent-port", type=int, default=NodeConfig.agent_port)
    parser.add_argument("--starter-dir", type=Path)
    parser.add_argument("--local-agent", action="store_true", help="let this machine's agent join")
    parser.add_argument("--stop-guests", action="store_true", help="stop VMs with the service")
    return NodeConfig(**vars(parser.parse_args(arguments)))


def main() -> None:
    """Entry point."""
    structlog.configure(
        processors=[
            request_id.add_to_line,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_as_line),
        ],
        logger_factory=structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    uvloop.install()
    config = parse()
    try:
        asyncio.run(serve(config))
    except KeyboardInterrupt:
        log.info("interrupted")
    except OSError as error:
        ports = f"ports {config.port} and {config.agent_port} on {config.bind}"
        sys.exit(f"The management service cannot start on {ports}: {error}")


def _as_line(event: dict[str, Any], **_: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=repr)


if __name__ == "__main__":
    main()
