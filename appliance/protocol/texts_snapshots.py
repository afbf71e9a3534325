"""Texts about snapshots: English message, remedy, Chinese message, remedy; and words."""

from __future__ import annotations

SNAPSHOT_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "snapshot.not_made": (
        "The volume {name} is not made yet: there is nothing in it.",
        "It is made when it is first attached to a virtual machine.",
        "云盘 {name} 尚未实际创建，其中没有数据。",
        "首次挂载到云主机时才会创建。",
    ),
    "snapshot.not_supported": (
        "The volume {name} lies on the storage {storage}, whose volumes have no snapshots yet.",
        "Use a volume on a local or shared directory.",
        "云盘 {name} 位于主存储 {storage}，该类存储暂不支持快照。",
        "请使用本地或共享目录存储上的云盘。",
    ),
    "snapshot.not_ready": (
        "The snapshot {name} is: {snapshot_status}.",
        "Wait until it is ready; what was deleted cannot be used any more.",
        "快照 {name} 当前状态为：{snapshot_status}。",
        "请等待其就绪；已删除的快照不能再使用。",
    ),
    "snapshot.too_deep": (
        "The volume {name} stands on {count} snapshots, which is the most that one may.",
        "Delete some of them (the rest stays as it is), or raise the setting snapshot.depth_limit.",
        "云盘 {name} 的快照链已达 {count} 层上限。",
        "请删除其中一些快照（其余不受影响），或调高设置 snapshot.depth_limit。",
    ),
    "snapshot.vm_runs": (
        "The virtual machine {vm} is not off: its guest would go on with what it remembers of the "
        "volume {name}, and destroy it.",
        "Stop the machine, go back to the snapshot, and start it again.",
        "云主机 {vm} 未关机：其系统会按内存中的旧数据继续写入云盘 {name}，从而损坏数据。",
        "请先停止云主机，恢复快照后再启动。",
    ),
    "snapshot.of_other_machine": (
        "The snapshot {name} is of no disk that the virtual machine {vm} has.",
        "Choose a snapshot of its disks, or attach the volume first.",
        "快照 {name} 不属于云主机 {vm} 当前的任何云盘。",
        "请选择该云主机云盘的快照，或先挂载相应云盘。",
    ),
    "snapshot.elsewhere": (
        "What is made of the snapshot {name} is made on the host and storage where it lies.",
        "Leave host and storage out, and choose a machine whose disks are there.",
        "由快照 {name} 创建的云盘或云主机与该快照位于同一物理机和主存储。",
        "请勿指定其他物理机或主存储，并选择磁盘位于该处的云主机。",
    ),
    "snapshot.of_other_volume": (
        "The snapshot {name} is not one of the volume {volume}.",
        "Choose a snapshot of this volume.",
        "快照 {name} 不属于云盘 {volume}。",
        "请选择该云盘的快照。",
    ),
    "snapshot.no_root": (
        "The snapshot {name} is of the data disk {volume}: no machine starts from it.",
        "Choose a snapshot of a root disk, or make a volume of this one.",
        "快照 {name} 属于数据盘 {volume}，云主机无法由其启动。",
        "请选择系统盘的快照，或由该快照创建云盘。",
    ),
    "snapshot.being_copied": (
        "The volume {volume} is being made of a snapshot of {name}, whose files must not change.",
        "Wait until {volume} is ready.",
        "正在由 {name} 的快照创建云盘 {volume}，其文件暂不能改变。",
        "请等待云盘 {volume} 创建完成。",
    ),
    "snapshot.failed": (
        "The host {name} could not change the snapshots: {reason}.",
        "The volume is as it was. See the reason, and try again.",
        "物理机 {name} 无法处理快照：{reason}。",
        "云盘保持原状。请查看原因后重试。",
    ),
    "snapshot.merge_failed": (
        "The host {name} could not merge the snapshot: {reason}.",
        "The volume and all other snapshots are as they were. Look whether its storage is full, "
        "then delete the snapshot again: merging goes on.",
        "物理机 {name} 无法合并快照：{reason}。",
        "云盘和其他快照均保持原状。请检查存储空间，然后再次删除该快照以继续合并。",
    ),
    "volume.chain_damaged": (
        "A file of the volume is not as it should be: {path}: {reason}. {needed_by} needs it.",
        "Nothing was changed. Bring the file back from a copy; `anyun volume check-chain` shows "
        "all files of the volume.",
        "云盘的文件异常：{path}：{reason}。{needed_by} 依赖该文件。",
        "未做任何更改。请从副本恢复该文件；可用 anyun volume check-chain 查看云盘的全部文件。",
    ),
    "volume.has_snapshots": (
        "The volume {name} has {count} snapshots, which would go with its content.",
        "Delete its snapshots first, or go back to one of them instead.",
        "云盘 {name} 有 {count} 个快照，会随其数据一起丢失。",
        "请先删除这些快照，或改为恢复其中之一。",
    ),
    "volume.two_sources": (
        "A volume is made of a snapshot or of an image, not of both.",
        "Leave one of them out.",
        "云盘只能从快照或镜像之一创建，不能同时使用两者。",
        "请去掉其中之一。",
    ),
    "volume.place_needed": (
        "A volume that is made of an image is made at once, and needs a place for that.",
        "Say for which virtual machine it is, or on which primary storage or host.",
        "从镜像创建的云盘会立即创建，需要指定位置。",
        "请指定云主机、主存储或物理机。",
    ),
    "image.no_data": (
        "The image {name} is not of data: its kind is {image_kind}.",
        "Choose an image of the kind data.",
        "镜像 {name} 不是数据镜像：其类型为 {image_kind}。",
        "请选择类型为 data 的镜像。",
    ),
    "volume.size_needed": (
        "It is not said how large the volume shall be.",
        "Give its size, or a snapshot that it is made of.",
        "未指定云盘大小。",
        "请指定大小，或指定用于创建的快照。",
    ),
}

SNAPSHOT_WORDS: dict[str, tuple[str, str]] = {
    "snapshot.status.creating": ("Being taken", "创建中"),
    "snapshot.status.ready": ("Ready", "就绪"),
    "snapshot.status.deleting": ("Being deleted", "删除中"),
    "snapshot.status.hidden": ("Deleted, its data is needed", "已删除，数据仍被依赖"),
    "chain.problem.missing": ("the file is missing", "文件缺失"),
    "chain.problem.damaged": ("the file is damaged", "文件损坏"),
    "chain.problem.wrong_link": ("it stands on another file than it should", "依赖的文件不正确"),
    "chain.problem.base_missing": ("the image that it stands on is missing", "依赖的镜像文件缺失"),
    "volume.status.snapshotting": ("Taking a snapshot", "创建快照中"),
    "volume.status.reverting": ("Going back to a snapshot", "恢复快照中"),
    "volume.status.merging": ("Merging a snapshot", "合并快照中"),
    "quota.snapshot": ("snapshots", "快照数量"),
    "setting.snapshot.depth_limit": (
        "How many snapshots a volume may stand on; each makes reading a little slower",
        "云盘快照链的最大深度，层数越多读取越慢",
    ),
    "operation.snapshot.create": ("Take snapshot", "创建快照"),
    "operation.snapshot.revert": ("Revert to snapshot", "恢复快照"),
    "operation.snapshot.delete": ("Delete snapshot", "删除快照"),
    "operation.vm.create_snapshot": ("Take snapshot of all disks", "创建整机快照"),
    "operation.vm.revert_snapshot": ("Revert all disks to snapshot", "恢复整机快照"),
    "operation.vm.take_snapshot": ("Take snapshot", "创建快照"),
    "operation.vm.merge_snapshot": ("Delete snapshot", "删除快照"),
    "step.take_snapshot": ("taking the snapshot", "创建快照"),
    "step.make_heads": ("making new files", "创建新文件"),
    "step.switch_heads": ("going back", "切换到快照"),
    "step.drop_old_heads": ("deleting what was there", "删除原有数据"),
    "step.merge_snapshots": ("merging", "合并快照"),
}
