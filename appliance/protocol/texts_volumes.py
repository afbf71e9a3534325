"""Texts about volumes: English message, remedy, Chinese message, remedy; and words."""

from __future__ import annotations

VOLUME_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "volume.wrong_status": (
        "The volume {name} is: {volume_status}.",
        "Wait until that has ended; what is in the recycle bin can be recovered.",
        "云盘 {name} 当前状态为：{volume_status}。",
        "请等待其结束；回收站中的云盘可先恢复。",
    ),
    "volume.is_root": (
        "The volume {name} is what its virtual machine boots from.",
        "Root disks come and go with their machines; only data disks are attached, detached and "
        "deleted by themselves.",
        "云盘 {name} 是云主机的系统盘。",
        "系统盘随云主机创建和删除；只有数据盘可单独挂载、卸载和删除。",
    ),
    "volume.attached": (
        "The volume {name} is attached to the virtual machine {vm}.",
        "Detach it first: a disk is written by one machine at a time.",
        "云盘 {name} 已挂载到云主机 {vm}。",
        "请先卸载：一块云盘同一时间只能由一台云主机写入。",
    ),
    "volume.not_attached": (
        "The volume {name} is not attached to a virtual machine.",
        "There is nothing to detach.",
        "云盘 {name} 未挂载到云主机。",
        "无需卸载。",
    ),
    "volume.other_owner": (
        "The virtual machine {name} belongs to another account than the volume.",
        "Choose a machine of the same account.",
        "云主机 {name} 与云盘不属于同一账户。",
        "请选择同一账户的云主机。",
    ),
    "volume.elsewhere": (
        "The volume {name} lies on the local storage of the host {host}, but the virtual machine "
        "{vm} has its disks on {other}.",
        "Attach it to a machine whose disks are on {host}, or make a new volume for {vm}.",
        "云盘 {name} 位于物理机 {host} 的本地存储，而云主机 {vm} 的磁盘在 {other} 上。",
        "请挂载到磁盘位于 {host} 的云主机，或为 {vm} 新建云盘。",
    ),
    "volume.host_and_vm": (
        "A volume that is made for a virtual machine lies where that machine's disks are.",
        "Name the host or the machine, not both.",
        "为云主机创建的云盘位于该云主机磁盘所在的物理机。",
        "请只指定物理机或云主机之一。",
    ),
    "vm.too_many_volumes": (
        "The virtual machine {name} has {count} data disks, which is the most.",
        "Detach one of them first.",
        "云主机 {name} 已有 {count} 块数据盘，达到上限。",
        "请先卸载一块数据盘。",
    ),
    "volume.not_larger": (
        "The volume {name} has {size_bytes}; {asked_bytes} is not larger.",
        "Volumes only grow, as the end of a smaller one would be lost: ask for more.",
        "云盘 {name} 当前大小为 {size_bytes}，{asked_bytes} 并未增大。",
        "云盘只能扩容，缩小会丢失末尾数据：请设置更大的值。",
    ),
    "volume.limit_too_low": (
        "{asked_bytes} a second is so little that a guest would take its disk for broken.",
        "Allow at least {lowest_bytes} a second, or 0 for no limit.",
        "每秒 {asked_bytes} 过低，客户机会认为磁盘已损坏。",
        "请至少设置为每秒 {lowest_bytes}，或设为 0 表示不限制。",
    ),
    "volume.not_deleted": (
        "The volume {name} is not in the recycle bin.",
        "Delete it first.",
        "云盘 {name} 不在回收站中。",
        "请先删除该云盘。",
    ),
    "volume.kept_for_ever": (
        "The volume {name} is kept: what is deleted is never deleted for good.",
        "Change the setting recycle_bin.volume_policy first, if it is really to go.",
        "云盘 {name} 会一直保留：当前策略从不彻底删除。",
        "如确需删除，请先修改设置 recycle_bin.volume_policy。",
    ),
    "volume.in_use": (
        "On the host {name}, the disk {path} is open in another virtual machine ({vm}).",
        "Two machines would destroy its content: stop or detach it there first.",
        "在物理机 {name} 上，磁盘 {path} 正被另一台云主机（{vm}）使用。",
        "两台云主机同时写入会损坏数据：请先在那里停止或卸载。",
    ),
    "volume.attach_failed": (
        "The host {name} could not plug the disk in: {reason}.",
        "Try again, or while the machine is off.",
        "物理机 {name} 无法挂载磁盘：{reason}。",
        "请重试，或在云主机关机后操作。",
    ),
    "volume.detach_failed": (
        "The host {name} could not pull the disk out: {reason}. It stays attached.",
        "Unmount it in the guest first. A guest that is still starting does not let go: try "
        "again, or while the machine is off.",
        "物理机 {name} 无法卸载磁盘：{reason}。磁盘仍处于挂载状态。",
        "请先在客户机内卸载文件系统。正在启动的客户机不会释放磁盘：请重试，或在云主机关机后操作。",
    ),
    "volume.resize_failed": (
        "The host {name} could not make the disk larger: {reason}.",
        "Try again, or while the machine is off.",
        "物理机 {name} 无法扩容磁盘：{reason}。",
        "请重试，或在云主机关机后操作。",
    ),
    "volume.limits_failed": (
        "The host {name} could not change the limits of the disk: {reason}.",
        "Try again, or while the machine is off.",
        "物理机 {name} 无法修改磁盘限速：{reason}。",
        "请重试，或在云主机关机后操作。",
    ),
    "storage.no_claim": (
        "Not enough disk: {needed_bytes} are needed, but of the primary storage {name} only "
        "{free_bytes} can be claimed there (over-provisioning ratio {ratio}).",
        "Ask for a smaller disk, free space, or raise the ratio.",
        "磁盘空间不足：需要 {needed_bytes}，主存储 {name} 在该处仅可分配 {free_bytes}"
        "（超分比例 {ratio}）。",
        "请减小磁盘、释放空间或提高超分比例。",
    ),
    "storage.threshold": (
        "{used} % of the primary storage {name} are really used there; nothing new is placed "
        "above {limit} %.",
        "Free space, or raise the threshold.",
        "主存储 {name} 在该处的物理使用率已达 {used} %，超过 {limit} % 后不再分配。",
        "请释放空间或提高阈值。",
    ),
}
VOLUME_WORDS: dict[str, tuple[str, str]] = {
    "volume.status.not_made": ("Not made yet", "未实例化"),
    "volume.status.creating": ("Creating", "创建中"),
    "volume.status.ready": ("Ready", "就绪"),
    "volume.status.attaching": ("Attaching", "挂载中"),
    "volume.status.detaching": ("Detaching", "卸载中"),
    "volume.status.changing": ("Changing", "变更中"),
    "volume.status.deleted": ("In the recycle bin", "已删除（回收站）"),
    "volume.status.expunging": ("Expunging", "彻底删除中"),
    "volume.kind.root": ("Root disk", "系统盘"),
    "volume.kind.data": ("Data disk", "数据盘"),
    "setting.recycle_bin.volume_policy": (
        "What deleting a volume does: gone at once, kept for the period, or kept for ever",
        "删除云盘的方式：立即删除、保留一段时间或永久保留",
    ),
    "setting.recycle_bin.volume_period_s": (
        "How long deleted volumes stay in the recycle bin",
        "云盘在回收站中的保留时间",
    ),
    "operation.volume.create": ("Make volume", "创建云盘"),
    "operation.volume.attach": ("Attach volume", "挂载云盘"),
    "operation.volume.detach": ("Detach volume", "卸载云盘"),
    "operation.volume.resize": ("Grow volume", "扩容云盘"),
    "operation.volume.set_limits": ("Limit volume", "设置云盘限速"),
    "operation.volume.delete": ("Delete volume", "删除云盘"),
    "operation.volume.expunge": ("Expunge volume", "彻底删除云盘"),
    "operation.vm.attach_volume": ("Attach volume", "挂载云盘"),
    "operation.vm.detach_volume": ("Detach volume", "卸载云盘"),
    "operation.vm.resize_volume": ("Grow volume", "扩容云盘"),
    "operation.vm.limit_volume": ("Limit volume", "设置云盘限速"),
    "step.create_data_disks": ("making data disks", "创建数据盘"),
    "step.hold_volume": ("taking the volume", "占用云盘"),
    "step.create_volume": ("making the volume", "创建云盘"),
    "step.plug_disk": ("plugging the disk in", "挂载磁盘"),
    "step.unplug_disk": ("pulling the disk out", "卸载磁盘"),
    "step.resize_volume": ("making the disk larger", "扩容磁盘"),
    "step.limit_disk": ("limiting the disk", "设置磁盘限速"),
    "step.delete_volume": ("deleting the volume", "删除云盘"),
    "step.remove_volumes": ("removing volumes", "移除云盘"),
}
