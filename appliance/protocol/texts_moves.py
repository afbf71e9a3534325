"""Texts about volumes that move: English message, remedy, Chinese message, remedy; and words."""

from __future__ import annotations

MOVE_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "move.not_made": (
        "The volume {name} has not been made yet: it lies nowhere.",
        "It gets its place when it is first attached.",
        "云盘 {name} 尚未实例化，不在任何存储上。",
        "云盘在首次挂载时获得位置。",
    ),
    "move.busy": (
        "The volume {name} is being worked on.",
        "Wait until that has ended.",
        "云盘 {name} 正在处理中。",
        "请等待其结束。",
    ),
    "move.snapshots": (
        "The volume {name} has {count} snapshots, which would not go along.",
        "Delete its snapshots first.",
        "云盘 {name} 有 {count} 个快照，快照无法随云盘迁移。",
        "请先删除其快照。",
    ),
    "move.unfinished": (
        "What an earlier job on the volume {name} has left is not cleaned up yet.",
        "Wait until the host that it is on is connected; see the list of clean-up work.",
        "云盘 {name} 之前的任务仍有待清理的内容。",
        "请等待相关物理机恢复连接，可查看待清理列表。",
    ),
    "move.machine_state": (
        "The virtual machine {vm} of the volume {name} is in state {state}.",
        "Wait until the machine runs, is paused or is off.",
        "云盘 {name} 所属云主机 {vm} 的状态为 {state}。",
        "请等待云主机处于运行、暂停或关机状态。",
    ),
    "move.too_late": (
        "The volume {name} had moved already when the job was stopped, so it has stayed in its new "
        "place.",
        "Move it back if it shall be where it was.",
        "任务停止时云盘 {name} 已完成迁移，因此保留在新位置。",
        "如需放回原处，请再次迁移。",
    ),
    "move.is_there": (
        "The volume {name} is there already.",
        "Choose another primary storage or host.",
        "云盘 {name} 已在该处。",
        "请选择其他主存储或物理机。",
    ),
    "move.no_such_place": (
        "The host {host} has no part of the primary storage {name}.",
        "Choose a host of one of the storage's clusters.",
        "物理机 {host} 上没有主存储 {name}。",
        "请选择该主存储所属集群中的物理机。",
    ),
    "move.not_there": (
        "The volume {name} cannot be moved to {place}: {why}.",
        "Ask where it can go with volume move-candidates, and choose such a place.",
        "云盘 {name} 无法迁移到 {place}：{why}。",
        "请通过 volume move-candidates 查看可迁移的位置。",
    ),
    "move.no_way": (
        "No connected host reaches both where the volume {name} is and where it shall go.",
        "Wait until a host that reaches both is connected.",
        "没有已连接的物理机能同时访问云盘 {name} 的当前位置和目标位置。",
        "请等待能访问两处的物理机恢复连接。",
    ),
    "move.copy_failed": (
        "The host {name} could not copy the volume: {reason}. It is where it was.",
        "Remove the reason and try again.",
        "物理机 {name} 无法复制云盘：{reason}。云盘仍在原处。",
        "请排除原因后重试。",
    ),
    "domain.held": (
        "On the host {name}, a disk of the virtual machine is just changing places.",
        "Wait until that has ended. If the old storage does not answer, that must end first.",
        "在物理机 {name} 上，云主机的磁盘正在切换位置。",
        "请等待切换结束；若原存储无响应，请先恢复该存储。",
    ),
    "vm.disk_moves": (
        "The disk {disk} of the virtual machine {name} is being moved to another storage.",
        "Wait until that has ended, or cancel it.",
        "云主机 {name} 的磁盘 {disk} 正在迁移到其他存储。",
        "请等待迁移结束或将其取消。",
    ),
}
MOVE_WORDS: dict[str, tuple[str, str]] = {
    "volume.status.moving": ("Moving", "迁移中"),
    "operation.volume.move": ("Move volume", "迁移云盘"),
    "operation.vm.move_volume": ("Move volume", "迁移云盘"),
    "step.copy_volume": ("copying the volume and comparing it", "复制并比对云盘"),
    "step.carry_volume": (
        "copying the volume to the other host and comparing it",
        "将云盘复制到另一台物理机并比对",
    ),
    "step.mirror_volume": (
        "copying the volume while its machine runs",
        "在云主机运行中复制云盘",
    ),
    "step.switch_storage": ("changing to the new place", "切换到新位置"),
    "step.delete_old_copy": ("deleting the old copy", "删除原副本"),
    "move.reason.enabled": ("the storage is not enabled", "主存储未启用"),
    "move.reason.room": ("too little space can be claimed there", "可分配空间不足"),
    "move.reason.full": ("the storage is too full", "主存储使用率过高"),
    "move.reason.cluster": (
        "the VM's cluster does not use it",
        "云主机所在集群不使用该主存储",
    ),
    "move.reason.other_disks": (
        "other disks of the VM are on another host",
        "云主机的其他磁盘在另一台物理机上",
    ),
    "move.reason.no_way": (
        "no connected host reaches both places",
        "没有已连接的物理机能同时访问两处",
    ),
    "move.reason.not_made": ("it has not been made yet", "尚未实例化"),
    "move.reason.busy": ("it is being worked on", "正在处理中"),
    "move.reason.snapshots": ("it has {count} snapshots", "有 {count} 个快照"),
    "move.reason.unfinished": (
        "an earlier job on it is not cleaned up yet",
        "之前的任务尚未清理完成",
    ),
    "move.reason.machine_state": ("its VM {vm} is: {state}", "其云主机 {vm} 状态为：{state}"),
    "move.reason.runs_elsewhere": ("its VM runs on another host", "其云主机运行在另一台物理机上"),
}
