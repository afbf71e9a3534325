"""Texts about primary storages: English message, remedy, Chinese message, remedy; and words."""

from __future__ import annotations

STORAGE_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "storage.unknown_kind": (
        "The host's agent knows no primary storage of the kind {kind}.",
        "Upgrade the agent of the host.",
        "物理机代理不支持类型为 {kind} 的主存储。",
        "请升级该物理机的代理。",
    ),
    "image.missing": (
        "The host {name} does not have the image.",
        "Look whether the directory of its image store is still there, or add the image again.",
        "物理机 {name} 上没有该镜像。",
        "请检查其镜像服务器的目录是否存在，或重新添加镜像。",
    ),
    "storage.not_told": (
        "The host {name} was not told how to reach {path}.",
        "It is told when it connects; reconnect the storage.",
        "物理机 {name} 尚未获知如何访问 {path}。",
        "物理机连接时会获知；请重新连接该主存储。",
    ),
    "storage.not_mounted": (
        "On the host {name}, {path} is not mounted: {reason}",
        "Look at the server, the export and who may mount it, then reconnect the storage.",
        "物理机 {name} 未能挂载 {path}：{reason}",
        "请检查服务器、导出目录及其访问权限，然后重新连接该主存储。",
    ),
    "storage.not_unmounted": (
        "On the host {name}, {path} cannot be unmounted: {reason}",
        "Stop what uses it on the host; the host tries again.",
        "物理机 {name} 无法卸载 {path}：{reason}",
        "请停止该物理机上使用它的进程；物理机会重试。",
    ),
    "storage.no_client": (
        "On the host {name} the program {program} is missing.",
        "Install the package ceph-common on the host.",
        "物理机 {name} 缺少程序 {program}。",
        "请在该物理机上安装 ceph-common 软件包。",
    ),
    "storage.ceph": (
        "On the host {name} the Ceph pool {path} answers: {reason}",
        "Look at the state of the Ceph cluster, the pool, and what the user may do.",
        "物理机 {name} 访问 Ceph 存储池 {path} 时返回：{reason}",
        "请检查 Ceph 集群状态、存储池及用户权限。",
    ),
    "storage.not_of_kind": (
        "A storage of the kind {kind} has no such field.",
        "Leave the field out, or choose another kind.",
        "类型为 {kind} 的主存储没有该字段。",
        "请去掉该字段，或选择其他类型。",
    ),
    "storage.bad_export": (
        "“{value}” is no NFS export.",
        "Write server and directory, such as nas.example.com:/export/vms.",
        "“{value}” 不是 NFS 导出目录。",
        "请填写服务器与目录，例如 nas.example.com:/export/vms。",
    ),
    "storage.bad_option": (
        "The mount option “{value}” is not allowed.",
        "Allowed are vers, proto, port, sec, rsize, wsize, timeo, retrans, nconnect, hard, soft, "
        "noatime and the like; locks cannot be switched off, as they keep disks from two writers.",
        "不允许使用挂载选项 “{value}”。",
        "可用选项有 vers、proto、port、sec、rsize、wsize、timeo、retrans、nconnect、hard、soft、"
        "noatime 等；不可关闭锁，它防止同一云盘被两方写入。",
    ),
    "storage.bad_pool": (
        "“{value}” is no name of a Ceph pool.",
        "Names have letters, digits, dots, hyphens and underscores.",
        "“{value}” 不是 Ceph 存储池名称。",
        "名称由字母、数字、点、连字符和下划线组成。",
    ),
    "storage.no_monitor": (
        "A Ceph cluster is found by its monitors.",
        "Give the address of at least one, such as 192.0.2.11 or 192.0.2.11:6789.",
        "需通过监视器访问 Ceph 集群。",
        "请至少填写一个地址，例如 192.0.2.11 或 192.0.2.11:6789。",
    ),
    "storage.bad_monitor": (
        "“{value}” is no address of a monitor.",
        "Write host or address, and a port if it is not 6789.",
        "“{value}” 不是监视器地址。",
        "请填写主机名或地址；端口不是 6789 时需注明。",
    ),
    "storage.user_and_key": (
        "A user of Ceph and its key belong together.",
        "Give both, or none if the cluster needs no login.",
        "Ceph 用户与密钥必须同时填写。",
        "请同时填写；若集群无需认证则都留空。",
    ),
    "storage.bad_user": (
        "“{value}” is no name of a Ceph user.",
        "Write it without “client.”, such as anyun.",
        "“{value}” 不是 Ceph 用户名。",
        "请勿包含 “client.”，例如 anyun。",
    ),
    "setup.no_secret": (
        "The set-up plan keeps no keys.",
        "Set up with a storage that needs none, and add the other one afterwards.",
        "初始化计划不保存密钥。",
        "请先使用无需密钥的主存储完成初始化，之后再添加。",
    ),
    "storage.bad_key": (
        "That is no key of a Ceph user.",
        "Copy it from “ceph auth get-key client.<user>”.",
        "这不是 Ceph 用户的密钥。",
        "请从 “ceph auth get-key client.<用户>” 的输出中复制。",
    ),
    "storage.hangs": (
        "On the host {name} the storage at {path} does not answer.",
        "Look at the storage's server and the network between; the host tries again by itself.",
        "物理机 {name} 上 {path} 处的存储无响应。",
        "请检查存储服务器及其网络；物理机会自动重试。",
    ),
    "storage.not_shared": (
        "The host {name} does not see in {path} what the other hosts see there.",
        "Mount the same file system at {path} on every host of the cluster; a directory that is "
        "not mounted is not used.",
        "物理机 {name} 在 {path} 中看到的内容与其他物理机不同。",
        "请在集群的每台物理机上将同一文件系统挂载到 {path}；未挂载的目录不会被使用。",
    ),
    "storage.other": (
        "On the host {name}, {path} is another primary storage already: {id}.",
        "Choose another directory. If that storage is of no cloud any more, delete the file "
        ".anyun-storage in it.",
        "在物理机 {name} 上，{path} 已是另一个主存储：{id}。",
        "请选择其他目录。若该主存储已不属于任何云，请删除其中的 .anyun-storage 文件。",
    ),
    "storage.no_host": (
        "No host can use the primary storage {name} now.",
        "Connect a host of a cluster that has this storage, then try again.",
        "当前没有物理机可使用主存储 {name}。",
        "请连接拥有该主存储的集群中的物理机后重试。",
    ),
    "storage.not_reached": (
        "The primary storage {name} cannot be used there.",
        "Choose a storage of the cluster, or attach this one to the cluster first.",
        "此处无法使用主存储 {name}。",
        "请选择该集群的主存储，或先将此主存储加载到该集群。",
    ),
    "storage.in_cluster": (
        "The primary storage {name} is in the cluster {cluster} already.",
        "There is nothing to do.",
        "主存储 {name} 已在集群 {cluster} 中。",
        "无需操作。",
    ),
    "storage.not_in_cluster": (
        "The primary storage {name} is not in the cluster {cluster}.",
        "There is nothing to do.",
        "主存储 {name} 不在集群 {cluster} 中。",
        "无需操作。",
    ),
    "storage.cluster_elsewhere": (
        "The cluster {cluster} is in another zone than the primary storage {name}.",
        "Choose a cluster of the same zone.",
        "集群 {cluster} 与主存储 {name} 不在同一区域。",
        "请选择同一区域的集群。",
    ),
    "storage.last_cluster": (
        "The cluster {cluster} is the last one of the primary storage {name}.",
        "Attach it to another cluster first, or delete it.",
        "集群 {cluster} 是主存储 {name} 的最后一个集群。",
        "请先将其加载到其他集群，或删除该主存储。",
    ),
    "storage.cluster_used": (
        "{count} volumes on the primary storage {name} are of the cluster {cluster}.",
        "Detach or delete them first.",
        "主存储 {name} 上有 {count} 块云盘属于集群 {cluster}。",
        "请先卸载或删除这些云盘。",
    ),
    "storage.in_maintenance": (
        "The primary storage {name} is in maintenance.",
        "Enable it when its maintenance is over.",
        "主存储 {name} 处于维护模式。",
        "请在维护结束后启用该主存储。",
    ),
    "storage.machines_run": (
        "{count} running virtual machines have disks on the primary storage {name}: {machines}.",
        "Stop them first, or have them stopped with it (stop_machines).",
        "{count} 台运行中的云主机在主存储 {name} 上有云盘：{machines}。",
        "请先停止这些云主机，或选择一并停止（stop_machines）。",
    ),
    "volume.host_needed": (
        "The primary storage {name} is local: each host has its own part of it.",
        "Name the host on which the volume is to be made, too.",
        "主存储 {name} 为本地存储：每台物理机各有一部分。",
        "请同时指定创建云盘的物理机。",
    ),
    "volume.not_reached": (
        "The virtual machine {vm} cannot have a disk on the primary storage {name}: its host "
        "{host} does not reach it.",
        "Look at the storage's hosts, or start the machine on another one.",
        "云主机 {vm} 无法使用主存储 {name} 上的云盘：其物理机 {host} 无法访问该存储。",
        "请检查该存储的物理机状态，或在其他物理机上启动云主机。",
    ),
    "placement.no_other_disk": (
        "No host has room for the data disks on {names}.",
        "Take another storage for them, smaller disks, or make room there.",
        "没有物理机在 {names} 上有足够空间放置数据云盘。",
        "请为数据云盘选择其他主存储、减小云盘，或在该存储上腾出空间。",
    ),
    "placement.no_storage": (
        "None of {count} hosts reaches the primary storages that the virtual machine needs: "
        "{names}.",
        "Look at the status of these storages on the hosts.",
        "{count} 台物理机均无法访问云主机所需的主存储：{names}。",
        "请检查这些主存储在各物理机上的状态。",
    ),
}
STORAGE_WORDS: dict[str, tuple[str, str]] = {
    "operation.primary_storage.enter_maintenance": (
        "Put primary storage into maintenance",
        "主存储进入维护模式",
    ),
    "step.stop_machines": ("stopping machines", "停止云主机"),
}
