"""The error texts about networks: code → English message, remedy, Chinese message, remedy."""

from __future__ import annotations

NETWORK_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "network.bad_cidr": (
        "{value} is no IPv4 network that machines could have addresses in.",
        "Write it like 192.168.100.0/24, and choose none that is reserved (0.x, 127.x, "
        "169.254.x, and 224.x or higher).",
        "{value} 不是可供机器使用的 IPv4 网段。",
        "格式示例：192.168.100.0/24；不能使用保留网段（0.x、127.x、169.254.x 以及 224.x 及以上）。",
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
        "The range {first} to {last} has no address left for virtual machines after one for DHCP.",
        "Give at least two addresses.",
        "地址范围 {first} 到 {last} 除 DHCP 地址外没有可分配的地址。",
        "请至少提供两个地址。",
    ),
    "network.no_such_service": (
        "A network on a NIC has no gateway of ours, so it cannot offer {service}.",
        "Leave it out, or make a private network.",
        "物理网络的网关不由本系统提供，因此无法提供 {service}。",
        "请去掉该服务，或创建私有网络。",
    ),
    "network.not_offered": (
        "The network {name} does not offer {service}.",
        "Choose another network, or let an administrator switch the service on.",
        "网络 {name} 未提供 {service}。",
        "请选择其他网络，或由管理员开启该服务。",
    ),
    "network.service_in_use": (
        "{service} of the network {name} is in use by {count} ({users}).",
        "Take it from them first.",
        "网络 {name} 的 {service} 正被 {count} 个资源（{users}）使用。",
        "请先解除这些使用。",
    ),
    "network.range_used": (
        "{count} addresses are in use and would not be given out any more: {users}.",
        "Keep these addresses in the ranges, or delete what uses them first.",
        "有 {count} 个地址正在使用，修改后将不再可分配：{users}。",
        "请在范围内保留这些地址，或先删除使用它们的资源。",
    ),
    "network.dhcp_outside": (
        "The network's DHCP server has the address {address}, which would not be in the ranges.",
        "Keep {address} in a range and do not reserve it.",
        "网络的 DHCP 服务器使用地址 {address}，它将不在范围之内。",
        "请把 {address} 保留在范围内，且不要设为保留地址。",
    ),
    "network.address_reserved": (
        "The address {address} is reserved in the network {name}.",
        "Choose another address, or let an administrator change what is reserved.",
        "地址 {address} 在网络 {name} 中已被保留。",
        "请选择其他地址，或由管理员修改保留地址。",
    ),
    "network.bad_route": (
        "{value} is no destination that machines could have a route to.",
        "Write it like 10.20.0.0/16; the way to everywhere else is the network's gateway.",
        "{value} 不能作为云主机路由的目标网段。",
        "格式示例：10.20.0.0/16；默认路由由网络的网关提供。",
    ),
    "network.route_inside": (
        "The route to {destination} overlaps the network {cidr} itself.",
        "Machines reach their own network directly: choose a destination outside it.",
        "到 {destination} 的路由与网络自身的网段 {cidr} 重叠。",
        "云主机可直接访问本网络，请选择网络之外的目标。",
    ),
    "network.route_twice": (
        "There are two routes to {destination}.",
        "Leave one of them.",
        "存在两条到 {destination} 的路由。",
        "请只保留一条。",
    ),
    "network.hop_outside": (
        "The next hop {value} is not inside the network {cidr}.",
        "Choose a router that the machines reach directly.",
        "下一跳 {value} 不在网段 {cidr} 内。",
        "请选择云主机可直接到达的路由器。",
    ),
    "vm.network_elsewhere": (
        "The network {name} is of another cluster than the virtual machine.",
        "Choose a network of the machine's own cluster.",
        "网络 {name} 与云主机不在同一集群。",
        "请选择云主机所在集群的网络。",
    ),
    "vm.too_many_nics": (
        "The virtual machine {name} has {count} NICs, which is the most.",
        "Take one of them away first.",
        "云主机 {name} 已有 {count} 个网卡，达到上限。",
        "请先卸载一个网卡。",
    ),
    "vm.networks_overlap": (
        "{name} is in {other} ({other_cidr}), whose addresses overlap those of {network} ({cidr}).",
        "Choose a network with other addresses: a machine could not tell the two apart.",
        "{name} 已接入 {other}（{other_cidr}），其地址与 {network}（{cidr}）重叠。",
        "请选择地址不同的网络：虚拟机无法区分两者。",
    ),
    "vm.in_network": (
        "The virtual machine {name} has a NIC in the network {network} already.",
        "Choose another network.",
        "云主机 {name} 在网络 {network} 中已有网卡。",
        "请选择其他网络。",
    ),
    "vm.default_nic": (
        "This is the default NIC of the virtual machine {name}.",
        "Make another one the default first.",
        "这是云主机 {name} 的默认网卡。",
        "请先将其他网卡设为默认。",
    ),
    "vm.nic_not_attached": (
        "The host {name} could not plug the NIC in: {reason}.",
        "Try again, or while the machine is off.",
        "物理机 {name} 无法挂载网卡：{reason}。",
        "请重试，或在云主机关机后操作。",
    ),
    "vm.nic_not_detached": (
        "The host {name} could not pull the NIC out: {reason}.",
        "A guest that is still starting, or has no driver for it, does not let go: try again, or "
        "while the machine is off.",
        "物理机 {name} 无法卸载网卡：{reason}。",
        "正在启动或缺少驱动的客户机不会释放网卡：请重试，或在云主机关机后操作。",
    ),
    "network.range_needed": (
        "The network has no range of addresses for virtual machines.",
        "Give the first and the last address of at least one range.",
        "网络没有可供云主机使用的地址范围。",
        "请至少填写一个范围的首尾地址。",
    ),
    "network.bad_dns": (
        "{value} is no DNS server that virtual machines could ask.",
        "Give the address of a DNS server that other machines reach, for example 1.1.1.1.",
        "{value} 不是云主机可以访问的 DNS 服务器。",
        "请填写其他机器可以访问的 DNS 服务器地址，例如 223.5.5.5。",
    ),
    "network.bad_domain": (
        "{value} is no DNS domain.",
        "Use letters, digits and hyphens, in parts of at most 63 characters with dots between "
        "them, for example cloud.example.",
        "{value} 不是有效的 DNS 域名。",
        "请使用字母、数字和连字符，各段不超过 63 个字符并以点分隔，例如 cloud.example。",
    ),
    "network.own_address": (
        "The range {first} to {last} has {address}, which is an address of the host {host} itself.",
        "Leave {address} out: choose another range, or one range below it and one above.",
        "地址范围 {first} 到 {last} 包含物理机 {host} 自身的地址 {address}。",
        "请避开 {address}：更换范围，或在其前后各设一个范围。",
    ),
    "network.addresses_in_use": (
        "Addresses in the range {first} to {last} are in use on the wire of {interface}: "
        "{addresses}.",
        "Choose a range that nothing else uses; only some addresses of a range are tried.",
        "地址范围 {first} 到 {last} 中已有地址在网卡 {interface} 的网络上使用：{addresses}。",
        "请选择未被使用的范围；检测仅抽查范围内的部分地址。",
    ),
    "network.cidr_overlap": (
        "{cidr} overlaps {other_cidr} of {name}.",
        "Choose a network that nothing else uses. Only private networks with SNAT may share "
        "addresses with each other.",
        "{cidr} 与 {name} 的 {other_cidr} 重叠。",
        "请选择未被使用的网段。仅启用 SNAT 的私有网络之间可以使用相同的地址。",
    ),
    "network.shares_addresses": (
        "{name} ({cidr}) needs SNAT: it shares addresses with {other} ({other_cidr}).",
        "Leave SNAT switched on, or delete one of the two networks.",
        "{name}（{cidr}）必须启用 SNAT：它与 {other}（{other_cidr}）使用相同的地址。",
        "请保持 SNAT 启用，或删除其中一个网络。",
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
    "network.interface_down": (
        "The NIC {name} of the host {host} is switched off.",
        "Turn it on (ip link set {name} up), or choose another NIC.",
        "物理机 {host} 的网卡 {name} 未启用。",
        "请启用该网卡（ip link set {name} up），或选择其他网卡。",
    ),
    "network.interface_unplugged": (
        "The NIC {name} of the host {host} has no link.",
        "Plug in its cable, or choose another NIC.",
        "物理机 {host} 的网卡 {name} 没有链路。",
        "请插好网线，或选择其他网卡。",
    ),
    "network.gateway_silent": (
        "Nothing answers for the gateway {gateway} on the NIC {interface}.",
        "Check the gateway's address, and that its router is on and reached by this NIC.",
        "网卡 {interface} 上的网关 {gateway} 没有应答。",
        "请检查网关地址，以及路由器是否已开启并与该网卡相连。",
    ),
    "network.foreign_dhcp": (
        "Another DHCP server, {server}, answers on the NIC {interface}.",
        "Make sure that it gives out no addresses of these ranges.",
        "网卡 {interface} 上有其他 DHCP 服务器应答：{server}。",
        "请确认它不会分配这些范围内的地址。",
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
    "network.stale": (
        "The networks of generation {generation} are older than those of {current}, which the "
        "host has already.",
        "Nothing needs to be done; newer values are in force.",
        "第 {generation} 代网络配置早于主机上已生效的第 {current} 代。",
        "无需处理，较新的配置已生效。",
    ),
    "network.invalid": (
        "The host refuses the network: it cannot use the value {value}.",
        "Make the network anew with another value.",
        "物理机拒绝该网络配置：值 {value} 无效。",
        "请使用其他值重新创建网络。",
    ),
    "network.conflict": (
        "The host refuses the network: {value} is also used by the network {other}.",
        "Make the network anew with another value.",
        "物理机拒绝该网络配置：{value} 已被网络 {other} 使用。",
        "请使用其他值重新创建网络。",
    ),
    "network.apply_failed": (
        "The host could not set up the network: {reason}.",
        "Mend the cause on the host; the system tries again by itself.",
        "物理机无法配置网络：{reason}。",
        "请在物理机上排除原因，系统会自动重试。",
    ),
    "network.not_applied": (
        "The host {name} could not set up the network: {reason}.",
        "Mend the cause on the host; the system tries again by itself.",
        "物理机 {name} 无法配置网络：{reason}。",
        "请在物理机上排除原因，系统会自动重试。",
    ),
    "network.rolled_back": (
        "Host {name} put its NIC {interface} under a bridge, did not hear the management service "
        "for {seconds} s after that, and went back: it is at its old addresses on {interface}.",
        "Look at what lets only some frames pass: port security, 802.1X or the VLAN of the switch "
        "port, or a firewall on {name} that names {interface}. The host tries no more by itself: "
        "choose another NIC, or say anyun host retry-network {name} when it is mended.",
        "物理机 {name} 将网卡 {interface} 加入网桥后 {seconds} 秒未收到管理服务的应答，已自动恢复："
        "它仍以原地址使用网卡 {interface}。",
        "请检查交换机端口的端口安全、802.1X 和 VLAN，以及 {name} 上按网卡名放行的防火墙。"
        "物理机不会自行重试：请改用其他网卡，或在修复后执行 anyun host retry-network {name}。",
    ),
    "network.rolled_back_gateway": (
        "Host {name} put its NIC {interface} under a bridge, and its gateway {gateway}, which had "
        "answered before, did not answer for {seconds} s after that. The host went back: it is at "
        "its old addresses on {interface}.",
        "Look at what lets only some frames pass: port security, 802.1X or the VLAN of the switch "
        "port. The host tries no more by itself: choose another NIC, or say anyun host "
        "retry-network {name} when it is mended.",
        "物理机 {name} 将网卡 {interface} 加入网桥后，此前有应答的网关 {gateway} 在 {seconds} 秒内"
        "未应答。物理机已自动恢复：它仍以原地址使用网卡 {interface}。",
        "请检查交换机端口的端口安全、802.1X 和 VLAN。物理机不会自行重试：请改用其他网卡，"
        "或在修复后执行 anyun host retry-network {name}。",
    ),
    "network.rolled_back_unproven": (
        "The agent of host {name} ended while its NIC {interface} went under a bridge, before the "
        "management service was heard again; the host is back at its old addresses.",
        "Find out why the agent ended, then say anyun host retry-network {name}.",
        "物理机 {name} 将网卡 {interface} 加入网桥期间，代理在重新收到管理服务的应答之前已终止；"
        "物理机已恢复为原地址。",
        "请查明代理终止的原因，然后执行 anyun host retry-network {name}。",
    ),
}
