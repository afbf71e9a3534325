"""What the command line itself says, in English and Simplified Chinese.

Texts of errors, states and steps are in `appliance.protocol.messages`.
"""

from __future__ import annotations

from typing import Any

from appliance.protocol.messages import Language

TEXTS: dict[str, tuple[str, str]] = {
    # Headings of tables
    "snapshot": ("Snapshot", "快照"),
    "volume": ("Volume", "云盘"),
    "name": ("Name", "名称"),
    "description": ("Description", "描述"),
    "id": ("Id", "标识"),
    "state": ("State", "状态"),
    "status": ("Status", "连接"),
    "started": ("Started", "启动时间"),
    "seen": ("Last heard of", "最近心跳"),
    "host": ("Host", "物理机"),
    "maintenance_nothing": (
        "Nothing runs on {name}: it is in maintenance at once.",
        "{name} 上没有运行的云主机，可立即进入维护模式。",
    ),
    "disks": ("Disks", "磁盘"),
    "cpu_used": ("CPU in use", "CPU 使用率"),
    "memory_used": ("Memory in use", "内存使用率"),
    "address": ("Address", "地址"),
    "addresses": ("Addresses", "地址"),
    "cpu": ("CPU", "CPU"),
    "memory": ("Memory", "内存"),
    "image": ("Image", "镜像"),
    "hypervisor": ("Hypervisor", "虚拟化"),
    "accelerator": ("Accelerator", "加速"),
    "path": ("Path", "路径"),
    "free": ("Free", "可用"),
    "size": ("Size", "大小"),
    "disk": ("Disk", "磁盘"),
    "platform": ("Platform", "平台"),
    "firmware": ("Firmware", "固件"),
    "format": ("Format", "格式"),
    "kind": ("Kind", "类型"),
    "cidr": ("Network", "网段"),
    "gateway": ("Gateway", "网关"),
    "vni_first": ("First VNI", "起始 VNI"),
    "vni_last": ("Last VNI", "结束 VNI"),
    "underlay": ("Underlay", "承载网段"),
    "networks": ("Networks", "网络数"),
    "used": ("Used", "已用"),
    "vm": ("VM", "云主机"),
    "network": ("Network", "网络"),
    "vm_address": ("Own address", "云主机地址"),
    "operation": ("Operation", "操作"),
    "resource": ("Resource", "资源"),
    "percent": ("Done", "进度"),
    "error": ("Error", "错误"),
    "created": ("Created", "创建时间"),
    "at": ("Time", "时间"),
    "account": ("Account", "账户"),
    "outcome": ("Outcome", "结果"),
    "users": ("Users", "用户数"),
    "statements": ("Statements", "语句数"),
    "policy": ("Policy", "策略"),
    "required": ("Required", "强制"),
    "use": ("Use", "用途"),
    "passed": ("Passes", "通过"),
    "mac": ("MAC", "MAC 地址"),
    "step": ("Step", "步骤"),
    "rules": ("Rules", "规则数"),
    "group": ("Group", "安全组"),
    "direction": ("Direction", "方向"),
    "action": ("Action", "动作"),
    "priority": ("Priority", "优先级"),
    "protocol": ("Protocol", "协议"),
    "ports": ("Ports", "端口"),
    "peer": ("Peer", "对端"),
    "vms": ("VMs", "云主机数"),
    "spoofed": ("Forged", "伪造"),
    "refused": ("Refused", "被拒绝"),
    "noted": ("Noted one by one", "逐包记录"),
    "from": ("From", "来源"),
    "to": ("To", "目的"),
    "why": ("Why", "原因"),
    "scopes": ("Good for", "授权范围"),
    "expires": ("Expires", "过期时间"),
    "last_used": ("Last used", "上次使用"),
    "quota": ("Quota", "配额"),
    "limit": ("Limit", "上限"),
    "access": ("For", "适用对象"),
    "allowed": ("Allowed", "可用"),
    # Sentences
    "failed": ("Error", "错误"),
    "request": ("Request", "请求"),
    "more": (
        "{shown} of {total}; --all shows the rest, --search finds.",
        "共 {total} 条，显示 {shown} 条；--all 显示全部，--search 查找。",
    ),
    "in_recycle_bin": (
        "In the recycle bin: {count}. They are shown by: anyun {noun} list --filter {condition}",
        "回收站中还有 {count} 个，查看：anyun {noun} list --filter {condition}",
    ),
    "empty": ("Nothing here.", "没有内容。"),
    "here": ("Now", "当前位置"),
    "you_are_here": ("● you are here", "● 当前位置"),
    "all_disks": ("all disks", "整机"),
    "sound": ("sound", "正常"),
    "stranger": (
        "Nobody knows this file: {path}",
        "未知文件：{path}",
    ),
    "ok": ("Done.", "已完成。"),
    "job_started": (
        "Accepted. Wait for it with: anyun job wait {ids}",
        "已受理。等待完成：anyun job wait {ids}",
    ),
    "upload_waits": (
        "The appliance keeps what it has for a day. Go on with: "
        "anyun image upload {file} --resume {id}",
        "设备将保留已收到的部分一天。继续：anyun image upload {file} --resume {id}",
    ),
    "job_goes_on": (
        "The work goes on without you. See it with: anyun job wait {ids}",
        "任务在后台继续。查看：anyun job wait {ids}",
    ),
    "lost": (
        "Connection lost ({reason}); the work goes on, connecting again …",
        "连接中断（{reason}）；任务仍在继续，正在重新连接……",
    ),
    "too_long": ("Not done within {seconds} s.", "未在 {seconds} 秒内完成。"),
    "no_problems": ("No problems found.", "未发现问题。"),
    "all_paths_work": ("All {count} paths work.", "全部 {count} 条路径正常。"),
    "no_answer": ("nothing", "不通"),
    "from_to": ("From ↓ to →", "源 ↓ 目标 →"),
    "path_from": ("From", "源"),
    "path_to": ("To", "目标"),
    "problem": ("Problem", "问题"),
    "warning": ("Warning", "警告"),
    "sure": ("{what}: {names}. Go on?", "{what}：{names}。确定继续吗？"),
    "say_yes": (
        "{what} needs your consent, and nobody can be asked here. Add --yes.",
        "{what}需要确认，但此处无法询问。请加上 --yes。",
    ),
    "log_in_first": (
        "Log in with: anyun login https://ADDRESS:8443",
        "请先登录：anyun login https://地址:8443",
    ),
    "first_seen": (
        "{url} is seen here for the first time. Fingerprint of its certificate authority:",
        "首次连接 {url}。其证书颁发机构指纹：",
    ),
    "compare": (
        "Compare it with the one that the appliance shows. Is it the same?",
        "请与设备上显示的指纹核对。是否一致？",
    ),
    "give_fingerprint": (
        "{url} is not known here. Give the fingerprint that the appliance shows: --fingerprint",
        "此处尚未信任 {url}。请用 --fingerprint 给出设备显示的指纹。",
    ),
    "not_trusted": ("Not trusted. Nothing was sent.", "未信任，未发送任何内容。"),
    "account_prompt": ("Account", "账户"),
    "password_prompt": ("Password", "密码"),
    "new_password_prompt": ("New password", "新密码"),
    "again_prompt": ("Once more", "请再次输入"),
    "setup_code_prompt": ("Set-up code (the appliance shows it)", "初始化码（见设备屏幕）"),
    "passwords_differ": ("The two passwords differ.", "两次输入的密码不一致。"),
    "storage_key_prompt": ("Key of the storage's Ceph user", "存储的 Ceph 用户密钥"),
    "no_storage_key": (
        "The key of the storage's Ceph user is needed, and nobody can be asked here. Put it into "
        "ANYUN_STORAGE_KEY.",
        "需要存储的 Ceph 用户密钥，但此处无法询问。请通过 ANYUN_STORAGE_KEY 提供。",
    ),
    "no_password": (
        "A password is needed, and nobody can be asked here. Use --password-stdin or "
        "ANYUN_PASSWORD.",
        "需要密码，但此处无法询问。请使用 --password-stdin 或 ANYUN_PASSWORD。",
    ),
    "no_setup_code": (
        "The set-up code is needed: --setup-code, or --ready-file on the appliance itself.",
        "需要初始化码：--setup-code，或在设备上使用 --ready-file。",
    ),
    "logged_in": ("Logged in to {url} as {account}.", "已以 {account} 登录 {url}。"),
    "logged_out": ("Logged out of {url}.", "已退出 {url}。"),
    "password_changed": ("The password has been changed.", "密码已修改。"),
    "first_needed": (
        "No password has been set on {url} yet. Set it with: anyun first-password {url}",
        "{url} 尚未设置密码。请运行：anyun first-password {url}",
    ),
    "uploading": ("sending {name}", "正在上传 {name}"),
    "downloading": ("Getting {name}", "正在下载 {name}"),
    "which_store": (
        "There are {count} image stores ({names}). Say which one with --image-store.",
        "共有 {count} 个镜像服务器（{names}）。请用 --image-store 指定。",
    ),
    "feed_begins": ("Connected; changes after {seq}:", "已连接；{seq} 之后的变更："),
    "feed_reset": (
        "Connected, but older changes are no longer kept; changes after {seq}:",
        "已连接，但更早的变更已不再保留；{seq} 之后的变更：",
    ),
    "feed_lost": (
        "Connection lost: {reason} Connecting again …",
        "连接中断：{reason} 正在重新连接……",
    ),
    "written": ("{path}: {size}", "{path}：{size}"),
    "console_begins": (
        "Serial console of {name}. Ctrl-] ends it; press Enter if the screen stays empty.",
        "{name} 的串行控制台。Ctrl-] 退出；若无显示请按回车。",
    ),
    "console_ended": ("The console has ended.", "控制台已结束。"),
    "console_no_tty": (
        "This terminal cannot be switched to raw mode; use the desktop client's console.",
        "此终端不支持原始模式；请使用桌面客户端的控制台。",
    ),
    "drops_missed": (
        "{count} more were noted on the host, but there were too many to be told.",
        "物理机上另有 {count} 个数据包已记录，但数量过多未能上报。",
    ),
    "drops_none": ("No packets are noted.", "没有已记录的数据包。"),
    "rules_of_nic": (
        "{address} in {network}, groups: {groups}",
        "{network} 中的 {address}，安全组：{groups}",
    ),
    "rules_open": (
        "{address} in {network} is in no security group: nothing is filtered.",
        "{network} 中的 {address} 不在任何安全组中：不做过滤。",
    ),
    "rules_in": ("Incoming", "入方向"),
    "rules_out": ("Outgoing", "出方向"),
    "rules_rest": ("Everything else is refused.", "其余一律拒绝。"),
    # Quick start
    "quick_screen_1": ("Zone", "区域"),
    "quick_screen_2": ("Cluster", "集群"),
    "quick_screen_3": ("Host", "物理机"),
    "quick_screen_4": ("Image server", "镜像服务器"),
    "quick_screen_5": ("Primary storage", "主存储"),
    "quick_screen_6": ("Instance offering and image", "计算规格与镜像"),
    "quick_screen_7": ("Network", "网络"),
    "quick_waiting": (
        "Waiting until this machine has enrolled and tested its virtualisation …",
        "等待本机登记并完成虚拟化测试……",
    ),
    "quick_no_machine": (
        "No machine has enrolled within {seconds} s. Look at the host agent's log.",
        "{seconds} 秒内没有机器登记。请查看主机代理日志。",
    ),
    "quick_plan": ("The seven steps with these values:", "七个步骤将使用以下配置："),
    "quick_go": ("Set everything up with these values?", "使用以上配置完成全部初始化吗？"),
    "quick_not": (
        "Nothing was made. Change values with: anyun setup update, or in the desktop client.",
        "未做任何更改。可用 anyun setup update 或桌面客户端修改配置。",
    ),
    "quick_done_before": ("The set-up was done before.", "初始化此前已完成。"),
    "quick_vm_before": ("There is a virtual machine already.", "已有云主机。"),
    "quick_emulated": (
        "This host runs emulated, so machines are slow: {reason}.",
        "此物理机以模拟方式运行，云主机较慢：{reason}。",
    ),
    "emulated_no_device": ("it has no /dev/kvm", "没有 /dev/kvm"),
    "emulated_no_access": ("/dev/kvm may not be opened", "无法打开 /dev/kvm"),
    "emulated_no_probe_kernel": (
        "hardware virtualisation could not be tested",
        "无法测试硬件虚拟化",
    ),
    "emulated_refused": (
        "a test guest did not start under hardware virtualisation",
        "测试客户机未能在硬件虚拟化下启动",
    ),
    "emulated_unknown": ("the reason is in the agent's log", "原因见代理日志"),
    "quick_ready": (
        "Your cloud runs. {name} has the address {address}.",
        "云已就绪。{name} 的地址为 {address}。",
    ),
    "quick_vm_state": (
        "{name} is {state}. Start it with: anyun vm start {name}",
        "{name} 当前{state}。启动：anyun vm start {name}",
    ),
    "quick_vm_bin": (
        "{name} is in the recycle bin. Take it out with: anyun vm recover {name}",
        "{name} 已在回收站。恢复：anyun vm recover {name}",
    ),
    "quick_console": (
        "Its console here:      anyun console {name}     (Ctrl-] ends it)",
        "在此打开控制台：      anyun console {name}     （Ctrl-] 退出）",
    ),
    "quick_starter": (
        "Log in as root; the starter image has no password on its console.",
        "以 root 登录；入门镜像的控制台无需密码。",
    ),
    "quick_desktop": (
        "In a window:           the desktop client, address {url}, account admin",
        "图形界面：            桌面客户端，地址 {url}，账户 admin",
    ),
}


def say(key: str, language: Language, **values: Any) -> str:
    """The text of `key` with `values` filled in."""
    english, chinese = TEXTS[key]
    return (chinese if language == "zh" else english).format(**values)
