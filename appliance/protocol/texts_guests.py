"""Texts about the inside of machines: English message, remedy, Chinese message, remedy; words."""

from __future__ import annotations

GUEST_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "guest.no_agent": (
        "The guest of the virtual machine {name} has no agent that answers.",
        "Install and start qemu-guest-agent in the guest, or wait until the guest has started.",
        "云主机 {name} 的客户机中没有可响应的代理。",
        "请在客户机中安装并启动 qemu-guest-agent，或等待客户机启动完成。",
    ),
    "guest.no_answer": (
        "The agent in the guest of the virtual machine {name} refused to answer: {reason}.",
        "Look into the log of qemu-guest-agent in the guest, and whether it is recent.",
        "云主机 {name} 的客户机代理拒绝应答：{reason}。",
        "请查看客户机中 qemu-guest-agent 的日志，并确认其版本较新。",
    ),
    "guest.password_refused": (
        "The guest of the virtual machine {name} did not take the password of {user}: {reason}.",
        "Check that the user exists in the guest and that its rules allow this password.",
        "云主机 {name} 的客户机未接受用户 {user} 的密码：{reason}。",
        "请确认客户机中存在该用户，且密码符合客户机的规则。",
    ),
    "guest.user_data_too_large": (
        "The user data has {size_bytes}; the most is {largest_bytes}.",
        "Let it fetch what is large from elsewhere (#include), or pack it with gzip and base64.",
        "用户数据为 {size_bytes}，最大为 {largest_bytes}。",
        "请让其从别处获取较大的内容（#include），或用 gzip 压缩后以 base64 编码。",
    ),
    "guest.user_data_unknown": (
        "Guests do not understand user data that begins with: {value}.",
        "Begin it with one of these: {choices}; base64 and gzip of such are fine, too.",
        "客户机无法识别以此开头的用户数据：{value}。",
        "请以下列之一开头：{choices}；也可使用其 base64 或 gzip 形式。",
    ),
    "guest.user_data_bad_gzip": (
        "The user data begins like gzip, but cannot be unpacked.",
        "Pack it again, whole, and encode it with base64.",
        "用户数据以 gzip 开头，但无法解压。",
        "请重新完整压缩，并以 base64 编码。",
    ),
    "guest.private_key": (
        "This is a private SSH key, which nobody else should ever see.",
        "Give the public one, mostly in a file that ends in .pub, and consider this one as known.",
        "这是 SSH 私钥，不应让任何人看到。",
        "请填写公钥（通常位于以 .pub 结尾的文件中），并视此私钥为已泄露。",
    ),
    "guest.bad_key": (
        "Line {line} of the SSH keys is no public key.",
        "A line looks like: ssh-ed25519 AAAA… name.",
        "SSH 公钥的第 {line} 行不是有效的公钥。",
        "每行形如：ssh-ed25519 AAAA… 名称。",
    ),
    "guest.bad_hostname": (
        "{value} is no host name.",
        "Use up to 63 letters, digits and hyphens, with neither end a hyphen.",
        "{value} 不是有效的主机名。",
        "请使用最多 63 个字母、数字和连字符，且首尾不能是连字符。",
    ),
    "guest.hostname_with_count": (
        "Several machines cannot have one host name.",
        "Leave it out: each gets one made from its name.",
        "多台云主机不能使用同一个主机名。",
        "请留空：将根据各自的名称生成。",
    ),
    "vm.image_gone": (
        "The image that the virtual machine {name} was made from is not there any more.",
        "Choose another one: change the image instead.",
        "云主机 {name} 所用的镜像已不存在。",
        "请改用“更换镜像”并选择其他镜像。",
    ),
    "vm.being_reimaged": (
        "The root disk of the virtual machine {name} is just being made anew.",
        "Wait until that job has ended, or cancel it.",
        "云主机 {name} 的系统盘正在重置。",
        "请等待该任务结束，或取消该任务。",
    ),
    "image.no_iso": (
        "The image {name} cannot be put into a drive: it is {image_kind}.",
        "Choose an image of the kind iso.",
        "镜像 {name} 不能放入光驱：它是{image_kind}。",
        "请选择 ISO 类型的镜像。",
    ),
    "image.in_drives": (
        "The image {name} is in CD drives of: {vms}.",
        "Take it out there first.",
        "镜像 {name} 正在以下云主机的光驱中：{vms}。",
        "请先从这些云主机中弹出。",
    ),
    "vm.drive_full": (
        "Drive {slot} of the virtual machine {name} has {image} in it.",
        "Take that out first, or choose the other drive.",
        "云主机 {name} 的光驱 {slot} 中已有 {image}。",
        "请先弹出，或选择另一个光驱。",
    ),
    "vm.drives_full": (
        "All {count} drives of the virtual machine {name} have a disc in them.",
        "Take one out first.",
        "云主机 {name} 的 {count} 个光驱都已有光盘。",
        "请先弹出一张光盘。",
    ),
    "vm.drive_empty": (
        "There is no disc in that drive of the virtual machine {name}.",
        "There is nothing to take out.",
        "云主机 {name} 的该光驱中没有光盘。",
        "无需弹出。",
    ),
    "vm.which_drive": (
        "Both drives of the virtual machine {name} have a disc in them.",
        "Say which one: slot 0 or 1.",
        "云主机 {name} 的两个光驱都有光盘。",
        "请指定光驱：0 或 1。",
    ),
    "vm.drive_busy": (
        "The disc in drive {slot} of the virtual machine {name} is just being changed.",
        "Wait until that job has ended and all that it has left is cleaned up.",
        "云主机 {name} 光驱 {slot} 中的光盘正在更换。",
        "请等待该任务结束并完成清理。",
    ),
    "domain.tray_locked": (
        "The guest has locked the drive: it still reads the disc.",
        "Unmount the disc in the guest, or take it out by force.",
        "客户机已锁定光驱，仍在读取光盘。",
        "请在客户机中卸载光盘，或强制弹出。",
    ),
    "domain.no_drive": (
        "The machine was started without CD drives.",
        "Stop it and start it again: then it has them.",
        "该云主机启动时没有光驱。",
        "请停止后重新启动，即可获得光驱。",
    ),
    "vm.disc_failed": (
        "The disc could not be changed on {name}: {reason}.",
        "Try again; the log of the job says more.",
        "在 {name} 上更换光盘失败：{reason}。",
        "请重试；任务日志中有更多信息。",
    ),
    "vm.source_needed": (
        "It is not said what the machine is to start from.",
        "Give an image, a snapshot of a root disk, or a CD or DVD and the size of an empty root "
        "disk.",
        "未指定云主机的启动来源。",
        "请选择镜像或系统盘快照，或选择光盘并填写空系统盘的大小。",
    ),
    "vm.two_sources": (
        "The root disk of a machine is made of an image or of a snapshot, not of both.",
        "Leave one of them out.",
        "系统盘只能由镜像或快照之一创建，不能同时使用两者。",
        "请去掉其中之一。",
    ),
    "vm.disk_size_needed": (
        "A machine that is installed from a CD or DVD needs an empty root disk of some size.",
        "Give the size of the root disk.",
        "从光盘安装的云主机需要一块空的系统盘。",
        "请填写系统盘大小。",
    ),
}

GUEST_WORDS: dict[str, tuple[str, str]] = {
    "operation.vm.attach_iso": ("Insert disc", "插入光盘"),
    "operation.vm.detach_iso": ("Eject disc", "弹出光盘"),
    "step.hold_drive": ("taking the drive", "占用光驱"),
    "step.insert_disc": ("inserting the disc", "插入光盘"),
    "step.eject_disc": ("ejecting the disc", "弹出光盘"),
    "step.cache_discs": ("copying discs to the host", "复制光盘到物理机"),
    "operation.vm.reimage": ("Reimage VM", "重置云主机"),
    "operation.vm.change_image": ("Change image of VM", "更换云主机镜像"),
    "step.hold_root_disk": ("taking the root disk", "占用系统盘"),
    "step.swap_disks": ("changing the disks", "替换系统盘"),
    "step.delete_old_disk": ("deleting the old disk", "删除旧系统盘"),
    "operation.vm.ask_guest": ("Ask the guest", "询问客户机"),
}
