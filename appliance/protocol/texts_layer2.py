"""The error texts about VLANs, VXLAN pools and the clusters of networks, as in `texts_network`."""

from __future__ import annotations

LAYER2_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "network.tag_needed": (
        "A VLAN network needs a tag.",
        "Give the tag that the switches use for it, 1 to 4094.",
        "VLAN 网络需要标签。",
        "请填写交换机为其使用的标签（1 到 4094）。",
    ),
    "network.pool_needed": (
        "A VXLAN network takes its VNI out of a VXLAN pool.",
        "Name a pool of its zone; make one if there is none.",
        "VXLAN 网络的 VNI 来自 VXLAN 池。",
        "请选择所在区域的 VXLAN 池；如果没有，请先创建。",
    ),
    "network.not_of_kind": (
        "Networks of kind {kind} have no such value.",
        "Leave it out, or choose another kind.",
        "类型为 {kind} 的网络没有此项。",
        "请去掉此项，或选择其他类型。",
    ),
    "network.vlan_taken": (
        "VLAN {vlan_id} on {name} is already used by {network}.",
        "Choose another tag, or use that network.",
        "网卡 {name} 上的 VLAN {vlan_id} 已被 {network} 使用。",
        "请选择其他标签，或使用该网络。",
    ),
    "network.vni_taken": (
        "VNI {vni} is already used by {network}.",
        "Leave the VNI out to get a free one, or choose another.",
        "VNI {vni} 已被 {network} 使用。",
        "不填写 VNI 即可自动分配，或选择其他 VNI。",
    ),
    "network.vni_outside": (
        "VNI {vni} is not in the pool {name}.",
        "Choose one from {first} to {last}, or leave it out to get a free one.",
        "VNI {vni} 不在池 {name} 内。",
        "请选择 {first} 到 {last} 之间的 VNI，或不填写以自动分配。",
    ),
    "network.no_vni": (
        "The pool {name} has no free VNI left.",
        "Widen the pool, or delete networks of it.",
        "池 {name} 中已没有空闲的 VNI。",
        "请扩大该池，或删除其中的网络。",
    ),
    "network.pool_elsewhere": (
        "The VXLAN pool {name} belongs to another zone.",
        "Choose a pool of the network's zone.",
        "VXLAN 池 {name} 属于其他区域。",
        "请选择网络所在区域的 VXLAN 池。",
    ),
    "network.endpoint_missing": (
        "The hosts have no address in the pool's underlay {cidr}, for instance {host}.",
        "Give the hosts addresses in it, or choose a pool whose underlay they are in.",
        "物理机在该池的承载网段 {cidr} 内没有地址，例如 {host}。",
        "请为物理机配置该网段的地址，或选择它们所在网段的池。",
    ),
    "network.mtu_too_large": (
        "An MTU of {mtu} bytes does not fit: the host {host} carries {most} at most ({name}).",
        "Choose {most} or less, leave it out to get what fits, or raise the MTU of that NIC.",
        "MTU {mtu} 字节过大：物理机 {host} 最多支持 {most}（{name}）。",
        "请填写不超过 {most} 的值，或不填写以自动计算，或调大该网卡的 MTU。",
    ),
    "network.vlan_unsupported": (
        "The kernel of the host {host} has no VLANs (802.1Q).",
        "Load its module there (modprobe {module}), or install a kernel that has it; then let the "
        "agent connect again.",
        "物理机 {host} 的内核不支持 VLAN（802.1Q）。",
        "请在该物理机上加载模块（modprobe {module}）或安装支持的内核，然后让代理重新连接。",
    ),
    "network.vxlan_unsupported": (
        "The kernel of the host {host} has no VXLAN.",
        "Load its module there (modprobe {module}), or install a kernel that has it; then let the "
        "agent connect again.",
        "物理机 {host} 的内核不支持 VXLAN。",
        "请在该物理机上加载模块（modprobe {module}）或安装支持的内核，然后让代理重新连接。",
    ),
    "network.cluster_elsewhere": (
        "The cluster {name} is in another zone than the network.",
        "Choose a cluster of the network's zone.",
        "集群 {name} 与该网络不在同一区域。",
        "请选择网络所在区域的集群。",
    ),
    "network.in_cluster": (
        "The network {name} is in the cluster {cluster} already, or still leaving it.",
        "If it is leaving, wait for that job to end.",
        "网络 {name} 已在集群 {cluster} 中，或正在从中移除。",
        "如正在移除，请等待该任务结束。",
    ),
    "network.not_in_cluster": (
        "The network {name} is not in the cluster {cluster}.",
        "Choose one of its clusters.",
        "网络 {name} 不在集群 {cluster} 中。",
        "请选择该网络所在的集群。",
    ),
    "network.last_cluster": (
        "{cluster} is the only cluster of the network {name}.",
        "Attach it to another cluster first, or delete the network.",
        "{cluster} 是网络 {name} 唯一的集群。",
        "请先将其加载到其他集群，或删除该网络。",
    ),
    "network.cluster_used": (
        "{count} machines of the cluster {cluster} use the network {name}.",
        "Take their NICs and elastic IPs out of the network first.",
        "集群 {cluster} 中有 {count} 台机器正在使用网络 {name}。",
        "请先从该网络移除它们的网卡和弹性 IP。",
    ),
    "vxlan_pool.reversed": (
        "The pool ends before it begins: {first} to {last}.",
        "Exchange the two VNIs.",
        "VNI 范围的起止颠倒：{first} 到 {last}。",
        "请交换两个值。",
    ),
    "vxlan_pool.overlap": (
        "The pool {name} of the same zone has VNIs {first} to {last} already.",
        "Choose VNIs outside of it.",
        "同一区域的池 {name} 已包含 VNI {first} 到 {last}。",
        "请选择该范围之外的 VNI。",
    ),
    "vxlan_pool.vni_used": (
        "VNI {vni} would not be in the pool any more, but the network {network} has it.",
        "Keep it in the pool, or delete that network first.",
        "VNI {vni} 将不再属于该池，但网络 {network} 正在使用它。",
        "请将其保留在池内，或先删除该网络。",
    ),
    "placement.no_network": (
        "None of {count} hosts can carry the networks of the machine: {names}.",
        "See the network state of the hosts for what they lack: an address in the underlay of the "
        "VXLAN pool, or VLANs in the kernel.",
        "{count} 台物理机都无法承载该机器的网络：{names}。",
        "请查看物理机的网络状态：可能缺少 VXLAN 承载网段内的地址，或内核不支持 VLAN。",
    ),
    "vm.network_not_there": (
        "The machine's host cannot carry the network {name}.",
        "See the network state of the host for what it lacks.",
        "该机器所在的物理机无法承载网络 {name}。",
        "请查看该物理机的网络状态，了解缺少什么。",
    ),
}
