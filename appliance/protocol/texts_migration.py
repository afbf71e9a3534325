"""Texts about live migration: English message, remedy, Chinese message, remedy; and words."""

from __future__ import annotations

MIGRATION_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "migration.no_host": (
        "No other host of its cluster can take the virtual machine {name}: {why}.",
        "Look at the candidates for what each host lacks, and free or add that.",
        "集群中没有其他物理机可以接收云主机 {name}：{why}。",
        "请查看候选物理机缺少什么，并腾出或增加相应资源。",
    ),
    "migration.not_there": (
        "The host {host} cannot take the virtual machine {name}: {why}.",
        "Choose another host, or remove what stands against this one.",
        "物理机 {host} 无法接收云主机 {name}：{why}。",
        "请选择其他物理机，或消除上述原因。",
    ),
    "migration.is_there": (
        "The virtual machine {name} is on that host already.",
        "Choose another host.",
        "云主机 {name} 已在该物理机上。",
        "请选择其他物理机。",
    ),
    "migration.other_cluster": (
        "That host is not in the cluster of the virtual machine {name}.",
        "Choose a host of the same cluster.",
        "该物理机与云主机 {name} 不在同一集群。",
        "请选择同一集群内的物理机。",
    ),
    "migration.disk_busy": (
        "{count} disks of the virtual machine {name} are being worked on.",
        "Wait until that has ended.",
        "云主机 {name} 有 {count} 块磁盘正在处理中。",
        "请等待其结束。",
    ),
    "migration.snapshots": (
        "{count} snapshots of the virtual machine {name} lie on its host's own storage, and would "
        "stay behind.",
        "Delete them first, or have its disks on shared storage.",
        "云主机 {name} 有 {count} 个快照位于物理机本地存储，无法随之迁移。",
        "请先删除这些快照，或将磁盘放在共享存储上。",
    ),
    "migration.unfinished": (
        "An earlier migration of the virtual machine {name} is not cleaned up yet.",
        "See to it that both hosts of it are connected; it is cleaned up by itself.",
        "云主机 {name} 的上一次迁移尚未清理完毕。",
        "请确保相关的两台物理机均已连接，系统会自动完成清理。",
    ),
    "migration.source_away": (
        "The host of the virtual machine {name} is not connected.",
        "Bring that host back first: nobody can move a machine off a host that does not answer.",
        "云主机 {name} 所在的物理机未连接。",
        "请先恢复该物理机：无法从没有响应的物理机上迁出云主机。",
    ),
    "migration.firmware_away": (
        "Only host {host}, which is not connected, has what the UEFI firmware and TPM of the "
        "virtual machine {name} have kept.",
        "Bring {host} back and try again.",
        "云主机 {name} 的 UEFI 固件和 TPM 数据只在物理机 {host} 上，而该物理机未连接。",
        "请恢复物理机 {host} 后重试。",
    ),
    "migration.failed": (
        "The virtual machine did not leave the host {name}, where it goes on: {reason}.",
        "Remove the cause and try again.",
        "云主机未能迁出物理机 {name}，仍在该物理机上运行：{reason}。",
        "请消除原因后重试。",
    ),
    "migration.copy_failed": (
        "The disks could not be copied from the host {name}: {reason}.",
        "Nothing has changed; remove the cause and try again.",
        "无法从物理机 {name} 复制磁盘：{reason}。",
        "未作任何更改；请消除原因后重试。",
    ),
    "migration.came_back": (
        "The virtual machine is still where it was: it did not arrive on {host}.",
        "Try again; if it stays so, look at the agents' logs on both hosts.",
        "云主机仍在原物理机上，未能到达 {host}。",
        "请重试；若仍如此，请查看两台物理机的代理日志。",
    ),
    "migration.in_the_way": (
        "The host {name} has a machine of this id running already.",
        "Look at that host: what runs there was not started by this system.",
        "物理机 {name} 上已有相同编号的云主机在运行。",
        "请检查该物理机：其上运行的云主机并非由本系统启动。",
    ),
    "migration.runs_here": (
        "The machine runs on the host {name}, so nothing of it is removed there.",
        "Nothing is to be done.",
        "云主机正在物理机 {name} 上运行，因此不会清理其内容。",
        "无需操作。",
    ),
    "migration.runs_already": (
        "The host {name} is migrating the machine already.",
        "Wait for that, or cancel it.",
        "物理机 {name} 正在迁移该云主机。",
        "请等待其完成或取消。",
    ),
    "migration.no_port": (
        "On the host {name} no port for migrations is free.",
        "Widen the range in the settings migration.port_first and migration.port_last.",
        "物理机 {name} 上没有可用的迁移端口。",
        "请在设置 migration.port_first 和 migration.port_last 中扩大端口范围。",
    ),
    "migration.unreachable": (
        "The host {name} cannot reach the other host at {addresses}, port {port}.",
        "Let that port through the firewalls between the hosts; the range is in the settings "
        "migration.port_first and migration.port_last.",
        "物理机 {name} 无法连接目标物理机 {addresses} 的端口 {port}。",
        "请在物理机之间的防火墙上放行该端口；端口范围见设置 migration.port_first 和 "
        "migration.port_last。",
    ),
    "migration.disks_differ": (
        "The machine has other disks on the host {name} than the system knows of.",
        "Stop and start the machine, then move it.",
        "物理机 {name} 上该云主机的磁盘与系统记录不一致。",
        "请停止并重新启动云主机后再迁移。",
    ),
    "migration.no_userfaultfd": (
        "The host {name} cannot take machines by post-copy: its kernel has no userfaultfd.",
        "Move the machine without post_copy, or to a host whose kernel has CONFIG_USERFAULTFD.",
        "物理机 {name} 的内核不支持 userfaultfd，无法以后拷贝方式接收云主机。",
        "请不使用 post_copy 迁移，或迁移到内核带有 CONFIG_USERFAULTFD 的物理机。",
    ),
    # Lines of a job's log
    "migration.done": (
        "The machine goes on on {host}. It stood still for {downtime_ms} ms; {size_bytes} were "
        "sent.",
        "Nothing is to be done.",
        "云主机已在 {host} 上继续运行，停顿 {downtime_ms} 毫秒，传输 {size_bytes}。",
        "无需操作。",
    ),
    "migration.too_late": (
        "It was too late to call it off: the machine goes on on {host}.",
        "Move it back if it shall not be there.",
        "取消为时已晚：云主机已在 {host} 上继续运行。",
        "如不希望其在该物理机上，请再迁回。",
    ),
    "migration.post_copy": (
        "Several passes over its memory did not suffice: the machine goes on over there now, and "
        "fetches the rest.",
        "Nothing is to be done; do not switch off either host now.",
        "多轮内存复制仍未收敛：云主机已在目标物理机上继续运行，并取回其余内存。",
        "无需操作；此时请勿关闭任何一台物理机。",
    ),
    "migration.emulated": (
        "The machine is emulated. QEMU now and then misses what such a machine writes to its "
        "memory while it moves: if it is busy, its system may crash.",
        "Move it while it is off if that must not happen, or use hosts with KVM.",
        "该云主机为软件模拟运行。迁移过程中 QEMU 偶尔会漏掉其写入的内存："
        "若其负载较高，系统可能崩溃。",
        "如不能承受，请关机后迁移，或使用支持 KVM 的物理机。",
    ),
    "migration.connections": (
        "{count} open connections of the machine go on on {host}.",
        "Nothing is to be done.",
        "云主机的 {count} 个已建立连接在 {host} 上保持不断。",
        "无需操作。",
    ),
    "migration.connections_lost": (
        "Not all open connections of the machine came along. Those that its security groups let "
        "begin in one direction alone may stand still.",
        "If a program in it waits for ever, let it connect anew.",
        "云主机的部分已建立连接未能一并迁移。安全组只允许单向发起的连接可能停滞。",
        "如果其中的程序一直等待，请让它重新连接。",
    ),
    "migration.no_post_copy": (
        "The machine could not go on over there before all of it had come: {reason}",
        "Nothing is to be done; it is still being sent.",
        "云主机未能提前在目标物理机上运行：{reason}",
        "无需操作，迁移仍在继续。",
    ),
}

MIGRATION_WORDS: dict[str, tuple[str, str]] = {
    "vm.state.migrating": ("Migrating", "迁移中"),
    "operation.vm.migrate": ("Move VM to another host", "迁移云主机"),
    "step.hold_place": ("taking a place on the other host", "在目标物理机占用资源"),
    "step.create_disks": ("making disks on the other host", "在目标物理机创建磁盘"),
    "step.migrate": ("moving the machine", "迁移云主机"),
    "step.copy_disks": ("copying the disks and comparing them", "复制并比对磁盘"),
    "step.switch_host": ("leading its addresses to the new host", "将网络切换到新物理机"),
    "step.carry_firmware": (
        "taking along what firmware and TPM have kept",
        "转移固件和 TPM 数据",
    ),
    "step.leave_source": ("leaving the old host", "离开原物理机"),
    "step.delete_old_disks": ("deleting its disks on the old host", "删除原物理机上的磁盘"),
    "wait.migration": (
        "waits for {hosts}: only they know where the machine runs",
        "等待 {hosts}：只有它们知道云主机在哪里运行",
    ),
    "wait.migrations": (
        "waits for other migrations: host {host} takes part in {count}, the most that may",
        "等待其他迁移：物理机 {host} 已参与 {count} 个迁移，达到上限",
    ),
    # Why a machine cannot go to a host
    "migration.reason.chosen": ("it was not chosen", "未被选择"),
    "migration.reason.enabled": ("it is not enabled", "未启用"),
    "migration.reason.connected": ("it is not connected", "未连接"),
    "migration.reason.not_failed": ("it has just failed", "刚刚失败"),
    "migration.reason.network": ("it cannot carry a network of the machine", "不支持云主机的网络"),
    "migration.reason.hardware": (
        "it lacks what the machine's hardware needs",
        "缺少云主机硬件所需的能力",
    ),
    "migration.reason.lacks": (
        "it lacks {names}, which the machine needs",
        "缺少云主机所需的 {names}",
    ),
    "migration.reason.cpu_differs": (
        "its processor is another one, and the machine has its host's",
        "CPU 与所在物理机不同，而云主机直接使用物理机的 CPU",
    ),
    "migration.reason.bound": (
        "it lacks CPUs or memory nodes that the machine is bound to",
        "缺少云主机绑定的 CPU 或内存节点",
    ),
    "migration.reason.storage": (
        "it does not reach a storage of the machine",
        "无法访问云主机的主存储",
    ),
    "migration.reason.other_disks": (
        "too little space is left on a storage of its data disks",
        "数据盘所在主存储空间不足",
    ),
    "migration.reason.cpu": ("too few CPUs are free", "空闲 CPU 不足"),
    "migration.reason.memory": ("too little memory is free", "空闲内存不足"),
    "migration.reason.affinity_group": ("its affinity group forbids it", "亲和组不允许"),
    "migration.reason.disk_threshold": ("its storage is too full", "主存储使用率过高"),
    "migration.reason.disk_claimed": (
        "too little space is left to claim on its storage",
        "主存储可分配空间不足",
    ),
    "migration.reason.disk_free": ("too little space is free on its storage", "主存储可用空间不足"),
    "migration.reason.accelerator": (
        "it does not run machines with the same accelerator",
        "虚拟化加速方式不同",
    ),
    "migration.reason.disk_busy": ("a disk is being worked on", "有磁盘正在处理中"),
    "migration.reason.snapshots": (
        "snapshots on its host's own storage would stay behind",
        "本地存储上的快照无法随之迁移",
    ),
    "migration.reason.firmware_away": (
        "only {host}, which is not connected, has what its firmware and TPM have kept",
        "其固件和 TPM 数据只在未连接的物理机 {host} 上",
    ),
    "migration.reason.unfinished": (
        "an earlier migration is not cleaned up yet",
        "上一次迁移尚未清理完毕",
    ),
    "migration.reason.source_away": ("its own host is not connected", "所在物理机未连接"),
    # Settings
    "setting.migration.port_first": (
        "First of the ports at which hosts receive machines",
        "物理机接收迁移的起始端口",
    ),
    "setting.migration.port_last": (
        "Last of the ports at which hosts receive machines",
        "物理机接收迁移的结束端口",
    ),
    "setting.migration.parallel": (
        "How many migrations a host takes part in at once",
        "每台物理机同时参与的迁移数",
    ),
    "setting.migration.bandwidth_bytes_s": (
        "How many bytes a second one migration sends; 0 is no limit",
        "单个迁移每秒发送的字节数，0 表示不限",
    ),
}
