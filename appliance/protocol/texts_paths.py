"""The texts about paths between hosts: code → English message, remedy, Chinese message, remedy."""

from __future__ import annotations

PATH_ERRORS: dict[str, tuple[str, str, str, str]] = {
    # What cannot be probed
    "path.no_wire": (
        "The network {name} stays within each host: there is no path between hosts to probe.",
        "Probe a network on a NIC or with tunnels.",
        "网络 {name} 只存在于各物理机内部，物理机之间没有可探测的路径。",
        "请选择基于网卡或隧道的网络。",
    ),
    "path.one_wire": (
        "It is not clear what is to be probed.",
        "Give either a NIC of the hosts, or the network of the tunnels' ends.",
        "未指明要探测的内容。",
        "请指定物理机的网卡，或隧道端点所在的网段，二者选其一。",
    ),
    "path.tag_in_tunnel": (
        "Tunnels have no VLAN.",
        "Leave the VLAN out, or give the NIC instead of the network of the tunnels' ends.",
        "隧道没有 VLAN。",
        "请去掉 VLAN，或改为指定网卡。",
    ),
    "path.bad_underlay": (
        "{value} is no network.",
        "Write the network that the ends of tunnels have addresses in, like 10.0.0.0/24.",
        "{value} 不是有效的网段。",
        "请填写隧道端点地址所在的网段，格式示例：10.0.0.0/24。",
    ),
    "path.too_many_hosts": (
        "The cluster has {count} hosts; at most {limit} are probed together.",
        "Probe networks of smaller clusters.",
        "集群有 {count} 台物理机，一次最多探测 {limit} 台。",
        "请探测规模较小的集群的网络。",
    ),
    "path.no_interface": (
        "Host {name} has no NIC {interface}.",
        "Name a NIC that all hosts have.",
        "物理机 {name} 没有网卡 {interface}。",
        "请选择所有物理机都有的网卡。",
    ),
    "path.interface_down": (
        "NIC {interface} of host {name} is down.",
        "Turn it on (ip link set {interface} up), also for the next start of {name}.",
        "物理机 {name} 的网卡 {interface} 未启用。",
        "请启用该网卡（ip link set {interface} up），并使其在 {name} 重启后仍然启用。",
    ),
    "path.no_address": (
        "Host {name} has no address in {cidr}.",
        "Give it one, or choose a network that all hosts have an address in.",
        "物理机 {name} 在 {cidr} 中没有地址。",
        "请为其配置地址，或选择所有物理机都有地址的网段。",
    ),
    "path.busy": (
        "Too many probes run on host {name}.",
        "Try again in a minute.",
        "物理机 {name} 上正在进行的探测过多。",
        "请稍后再试。",
    ),
    "path.over": (
        "Host {name} left the probe before its end; its agent may have been started anew.",
        "Probe again.",
        "物理机 {name} 在探测结束前退出，其代理可能已重启。",
        "请重新探测。",
    ),
    "path.cannot_listen": (
        "Host {name} could not listen: {reason}.",
        "Look at the NIC and the agent's log on {name}.",
        "物理机 {name} 无法监听：{reason}。",
        "请检查 {name} 的网卡和代理日志。",
    ),
    # What a probe has found
    "path.few_hosts": (
        "{count} hosts took part, so there is no pair of them.",
        "Bring more hosts of the cluster into connection, then probe again.",
        "仅 {count} 台物理机参与，没有可探测的物理机对。",
        "请使集群中更多物理机连接后重新探测。",
    ),
    "path.no_carrier": (
        "Host {name} has no signal on {wire}.",
        "Plug the cable in, or turn the switch port on.",
        "物理机 {name} 在 {wire} 上没有链路信号。",
        "请连接网线或启用交换机端口。",
    ),
    "path.all_silent": (
        "On {wire} no host hears any other.",
        "Look whether the switch knows the VLAN and lets it through the hosts' ports; for tunnels, "
        "whether the hosts' addresses reach each other.",
        "{wire} 上所有物理机互不相通。",
        "请检查交换机是否创建并在物理机端口放行了该 VLAN；若为隧道，请检查物理机地址之间能否互通。",
    ),
    "path.cut_off": (
        "Host {name} reaches no other host on {wire}, and none reaches it.",
        "Look at its switch port: does it let this VLAN through, is it the right port?",
        "物理机 {name} 在 {wire} 上与其他所有物理机互不相通。",
        "请检查其交换机端口：是否放行该 VLAN，是否接错端口。",
    ),
    "path.islands": (
        "On {wire} the hosts fall into {count} parts that do not reach each other: {parts}.",
        "Look at the uplinks between the switches: do they let this VLAN through?",
        "{wire} 上的物理机分为 {count} 个互不相通的部分：{parts}。",
        "请检查交换机之间的上联端口是否放行该 VLAN。",
    ),
    "path.mute": (
        "Host {name} hears others on {wire}, but nobody hears it.",
        "Look at what its switch port refuses: port security, its MAC, a filter of {name} itself.",
        "物理机 {name} 能收到 {wire} 上其他物理机的数据，但其他物理机都收不到它的数据。",
        "请检查交换机端口是否拒绝其数据：端口安全、MAC 限制，或 {name} 自身的过滤规则。",
    ),
    "path.deaf": (
        "Others hear host {name} on {wire}, but it hears nobody.",
        "Look at filters of {name} itself, and at what its switch port sends out.",
        "其他物理机能收到 {name} 在 {wire} 上的数据，但它收不到任何数据。",
        "请检查 {name} 自身的过滤规则及其交换机端口的出方向设置。",
    ),
    "path.silent": (
        "On {wire} nothing arrives from {pairs} ({count} in all).",
        "Look at the switch ports of these hosts: do they let this VLAN through?",
        "{wire} 上有 {count} 条路径不通：{pairs}。",
        "请检查这些物理机的交换机端口是否放行该 VLAN。",
    ),
    "path.other_tag": (
        "What {source} sends on {wire} arrives at {name} with VLAN {tag}.",
        "Look at the native VLAN and the translation of VLANs on their switch ports.",
        "{source} 在 {wire} 上发送的数据到达 {name} 时带有 VLAN {tag}。",
        "请检查双方交换机端口的本征 VLAN 和 VLAN 转换设置。",
    ),
    "path.lost_tag": (
        "What {source} sends on {wire} arrives at {name} without its tag.",
        "Make the switch port of {name} a trunk that carries this VLAN tagged.",
        "{source} 在 {wire} 上发送的数据到达 {name} 时已失去标签。",
        "请将 {name} 的交换机端口设为携带该 VLAN 标签的 trunk。",
    ),
    "path.own_mtu": (
        "The link of host {name} on {wire} has room for {limit} bytes, and {mtu} are wanted.",
        "Raise the MTU of that link on {name}, or make the network with {limit} bytes.",
        "物理机 {name} 在 {wire} 上的链路只容纳 {limit} 字节，而需要 {mtu} 字节。",
        "请调大 {name} 上该链路的 MTU，或将网络的 MTU 设为 {limit}。",
    ),
    "path.all_small": (
        "On {wire} only frames of up to {size} bytes arrive, and {mtu} are wanted.",
        "Raise the MTU of the switches, or make the network with {size} bytes.",
        "{wire} 上只有不超过 {size} 字节的帧能够到达，而需要 {mtu} 字节。",
        "请调大交换机的 MTU，或将网络的 MTU 设为 {size}。",
    ),
    "path.host_small": (
        "Between host {name} and all others on {wire} only frames of up to {size} bytes arrive, "
        "and {mtu} are wanted.",
        "Raise the MTU of its switch port, or make the network with {size} bytes.",
        "物理机 {name} 与其他物理机之间在 {wire} 上只有不超过 {size} 字节的帧能够到达，而需要 "
        "{mtu} 字节。",
        "请调大其交换机端口的 MTU，或将网络的 MTU 设为 {size}。",
    ),
    "path.small": (
        "On {wire} only frames of up to {size} bytes arrive from {pairs} ({count} in all), and "
        "{mtu} are wanted.",
        "Raise the MTU of what is between these hosts, or make the network with {size} bytes.",
        "{wire} 上有 {count} 条路径只能通过不超过 {size} 字节的帧，而需要 {mtu} 字节：{pairs}。",
        "请调大这些物理机之间设备的 MTU，或将网络的 MTU 设为 {size}。",
    ),
}
