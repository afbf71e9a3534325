"""The error texts about IPv6: code → English message, remedy, Chinese message, remedy."""

from __future__ import annotations

IPV6_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "network.bad_ipv6_cidr": (
        "{value} is no IPv6 network that machines could have addresses in.",
        "Write it like fd00:1::/64 or 2001:db8:1::/64; multicast, link-local and other special "
        "addresses are none.",
        "{value} 不是可供机器使用的 IPv6 网段。",
        "格式示例：fd00:1::/64 或 2001:db8:1::/64；不能使用组播、链路本地等特殊地址。",
    ),
    "network.ipv6_prefix_slaac": (
        "{value} does not fit machines that make their addresses themselves (SLAAC).",
        "Use a prefix length of 64, or give the addresses out by DHCPv6.",
        "{value} 不适用于无状态自动配置（SLAAC）。",
        "前缀长度应为 64，或改用 DHCPv6 分配地址。",
    ),
    "network.ipv6_prefix_dhcp": (
        "{value} is too large or too small for a network.",
        "Choose a prefix length from 64 to 112.",
        "网段 {value} 过大或过小。",
        "前缀长度应为 64 到 112。",
    ),
    "network.bad_ipv6_address": (
        "{value} is no IPv6 address.",
        "Write it like fd00:1::10.",
        "{value} 不是有效的 IPv6 地址。",
        "格式示例：fd00:1::10。",
    ),
    "network.ipv6_mode_needed": (
        "{other} is given for a network without IPv6.",
        "Say how machines come to their addresses: ipv6_mode slaac or dhcp.",
        "网络未启用 IPv6，却填写了 {other}。",
        "请选择地址获取方式：ipv6_mode 为 slaac 或 dhcp。",
    ),
    "network.ipv6_cidr_needed": (
        "A physical network needs the IPv6 prefix that is used on its wire.",
        "Give the one that the router there announces, like 2001:db8:1::/64.",
        "物理网络需要填写所在网络使用的 IPv6 前缀。",
        "请填写该处路由器通告的前缀，例如 2001:db8:1::/64。",
    ),
    "network.ipv6_mtu": (
        "IPv6 does not work with packets of {mtu} bytes.",
        "Let the network's MTU be {least} or more, or leave IPv6 out.",
        "MTU 为 {mtu} 字节时无法使用 IPv6。",
        "请将网络的 MTU 设为 {least} 或更大，或不启用 IPv6。",
    ),
    "network.ipv6_no_ranges": (
        "Machines make their IPv6 addresses themselves (SLAAC), so there are no ranges to give.",
        "Leave the ranges out, or give the addresses out by DHCPv6.",
        "云主机通过 SLAAC 自行生成 IPv6 地址，无需设置地址范围。",
        "请去掉地址范围，或改用 DHCPv6。",
    ),
    "network.ipv6_of_host": (
        "{cidr} has {address}, which is an address of the host {host} itself.",
        "Choose a prefix that nothing else uses, or none: then a private one is chosen for you.",
        "{cidr} 包含物理机 {host} 自身的地址 {address}。",
        "请选择未被使用的前缀，或留空由系统选择私有前缀。",
    ),
    "network.ipv6_used": (
        "{count} NICs have IPv6 addresses in the network {name}, which another prefix or mode "
        "would take from them.",
        "Switch IPv6 of the network off first; then all machines get new addresses.",
        "网络 {name} 中有 {count} 个网卡正在使用 IPv6 地址，更换前缀或方式会使其失效。",
        "请先关闭该网络的 IPv6，再重新启用，云主机将获得新地址。",
    ),
    "network.ipv6_dns_left": (
        "Without IPv6 the machines cannot ask the DNS servers {servers}.",
        "Take these out of the network's DNS servers first.",
        "关闭 IPv6 后云主机无法访问 DNS 服务器 {servers}。",
        "请先从网络的 DNS 服务器中移除它们。",
    ),
    "network.dns_needs_ipv6": (
        "The DNS server {value} has an IPv6 address, and the network has no IPv6.",
        "Choose a server with an IPv4 address, or give the network IPv6 first.",
        "DNS 服务器 {value} 使用 IPv6 地址，而该网络未启用 IPv6。",
        "请选择 IPv4 地址的服务器，或先为网络启用 IPv6。",
    ),
    "network.no_ipv6": (
        "The network {name} has no IPv6.",
        "Leave the IPv6 address out, or choose another network.",
        "网络 {name} 未启用 IPv6。",
        "请不要填写 IPv6 地址，或选择其他网络。",
    ),
    "network.ipv6_slaac": (
        "In the network {name} machines make their IPv6 addresses themselves (SLAAC).",
        "Leave the IPv6 address out.",
        "网络 {name} 中的云主机通过 SLAAC 自行生成 IPv6 地址。",
        "请不要填写 IPv6 地址。",
    ),
    "network.no_ipv6_address": (
        "The network {name} has no free IPv6 address.",
        "Make its IPv6 ranges larger, or delete virtual machines that are not needed.",
        "网络 {name} 没有空闲的 IPv6 地址。",
        "请扩大其 IPv6 地址范围，或删除不需要的云主机。",
    ),
}
