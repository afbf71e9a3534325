"""What `--help` says in Chinese: titles of operations, fields of requests, and the rest.

The English of operations is in the protocol's table, that of fields in `appliance.cli.fields`,
and the rest stands where the commands are made.
"""

from __future__ import annotations

# By operation; `list`, `get` and `update` follow from the word for the resource.
TITLES = {
    "info.get": "查看此设备的信息",
    "session.create": "登录",
    "session.set_first_password": "使用初始化码设置管理员首个密码并登录",
    "session.get": "查看当前登录的账户",
    "session.delete": "退出登录",
    "session.change_password": "修改自己的密码",
    "audit.list": "列出操作记录",
    "operation.show": "列出所有操作以及您可执行的操作",
    "account.create": "创建账户",
    "account.delete": "删除不拥有任何资源的账户",
    "account.enable": "允许账户重新登录",
    "account.disable": "注销账户并禁止其登录",
    "account.set_password": "重设账户密码并注销其会话",
    "user.create": "创建用户",
    "user.delete": "删除用户",
    "user.enable": "允许用户重新登录",
    "user.disable": "注销用户并禁止其登录",
    "user.set_password": "重设用户密码并注销其会话",
    "group.create": "创建用户组",
    "group.delete": "删除用户组，其中的用户保留",
    "group.add_user": "将用户加入用户组",
    "group.remove_user": "将用户移出用户组",
    "role.create": "创建角色",
    "role.delete": "删除角色",
    "role.attach": "将角色授予用户、用户组或账户",
    "role.detach": "从用户、用户组或账户收回角色",
    "share.create": "允许其他账户查看和使用资源",
    "share.delete": "取消共享",
    "token.create": "创建 API 令牌，仅显示一次",
    "token.delete": "删除 API 令牌",
    "quota.usage": "查看本账户的配额使用情况",
    "quota.get": "查看账户的配额使用情况",
    "quota.update": "修改账户的某项配额",
    "overview.get": "查看首页统计",
    "job.cancel": "取消任务，已完成的部分将被撤销",
    "job.log": "查看任务过程中的记录",
    "cleanup.retry": "立即重试一项清理工作",
    "setting.show": "查看所有全局设置",
    "setting.change": "修改全局设置的值",
    "setting.reset": "将全局设置恢复为默认值",
    "deletion.preview": "列出删除某个资源会对其他资源造成的影响",
    "ledger.check": "重新统计所有占用并比对",
    "ledger.recalculate": "重新统计所有占用并更正账目",
    "setup.get": "查看初始化配置及为本机建议的值",
    "setup.update": "保存初始化某一步中填写的值",
    "setup.remove": "移除初始化配置及其区域内的一切",
    "host_candidate.list": "列出已登记、等待成为物理机的机器",
    "zone.create": "创建区域",
    "zone.delete": "删除区域及其中的一切",
    "cluster.create": "创建集群",
    "cluster.delete": "删除空集群",
    "host.create": "将已登记的机器添加为物理机",
    "host.delete": "归还物理机",
    "host.enable": "允许在物理机上启动新的云主机",
    "host.disable": "不再在物理机上启动新的云主机",
    "host.check_path": "检查物理机或已登记机器的目录能否用作存储",
    "host.check_network": "检查能否在物理机上创建某个网络",
    "host.check_url": "检查某个地址能否提供镜像",
    "image_store.create": "在物理机的目录中创建镜像服务器",
    "image_store.delete": "删除空的镜像服务器",
    "primary_storage.create": "创建主存储",
    "primary_storage.delete": "删除空的主存储",
    "instance_offering.create": "创建计算规格",
    "instance_offering.delete": "删除计算规格；使用它的云主机规格不变",
    "affinity_group.create": "创建亲和组",
    "affinity_group.delete": "删除亲和组；其中的云主机保持不动",
    "image.create": "添加镜像",
    "image.delete": "删除镜像",
    "network.create": "创建网络",
    "network.delete": "删除没有云主机的网络",
    "vm.create": "创建云主机",
    "vm.plan": "说明云主机将放置在何处，以及每一步筛选排除了什么",
    "vm.set_affinity_group": "将云主机加入亲和组，或移出亲和组",
    "vm.start": "启动云主机",
    "vm.stop": "停止云主机",
    "vm.reboot": "重启云主机",
    "vm.pause": "暂停云主机",
    "vm.resume": "恢复运行已暂停的云主机",
    "vm.destroy": "将云主机移到回收站",
    "vm.recover": "从回收站恢复云主机",
    "vm.expunge": "彻底删除回收站中的云主机",
    "vm.bulk": "对多台云主机执行同一操作",
    "vm.open_console": "获取云主机屏幕或串行控制台的一次性票据",
}
VERBS = {"list": "列出{kind}", "get": "查看一个{kind}", "update": "修改{kind}"}
GROUPS = {
    "info": "此设备的信息。",
    "session": "登录会话。",
    "audit": "操作记录。",
    "overview": "整个云的统计。",
    "setup": "七步初始化。",
    "ledger": "占用账目：{verbs}。",
    "setting": "全局设置：{verbs}。",
    "deletion": "删除的影响：{verbs}。",
    "operation": "操作与权限：{verbs}。",
    "quota": "配额：{verbs}。",
}
GROUP = "{kind}：{verbs}。"

FIELDS = {
    "cpu_ratio": "每个物理 CPU 可供云主机占用的数量。",
    "memory_ratio": "每字节物理内存可供云主机占用的倍数。",
    "memory_reserved_bytes": "为物理机自身保留的内存。",
    "ratio": "每字节空间可供云盘占用的倍数。",
    "reserved_bytes": "云盘不可占用的空间。",
    "threshold": "实际使用超过此比例（0 到 1）时不再放置新内容。",
    "strategy": "选择最空闲还是最满但仍能容纳的物理机。",
    "action": "执行的操作。",
    "value": "新的值；配额为 -1 表示不限制。",
    "ids": "操作对象；可多次给出。",
    "id": "新资源的标识；指定后可安全地重复执行该命令。",
    "name": "名称，最多 255 个字符，可以重复。",
    "description": "描述。",
    "zone_id": "区域：标识或名称。",
    "cluster_id": "集群：标识或名称。",
    "host_id": "物理机：标识或名称。",
    "candidate_id": "已登记机器：标识或主机名。",
    "image_store_id": "镜像服务器：标识或名称。",
    "image_id": "镜像：标识或名称。",
    "network_id": "网络：标识或名称。",
    "offering_id": "计算规格：标识或名称；也可给出 --cpu-count 和 --memory。",
    "affinity_group_id": "亲和组：标识或名称。",
    "policy": "组内云主机共用物理机（affinity）还是分散（anti_affinity）。",
    "is_required": "无法满足策略时拒绝放置。",
    "hypervisor": "虚拟化类型。",
    "path": "物理机上目录的绝对路径。",
    "kind": "类型。",
    "cpu_count": "虚拟 CPU 数。",
    "memory_bytes": "内存，例如 512M 或 4GiB。",
    "root_disk_bytes": "根盘大小，例如 20GiB；0 表示与镜像相同。",
    "count": "数量；大于 1 时依次命名为 名称-1、名称-2……",
    "address": "固定 IPv4 地址；不填则由系统分配。",
    "ssh_public_key": "客户机的 SSH 公钥；@文件 表示从文件读取。",
    "user_data": "客户机首次启动的用户数据；@文件 表示从文件读取，@- 表示从标准输入读取。",
    "start": "创建后立即启动。",
    "force": "立即执行，不通知客户机。",
    "timeout_s": "客户机未响应时，等待多少秒后关闭电源。",
    "view_only": "仅查看，键盘和鼠标不起作用。",
    "source": "镜像来源。",
    "url": "镜像地址，http:// 或 https://。",
    "platform": "镜像中的操作系统。",
    "size_bytes": "要上传的文件大小。",
    "sha256": "镜像必须符合的校验和。",
    "physical_interface": "物理网络所连接的物理机网卡。",
    "cidr": "网段，例如 192.168.100.0/24。",
    "gateway": "网关地址。",
    "dns": "DNS 服务器；可多次给出。",
    "domain": "客户机的 DNS 域。",
    "mtu": "最大数据包字节数。",
    "ranges": "可分配的地址，例如 192.168.100.10-192.168.100.200；可多次给出。",
    "owner_id": "获得该资源的账户：标识或名称；仅限管理员。",
    "account_id": "账户：标识或名称。",
    "user_id": "用户：标识或名称。",
    "group_id": "用户组：标识或名称。",
    "resource_id": "资源的标识。",
    "statements": "允许和拒绝的操作，JSON 格式："
    '\'[{"effect": "allow", "operations": ["vm.*"]}]\'；@文件 表示从文件读取。',
    "scopes": "令牌可执行的操作，例如 vm.* 或 *.list；可多次给出。",
    "expires_in_s": "多少秒后过期；不填则永不过期。",
    "step": "初始化的步骤：zone、cluster、host、image_store、primary_storage、offering、"
    "image 或 network。",
    "request": '要修改的值，JSON 格式：\'{"name": "lab"}\'；@文件 表示从文件读取。',
}
DEFAULT = " [默认：{value}]"
YES_NO = {"yes": "是", "no": "否"}

# By the English text: commands written by hand, and options that many commands have.
HELP = {
    "Why; for the audit log and the hosts' logs.": "原因，写入操作记录和物理机日志。",
    "Begin after this job (its id) has succeeded.": "在该任务（标识）成功后开始。",
    "Take the job back if it is not done in so many seconds.": "超过指定秒数未完成则撤销任务。",
    "Greater goes first.": "数值大的优先。",
    "Repetitions with the same key take effect once.": "使用相同键的重复请求只生效一次。",
    "Only if the resource still has this ETag.": "仅当资源的 ETag 未变时执行。",
    "Log in; the appliance's fingerprint is shown and asked about the first time.": (
        "登录；首次连接时显示设备指纹并要求核对。"
    ),
    "Log out; the appliance stays trusted.": "退出登录；仍信任该设备。",
    "Set the first administrator's password with the set-up code, and log in.": (
        "使用初始化码设置管理员首个密码并登录。"
    ),
    "Open a virtual machine's serial console here; Ctrl-] ends it.": (
        "在此打开云主机的串行控制台；Ctrl-] 退出。"
    ),
    "Show what changes, as it changes, until Ctrl-C.": "实时显示变更，直到按下 Ctrl-C。",
    "Set up a fresh appliance in seven steps and create the first virtual machine.": (
        "用七个步骤初始化新设备，并创建第一台云主机。"
    ),
    "Change one's own password; --password-stdin reads the old one, then the new one.": (
        "修改自己的密码；--password-stdin 先读取旧密码，再读取新密码。"
    ),
    "Wait until jobs have ended, showing their progress.": "等待任务结束并显示进度。",
    "Add an image from a file (qcow2, raw, VMDK, VHDX or VDI).": (
        "从文件添加镜像（qcow2、raw、VMDK、VHDX 或 VDI）。"
    ),
    "Write a picture of a virtual machine's screen.": "将云主机的屏幕截图写入文件。",
    "Another appliance than the last one logged in to.": "使用上次登录以外的设备。",
    "Language: en or zh.": "语言：en 或 zh。",
    "Install completion for the current shell.": "为当前 shell 安装命令补全。",
    "Show completion for the current shell, to copy it or customize the installation.": (
        "显示当前 shell 的补全脚本，以便复制或自定义安装。"
    ),
    "Like https://10.0.0.5:8443.": "例如 https://10.0.0.5:8443。",
    "Fingerprint of the appliance's certificate authority, as it shows it.": (
        "设备所显示的证书颁发机构指纹。"
    ),
    r"Account name \[default: admin].": "账户名 [默认：admin]。",
    "Read the password from standard input.": "从标准输入读取密码。",
    "The set-up code that the appliance shows.": "设备所显示的初始化码。",
    "On the appliance itself: the service's ready.json, which has the rest.": (
        "在设备本机使用：服务的 ready.json，其中包含其余信息。"
    ),
    "Id or name.": "标识或名称。",
    "Id.": "标识。",
    "Begin after this number.": "从此序号之后开始。",
    "Only this kind, like vm.": "仅此类资源，例如 vm。",
    "End after so many.": "达到此数量后结束。",
    "Print JSON.": "输出 JSON。",
    "Print ids only.": "仅输出标识。",
    r"The appliance \[default: this machine, or the last one logged in to].": (
        "设备地址 [默认：本机，或上次登录的设备]。"
    ),
    "Take the proposed values.": "采用建议的值。",
    "File or address of an image instead of the starter image.": ("代替入门镜像的镜像文件或地址。"),
    "Name of the first machine.": "第一台云主机的名称。",
    "SSH public key for it; @FILE reads it from a file.": ("它的 SSH 公钥；@文件 表示从文件读取。"),
    "Part of a name, address or id.": "名称、地址或标识的一部分。",
    "Like state=running,paused or 'cpu_count > 2 and host.name = h1'; may be repeated.": (
        "如 state=running,paused 或 'cpu_count > 2 and host.name = h1'；可重复。"
    ),
    "FIELDs; -FIELD to reverse.": "排序字段，以逗号分隔；-字段 表示降序。",
    "Only these, like id,nics.address.": "只显示这些字段，如 id,nics.address。",
    "How many.": "显示数量。",
    "All, however many there are.": "显示全部。",
    "Seconds to wait at most.": "最长等待秒数。",
    "Seconds to wait at most; the job goes on after that.": "最长等待秒数；此后任务仍会继续。",
    "Wait until it is done.": "等待完成。",
    "Do not ask.": "不再询问。",
    r"Name \[default: the file's].": "名称 [默认：文件名]。",
    "Needed if there are several.": "有多个时必填。",
    "disk: what a machine starts from.": "disk：云主机启动所用的磁盘。",
    "linux, windows or other.": "linux、windows 或 other。",
    "Checksum that it must have.": "必须符合的校验和。",
    "Description.": "描述。",
    "Id; with it an upload can be repeated.": "标识；指定后可重复上传。",
    "PNG file to write; - is standard output.": "要写入的 PNG 文件；- 表示标准输出。",
    "Show this message and exit.": "显示此帮助并退出。",
}
ROOT = """安云命令行。

首先运行 [bold]anyun login https://地址:8443[/]；新设备请运行 [bold]anyun quickstart[/]。
退出码：0 完成，1 失败，2 用法错误或值被拒绝，3 未找到，4 状态或容量不允许，
5 未登录或无权限，6 无法连接，7 未在时限内完成。
"""
PANELS = {"How": "方式", "Output": "输出", "Which": "筛选", "Waiting": "等待"}
# Words of the library that prints the help, by the names of its constants.
LIBRARY = {
    "ARGUMENTS_PANEL_TITLE": "参数",
    "OPTIONS_PANEL_TITLE": "选项",
    "COMMANDS_PANEL_TITLE": "命令",
    "ERRORS_PANEL_TITLE": "错误",
    "DEFAULT_STRING": "[默认：{}]",
    "ENVVAR_STRING": "[环境变量：{}]",
    "REQUIRED_LONG_STRING": "[必填]",
    "RICH_HELP": "运行 [blue]'{command_path} {help_option}'[/] 查看帮助。",
}
