"""Why packets were thrown away, in English and Chinese."""

from __future__ import annotations

DROP_REASONS: dict[str, tuple[str, str]] = {
    "drop.kind.spoofed": ("forged", "伪造的"),
    "drop.kind.refused": ("refused", "被拒绝的"),
    "drop.kind.none": ("none", "无"),
    "drop.no_rule_in": (
        "No rule of {groups} lets this in.",
        "安全组 {groups} 中没有放行此流量的入方向规则。",
    ),
    "drop.no_rule_out": (
        "No rule of {groups} lets this out.",
        "安全组 {groups} 中没有放行此流量的出方向规则。",
    ),
    "drop.denied_in": (
        "A rule of {group} denies it.",
        "安全组 {group} 的入方向规则拒绝了它。",
    ),
    "drop.denied_out": (
        "A rule of {group} denies it.",
        "安全组 {group} 的出方向规则拒绝了它。",
    ),
    "drop.cut": (
        "It answers on a connection that the rules allow no more.",
        "它属于一条规则已不再放行的连接。",
    ),
    "drop.forged_mac": (
        "{name} sent it with another’s MAC address, {mac}.",
        "{name} 使用了他人的 MAC 地址 {mac}。",
    ),
    "drop.forged_address": (
        "{name} sent it with an address that is not its own: {address}",
        "{name} 使用了不属于它的地址：{address}",
    ),
    "drop.dhcp_server": (
        "{name} acted as a DHCP server, which only the network itself is.",
        "{name} 充当了 DHCP 服务器，而只有网络自身才能提供该服务。",
    ),
    "drop.router": (
        "{name} acted as an IPv6 router, which only the network’s own is.",
        "{name} 充当了 IPv6 路由器，而只有网络自身的路由器才能如此。",
    ),
    "drop.fragment": (
        "{name} sent IPv6 in fragments, which could hide what only a router may say.",
        "{name} 发送了 IPv6 分片，其中可能隐藏只有路由器才能发出的内容。",
    ),
    "drop.foreign_protocol": (
        "{name} sent something that is neither IP nor ARP.",
        "{name} 发送了既非 IP 也非 ARP 的数据帧。",
    ),
}
