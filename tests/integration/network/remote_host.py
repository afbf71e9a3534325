"""A host with a real agent at the other end of a wire, and the real service on this end.

The wire is the only way between them, so whatever the agent does to its NIC it does to its own
link. Everything runs in namespaces of the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from appliance.client import Client, JobFailed, wait
from appliance.protocol.resources import Job, JobState

ROOT = Path(__file__).resolve().parents[3]
SERVICE, HOST = "10.70.0.1", "10.70.0.5"
PASSWORD = "correct horse battery"
WITHIN_S = 90.0


def run(*arguments: str, check: bool = True) -> str:
    """Output of a command in the namespaces of the test."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(arguments)}: {done.stderr or done.stdout}")
    return done.stdout


class RemoteHost:
    """A namespace with the NIC `wan0`; its agent is a process that can be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._agent: subprocess.Popen[bytes] | None = None
        mounts = "mount -t tmpfs tmpfs /run && ip link set lo up && echo ready && exec cat"
        self._keeper = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", mounts],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == b"ready\n"
        pid = str(self._keeper.pid)
        self.enter = ("nsenter", "-t", pid, "-n", "-m")
        run("ip", "link", "add", "up0", "type", "veth", "peer", "name", "wan0", "netns", pid)
        run("ip", "addr", "add", f"{SERVICE}/24", "dev", "up0")
        run("ip", "link", "set", "up0", "up")
        self.do("ip", "addr", "add", f"{HOST}/24", "dev", "wan0")
        self.do("ip", "link", "set", "wan0", "up")
        self.do("ip", "route", "add", "default", "via", SERVICE, "dev", "wan0")

    def do(self, *arguments: str, check: bool = True) -> str:
        """Run a command on the host."""
        return run(*self.enter, *arguments, check=check)

    def start_agent(self, join_file: Path) -> None:
        """Start the agent, which joins unless it has."""
        log = (self._folder / "agent.log").open("ab")
        self._agent = subprocess.Popen(
            [*self.enter, sys.executable, "-m", "hostagent", "--state-dir",
             str(self._folder / "agent"), "--join-file", str(join_file),
             "--libvirt-uri", "test:///default"],
            cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        log.close()

    def kill_agent(self) -> None:
        """End the agent as a power cut does."""
        if self._agent is not None:
            self._agent.kill()
            self._agent.wait(20)
            self._agent = None

    def log(self) -> str:
        """What the agent has said so far."""
        return (self._folder / "agent.log").read_text()

    def master(self) -> str:
        """The bridge that `wan0` is a port of, or ""."""
        (link,) = json.loads(self.do("ip", "-j", "link", "show", "dev", "wan0"))
        return link.get("master", "")

    def place_of_address(self) -> str:
        """The link that has the host's own address."""
        links = json.loads(self.do("ip", "-j", "addr"))
        found = [
            link["ifname"]
            for link in links
            if any(item["local"] == HOST for item in link["addr_info"])
        ]
        return " ".join(found)

    def is_reachable(self) -> bool:
        """Whether the service's side reaches the host."""
        return bool(run("busybox", "ping", "-c1", "-W1", HOST, check=False).count("1 packets rec"))

    def trust_only(self, link: str) -> None:
        """A firewall of the host's own that knows `link` by name, as many do."""
        self.do(
            "nft",
            "add table inet own; add chain inet own in { type filter hook input priority -5; }; "
            f'add rule inet own in iifname != {{ "lo", "{link}" }} drop',
        )

    def trust_all(self) -> None:
        """No such firewall."""
        self.do("nft", "delete", "table", "inet", "own")

    def end(self) -> None:
        """The namespace goes with its last process."""
        self.kill_agent()
        self.do("sh", "-c", "for n in $(ip netns | cut -d' ' -f1); do "
                "kill -9 $(ip netns pids $n); done", check=False)  # fmt: skip
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.stdout.close()
        self._keeper.wait(20)


class RemoteCloud:
    """The service on this end, somebody logged in, and a cluster with the one host."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "node"
        self._state.mkdir()
        self._log = folder / "service.log"
        self.host = RemoteHost(folder)
        self._service: subprocess.Popen[bytes] | None = None
        self._client: Client | None = None
        self.cluster_id = self.host_id = ""

    @property
    def client(self) -> Client:
        """Logged in as administrator."""
        assert self._client is not None
        return self._client

    @property
    def join_file(self) -> Path:
        """Where the service leaves the token."""
        return self._state / "service" / "local-join-token"

    async def start(self) -> None:
        """Start everything; returns when the host is connected."""
        with self._log.open("ab") as log:
            self._service = subprocess.Popen(
                [sys.executable, "-m", "appliance.node", "--state-dir", str(self._state),
                 "--bind", SERVICE, "--port", "8443", "--agent-port", "8444", "--local-agent"],
                cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        ready = self._state / "service" / "ready.json"
        await self._until(ready.exists)
        facts = json.loads(ready.read_text())
        self._client = Client(facts["url"], fingerprint=facts["ca_fingerprint"])
        await self._client.set_first_password(facts["setup_code"], PASSWORD)
        self.host.start_agent(self.join_file)
        zone = await self.client.call("zone.create", name="z")
        cluster = await self.client.call("cluster.create", name="c", zone_id=zone.id)
        self.cluster_id = cluster.id
        async with asyncio.timeout(WITHIN_S):
            while not (found := (await self.client.call("host_candidate.list")).items):
                await asyncio.sleep(0.1)
        host = await self.client.call(
            "host.create", name="far", cluster_id=cluster.id, candidate_id=found[0].id
        )
        self.host_id = host.id
        await self.connected()

    async def connected(self, *, yes: bool = True) -> None:
        """Wait until the service sees the host, or has lost it."""
        wanted = "connected" if yes else "disconnected"
        async with asyncio.timeout(WITHIN_S):
            while (await self.client.call("host.get", id=self.host_id)).status != wanted:
                await asyncio.sleep(0.1)

    async def create_network(self) -> Job:
        """Put the host's NIC under a network; the job at its end."""
        accepted = await self.client.call(
            "network.create",
            name="lan",
            cluster_id=self.cluster_id,
            kind="physical",
            physical_interface="wan0",
            cidr="10.70.0.0/24",
            gateway=SERVICE,
            ranges=[{"first": "10.70.0.100", "last": "10.70.0.120"}],
        )
        return await self._ended(accepted)

    async def delete_network(self, network_id: str) -> Job:
        """Take it away again."""
        return await self._ended(await self.client.call("network.delete", id=network_id))

    async def state(self) -> Any:
        """What the host says of its networks."""
        return await self.client.call("host.network", id=self.host_id)

    async def stop(self) -> None:
        """End everything."""
        if self._client is not None:
            await self._client.close()
        self.host.end()
        if self._service is not None:
            self._service.terminate()
            self._service.wait(30)

    async def _ended(self, accepted: Any) -> Job:
        with contextlib.suppress(JobFailed):
            await wait(self.client, accepted, timeout_s=60)
        job = await self.client.call("job.get", id=accepted.jobs[0].id)
        assert job.state in (JobState.SUCCEEDED, JobState.FAILED), job.state
        return job

    async def _until(self, condition: Any) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not condition():
                assert self._service is not None
                assert self._service.poll() is None, self._log.read_text()
                await asyncio.sleep(0.05)
