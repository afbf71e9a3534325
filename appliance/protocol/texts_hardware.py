"""Texts about machines' hardware: English message, remedy, Chinese message, remedy; and words."""

from __future__ import annotations

HARDWARE_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "hardware.boot_twice": (
        "The boot order names something twice.",
        "Name each of disk, cdrom and network at most once.",
        "启动顺序中有重复项。",
        "disk、cdrom、network 各最多出现一次。",
    ),
    "hardware.model_with_custom": (
        "A named processor model goes with CPU mode custom, and with no other.",
        "Choose the mode custom and name a model that the hosts have, or leave the model out.",
        "只有自定义 CPU 模式才能、也必须指定 CPU 型号。",
        "请选择自定义模式并填写物理机支持的型号，或不填型号。",
    ),
    "hardware.nested_needs_cpu": (
        "QEMU's plain processor cannot run nested virtual machines.",
        "Choose another CPU mode, such as that of the cluster.",
        "QEMU 的基本 CPU 不支持嵌套虚拟化。",
        "请选择其他 CPU 模式，例如跟随集群。",
    ),
    "hardware.topology": (
        "Sockets times cores times threads is {product}, but the machine may have {count} CPUs.",
        "Change the topology, or the most CPUs that the machine may have.",
        "插槽 × 核 × 线程为 {product}，但该云主机最多可有 {count} 个 CPU。",
        "请修改拓扑，或修改最大 CPU 数。",
    ),
    "hardware.memory_step": (
        "Memory is added to a running machine in pieces of {step_bytes}.",
        "Choose a size that is larger by a multiple of that.",
        "运行中的云主机以 {step_bytes} 为单位增加内存。",
        "请选择增量为该值整数倍的大小。",
    ),
    "hardware.pin_cpu": (
        "CPU {cpu} cannot be pinned: the machine has CPUs 0 to {last}, each pinned once at most.",
        "Change the number, or leave this one out.",
        "无法绑定 CPU {cpu}：云主机的 CPU 编号为 0 到 {last}，每个最多绑定一次。",
        "请修改编号，或去掉该项。",
    ),
    "hardware.bad_cpus": (
        "{value} is no set of CPUs.",
        "Write it like 0-3,8, smaller numbers first.",
        "{value} 不是有效的 CPU 集合。",
        "请按 0-3,8 的形式填写，小号在前。",
    ),
    "hardware.numa_cpus": (
        "NUMA nodes share out all CPUs from 0 to {last}, each to one node.",
        "Name each CPU in exactly one node.",
        "NUMA 节点必须恰好划分 0 到 {last} 的全部 CPU。",
        "请让每个 CPU 恰好属于一个节点。",
    ),
    "hardware.numa_memory": (
        "The NUMA nodes have {total_bytes} of memory together, the machine {needed_bytes}.",
        "Share out exactly the machine's memory. Before a change of size, change the nodes.",
        "各 NUMA 节点内存共 {total_bytes}，而云主机内存为 {needed_bytes}。",
        "请恰好划分云主机的内存；调整规格前请先修改节点。",
    ),
    "hardware.no_host_cpu": (
        "The host {host} has no CPU {cpu}: its CPUs are 0 to {last}.",
        "Pin to CPUs that the host has.",
        "物理机 {host} 没有 CPU {cpu}：其 CPU 编号为 0 到 {last}。",
        "请绑定到物理机已有的 CPU。",
    ),
    "hardware.no_host_node": (
        "The host {host} has no NUMA node {node}: its nodes are {nodes}.",
        "Choose one of its nodes, or none.",
        "物理机 {host} 没有 NUMA 节点 {node}：其节点为 {nodes}。",
        "请选择已有的节点，或不指定。",
    ),
    "placement.no_hardware": (
        "None of {count} hosts can give the machine what its hardware asks for: {names}.",
        "kvm, nested: a host whose KVM works, with nesting switched on; one that emulates cannot "
        "give its own processor to machines. uefi, uefi_secure, tpm: the packages ovmf, swtpm and "
        "swtpm-tools. cpu.…: a processor that hosts show as theirs. Or change the hardware.",
        "{count} 台物理机都无法提供该云主机所需的硬件：{names}。",
        "kvm、nested：需要 KVM 可用且已开启嵌套的物理机，"
        "软件模拟的物理机不能把自身 CPU 交给云主机；"
        "uefi、uefi_secure、tpm：需要软件包 ovmf、swtpm 和 swtpm-tools；"
        "cpu.…：需要物理机列出的 CPU 型号。也可修改硬件设置。",
    ),
    "vm.no_live_shrink": (
        "The virtual machine {name} runs: it can get more CPUs and memory now, not fewer or less.",
        "Stop it first.",
        "云主机 {name} 正在运行：只能增加 CPU 和内存，不能减少。",
        "请先停止云主机。",
    ),
    "vm.no_room_for_cpus": (
        "The virtual machine {name} was started with room for {count} CPUs.",
        "Stop it first; or raise the most CPUs that it may have, which counts from its next start.",
        "云主机 {name} 启动时预留的 CPU 上限为 {count}。",
        "请先停止云主机；或提高 CPU 上限，下次启动后生效。",
    ),
    "vm.no_room_for_memory": (
        "The virtual machine {name} was started with room for {most_bytes} of memory.",
        "Stop it first; or raise the most memory that it may have, which counts from its next "
        "start.",
        "云主机 {name} 启动时预留的内存上限为 {most_bytes}。",
        "请先停止云主机；或提高内存上限，下次启动后生效。",
    ),
    "vm.numa_fixed": (
        "The memory of the virtual machine {name} is shared out among NUMA nodes.",
        "Stop it, change its NUMA nodes and its size, and start it again.",
        "云主机 {name} 的内存已划分到 NUMA 节点。",
        "请停止云主机，修改 NUMA 节点和规格后再启动。",
    ),
    "vm.not_grown": (
        "The host could not give the virtual machine more CPUs or memory: {reason}.",
        "What it has got is shown. Try again, or stop it and change its size then.",
        "物理机未能为云主机增加 CPU 或内存：{reason}。",
        "已显示实际获得的规格。请重试，或停止后再调整。",
    ),
    "domain.no_firmware": (
        "The host {name} has no firmware for UEFI: {path} does not exist.",
        "Install the package ovmf there, or give the virtual machine the firmware bios.",
        "物理机 {name} 没有 UEFI 固件：{path} 不存在。",
        "请在该物理机上安装软件包 ovmf，或将云主机的固件改为 bios。",
    ),
    "domain.state_too_large": (
        "What firmware and TPM of the virtual machine have kept on host {name} is larger than "
        "{size_bytes} bytes.",
        "Look at its folder below firmware/ there, and delete what does not belong to it.",
        "物理机 {name} 上云主机固件和 TPM 保存的数据超过 {size_bytes} 字节。",
        "请检查该物理机 firmware/ 目录下该云主机的文件夹，删除无关文件。",
    ),
    "domain.state_owner": (
        "The host {name} has no user {owner}, whom the state of the virtual machine's TPM "
        "belongs to.",
        "Install the packages swtpm and swtpm-tools there, as on the other hosts, and try again.",
        "物理机 {name} 上没有用户 {owner}，云主机的 TPM 状态属于该用户。",
        "请像其他物理机一样安装软件包 swtpm 和 swtpm-tools，然后重试。",
    ),
    "domain.state_in_use": (
        "The virtual machine runs on host {name}: what its firmware and TPM keep is in use.",
        "Stop the virtual machine and try again.",
        "云主机正在物理机 {name} 上运行，其固件和 TPM 数据正在使用中。",
        "请停止云主机后重试。",
    ),
    "vm.firmware_away": (
        "Only host {host}, which is not connected, has what the UEFI firmware and TPM of the "
        "virtual machine {name} have kept; started elsewhere, it would lose that.",
        "Bring {host} back and start it there, or move it from there to another host.",
        "云主机 {name} 的 UEFI 固件和 TPM 数据只在物理机 {host} 上，而该物理机未连接；"
        "在其他物理机上启动会丢失这些数据。",
        "请恢复物理机 {host} 后在其上启动，或从该物理机迁移云主机。",
    ),
    "vm.firmware_elsewhere": (
        "Only host {host} has what the UEFI firmware and TPM of the virtual machine {name} have "
        "kept, and the disks of the machine bind it to another host.",
        "Detach or move the disks that are on another host's own storage.",
        "云主机 {name} 的 UEFI 固件和 TPM 数据只在物理机 {host} 上，而其磁盘在另一台物理机上。",
        "请卸载或迁移位于其他物理机本地存储上的磁盘。",
    ),
    "domain.no_tpm": (
        "The host {name} has no software TPM.",
        "Install the packages swtpm and swtpm-tools there, or take the TPM from the virtual "
        "machine.",
        "物理机 {name} 没有软件 TPM。",
        "请在该物理机上安装软件包 swtpm 和 swtpm-tools，或移除云主机的 TPM。",
    ),
}
HARDWARE_WORDS: dict[str, tuple[str, str]] = {
    "operation.vm.resize": ("Change size", "调整规格"),
    "operation.vm.update_hardware": ("Change hardware", "修改硬件"),
    "step.grow_machine": ("adding CPUs and memory", "增加 CPU 和内存"),
}
