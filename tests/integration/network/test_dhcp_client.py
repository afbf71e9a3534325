"""DHCP by a client that is not BusyBox: dhcpcd sets addresses, routes and MTU by itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from hostagent.protocol.network import HostRoute
from tests.integration.network.conftest import run

if TYPE_CHECKING:
    from tests.integration.network.conftest import Guest, Host, Waiter

OPTIONS = "interface_mtu, classless_static_routes, domain_name_servers, domain_name"
ROUTE = "10.99.0.0/16 via 10.70.0.11"


class Client:
    """dhcpcd in a guest, in the foreground; what it says to its hooks is kept by reason."""

    def __init__(self, guest: Guest, folder: Path) -> None:
        self._guest, self._folder = guest, folder / "dhcpcd"
        self._folder.mkdir()
        # Where it keeps leases; in the mounts of this test alone.
        Path("/var/lib/dhcpcd").mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "leases", "/var/lib/dhcpcd")
        hook = self._folder / "hook"
        hook.write_text(f'#!/bin/sh\nenv >"{self._folder}/$reason"\n')
        hook.chmod(0o755)
        self._config = self._folder / "config"
        self._config.write_text(f"ipv4only\nnoipv4ll\nnoarp\noption {OPTIONS}\nscript {hook}\n")
        self._process = subprocess.Popen(self._command("-B"))

    def _command(self, *options: str) -> list[str]:
        inside = ("ip", "netns", "exec", self._guest.name)
        return [*inside, "dhcpcd", "-q", "-f", str(self._config), *options, "eth0"]

    def tell(self, option: str) -> None:
        """Have it renew (-N) or release (-k) its lease."""
        subprocess.run(self._command(option), check=True)

    def told(self, reason: str) -> dict[str, str]:
        """The lease as it was when something happened, empty before that."""
        path = self._folder / reason
        lines = path.read_text().splitlines() if path.exists() else []
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End it, whatever it does."""
        if not self.is_over():
            self._process.terminate()
            self._process.wait(10)


@pytest.fixture
def clients(host: Host) -> Iterator[list[Client]]:
    clients: list[Client] = []
    yield clients
    for client in clients:
        client.close()


async def test_lease_is_taken_renewed_and_released(
    host: Host, clients: list[Client], wait_until: Waiter
) -> None:
    port = host.port("one", "10.70.0.10")
    guest = host.guest(port)
    network = host.network("net", ports=[port], mtu=1400, dns=["192.0.2.53"])
    await host.must_apply(network)

    client = Client(guest, host.folder)
    clients.append(client)
    await wait_until(lambda: client.told("BOUND"))

    told = client.told("BOUND")
    assert told["new_ip_address"] == "10.70.0.10"
    assert told["new_domain_name"] == "lab.test"
    assert told["new_domain_name_servers"] == "10.70.0.2"
    assert "inet 10.70.0.10/24" in guest.do("ip", "-4", "address", "show", "eth0")
    assert told["new_interface_mtu"] == "1400"
    routes = guest.do("ip", "route")
    (default,) = (line for line in routes.splitlines() if line.startswith("default"))
    assert "via 10.70.0.1" in default
    assert "mtu 1400" in default, "where this client keeps it"
    assert "169.254.169.254 via 10.70.0.2" in routes
    assert ROUTE not in routes
    assert guest.pings("10.70.0.1")
    assert await guest.get("/latest/meta-data/instance-id") == "vm-one"

    route = HostRoute(destination="10.99.0.0/16", next_hop="10.70.0.11")
    await host.must_apply(msgspec.structs.replace(network, host_routes=[route]))
    client.tell("-N")
    await wait_until(lambda: client.told("RENEW"))
    assert client.told("RENEW")["new_ip_address"] == "10.70.0.10"
    await wait_until(lambda: ROUTE in guest.do("ip", "route"))

    assert "10.70.0.10" in leases()
    client.tell("-k")
    await wait_until(client.is_over)
    assert "inet " not in guest.do("ip", "-4", "address", "show", "eth0")
    await wait_until(lambda: "10.70.0.10" not in leases())


def leases() -> str:
    """The leases that the network's server keeps."""
    (path,) = Path("/run/anyun-network").glob("**/leases")
    return path.read_text()
