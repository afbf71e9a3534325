"""The metadata tree answers as EC2 does."""

from __future__ import annotations

import json

import msgspec
import pytest

from hostagent.network.plan.network import plan_of
from hostagent.network.services.metadata import VERSIONS, Tree, answer, build_tree
from hostagent.protocol.network import (
    InstanceMetadata,
    NetworkSpec,
    PortSpec,
)


def tree(**more: object) -> Tree:
    fields = {"instance_id": "i-1", "hostname": "web-1.test", "ssh_public_keys": ["k one", "k two"]}
    metadata = msgspec.convert({**fields, **more}, InstanceMetadata)
    port = PortSpec(
        nic_id="nic", vm_id="vm", tap="anyt1", mac="0a:00:00:00:00:01", address="10.0.0.9",
        hostname="web-1", metadata=metadata,
    )  # fmt: skip
    spec = NetworkSpec(
        id="n", kind="nat", bridge="anyb1", cidr="10.0.0.0/24", gateway="10.0.0.1",
        dhcp_address="10.0.0.2", ports=[port],
    )  # fmt: skip
    return build_tree(plan_of(spec), port)


def text(path: str, **more: object) -> str:
    reply = answer(tree(**more), path)
    assert reply.status == 200, path
    return reply.body.decode()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/latest/meta-data/instance-id", "i-1"),
        ("/1.0/meta-data/instance-id", "i-1"),
        ("/2009-04-04/meta-data/local-hostname", "web-1.test"),
        ("/latest/meta-data/local-ipv4", "10.0.0.9"),
        ("/latest/meta-data/mac", "0a:00:00:00:00:01"),
        ("/latest//meta-data/public-keys/1/openssh-key", "k two\n"),
        ("/latest/meta-data/public-keys/", "0=key-0\n1=key-1"),
        ("/latest/meta-data/public-keys", "0=key-0\n1=key-1"),
        ("/latest/meta-data/public-keys/0/", "openssh-key"),
        ("/latest/meta-data/network/interfaces/macs/", "0a:00:00:00:00:01/"),
        (
            "/latest/meta-data/network/interfaces/macs/0a:00:00:00:00:01/subnet-ipv4-cidr-block",
            "10.0.0.0/24",
        ),
    ],
)
def test_known_paths(path: str, expected: str) -> None:
    assert text(path) == expected


def test_listings() -> None:
    assert text("/").splitlines() == list(VERSIONS)
    assert text("/latest/").splitlines() == ["dynamic", "meta-data"]
    assert text("/latest", user_data=b"#!").splitlines() == ["dynamic", "meta-data", "user-data"]
    assert "placement/" in text("/latest/meta-data/").splitlines()
    assert "instance-id" in text("/latest/meta-data").splitlines()


@pytest.mark.parametrize(
    "path",
    ["/nope", "/latest/nope", "/latest/user-data", "/latest/meta-data/instance-id/", "/1999/"],
)
def test_unknown_paths(path: str) -> None:
    assert answer(tree(), path).status == 404


def test_no_keys_no_folder() -> None:
    assert answer(tree(ssh_public_keys=[]), "/latest/meta-data/public-keys/").status == 404


def test_user_data_is_sent_as_it_is() -> None:
    reply = answer(tree(user_data=b"\x1f\x8b\x00"), "/latest/user-data")
    assert (reply.body, reply.content_type) == (b"\x1f\x8b\x00", "application/octet-stream")


def test_identity_and_nocloud_are_json() -> None:
    identity = json.loads(text("/latest/dynamic/instance-identity/document", zone="z1"))
    assert (identity["instanceId"], identity["availabilityZone"]) == ("i-1", "z1")
    assert json.loads(text("/nocloud/meta-data"))["public-keys"] == ["k one", "k two"]
    assert text("/nocloud/vendor-data") == ""
