"""The error texts about networks: code → English message, remedy, Chinese message, remedy."""

from __future__ import annotations

NETWORK_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "network.bad_cidr": (
        "{value} is no IPv4 network.",
        "Write it like 192.168.100.0/24.",
        "{value} 不是有效的 IPv4 网段。",
        "格式示例：192.168.100.0/24。",
    ),
    "network.cidr_size": (
        "{value} is too large or too small for a network.",
        "Choose a prefix length from 8 to 30.",
        "网段 {value} 过大或过小。",
        "前缀长度应为 8 到 30。",
    ),
    "network.bad_address": (
        "{value} is no IPv4 address.",
        "Write it like 192.168.100.10.",
        "{value} 不是有效的 IPv4 地址。",
        "格式示例：192.168.100.10。",
    ),
    "network.outside": (
        "{value} is not inside the network {cidr}.",
        "Choose an address from {first} to {last}.",
        "{value} 不在网段 {cidr} 内。",
        "请选择 {first} 到 {last} 之间的地址。",
    ),
    "network.range_reversed": (
        "The range ends before it begins: {first} to {last}.",
        "Exchange the two addresses.",
        "地址范围的起止颠倒：{first} 到 {last}。",
        "请交换两个地址。",
    ),
    "network.gateway_in_range": (
        "The gateway {gateway} lies inside the range {first} to {last}.",
        "Let the range begin after the gateway, or choose another gateway.",
        "网关 {gateway} 位于地址范围 {first} 到 {last} 之内。",
        "请让范围避开网关，或更换网关。",
    ),
    "network.range_overlap": (
        "The ranges {first} to {last} and {other_first} to {other_last} overlap.",
        "Make them disjoint.",
        "地址范围 {first}-{last} 与 {other_first}-{other_last} 重叠。",
        "请使它们互不重叠。",
    ),
    "network.range_too_small": (
        "The range has no address left for virtual machines after one for DHCP.",
        "Give at least two addresses.",
        "地址范围除 DHCP 地址外没有可分配的地址。",
        "请至少提供两个地址。",
    ),
    "network.cidr_overlap": (
        "{cidr} overlaps {other_cidr} of {name}.",
        "Choose a network that nothing else uses.",
        "{cidr} 与 {name} 的 {other_cidr} 重叠。",
        "请选择未被使用的网段。",
    ),
    "network.interface_needed": (
        "A physical network needs the NIC to attach to.",
        "Choose one of the host's NICs.",
        "物理网络需要指定网卡。",
        "请选择物理机的网卡。",
    ),
    "network.interface_missing": (
        "The host {host} has no NIC {name}.",
        "Choose one of: {choices}.",
        "物理机 {host} 没有网卡 {name}。",
        "可选网卡：{choices}。",
    ),
    "network.interface_taken": (
        "The NIC {name} is already used by the network {network}.",
        "Choose another NIC or use that network.",
        "网卡 {name} 已被网络 {network} 使用。",
        "请选择其他网卡或使用该网络。",
    ),
    "network.no_address": (
        "The network {name} has no free address: all {total} are taken.",
        "Add a range, or delete virtual machines that are not needed.",
        "网络 {name} 没有空闲地址：共 {total} 个均已占用。",
        "请添加地址范围，或删除不需要的云主机。",
    ),
    "network.address_taken": (
        "The address {address} is taken.",
        "Choose another address, or let the system choose.",
        "地址 {address} 已被占用。",
        "请选择其他地址或由系统分配。",
    ),
    "network.address_not_offered": (
        "The address {address} is in no range of the network {name}.",
        "Choose an address from: {ranges}.",
        "地址 {address} 不在网络 {name} 的地址范围内。",
        "可选范围：{ranges}。",
    ),
    "network.not_applied": (
        "The host {name} could not set up the network: {reason}.",
        "Mend the cause on the host; the system tries again by itself.",
        "物理机 {name} 无法配置网络：{reason}。",
        "请在物理机上排除原因，系统会自动重试。",
    ),
}
