"""Error texts of the engine: placement, jobs, preconditions. Merged into the catalogue."""

from __future__ import annotations

ENGINE_ERRORS: dict[str, tuple[str, str, str, str]] = {
    # Placement
    "placement.all_failed": (
        "It was tried on every host that could take it, and failed on each ({count} were left).",
        "Look into the job's log for what failed, then try again.",
        "已在所有可用的物理机上尝试，均告失败（剩余 {count} 台）。",
        "请在任务日志中查看失败原因，然后重试。",
    ),
    "placement.threshold": (
        "The primary storage {name} is really used to {used} %, which has exceeded the threshold "
        "of {limit} %: nothing new is placed on it.",
        "Free space on the storage, add storage, or raise its threshold.",
        "主存储 {name} 的物理使用率为 {used}%，已超过阈值 {limit}%，不再分配新的数据。",
        "请释放该存储的空间、增加存储，或提高其阈值。",
    ),
    "placement.no_claim": (
        "Not enough disk: {needed_bytes} are needed, but on {host} only {free_bytes} of the "
        "primary storage {name} are not claimed yet (over-provisioning ratio {ratio}).",
        "Ask for a smaller disk, delete disks, add storage, or raise the storage's ratio.",
        "磁盘容量不足：需要 {needed_bytes}，而主存储 {name} 在 {host} 上仅剩 {free_bytes} 未分配"
        "（超分比例 {ratio}）。",
        "请减小磁盘、删除磁盘、增加存储，或提高该存储的超分比例。",
    ),
    # Jobs
    "job.cancelled": (
        "The job was cancelled by {account}.",
        "Nothing is left of it; start it again if it is wanted after all.",
        "任务已被 {account} 取消。",
        "该任务未留下任何内容；如仍需要，请重新发起。",
    ),
    "job.deadline": (
        "The job was not done within the {seconds} s that were asked for, and was taken back.",
        "Give it more time, or look into its log for what it waited for.",
        "任务未能在要求的 {seconds} 秒内完成，已撤销。",
        "请给予更长时间，或在任务日志中查看其等待的内容。",
    ),
    "job.dependency_failed": (
        "The job was not begun, because the job that it was to follow failed: {job}.",
        "Put right what failed there, then start both again.",
        "任务未开始，因为它所依赖的任务失败：{job}。",
        "请先解决该任务的问题，然后重新发起两者。",
    ),
    "job.children_failed": (
        "{failed} of {total} parts failed.",
        "Look at the parts: each says why.",
        "{total} 个子任务中有 {failed} 个失败。",
        "请查看各子任务的失败原因。",
    ),
    "job.over": (
        "The job is over already: {state}.",
        "Nothing is to be done.",
        "任务已经结束：{state}。",
        "无需操作。",
    ),
    "job.cannot_cancel": (
        "A job of this kind cannot be cancelled once it has begun: {operation}.",
        "Wait until it is done.",
        "此类任务开始后无法取消：{operation}。",
        "请等待其完成。",
    ),
    "job.step_failed": (
        "A step failed: {reason}.",
        "The job is undone; its error says more.",
        "步骤失败：{reason}。",
        "任务正在撤销；详见其错误信息。",
    ),
    "job.not_stopped": (
        "It was to be stopped, but cannot be any more: {reason}",
        "Wait until it is done.",
        "收到停止要求，但该任务已无法停止：{reason}",
        "请等待其完成。",
    ),
    "network.later": (
        "The host could not take the machine out of its networks yet: {reason}",
        "Nothing is to be done: the host is told again until it has done so.",
        "主机暂时无法将该虚拟机移出网络：{reason}",
        "无需操作：系统会持续通知主机直到完成。",
    ),
    "cleanup.failed": (
        "It did not work: {reason}.",
        "It is tried again until it works; look at what it names.",
        "未能完成：{reason}。",
        "系统会持续重试直到成功；请检查提示中所述的对象。",
    ),
    "job.undo_postponed": (
        "The step {step} could not be undone: {reason}. It is tried again until it works.",
        "Nothing is to be done, unless it stays so: then look at what it names.",
        "步骤 {step} 无法撤销：{reason}。系统会持续重试直到成功。",
        "一般无需操作；如长时间未成功，请检查提示中所述的对象。",
    ),
    "job.step_postponed": (
        "The step {step} has not worked yet: {reason}. It is tried again until it works.",
        "Nothing is to be done, unless it stays so: then look at what it names.",
        "步骤 {step} 尚未成功：{reason}。系统会持续重试直到成功。",
        "一般无需操作；如长时间未成功，请检查提示中所述的对象。",
    ),
    "job.again": (
        "It failed and is tried in another way: {reason}",
        "Nothing is to be done.",
        "执行失败，正在以另一种方式重试：{reason}",
        "无需操作。",
    ),
    "job.moved": (
        "The host {host} failed; the machine is placed on {other} instead.",
        "Look after the host {host}.",
        "物理机 {host} 失败，虚拟机改为放置在 {other} 上。",
        "请检查物理机 {host}。",
    ),
    "job.unknown_dependency": (
        "There is no job {id} to wait for.",
        "Give the id of a job that has been accepted.",
        "没有可等待的任务 {id}。",
        "请提供已受理任务的编号。",
    ),
    # Settings and deletion
    "setting.unknown": (
        "There is no setting {name}.",
        "Look at the list of settings: anyun setting show.",
        "没有名为 {name} 的设置。",
        "请查看设置列表：anyun setting show。",
    ),
    "setting.bad_value": (
        "{value} is no valid value for {name}.",
        "Give one of: {allowed}.",
        "{value} 不是 {name} 的有效值。",
        "可用的值：{allowed}。",
    ),
    "vm.kept_for_ever": (
        "{name} stays in the recycle bin, because the deletion policy is never.",
        "Change the setting recycle_bin.vm_policy first, if it is really to go.",
        "删除策略为“永不”，{name} 将保留在回收站中。",
        "如确需删除，请先修改设置 recycle_bin.vm_policy。",
    ),
    "image.not_deleted": (
        "{name} is not in the recycle bin: {status}.",
        "Move it there first, by deleting it.",
        "{name} 不在回收站中：{status}。",
        "请先删除它，使其进入回收站。",
    ),
    "image.kept_for_ever": (
        "{name} stays in the recycle bin, because the deletion policy is never.",
        "Change the setting recycle_bin.image_policy first, if it is really to go.",
        "删除策略为“永不”，{name} 将保留在回收站中。",
        "如确需删除，请先修改设置 recycle_bin.image_policy。",
    ),
    # Repetition and concurrency
    "request.key_reused": (
        "The idempotency key {key} was used for another request.",
        "Use a new key for each new request.",
        "幂等键 {key} 已用于另一个请求。",
        "请为每个新请求使用新的键。",
    ),
    "request.changed_meanwhile": (
        "{name} was changed by somebody else in the meantime.",
        "Read it again, and repeat the change on what is there now.",
        "{name} 在此期间已被他人修改。",
        "请重新读取，并在最新内容上再次修改。",
    ),
    "node.fenced": (
        "This management node has lost its place to another one and may not write any more.",
        "Connect to the other management node.",
        "该管理节点已被另一节点取代，不能再写入。",
        "请连接到另一管理节点。",
    ),
}
