"""The tree that a VM may read at 169.254.169.254, as EC2 lays it out. No I/O here.

Listing, slashes and 404s follow "Instance metadata and user data" of the EC2 user guide; the
`/nocloud/` part is what cloud-init's NoCloud source reads from a seed URL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from hostagent.network.plan.network import NetworkPlan
from hostagent.protocol.network import PortSpec

VERSIONS = ("1.0", "2007-01-19", "2009-04-04", "2016-09-02", "2021-03-23", "latest")
_DEFAULT_ZONE = "anyun"
_DEFAULT_TYPE = "anyun"

Tree = dict[str, "Tree | str | bytes"]


@dataclass(frozen=True)
class Answer:
    """What to send back for one path."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"


def build_tree(plan: NetworkPlan, port: PortSpec) -> Tree:
    """Everything one NIC's VM may see."""
    meta: Tree = {
        "latest": _version_tree(plan, port),
        "nocloud": _nocloud(port),
    }
    return meta


def _version_tree(plan: NetworkPlan, port: PortSpec) -> Tree:
    tree: Tree = {
        "dynamic": {"instance-identity": {"document": _identity(port)}},
        "meta-data": _meta_data(plan, port),
    }
    if port.metadata.user_data is not None:
        tree["user-data"] = port.metadata.user_data
    return tree


def _meta_data(plan: NetworkPlan, port: PortSpec) -> Tree:
    data = port.metadata
    zone = data.zone or _DEFAULT_ZONE
    tree: Tree = {
        "ami-id": data.image_id,
        "ami-launch-index": "0",
        "hostname": data.hostname,
        "instance-id": data.instance_id,
        "instance-type": data.instance_type or _DEFAULT_TYPE,
        "local-hostname": data.hostname,
        "local-ipv4": port.address,
        "mac": port.mac,
        "network": {"interfaces": {"macs": {port.mac: _nic(plan, port)}}},
        "placement": {"availability-zone": zone, "region": data.region or zone},
    }
    if data.ssh_public_keys:
        tree["public-keys"] = {
            str(index): {"openssh-key": key.strip() + "\n"}
            for index, key in enumerate(data.ssh_public_keys)
        }
    return tree


def _nic(plan: NetworkPlan, port: PortSpec) -> Tree:
    tree: Tree = {
        "device-number": "0",
        "interface-id": port.nic_id,
        "local-hostname": port.metadata.hostname,
        "local-ipv4s": port.address,
        "mac": port.mac,
        "subnet-ipv4-cidr-block": str(plan.cidr),
    }
    if plan.ipv6 is not None and port.ipv6_address:
        tree |= {"ipv6s": port.ipv6_address, "subnet-ipv6-cidr-blocks": str(plan.ipv6.cidr)}
    return tree


def _identity(port: PortSpec) -> str:
    data = port.metadata
    zone = data.zone or _DEFAULT_ZONE
    document = {
        "availabilityZone": zone,
        "imageId": data.image_id,
        "instanceId": data.instance_id,
        "instanceType": data.instance_type or _DEFAULT_TYPE,
        "privateIp": port.address,
        "region": data.region or zone,
        "version": "2017-09-30",
    }
    return json.dumps(document, indent=2) + "\n"


def _nocloud(port: PortSpec) -> Tree:
    data = port.metadata
    meta = {"instance-id": data.instance_id, "local-hostname": data.hostname}
    keys = [key.strip() for key in data.ssh_public_keys]
    # JSON is YAML, so nothing has to be quoted by hand.
    return {
        "meta-data": json.dumps({**meta, "public-keys": keys}) + "\n",
        "user-data": data.user_data or b"",
        "vendor-data": b"",
    }


def answer(tree: Tree, path: str) -> Answer:
    """What `GET path` gives: a file's content, a folder's listing or 404.

    A folder answers with and without a trailing slash; a file with one is not found.
    """
    parts = [part for part in path.split("/") if part]
    if not parts:
        return _text("\n".join(VERSIONS))
    if parts[0] in VERSIONS:
        parts[0] = "latest"
    node: Tree | str | bytes = tree
    for part in parts:
        if not isinstance(node, dict) or part not in node:
            return Answer(404, b"404 - Not Found\n")
        node = node[part]
    if isinstance(node, dict):
        return _text(_listing(parts, node))
    if path.endswith("/"):
        return Answer(404, b"404 - Not Found\n")
    if isinstance(node, bytes):
        return Answer(200, node, "application/octet-stream")
    return _text(node)


def _listing(parts: list[str], folder: Tree) -> str:
    if parts[-1] == "public-keys":  # EC2 lists keys as "index=name"
        return "\n".join(f"{index}=key-{index}" for index in folder)
    if len(parts) == 1:  # the version's own listing has no slashes
        return "\n".join(folder)
    return "\n".join(f"{k}/" if isinstance(v, dict) else k for k, v in folder.items())


def _text(text: str) -> Answer:
    return Answer(200, text.encode())
