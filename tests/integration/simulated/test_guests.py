"""The inside of machines: what guests tell and read, and passwords that nobody keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from appliance.protocol.errors import ApiError
from appliance.protocol.ids import new_id
from appliance.protocol.resources import Vm
from tests.integration.simulated.conftest import Lab

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINO6Gd9npKxGVH4jE/4nq/ynod9eE2QeQKTT+PdQKpgJ me@here"
PASSWORD = "correct horse 电池"


@pytest_asyncio.fixture(loop_scope="module")
async def guests(lab: Lab) -> AsyncIterator[Lab]:
    """Everything is gone afterwards, and all sums agree."""
    yield lab
    await lab.remove_all()
    await lab.assert_clean()


async def machine(lab: Lab, **fields: Any) -> Vm:
    accepted = await lab.create(f"vm-{new_id()[-6:]}", **fields)
    assert await lab.ended(accepted) == []
    return await lab.client.call("vm.get", id=accepted.resource_ids[0])


async def refused(lab: Lab, operation: str, **fields: Any) -> tuple[str, str | None]:
    with pytest.raises(ApiError) as caught:
        await lab.client.call(operation, **fields)
    return caught.value.code, caught.value.field


async def test_a_guest_tells_and_takes_passwords(guests: Lab) -> None:
    lab, call = guests, guests.client.call
    vm = await machine(lab)
    told = await call("vm.guest_info", id=vm.id)
    assert told.is_answering
    assert [nic.mac for nic in told.nics] == [vm.nics[0].mac]

    await call("vm.set_password", id=vm.id, user="root", password=PASSWORD)
    (host,) = [host for host in lab.fleet.hosts if host.id == vm.host_id]
    assert host.state.effects["guest.set_password", vm.id] == 1
    # It is audited that it was done, not what was set.
    entries = await call("audit.list", filter="operation = vm.set_password")
    assert [(entry.resource_id, entry.outcome) for entry in entries.items] == [(vm.id, "done")]
    content = [path for path in lab.service.state.rglob("*") if path.is_file()]
    assert not [path for path in content if PASSWORD.encode() in path.read_bytes()]

    ask = {"operation": "vm.set_password", "id": vm.id}
    assert await refused(lab, **ask, user="eve", password="x") == ("guest.password_refused", None)
    for user in ("", "a:b", "a\nb", "a/b", "x" * 65):
        code, field = await refused(lab, **ask, user=user, password="x")
        assert (code, field) == ("request.bad_value", "user"), user
    for password in ("", "a\nroot:b", "x" * 257):
        with pytest.raises(ApiError) as caught:
            await call("vm.set_password", id=vm.id, user="root", password=password)
        assert (caught.value.code, caught.value.field) == ("request.bad_value", "password")
        assert caught.value.params["value"] == "…"
        assert host.state.effects["guest.set_password", vm.id] == 1


async def test_what_does_not_run_or_has_no_agent_says_so(guests: Lab) -> None:
    lab, call = guests, guests.client.call
    vm = await machine(lab)
    (host,) = [host for host in lab.fleet.hosts if host.id == vm.host_id]
    traits = host.state.traits
    host.state.traits = replace(traits, guests_obey=False)
    assert not (await call("vm.guest_info", id=vm.id)).is_answering
    ask = {"operation": "vm.set_password", "id": vm.id, "user": "root", "password": "x"}
    assert await refused(lab, **ask) == ("guest.no_agent", None)
    host.state.traits = traits
    assert await lab.on_all("vm.stop", [vm.id]) == []
    assert await refused(lab, **ask) == ("vm.wrong_state", None)
    assert await refused(lab, "vm.guest_info", id=vm.id) == ("vm.wrong_state", None)


async def test_what_a_guest_reads_at_its_start_is_checked_changed_and_told(guests: Lab) -> None:
    lab, call = guests, guests.client.call
    bad = {
        "user_data": [("echo", "guest.user_data_unknown"), ("#!" + "电" * 30000, "too_large")],
        "ssh_public_key": [("hello", "guest.bad_key"), ("-----BEGIN PRIVATE KEY", "private_key")],
        "hostname": [("a_b", "guest.bad_hostname")],
        "cloud_init": [("both", "request.bad_value")],
    }
    vm = await machine(lab, hostname="Web", cloud_init="seed", user_data="#!/bin/sh\n")
    assert (vm.hostname, vm.cloud_init, vm.has_user_data) == ("web", "seed", True)
    for field, values in bad.items():
        for value, code in values:
            for operation, more in (
                ("vm.update", {"id": vm.id}),
                ("vm.create", lab.cloud.vm_request("bad")),
            ):
                found = await refused(lab, operation, **more, **{field: value})
                assert found[1] == field, (operation, found)
                assert code in found[0]
    assert await call("vm.get", id=vm.id) == vm
    request = lab.cloud.vm_request("many", count=2, hostname="web")
    assert await refused(lab, "vm.create", **request) == ("guest.hostname_with_count", "hostname")

    # The host got a disc with it, and tells it over the network as well.
    (host,) = [host for host in lab.fleet.hosts if host.id == vm.host_id]
    seed = host.state.domains[vm.id].spec.seed
    assert seed is not None
    assert seed.user_data == b"#!/bin/sh\n"
    assert vm.nics[0].address in seed.network_config
    assert '"local-hostname": "web"' in seed.meta_data

    def port() -> Any:
        return next(
            port
            for network in host.state.document.networks
            for port in network.ports
            if port.vm_id == vm.id
        )

    assert (port().hostname, port().metadata.user_data) == ("web", b"#!/bin/sh\n")

    # What is changed is told at once over the network, and on the disc from the next start on.
    vm = await call("vm.update", id=vm.id, hostname="db", user_data="", ssh_public_key=KEY)
    assert (vm.hostname, vm.has_user_data, vm.ssh_public_key) == ("db", False, KEY)
    await lab.until(lambda: port().hostname == "db")
    assert (port().metadata.user_data, port().metadata.ssh_public_keys) == (None, [KEY])
    await call("vm.update", id=vm.id, cloud_init="none")
    await lab.until(lambda: not port().metadata.ssh_public_keys)
    assert await lab.on_all("vm.stop", [vm.id]) == []
    assert await lab.on_all("vm.start", [vm.id]) == []
    assert host.state.domains[vm.id].spec.seed is None
    await call("vm.update", id=vm.id, cloud_init="auto")
    assert await lab.on_all("vm.stop", [vm.id]) == []
    assert await lab.on_all("vm.start", [vm.id]) == []
    assert host.state.domains[vm.id].spec.seed is None  # its network offers metadata
