"""Texts about hosts: English message, remedy, Chinese message, remedy; and words."""

from __future__ import annotations

HOST_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "host.in_maintenance": (
        "The host {name} is in maintenance, or on its way there.",
        "Let it leave maintenance first, or cancel the job that empties it.",
        "物理机 {name} 处于维护模式或正在进入维护模式。",
        "请先退出维护模式，或取消正在执行的任务。",
    ),
    "host.not_in_maintenance": (
        "The host {name} is not in maintenance.",
        "There is nothing to leave. A job that still empties a host can be cancelled.",
        "物理机 {name} 不处于维护模式。",
        "无需退出。若仍在迁出云主机，可取消该任务。",
    ),
    "host.cannot_be_emptied": (
        "{count} virtual machines cannot leave the host {name}: {machines}.",
        "Look at the plan for the reasons. Let them be stopped instead, or remove what holds them.",
        "有 {count} 台云主机无法离开物理机 {name}：{machines}。",
        "请在维护计划中查看原因；可选择停止这些云主机，或消除其原因。",
    ),
    "host.not_emptied": (
        "{count} virtual machines did not leave the host, first of them {machine}: {reason}.",
        "The host is what it was before. Remove the cause and try again.",
        "有 {count} 台云主机未能离开物理机，首先是 {machine}：{reason}。",
        "物理机已恢复原状态。请消除原因后重试。",
    ),
    "host.no_way_out": (
        "No other host can take the virtual machine {name} now ({reason}).",
        "Look at its migration candidates for what each host lacks.",
        "目前没有其他物理机可以接收云主机 {name}（{reason}）。",
        "请查看迁移候选物理机缺少什么。",
    ),
    "foreign.gone": (
        "There is no unknown machine {id} on this host.",
        "List the unknown machines anew.",
        "此物理机上没有未知云主机 {id}。",
        "请重新列出未知云主机。",
    ),
    "foreign.known": (
        "The machine {name} is one of this cloud already.",
        "There is nothing to take over.",
        "云主机 {name} 已属于本云平台。",
        "无需接管。",
    ),
    "foreign.not_now": (
        "The machine {name} cannot be taken over as it is: {problems}.",
        "The list of unknown machines says what to do about each of these.",
        "云主机 {name} 目前无法接管：{problems}。",
        "请在未知云主机列表中查看各项的处理方法。",
    ),
    "foreign.too_many_disks": (
        "The machine {name} has {count} disks; a machine of this cloud has at most {most}.",
        "Remove disks from it first.",
        "云主机 {name} 有 {count} 块磁盘；本云平台的云主机最多 {most} 块。",
        "请先移除部分磁盘。",
    ),
    "foreign.no_place": (
        "Its disks cannot lie on the primary storage {name}.",
        "Choose an enabled local primary storage of the cluster of {host}.",
        "其磁盘无法放在主存储 {name} 上。",
        "请选择 {host} 所在集群中已启用的本地主存储。",
    ),
    "foreign.mac_taken": (
        "A NIC of this cloud has the MAC address {mac} already.",
        "Leave it out: the NIC then gets a new one.",
        "本云平台已有网卡使用 MAC 地址 {mac}。",
        "请留空，系统将分配新的地址。",
    ),
    "foreign.runs": (
        "The machine {name} runs.",
        "Shut it down first, by the means that started it.",
        "云主机 {name} 正在运行。",
        "请先用原有的方式将其关机。",
    ),
    "foreign.firmware": (
        "The machine cannot be taken over with its firmware on the host {name}: {problem}.",
        "Give it a firmware of the distribution without a TPM, or leave it to who made it.",
        "无法连同固件接管物理机 {name} 上的云主机：{problem}。",
        "请改用发行版自带的固件且不使用 TPM，或保持由其创建者管理。",
    ),
    "foreign.no_such_disk": (
        "{path} is no disk of this machine that could be taken.",
        "List the unknown machines anew.",
        "{path} 不是此云主机可接管的磁盘。",
        "请重新列出未知云主机。",
    ),
    "maintenance.stopped_instead": (
        "{name} could not move and is stopped instead: {reason}",
        "It starts again when the host leaves maintenance, if that was asked for.",
        "{name} 无法迁移，改为停止：{reason}",
        "如已选择，物理机退出维护后它会重新启动。",
    ),
    "maintenance.away": (
        "The host {name} is away; it is brought in line when it comes back.",
        "Nothing needs to be done; look after its connection if it stays away.",
        "物理机 {name} 未连接，恢复连接后会自动保持一致。",
        "无需处理；如长时间未恢复，请检查其连接。",
    ),
}

HOST_WORDS: dict[str, tuple[str, str]] = {
    "operation.host.reconnect": ("Reconnect host", "重新连接物理机"),
    "operation.host.restart_vms": (
        "Start VMs again that ran on a host",
        "重新启动物理机上原有的云主机",
    ),
    "vm.reason.host_booted": ("its host has rebooted", "物理机已重启"),
    "vm.reason.host_shutdown": ("stopped with its host", "随物理机一起关闭"),
    "operation.host.enter_maintenance": ("Empty host for maintenance", "进入维护模式"),
    "operation.host.leave_maintenance": ("Leave maintenance", "退出维护模式"),
    "step.evacuate": ("moving or stopping its machines", "迁移或停止云主机"),
    "step.bring_in_line": ("bringing the host in line", "使物理机保持一致"),
    "state.pre_maintenance": ("Being emptied", "正在进入维护"),
    "maintenance.action.migrate": ("migrates", "迁移"),
    "maintenance.action.stop": ("is stopped", "停止"),
    "maintenance.action.stays": ("cannot leave", "无法离开"),
    "maintenance.host_away": (
        "the host does not answer, so nobody knows whether it runs",
        "物理机没有响应，无法确认其是否运行",
    ),
    "maintenance.busy": (
        "a job works on it; that is waited for",
        "有任务正在处理它，将等待其结束",
    ),
    "maintenance.no_migration": (
        "this version moves no machines between hosts",
        "此版本不支持在物理机之间迁移云主机",
    ),
    "maintenance.only_host": ("its cluster has no other host", "集群中没有其他物理机"),
    "maintenance.image_store": (
        "Images of the image store {name} cannot be used while the host is switched off.",
        "物理机关机期间，镜像服务器 {name} 中的镜像不可用。",
    ),
    "maintenance.appliance": (
        "The management service itself runs on this machine; it goes on until you switch it off.",
        "管理服务本身运行在此机器上，关机前会继续运行。",
    ),
    "operation.host.adopt_vm": ("Take over unknown VM", "接管未知云主机"),
    "step.take_disks": ("making volumes of its disks", "将磁盘转为云盘"),
    "step.release_domain": ("replacing its definition", "替换其定义"),
    "unknown.problem.runs": (
        "it runs: shut it down first, by the means that started it",
        "正在运行：请先用原有的方式关机",
    ),
    "unknown.problem.saved": (
        "its memory is saved: start it and shut it down first",
        "内存已保存到磁盘：请先启动再关机",
    ),
    "step.take_firmware": ("taking along what its UEFI has kept", "迁移其 UEFI 变量"),
    "unknown.problem.uefi": (
        "its UEFI is not OVMF with 4 MiB, or keeps its variables nowhere: let it boot by that, or "
        "by BIOS, first",
        "其 UEFI 不是 4 MiB 的 OVMF，或未保存变量：请先改用该固件或 BIOS 启动",
    ),
    "unknown.problem.no_firmware": (
        "it boots by UEFI, which this host does not have: install the package ovmf",
        "使用 UEFI 启动，但此物理机没有该固件：请安装 ovmf 软件包",
    ),
    "unknown.problem.tpm": (
        "it has a TPM, whose secrets would stay behind: take what it guards out of it, and remove "
        "it first",
        "含 TPM，其中的密钥无法迁移：请先解除其保护并移除 TPM",
    ),
    "unknown.problem.disk_bus": (
        "a disk is on a bus that machines here do not have: put it on virtio, SATA or virtio SCSI",
        "有磁盘所在的总线不受支持：请改用 virtio、SATA 或 virtio SCSI",
    ),
    "unknown.problem.devices": (
        "it has devices of the host passed through: remove them first",
        "含直通设备：请先移除",
    ),
    "unknown.problem.no_disk": (
        "it has no disk: attach one, or make a new machine instead",
        "没有磁盘：请先挂载，或直接新建云主机",
    ),
    "unknown.problem.disk_not_a_file": (
        "a disk is no file (a block device or on a network): copy it into a file first",
        "有磁盘不是文件（块设备或网络磁盘）：请先复制为文件",
    ),
    "unknown.problem.disk_missing": (
        "the file of a disk is missing: restore it, or remove the disk",
        "磁盘文件缺失：请恢复文件或移除该磁盘",
    ),
    "unknown.problem.disk_unreadable": (
        "a disk cannot be read in its format: repair it, or remove it",
        "磁盘无法按其格式读取：请修复或移除",
    ),
    "unknown.problem.disk_shared": (
        "another machine has one of its disks too, or stands on it: give it a copy of its own",
        "其他云主机也使用或依赖其磁盘：请先为其制作独立副本",
    ),
    "unknown.problem.disk_encrypted": (
        "a disk is encrypted: decrypt it first",
        "磁盘已加密：请先解密",
    ),
    "unknown.was_ours": ("of this or another Anyun cloud", "属于本平台或其他安云平台"),
    "unknown.foreign": ("not of Anyun", "非安云平台创建"),
    "domain.state.running": ("Running", "运行中"),
    "domain.state.paused": ("Paused", "已暂停"),
    "domain.state.stopped": ("Stopped", "已停止"),
    "domain.state.other": ("Unclear", "不明"),
    "step.drop_link": ("dropping the link", "断开连接"),
    "step.await_host": ("waiting for the host", "等待物理机"),
    "step.compare_machines": ("comparing what runs", "比对运行状态"),
    "step.check_storage": ("looking at its storage", "检查存储"),
}
