"""Bad input on real hosts: refused with field and values, and everything else goes on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from appliance.client import JobFailed, wait
from appliance.protocol.errors import ApiError
from appliance.protocol.resources import VmState
from tests.system.conftest import Cloud

pytestmark = pytest.mark.timeout(300)
BOOTS_WITHIN_S = 120
MiB = 1024**2


async def refused(cloud: Cloud, operation: str, ref: str = "", **fields: Any) -> ApiError:
    """The error of an operation or of its job."""
    with pytest.raises((ApiError, JobFailed)) as caught:
        await wait(cloud.client, await cloud.client.call(operation, id=ref, **fields), timeout_s=90)
    error = caught.value
    return error.error if isinstance(error, JobFailed) else error


@contextmanager
def endless_server(address: str) -> Iterator[str]:
    """Answers one request with bytes of a number that it does not say."""
    with socket.create_server((address, 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
                try:
                    for _ in range(1024):
                        connection.sendall(bytes(MiB))
                except OSError:
                    return  # the host has seen enough

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://{address}:{listening.getsockname()[1]}/disk.img"
        finally:
            thread.join()


async def test_a_disk_that_fills_up_while_an_image_is_fetched(cloud: Cloud) -> None:
    store = cloud.lab.state / "storage" / "image-store"
    before = sorted(path for path in store.rglob("*") if path.is_file())
    incoming = store / "incoming"
    cloud.lab.host.run("mount", "-t", "tmpfs", "-o", "size=70m", "tmpfs", str(incoming))
    try:
        with endless_server(cloud.lab.host.outer_address) as url:
            error = await refused(
                cloud,
                "image.create",
                name="endless",
                image_store_id=cloud.flow.step("image_store").request["id"],
                source="url",
                url=url,
            )
        left = cloud.lab.host.run("find", str(incoming), "-type", "f")
    finally:
        cloud.lab.host.run("umount", str(incoming))
    assert (error.code, error.params["path"]) == ("storage.no_space", str(incoming))
    assert left == ""
    assert sorted(path for path in store.rglob("*") if path.is_file()) == before
    assert (await cloud.client.call("image.list")).total == 1


async def test_fixed_addresses_and_names_that_are_used_twice(cloud: Cloud) -> None:
    network = await cloud.client.call("network.get", id=cloud.vm_request("x")["network_id"])
    address = network.ranges[0].last
    vm = await cloud.create("twin", address=address)
    assert (vm.state, vm.nics[0].address) == (VmState.RUNNING, address)
    taken = await refused(cloud, "vm.create", **cloud.vm_request("third", address=address))
    assert (taken.code, taken.field) == ("network.address_taken", "address")
    outside = await refused(
        cloud, "vm.create", **cloud.vm_request("third", address=network.gateway)
    )
    assert (outside.code, outside.field) == ("network.address_not_offered", "address")
    other = await cloud.create("twin")
    assert other.nics[0].address != address
    names = [item.name for item in (await cloud.client.call("vm.list")).items]
    assert names == ["twin", "twin"]
    # The guest itself has taken the address that was asked for.
    await cloud.read_serial(vm.id, b"login:", BOOTS_WITHIN_S)
    cloud.lab.host.run("ping", "-c", "1", "-w", "30", address, timeout_s=40)


async def test_networks_on_the_hosts_own_wire(cloud: Cloud) -> None:
    host = cloud.lab.host
    machine = cloud.flow.step("host").request["candidate_id"]
    body: dict[str, Any] = {
        "kind": "physical",
        "physical_interface": "eth0",
        "cidr": f"{host.outer_address}/24".replace(".1/", ".0/"),
        "gateway": host.outer_address,
    }
    first = host.inner_address
    ranges = [{"first": first, "last": first.removesuffix("2") + "50"}]
    found = await cloud.client.call("host.check_network", id=machine, **body, ranges=ranges)
    (problem,) = found.problems
    assert (problem.code, problem.field) == ("network.own_address", "ranges")
    assert problem.params["address"] == first
    proposal = found.facts["proposals"]["eth0"]
    assert {key: proposal[key] for key in body} == body
    good = {key: proposal[key] for key in (*body, "ranges")}
    found = await cloud.client.call("host.check_network", id=machine, **good)
    assert (found.problems, found.warnings) == ([], [])
