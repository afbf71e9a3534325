"""Texts about security groups and traces: English message, remedy, Chinese message, remedy."""

from __future__ import annotations

SECURITY_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "security.bad_cidr": (
        "{value} is no network and no address.",
        "Write it like 10.0.0.0/24, 10.0.0.5 or 2001:db8::/32, without bits of hosts: {remedy}",
        "{value} 不是有效的网段或地址。",
        "格式示例：10.0.0.0/24、10.0.0.5 或 2001:db8::/32，主机位须为零：{remedy}",
    ),
    "security.two_peers": (
        "A rule names either a network or a security group as its peer, not both.",
        "Leave out cidr or peer_group_id, or make two rules.",
        "一条规则的对端只能是网段或安全组之一。",
        "请去掉 cidr 或 peer_group_id，或拆成两条规则。",
    ),
    "security.ports_need_protocol": (
        "The protocol {protocol} has no ports.",
        "Choose tcp or udp, or leave the ports out.",
        "协议 {protocol} 没有端口。",
        "请选择 tcp 或 udp，或不填端口。",
    ),
    "security.first_port_missing": (
        "The rule has a last port, {last}, but no first one.",
        "Give port_first; port_last may be left out for a single port.",
        "规则只有结束端口 {last}，没有起始端口。",
        "请填写 port_first；单个端口可不填 port_last。",
    ),
    "security.ports_reversed": (
        "The ports end before they begin: {first} to {last}.",
        "Exchange the two ports.",
        "端口的起止颠倒：{first} 到 {last}。",
        "请交换两个端口。",
    ),
    "security.types_need_icmp": (
        "The protocol {protocol} has no ICMP types.",
        "Choose icmp or icmpv6, or leave type and code out.",
        "协议 {protocol} 没有 ICMP 类型。",
        "请选择 icmp 或 icmpv6，或不填类型与代码。",
    ),
    "security.type_missing": (
        "The rule has the ICMP code {code}, but no type.",
        "Give icmp_type as well; codes mean nothing without it.",
        "规则只有 ICMP 代码 {code}，没有类型。",
        "请同时填写 icmp_type；没有类型的代码没有意义。",
    ),
    "security.wrong_family": (
        "{cidr} and the protocol {protocol} belong to different versions of IP.",
        "Use icmp with IPv4 networks and icmpv6 with IPv6 networks.",
        "{cidr} 与协议 {protocol} 属于不同的 IP 版本。",
        "IPv4 网段使用 icmp，IPv6 网段使用 icmpv6。",
    ),
    "security.other_owner": (
        "The security group {name} belongs to another account.",
        "Choose a group of the account that owns the machine or the rule.",
        "安全组 {name} 属于另一个账户。",
        "请选择云主机或规则所属账户的安全组。",
    ),
    "security.default_stays": (
        "{name} is the default security group of its account and cannot be deleted.",
        "Change or delete its rules instead.",
        "{name} 是账户的默认安全组，不能删除。",
        "可以修改或删除其中的规则。",
    ),
    "trace.one_target": (
        "A trace leads to a machine or to an address.",
        "Give exactly one of to_vm_id and to_address.",
        "路径追踪的目标应是一台云主机或一个地址。",
        "请只填写 to_vm_id 和 to_address 其中之一。",
    ),
    "trace.port": (
        "A trace over {protocol} was asked for with the wrong port.",
        "Give a port with tcp and udp, and none with icmp.",
        "{protocol} 的端口填写有误。",
        "tcp 和 udp 需要端口，icmp 不需要端口。",
    ),
    "trace.no_nic": (
        "{name} has no NIC.",
        "Choose a machine that is in a network.",
        "{name} 没有网卡。",
        "请选择已接入网络的云主机。",
    ),
}

# What happens to a packet on its way.
TRACE_STEPS: dict[str, tuple[str, str]] = {
    "trace.not_running": (
        "{name} is not running. Start it.",
        "{name} 未在运行。请启动它。",
    ),
    "trace.unfiltered": (
        "{name} is in no security group, so nothing is filtered there.",
        "{name} 不在任何安全组中，不做过滤。",
    ),
    "trace.no_rule_out": (
        "No rule of {name}'s security groups ({groups}) lets this out. Add a rule that allows it.",
        "{name} 的安全组（{groups}）没有放行此流量的出方向规则。请添加一条放行规则。",
    ),
    "trace.no_rule_in": (
        "No rule of {name}'s security groups ({groups}) lets this in. Add a rule that allows it.",
        "{name} 的安全组（{groups}）没有放行此流量的入方向规则。请添加一条放行规则。",
    ),
    "trace.allowed_out": (
        "A rule of {group} lets it leave {name}.",
        "安全组 {group} 的规则允许其离开 {name}。",
    ),
    "trace.allowed_in": (
        "A rule of {group} lets it in to {name}.",
        "安全组 {group} 的规则允许其进入 {name}。",
    ),
    "trace.denied_out": (
        "A rule of {group} does not let it leave {name}. "
        "Change that rule, or add one with a lower priority number.",
        "安全组 {group} 的规则禁止其离开 {name}。请修改该规则，或添加优先级数值更小的规则。",
    ),
    "trace.denied_in": (
        "A rule of {group} does not let it in to {name}. "
        "Change that rule, or add one with a lower priority number.",
        "安全组 {group} 的规则禁止其进入 {name}。请修改该规则，或添加优先级数值更小的规则。",
    ),
    "trace.no_ipv6": (
        "{name} has no IPv6 address in the network {network}. Give the network IPv6.",
        "{name} 在网络 {network} 中没有 IPv6 地址。请为该网络启用 IPv6。",
    ),
    "trace.same_network": (
        "{address} is on the same network, {network}.",
        "{address} 与其在同一网络 {network}。",
    ),
    "trace.nobody": (
        "No machine of the network {network} has the address {address}. "
        "Choose an address that is in use.",
        "网络 {network} 中没有使用地址 {address} 的云主机。请选择正在使用的地址。",
    ),
    "trace.private": (
        "{address} is in the private network {other}, which {network} has no way into. "
        "Put both machines on one network, or give it an elastic IP.",
        "{address} 位于私有网络 {other}，{network} 无法到达。"
        "请将两台云主机接入同一网络，或为其绑定弹性 IP。",
    ),
    "trace.elastic": (
        "{address} is an elastic IP of {name}; it is reached from anywhere.",
        "{address} 是 {name} 的弹性 IP，任何网络均可到达。",
    ),
    "trace.elastic_free": (
        "{address} is an elastic IP that no machine has. Bind it to one.",
        "{address} 是未绑定的弹性 IP。请将其绑定到云主机。",
    ),
    "trace.foreign": (
        "{address} belongs to another account, whose rules are not shown. Ask its owner.",
        "{address} 属于其他账户，其规则不予显示。请联系其所有者。",
    ),
    "trace.gateway": (
        "It leaves {network} by the gateway; what happens beyond is not known here.",
        "经网关离开 {network}；之后的路径不由本平台掌握。",
    ),
    "trace.reached": (
        "It reaches {address}.",
        "可以到达 {address}。",
    ),
}
