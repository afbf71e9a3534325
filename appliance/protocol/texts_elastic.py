"""Texts about elastic IPs: English message, remedy, Chinese message, remedy."""

from __future__ import annotations

ELASTIC_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "elastic_ip.not_public": (
        "The network {name} is a private one.",
        "Choose a network on a physical NIC: only its addresses are known outside.",
        "网络 {name} 是私有网络。",
        "请选择物理网卡上的网络：只有它的地址在外部可达。",
    ),
    "elastic_ip.other_cluster": (
        "The machine {name} is not in the cluster of the elastic IP's network.",
        "Choose a machine of that cluster, or an elastic IP of a network of the machine's.",
        "云主机 {name} 不在弹性 IP 所属网络的集群中。",
        "请选择该集群的云主机，或云主机所在集群的网络中的弹性 IP。",
    ),
    "elastic_ip.other_owner": (
        "The machine {name} belongs to another account than the elastic IP.",
        "Choose a machine of the same account.",
        "云主机 {name} 与弹性 IP 不属于同一账户。",
        "请选择同一账户的云主机。",
    ),
    "elastic_ip.no_private_nic": (
        "The machine {name} has no NIC in a private network.",
        "Machines on a physical network are reached by their own addresses: bind the elastic IP "
        "to a machine of a private network.",
        "云主机 {name} 没有私有网络的网卡。",
        "物理网络中的云主机可直接用自身地址访问：请将弹性 IP 绑定到私有网络的云主机。",
    ),
    "elastic_ip.vm_has_one": (
        "The machine {name} has the elastic IP {address} already.",
        "Unbind that one first, or name another NIC of the machine.",
        "云主机 {name} 已有弹性 IP {address}。",
        "请先解绑该弹性 IP，或指定该云主机的其他网卡。",
    ),
    "elastic_ip.not_offered": (
        "The network {network} of the NIC with the address {address} offers no elastic IPs.",
        "On a physical network it is reached by its own address: choose a NIC in a private one "
        "that offers them.",
        "地址为 {address} 的网卡所在网络 {network} 不提供弹性 IP。",
        "物理网络中的网卡可直接用自身地址访问：请选择提供弹性 IP 的私有网络中的网卡。",
    ),
    "elastic_ip.nic_has_one": (
        "The NIC with the address {address} has the elastic IP {other} already.",
        "Unbind that one first, or choose another NIC.",
        "地址为 {address} 的网卡已有弹性 IP {other}。",
        "请先解绑该弹性 IP，或选择其他网卡。",
    ),
    "elastic_ip.vm_in_bin": (
        "The machine {name} is in the recycle bin.",
        "Recover it first.",
        "云主机 {name} 在回收站中。",
        "请先恢复该云主机。",
    ),
}
