"""The command shown beside a form does the same as the form."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
import typer.main

from appliance.cli.fields import body_of
from appliance.cli.main import app
from appliance.protocol.operations import OPERATIONS
from desktop.wizard.equivalent import api_call, command_line
from tests.gui.samples import make_id

NAMED: dict[str, Any] = {"id": make_id(1), "name": "first one", "description": ""}
PLACES = {"zone_id": make_id(2), "cluster_id": make_id(3), "image_store_id": make_id(4)}
VM: dict[str, Any] = {
    "name": "web",
    "image_id": make_id(5),
    "network_id": make_id(6),
    "count": 2,
    "cpu_count": 1,
    "memory_bytes": 256 * 1024**2,
}
NETWORK: dict[str, Any] = NAMED | {
    "cluster_id": PLACES["cluster_id"],
    "kind": "nat",
    "physical_interface": "",
    "cidr": "10.0.0.0/24",
    "gateway": "10.0.0.1",
    "dns": ["1.1.1.1", "9.9.9.9"],
    "ranges": [{"first": "10.0.0.10", "last": "10.0.0.20"}],
}
FITTING: list[tuple[str, dict[str, Any]]] = [
    ("zone.create", NAMED | {"description": 'it\'s "quoted"; $HOME'}),
    ("cluster.create", NAMED | {"zone_id": PLACES["zone_id"], "hypervisor": "kvm"}),
    (
        "primary_storage.create",
        NAMED | {"cluster_id": PLACES["cluster_id"], "kind": "local", "path": "/srv/a b"},
    ),
    (
        "image_store.create",
        NAMED
        | {"zone_id": PLACES["zone_id"], "host_id": make_id(7)}
        | {"kind": "directory", "path": "/srv/images"},
    ),
    ("instance_offering.create", NAMED | {"cpu_count": 2, "memory_bytes": 512 * 1024**2}),
    (
        "image.create",
        NAMED
        | {"image_store_id": PLACES["image_store_id"], "source": "starter", "url": ""}
        | {"kind": "root", "platform": "linux"},
    ),
    ("vm.create", VM),
    (
        "vm.create",
        VM
        | {"inbound_bits_per_s": 10_000_000}
        | {
            "more_nics": [
                {"network_id": make_id(8)},
                {
                    "network_id": make_id(9),
                    "address": "10.0.1.9",
                    "security_group_ids": [make_id(10), make_id(11)],
                    "outbound_bits_per_s": 64_000,
                },
            ]
        },
    ),
    ("vm.create", VM | {"user_data": "#!/bin/sh\necho 'hi'\n", "address": "10.0.0.9"}),
]


def typed(line: str) -> tuple[str, dict[str, Any]]:
    """Operation and body of a command line, as the command line's own parser reads it."""
    words = shlex.split(line)
    assert words[0] == "anyun"
    group: Any = typer.main.get_command(app)
    command: Any = group.commands[words[1]].commands[words[2]]
    context = command.make_context(words[2], list(words[3:]))
    name = f"{words[1].replace('-', '_')}.{words[2].replace('-', '_')}"
    return name, body_of(OPERATIONS[name].request, context.params)


def without_empty(request: dict[str, Any]) -> dict[str, Any]:
    """What is left out of a command because it is the default anyway."""
    return {key: value for key, value in request.items() if value not in ("", None, [])}


@pytest.mark.parametrize(("operation", "request_"), FITTING)
def test_the_command_means_the_request(operation: str, request_: dict[str, Any]) -> None:
    assert typed(command_line(operation, request_)) == (operation, without_empty(request_))


def test_the_command_for_a_network_means_the_request() -> None:
    found = typed(command_line("network.create", NETWORK))
    assert found == ("network.create", without_empty(NETWORK))


def test_the_command_for_a_machine_that_is_not_started_means_the_request() -> None:
    request = VM | {"start": False}
    assert typed(command_line("vm.create", request)) == ("vm.create", request)


@pytest.mark.parametrize(("operation", "request_"), [*FITTING, ("network.create", NETWORK)])
def test_the_api_call_carries_the_whole_request(operation: str, request_: dict[str, Any]) -> None:
    first, _, body = api_call(operation, request_).partition("\n")
    spec = OPERATIONS[operation]
    assert first == f"{spec.method} {spec.path}"
    assert json.loads(body) == request_
