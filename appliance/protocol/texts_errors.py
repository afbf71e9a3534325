"""The catalogue of error texts: code → English message, remedy, Chinese message, remedy."""

from __future__ import annotations

from appliance.protocol.texts_access import ACCESS_ERRORS
from appliance.protocol.texts_elastic import ELASTIC_ERRORS
from appliance.protocol.texts_engine import ENGINE_ERRORS
from appliance.protocol.texts_guests import GUEST_ERRORS
from appliance.protocol.texts_hardware import HARDWARE_ERRORS
from appliance.protocol.texts_hosts import HOST_ERRORS
from appliance.protocol.texts_images import IMAGE_ERRORS
from appliance.protocol.texts_ipv6 import IPV6_ERRORS
from appliance.protocol.texts_layer2 import LAYER2_ERRORS
from appliance.protocol.texts_migration import MIGRATION_ERRORS
from appliance.protocol.texts_moves import MOVE_ERRORS
from appliance.protocol.texts_network import NETWORK_ERRORS
from appliance.protocol.texts_paths import PATH_ERRORS
from appliance.protocol.texts_query import QUERY_ERRORS
from appliance.protocol.texts_security import SECURITY_ERRORS
from appliance.protocol.texts_snapshots import SNAPSHOT_ERRORS
from appliance.protocol.texts_storage import STORAGE_ERRORS
from appliance.protocol.texts_tenancy import TENANCY_ERRORS
from appliance.protocol.texts_volumes import VOLUME_ERRORS

ERRORS: dict[str, tuple[str, str, str, str]] = {
    # Requests
    "request.malformed": (
        "The request is not valid: {reason}.",
        "Correct the request; the API description lists the fields.",
        "请求无效：{reason}。",
        "请更正请求；接口说明列出了各字段。",
    ),
    "request.unknown_field": (
        "The request has a field that does not exist here: {name}.",
        "Remove the field or correct its spelling.",
        "请求包含不存在的字段：{name}。",
        "请删除该字段或更正拼写。",
    ),
    "request.missing_field": (
        "The field {name} is missing.",
        "Give a value for {name}.",
        "缺少字段 {name}。",
        "请填写 {name}。",
    ),
    "request.bad_value": (
        "{value} is no valid value for {name}: {reason}.",
        "Correct the value.",
        "{name} 的值 {value} 无效：{reason}。",
        "请更正该值。",
    ),
    "request.bad_sort": (
        "A list cannot be sorted by {value}.",
        "Sort by one of these, with - before it for descending order: {choices}.",
        "列表不能按 {value} 排序。",
        "可按以下字段排序，前面加 - 表示降序：{choices}。",
    ),
    "request.control_characters": (
        "The value of {name} has control characters.",
        "Remove them: line breaks, tabs, and characters that cannot be shown.",
        "{name} 的值包含控制字符。",
        "请删除换行、制表符以及不可显示的字符。",
    ),
    "request.bad_id": (
        "{value} is no id.",
        "Ids are UUIDs of 36 lower-case characters.",
        "{value} 不是有效的标识。",
        "标识为 36 个小写字符的 UUID。",
    ),
    "request.id_taken": (
        "The id {id} is taken by something else.",
        "Choose a new id, or repeat the request with exactly the same content.",
        "标识 {id} 已被其他资源占用。",
        "请换一个标识，或以完全相同的内容重试。",
    ),
    "request.too_large": (
        "The request is larger than {limit_bytes}.",
        "Send less at once.",
        "请求超过 {limit_bytes}。",
        "请减少单次发送的内容。",
    ),
    "request.not_found": (
        "There is nothing at {path}.",
        "Check the address; the API description lists all paths.",
        "{path} 不存在。",
        "请检查地址；接口说明列出了所有路径。",
    ),
    "name.control_characters": (
        'The name "{value}" has characters that cannot be shown.',
        "Use letters, digits, spaces and punctuation.",
        "名称“{value}”包含不可显示的字符。",
        "请使用文字、数字、空格和标点。",
    ),
    "name.blank": (
        'The name "{value}" is empty.',
        "Give a name with at least one letter, digit or other sign that can be seen.",
        "名称“{value}”为空。",
        "请填写名称，至少包含一个可见的文字、数字或符号。",
    ),
    "resource.not_found": (
        "There is no {kind} {id}.",
        "It may have been deleted; look at the list.",
        "{kind} {id} 不存在。",
        "它可能已被删除；请查看列表。",
    ),
    "resource.in_use": (
        "{name} is still used by {count} {users}.",
        "Delete or move those first.",
        "{name} 仍被 {count} 个 {users} 使用。",
        "请先删除或移走它们。",
    ),
    "resource.disabled": (
        "{name} is disabled.",
        "Enable it or choose another one.",
        "{name} 已停用。",
        "请启用它或选择其他资源。",
    ),
    "internal": (
        "A fault inside the service; the log has the details under {reference}.",
        "Try again. If it happens again, send the log to support.",
        "服务内部故障，日志中编号为 {reference}。",
        "请重试；若再次出现，请将日志发给技术支持。",
    ),
    **ACCESS_ERRORS,
    # Hosts
    "host.not_connected": (
        "The host {name} does not answer.",
        "Check that the machine is on, its network, and the agent's log.",
        "物理机 {name} 没有响应。",
        "请检查该机器的电源、网络以及代理日志。",
    ),
    "host.cleanup_first": (
        "Other clean-up work on the host {name} goes first.",
        "Nothing is to be done, unless it stays so: then look at that work.",
        "物理机 {name} 上的其他清理工作需先完成。",
        "一般无需操作；如长时间未完成，请查看该项清理工作。",
    ),
    "host.link_lost": (
        "The link to the host {name} broke during the work.",
        "It reconnects by itself; try again then.",
        "执行过程中与物理机 {name} 的连接中断。",
        "连接会自动恢复，届时请重试。",
    ),
    "host.timeout": (
        "The host {name} did not finish {command} in time.",
        "Look at the host's load and the agent's log, then try again.",
        "物理机 {name} 未能按时完成 {command}。",
        "请检查物理机负载和代理日志后重试。",
    ),
    "host.command_failed": (
        "The host {name} reported a fault in {command}: {reason}.",
        "Look at the job's steps and the agent's log.",
        "物理机 {name} 执行 {command} 时出错：{reason}。",
        "请查看任务步骤和代理日志。",
    ),
    "host.libvirt_down": (
        "libvirt on the host {name} does not answer.",
        "Start libvirt on that host; the agent connects by itself.",
        "物理机 {name} 上的 libvirt 没有响应。",
        "请在该物理机上启动 libvirt，代理会自动连接。",
    ),
    "host.already_used": (
        "The machine {name} already belongs to a cluster.",
        "Choose another machine, or remove it from its cluster first.",
        "机器 {name} 已属于某个集群。",
        "请选择其他机器，或先将其移出集群。",
    ),
    "host.candidate_unknown": (
        "There is no enrolled machine {id}.",
        "Start the agent on the machine with a join token.",
        "没有已登记的机器 {id}。",
        "请在该机器上使用加入令牌启动代理。",
    ),
    # Storage
    "path.not_absolute": (
        "{path} is no absolute path.",
        "Begin the path with a slash, for example /var/lib/anyun/storage.",
        "{path} 不是绝对路径。",
        "路径应以斜杠开头，例如 /var/lib/anyun/storage。",
    ),
    "path.not_writable": (
        "{path} cannot be written: {reason}.",
        "Choose another directory, or mend its permissions.",
        "{path} 不可写：{reason}。",
        "请选择其他目录或修正其权限。",
    ),
    "path.reserved": (
        "{path} belongs to the system.",
        "Choose a directory of its own, for example /var/lib/anyun/storage.",
        "{path} 属于系统目录。",
        "请选择独立的目录，例如 /var/lib/anyun/storage。",
    ),
    "path.no_space": (
        "{path} has {available_bytes} free, but {needed_bytes} are needed.",
        "Free some space or choose another file system.",
        "{path} 可用空间为 {available_bytes}，需要 {needed_bytes}。",
        "请释放空间或选择其他文件系统。",
    ),
    "path.taken": (
        "{path} is already used by {name}.",
        "Choose another directory.",
        "{path} 已被 {name} 使用。",
        "请选择其他目录。",
    ),
    "storage.no_space": (
        "The disk is full: {needed_bytes} are needed in {path}, {available_bytes} are free.",
        "Free space on that file system, or add storage.",
        "磁盘已满：{path} 需要 {needed_bytes}，可用 {available_bytes}。",
        "请释放该文件系统的空间或增加存储。",
    ),
    "storage.none": (
        "The cluster has no primary storage that is enabled and connected.",
        "Add a primary storage, or mend the one that is disconnected.",
        "集群中没有已启用且已连接的主存储。",
        "请添加主存储，或修复已断开的主存储。",
    ),
    "volume.too_small": (
        "The disk of {asked_bytes} is smaller than the image of {needed_bytes}.",
        "Ask for at least {needed_bytes}.",
        "磁盘大小 {asked_bytes} 小于镜像大小 {needed_bytes}。",
        "请至少设置为 {needed_bytes}。",
    ),
    # Images
    "image.not_an_image": (
        "This is no disk image: {reason}.",
        "Give a qcow2, raw, VMDK, VHDX or VDI file.",
        "这不是磁盘镜像：{reason}。",
        "请提供 qcow2、raw、VMDK、VHDX 或 VDI 文件。",
    ),
    "image.hostile": (
        "The image is refused: {reason}.",
        "Make an image without backing or data file, for example with qemu-img convert.",
        "镜像被拒绝：{reason}。",
        "请制作不含后备文件或数据文件的镜像，例如使用 qemu-img convert。",
    ),
    "image.checksum": (
        "The checksum does not match: expected {expected}, found {found}.",
        "Get the image again from a source you trust.",
        "校验和不一致：应为 {expected}，实际为 {found}。",
        "请从可信来源重新获取镜像。",
    ),
    "image.truncated": (
        "The image ended after {received_bytes} of {expected_bytes}.",
        "Send it again.",
        "镜像在 {received_bytes}/{expected_bytes} 处中断。",
        "请重新传输。",
    ),
    "image.url_failed": (
        "{url} cannot be fetched: {reason}.",
        "Check the address, and that the host can reach it.",
        "无法获取 {url}：{reason}。",
        "请检查地址以及物理机能否访问它。",
    ),
    "image.bad_url": (
        "{url} is no address of an image.",
        "Give an address that begins with http:// or https://.",
        "{url} 不是镜像地址。",
        "请提供以 http:// 或 https:// 开头的地址。",
    ),
    "image.not_ready": (
        "The image {name} is not ready ({status}).",
        "Wait until it is ready, or choose another image.",
        "镜像 {name} 尚未就绪（{status}）。",
        "请等待其就绪或选择其他镜像。",
    ),
    "image.not_uploading": (
        "The image {name} does not wait for content ({status}).",
        "Add a new image to upload another file.",
        "镜像 {name} 当前不接收内容（{status}）。",
        "如需上传其他文件，请添加新镜像。",
    ),
    "image.no_starter": (
        "The starter image is not on this appliance.",
        "Build it with: python3 build.py image starter",
        "此设备上没有入门镜像。",
        "请运行：python3 build.py image starter",
    ),
    "image.size_needed": (
        "An upload needs the size of its file.",
        "Give size_bytes.",
        "上传需要文件大小。",
        "请填写 size_bytes。",
    ),
    **ENGINE_ERRORS,
    **TENANCY_ERRORS,
    **QUERY_ERRORS,
    **NETWORK_ERRORS,
    **PATH_ERRORS,
    **IPV6_ERRORS,
    **LAYER2_ERRORS,
    **ELASTIC_ERRORS,
    **STORAGE_ERRORS,
    **VOLUME_ERRORS,
    **GUEST_ERRORS,
    **IMAGE_ERRORS,
    **MIGRATION_ERRORS,
    **MOVE_ERRORS,
    **HARDWARE_ERRORS,
    **SNAPSHOT_ERRORS,
    **HOST_ERRORS,
    **SECURITY_ERRORS,
    # Placement and VMs
    "placement.no_hosts": (
        "The cluster has no such host.",
        "Add a host to the cluster, or leave the choice to the system.",
        "集群中没有这样的物理机。",
        "请向集群添加物理机，或由系统选择。",
    ),
    "placement.none_enabled": (
        "None of the {count} hosts is enabled.",
        "Enable a host.",
        "{count} 台物理机均未启用。",
        "请启用一台物理机。",
    ),
    "placement.none_connected": (
        "None of the {count} enabled hosts is connected.",
        "Check that the hosts are on and their agents run.",
        "{count} 台已启用的物理机均未连接。",
        "请检查物理机是否开机、代理是否运行。",
    ),
    "placement.affinity": (
        "The affinity group {name} allows none of the {count} hosts that are left for {vms} "
        "machines in it.",
        "Add a host, choose another group, or use one that is only preferred.",
        "亲和组 {name}（组内 {vms} 台云主机）不允许使用剩余 {count} 台物理机中的任何一台。",
        "请添加物理机、选择其他亲和组，或使用非强制的亲和组。",
    ),
    "affinity.other_owner": (
        "The affinity group {name} belongs to another account than the virtual machine.",
        "Choose a group of the machine's own account.",
        "亲和组 {name} 与云主机不属于同一账户。",
        "请选择云主机所属账户的亲和组。",
    ),
    "affinity.violated": (
        "The affinity group {name} does not allow {vm} beside {other}: it asks for {policy}.",
        "Stop or move one of them first, or use a group that is only preferred.",
        "亲和组 {name} 要求{policy}，云主机 {vm} 与 {other} 当前的位置不符合。",
        "请先停止或迁移其中一台，或使用非强制的亲和组。",
    ),
    "placement.no_cpu": (
        "Not enough CPU: {needed} are needed; of {count} hosts, {host} has the most free: {free} "
        "(over-provisioning ratio {ratio}).",
        "Ask for fewer CPUs, stop other machines, or add a host.",
        "CPU 不足：需要 {needed} 个；{count} 台物理机中 {host} 空闲最多：{free} 个"
        "（超分比例 {ratio}）。",
        "请减少 CPU 数、停止其他云主机或添加物理机。",
    ),
    "placement.no_memory": (
        "Not enough memory: {needed_bytes} are needed; of {count} hosts, {host} has the most "
        "free: {free_bytes} ({reserved_bytes} are reserved for the host itself).",
        "Ask for less memory, stop other machines, or add a host.",
        "内存不足：需要 {needed_bytes}；{count} 台物理机中 {host} 空闲最多：{free_bytes}"
        "（其中 {reserved_bytes} 为物理机保留）。",
        "请减少内存、停止其他云主机或添加物理机。",
    ),
    "placement.no_disk": (
        "Not enough disk: {needed_bytes} are needed, but the primary storage {name} has "
        "{available_bytes} free.",
        "Free space, ask for a smaller disk, or add storage.",
        "磁盘空间不足：需要 {needed_bytes}，主存储 {name} 可用 {available_bytes}。",
        "请释放空间、减小磁盘或增加存储。",
    ),
    "network.check_failed": (
        "{reason}.",
        "Change the values of the network, or mend the cause on the host.",
        "主机检查未通过：{reason}。",
        "请修改网络参数，或在物理机上排除原因。",
    ),
    "host.bad_join_token": (
        "The join token is unknown, used, or too old.",
        "Get a new one from the appliance.",
        "加入令牌无效、已使用或已过期。",
        "请从设备获取新的令牌。",
    ),
    "vm.recovering": (
        "{name} is being taken out of the recycle bin already.",
        "Wait until that has ended.",
        "{name} 正在从回收站恢复。",
        "请等待恢复完成。",
    ),
    "vm.wrong_state": (
        "The virtual machine {name} is {state}; that does not allow {action}.",
        "It is possible when it is {allowed}.",
        "云主机 {name} 当前为{state}，不能执行{action}。",
        "仅在{allowed}状态下可用。",
    ),
    "vm.size_needed": (
        "The size of the virtual machine is missing.",
        "Give an instance offering, or CPU count and memory.",
        "缺少云主机规格。",
        "请选择计算规格，或填写 CPU 数和内存。",
    ),
    "vm.address_with_count": (
        "A fixed address goes with one virtual machine only.",
        "Create them one by one, or leave the address to the system.",
        "固定地址只能用于单台云主机。",
        "请逐台创建，或由系统分配地址。",
    ),
    "vm.id_with_count": (
        "A chosen id goes with one virtual machine only.",
        "Leave out id, or set count to 1.",
        "指定标识只能用于单台云主机。",
        "请不要指定 id，或将数量设为 1。",
    ),
    "domain.still_running": (
        "The guest did not shut down in time.",
        "Shut it down from inside, or stop the virtual machine by force.",
        "客户机未能按时关机。",
        "请在客户机内关机，或强制停止云主机。",
    ),
    "domain.not_running": (
        "The virtual machine does not run on the host {name}.",
        "Look at its state; start it first.",
        "云主机未在物理机 {name} 上运行。",
        "请查看其状态，并先启动它。",
    ),
    "vm.no_host": (
        "The virtual machine {name} runs nowhere, so it has no console.",
        "Start it first.",
        "云主机 {name} 未运行，没有控制台。",
        "请先启动它。",
    ),
    "vm.start_failed": (
        "The host {name} could not start the virtual machine: {reason}.",
        "Look at the job's steps; mend the cause, then start it again.",
        "物理机 {name} 无法启动云主机：{reason}。",
        "请查看任务步骤，排除原因后重新启动。",
    ),
    "job.interrupted": (
        "The work was interrupted and has been undone.",
        "Try again.",
        "任务被中断，已撤销。",
        "请重试。",
    ),
    "setup.step_unknown": (
        "The set-up has no step {step}.",
        "The steps are: {steps}.",
        "初始化没有步骤 {step}。",
        "步骤包括：{steps}。",
    ),
    "setup.nothing": (
        "There is no set-up to remove.",
        "Begin the set-up first.",
        "没有可移除的初始化配置。",
        "请先开始初始化。",
    ),
    # Seen by clients only
    "client.unreachable": (
        "{url} does not answer: {reason}.",
        "Check the address, the network, and that the appliance runs.",
        "{url} 没有响应：{reason}。",
        "请检查地址、网络以及设备是否运行。",
    ),
    "client.certificate_changed": (
        "The certificate of {url} is not the one that was trusted before.",
        "If the appliance was installed anew, compare the fingerprint on its screen and trust "
        "it again; otherwise somebody may be in between: do not log in.",
        "{url} 的证书与之前信任的不一致。",
        "若设备已重新安装，请核对其屏幕上的指纹后重新信任；否则可能存在中间人，请勿登录。",
    ),
    "client.version": (
        "This client and the appliance do not understand each other: client API {client}, "
        "appliance API {server}.",
        "Install the client that belongs to the appliance.",
        "客户端与设备版本不兼容：客户端接口 {client}，设备接口 {server}。",
        "请安装与设备匹配的客户端。",
    ),
}
