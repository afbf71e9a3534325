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
    "maintenance.stopped_instead": (
        "{name} could not move and is stopped instead: {reason}",
        "",
        "{name} 无法迁移，改为停止：{reason}",
        "",
    ),
    "maintenance.away": (
        "The host {name} is away; it is brought in line when it comes back.",
        "",
        "物理机 {name} 未连接，恢复连接后会自动保持一致。",
        "",
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
    "step.drop_link": ("dropping the link", "断开连接"),
    "step.await_host": ("waiting for the host", "等待物理机"),
    "step.compare_machines": ("comparing what runs", "比对运行状态"),
    "step.check_storage": ("looking at its storage", "检查存储"),
}
