"""The declarations of operations on VXLAN pools, and on the clusters that networks are in."""

from __future__ import annotations

from appliance.protocol.declaring import add, job, reads, update
from appliance.protocol.layer2 import NetworkCluster, VxlanPool, VxlanPoolCreate, VxlanPoolUpdate


def declare_network_clusters() -> None:
    """Declare how networks come to further clusters."""
    job(
        "network.attach_cluster",
        "POST /networks/{id}/attach-cluster",
        "Have a network in a further cluster",
        NetworkCluster,
    )
    job(
        "network.detach_cluster",
        "POST /networks/{id}/detach-cluster",
        "Take a network out of a cluster whose machines do not use it",
        NetworkCluster,
    )


def declare_vxlan_pools() -> None:
    """Declare VXLAN pools; they stand together in the table."""
    reads("vxlan_pool", "vxlan-pools", VxlanPool, "VXLAN pool")
    add(
        "vxlan_pool.create",
        "POST /vxlan-pools",
        "Make a pool of VNIs for VXLAN networks",
        VxlanPool,
        request=VxlanPoolCreate,
    )
    update("vxlan_pool", "vxlan-pools", VxlanPool, "VXLAN pool", VxlanPoolUpdate)
    add(
        "vxlan_pool.delete",
        "DELETE /vxlan-pools/{id}",
        "Delete a VXLAN pool without networks",
        None,
    )
