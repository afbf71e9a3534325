<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>Accounts</name>
    <message>
        <source>administrator</source>
        <translation>管理员</translation>
    </message>
    <message>
        <source>tenant</source>
        <translation>租户</translation>
    </message>
    <message>
        <source>Name to log in with</source>
        <translation>登录名</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
    <message>
        <source>Tenant: has resources of its own</source>
        <translation>租户：拥有自己的资源</translation>
    </message>
    <message>
        <source>Administrator: runs the cloud</source>
        <translation>管理员：管理整个云</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Role</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>There is none to choose.</source>
        <translation>没有可选的角色。</translation>
    </message>
    <message>
        <source>New role</source>
        <translation>新建角色</translation>
    </message>
    <message>
        <source>Whoever is given it may do what it allows; a deny wins.</source>
        <translation>获得该角色者可执行其允许的操作；拒绝优先。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>An operation on each line, such as vm.start, vm.* or *.list</source>
        <translation>每行一个操作，例如 vm.start、vm.* 或 *.list</translation>
    </message>
    <message>
        <source>Allowed</source>
        <translation>允许</translation>
    </message>
    <message>
        <source>Denied</source>
        <translation>拒绝</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>密码</translation>
    </message>
    <message>
        <source>Let log in again</source>
        <translation>允许重新登录</translation>
    </message>
    <message>
        <source>It is enabled already.</source>
        <translation>已处于启用状态。</translation>
    </message>
    <message>
        <source>Log out and let log in no more</source>
        <translation>注销并禁止登录</translation>
    </message>
    <message>
        <source>It is disabled already.</source>
        <translation>已处于停用状态。</translation>
    </message>
    <message>
        <source>Set password …</source>
        <translation>设置密码…</translation>
    </message>
    <message>
        <source>Give a role …</source>
        <translation>授予角色…</translation>
    </message>
    <message>
        <source>Take a role away …</source>
        <translation>收回角色…</translation>
    </message>
    <message>
        <source>Accounts</source>
        <translation>账户</translation>
    </message>
    <message>
        <source>Quotas …</source>
        <translation>配额…</translation>
    </message>
    <message>
        <source>Users</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>An account owns resources and has quotas.</source>
        <translation>账户拥有资源，并受配额限制。</translation>
    </message>
    <message>
        <source>Make account</source>
        <translation>创建账户</translation>
    </message>
    <message>
        <source>New account</source>
        <translation>新建账户</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>账户</translation>
    </message>
    <message>
        <source>A user logs in as name@account and may do what roles allow.</source>
        <translation>用户以 用户名@账户 登录，可执行角色允许的操作。</translation>
    </message>
    <message>
        <source>Make user</source>
        <translation>创建用户</translation>
    </message>
    <message>
        <source>New user</source>
        <translation>新建用户</translation>
    </message>
    <message>
        <source>What it says</source>
        <translation>权限内容</translation>
    </message>
    <message>
        <source>A role says what those may do who are given it.</source>
        <translation>角色规定获得它的人可以执行哪些操作。</translation>
    </message>
    <message>
        <source>Make role</source>
        <translation>创建角色</translation>
    </message>
    <message>
        <source>may: {operations}</source>
        <translation>允许：{operations}</translation>
    </message>
    <message>
        <source>may not: {operations}</source>
        <translation>拒绝：{operations}</translation>
    </message>
    <message>
        <source>{text}, on {n} resources only</source>
        <translation>{text}，仅限 {n} 个资源</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>Nothing is selected.</source>
        <translation>未选择任何对象。</translation>
    </message>
    <message>
        <source>Select a single one for this.</source>
        <translation>此操作只能选择一个对象。</translation>
    </message>
    <message>
        <source>Delete {name}</source>
        <translation>删除 {name}</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Delete …</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>Edit …</source>
        <translation>编辑…</translation>
    </message>
</context>
<context>
    <name>Addresses</name>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Belongs to</source>
        <translation>归属</translation>
    </message>
    <message>
        <source>MAC address</source>
        <translation>MAC 地址</translation>
    </message>
    <message>
        <source>{n} addresses are reserved: {ranges}</source>
        <translation>保留了 {n} 个地址：{ranges}</translation>
    </message>
    <message>
        <source>No address is free.</source>
        <translation>没有空闲地址。</translation>
    </message>
    <message>
        <source>{n} addresses are free: {ranges}</source>
        <translation>空闲地址 {n} 个：{ranges}</translation>
    </message>
    <message>
        <source>Addresses</source>
        <translation>地址</translation>
    </message>
</context>
<context>
    <name>Adopt</name>
    <message>
        <source>Network of its NIC {mac}</source>
        <translation>网卡 {mac} 所在网络</translation>
    </message>
    <message>
        <source>Leave this NIC out</source>
        <translation>不保留此网卡</translation>
    </message>
    <message>
        <source>Choose a network for one NIC at least.</source>
        <translation>请至少为一块网卡选择网络。</translation>
    </message>
    <message>
        <source>Each NIC needs a network of its own.</source>
        <translation>每块网卡需使用不同的网络。</translation>
    </message>
    <message>
        <source>Take over</source>
        <translation>接管</translation>
    </message>
    <message>
        <source>Primary storage for its disks</source>
        <translation>存放其磁盘的主存储</translation>
    </message>
    <message>
        <source>This cluster has no local primary storage.</source>
        <translation>该集群没有本地主存储。</translation>
    </message>
    <message>
        <source>It becomes a machine of this cloud. Its disks stay on their buses (those on IDE come to SATA), its NICs are virtio. Its definition is kept on the host, beside the agent’s files.</source>
        <translation>它将成为本平台的云主机。云盘保持原有总线（IDE 改为 SATA），网卡使用 virtio。原有定义保存在物理机上代理的文件旁。</translation>
    </message>
    <message>
        <source>What its UEFI has kept goes along.</source>
        <translation>UEFI 中保存的内容会一并迁移。</translation>
    </message>
    <message>
        <source>{size} are copied; the former files stay.</source>
        <translation>将复制 {size}，原文件保留。</translation>
    </message>
</context>
<context>
    <name>Affinity</name>
    <message>
        <source>Never two on one host</source>
        <translation>任意两台都不在同一物理机</translation>
    </message>
    <message>
        <source>On different hosts, if possible</source>
        <translation>尽量分布在不同物理机</translation>
    </message>
    <message>
        <source>All on one host</source>
        <translation>全部在同一物理机</translation>
    </message>
    <message>
        <source>On one host, if possible</source>
        <translation>尽量在同一物理机</translation>
    </message>
    <message>
        <source>New affinity group</source>
        <translation>新建亲和组</translation>
    </message>
    <message>
        <source>Its machines are placed together, or apart from each other.</source>
        <translation>组内云主机集中或分散放置。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
    <message>
        <source>Placement</source>
        <translation>放置方式</translation>
    </message>
    <message>
        <source>Apart: one failing host takes only one</source>
        <translation>分散：一台物理机故障只影响一台云主机</translation>
    </message>
    <message>
        <source>Together: the shortest way to each other</source>
        <translation>聚集：云主机之间路径最短</translation>
    </message>
    <message>
        <source>Rather refuse to start a machine than place it otherwise</source>
        <translation>无法满足时拒绝启动云主机</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Affinity group</source>
        <translation>亲和组</translation>
    </message>
    <message>
        <source>Affinity group …</source>
        <translation>亲和组…</translation>
    </message>
    <message>
        <source>Affinity groups</source>
        <translation>亲和组</translation>
    </message>
    <message>
        <source>Virtual machines</source>
        <translation>云主机</translation>
    </message>
    <message>
        <source>A group keeps machines apart, so that one host&apos;s failure takes only one.</source>
        <translation>亲和组可将云主机分散放置，一台物理机故障只影响其中一台。</translation>
    </message>
    <message>
        <source>Make affinity group</source>
        <translation>创建亲和组</translation>
    </message>
</context>
<context>
    <name>Audit</name>
    <message>
        <source>accepted</source>
        <translation>已受理</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>refused: {reason}</source>
        <translation>已拒绝：{reason}</translation>
    </message>
    <message>
        <source>the system</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>nobody known</source>
        <translation>未知用户</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>刷新</translation>
    </message>
    <message>
        <source>Audit log</source>
        <translation>操作审计</translation>
    </message>
    <message>
        <source>When</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Who</source>
        <translation>账户</translation>
    </message>
    <message>
        <source>What</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>On what</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>From</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Operation and code</source>
        <translation>操作代码</translation>
    </message>
</context>
<context>
    <name>Candidates</name>
    <message>
        <source>can take it</source>
        <translation>可以接收</translation>
    </message>
    <message>
        <source>; </source>
        <translation>；</translation>
    </message>
</context>
<context>
    <name>Cleanups</name>
    <message>
        <source>{job}: {step}</source>
        <translation>{job}：{step}</translation>
    </message>
    <message>
        <source>One piece of clean-up work has not worked yet; it is tried again by itself.</source>
        <translation>有 1 项清理工作尚未成功，系统会自动重试。</translation>
    </message>
    <message>
        <source>{n} pieces of clean-up work have not worked yet; they are tried again.</source>
        <translation>有 {n} 项清理工作尚未成功，系统会自动重试。</translation>
    </message>
    <message>
        <source>Tried {n} times; next try: now</source>
        <translation>已尝试 {n} 次，即将重试</translation>
    </message>
    <message>
        <source>Tried {n} times; next try in {time}</source>
        <translation>已尝试 {n} 次，{time}后重试</translation>
    </message>
    <message>
        <source>Try now</source>
        <translation>立即重试</translation>
    </message>
    <message>
        <source>Forget …</source>
        <translation>放弃…</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>另有 {n} 项</translation>
    </message>
    <message>
        <source>Forget this clean-up work?</source>
        <translation>放弃这项清理工作？</translation>
    </message>
    <message>
        <source>It is not tried again. What it would have removed stays where it is: right for a host that never comes back.</source>
        <translation>系统将不再重试，原本要清除的内容会留在原处：适用于不会再恢复的物理机。</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation>放弃</translation>
    </message>
</context>
<context>
    <name>Clusters</name>
    <message>
        <source>Clusters</source>
        <translation>集群</translation>
    </message>
    <message>
        <source>Zone</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>Hosts</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Hypervisor</source>
        <translation>虚拟化类型</translation>
    </message>
    <message>
        <source>Paths between hosts …</source>
        <translation>物理机间路径…</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>创建时间</translation>
    </message>
    <message>
        <source>ID</source>
        <translation>ID</translation>
    </message>
    <message>
        <source>A cluster is a group of hosts of one kind.</source>
        <translation>集群是一组同类型的物理机。</translation>
    </message>
    <message>
        <source>Cluster</source>
        <translation>集群</translation>
    </message>
    <message>
        <source>The zone has no further cluster.</source>
        <translation>该区域没有其他集群。</translation>
    </message>
    <message>
        <source>It is in one cluster only.</source>
        <translation>它只在一个集群中。</translation>
    </message>
    <message>
        <source>Attach to a cluster …</source>
        <translation>加载到集群…</translation>
    </message>
    <message>
        <source>Detach from a cluster …</source>
        <translation>从集群卸载…</translation>
    </message>
</context>
<context>
    <name>Columns</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>连接状态</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>创建时间</translation>
    </message>
    <message>
        <source>ID</source>
        <translation>ID</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
</context>
<context>
    <name>Confirm</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Type “{name}” to confirm:</source>
        <translation>请输入“{name}”以确认：</translation>
    </message>
</context>
<context>
    <name>Connection</name>
    <message>
        <source>Connection lost; what you see is from {time}. Reconnecting …</source>
        <translation>连接已断开，当前显示的是 {time} 的数据，正在重新连接…</translation>
    </message>
</context>
<context>
    <name>ConsoleBar</name>
    <message>
        <source>Screen</source>
        <translation>屏幕</translation>
    </message>
    <message>
        <source>Serial console</source>
        <translation>串口控制台</translation>
    </message>
    <message>
        <source>Send keys</source>
        <translation>发送按键</translation>
    </message>
    <message>
        <source>Paste as keystrokes: types the clipboard&apos;s text into the machine</source>
        <translation>以按键方式粘贴：把剪贴板文本逐键输入云主机</translation>
    </message>
    <message>
        <source>How the picture fits into the window</source>
        <translation>画面适应窗口的方式</translation>
    </message>
    <message>
        <source>Full screen (F11)</source>
        <translation>全屏（F11）</translation>
    </message>
    <message>
        <source>View only: keyboard and mouse are not sent to the machine</source>
        <translation>仅查看：不向云主机发送键盘和鼠标</translation>
    </message>
    <message>
        <source>Screenshot</source>
        <translation>截图</translation>
    </message>
    <message>
        <source>Copy screenshot</source>
        <translation>复制截图</translation>
    </message>
    <message>
        <source>Save screenshot …</source>
        <translation>保存截图…</translation>
    </message>
    <message>
        <source>Fit to window</source>
        <translation>适应窗口</translation>
    </message>
    <message>
        <source>Fill the window</source>
        <translation>填满窗口</translation>
    </message>
    <message>
        <source>Actual size (1:1)</source>
        <translation>实际大小（1:1）</translation>
    </message>
    <message>
        <source>More power actions</source>
        <translation>更多电源操作</translation>
    </message>
</context>
<context>
    <name>ConsoleWidget</name>
    <message>
        <source>Screen of the virtual machine</source>
        <translation>云主机屏幕</translation>
    </message>
</context>
<context>
    <name>ConsoleWindow</name>
    <message>
        <source>{name} – console</source>
        <translation>{name} – 控制台</translation>
    </message>
    <message>
        <source>Sent {keys}</source>
        <translation>已发送 {keys}</translation>
    </message>
    <message>
        <source>Copied from the machine: {n} characters</source>
        <translation>已从云主机复制：{n} 个字符</translation>
    </message>
    <message>
        <source>View only: nothing is sent to the machine</source>
        <translation>仅查看：不向云主机发送任何输入</translation>
    </message>
    <message>
        <source>Mouse captured: right Ctrl lets it go</source>
        <translation>鼠标已捕获：按右 Ctrl 释放</translation>
    </message>
    <message>
        <source>Screenshot copied</source>
        <translation>截图已复制</translation>
    </message>
    <message>
        <source>Screenshot saved as {path}</source>
        <translation>截图已保存为 {path}</translation>
    </message>
    <message>
        <source>{path} cannot be written: choose another folder</source>
        <translation>无法写入 {path}：请选择其他文件夹</translation>
    </message>
    <message>
        <source>Save screenshot</source>
        <translation>保存截图</translation>
    </message>
    <message>
        <source>PNG picture (*.png)</source>
        <translation>PNG 图片 (*.png)</translation>
    </message>
</context>
<context>
    <name>CreateVm</name>
    <message>
        <source>Create virtual machines</source>
        <translation>创建云主机</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>chosen by the system</source>
        <translation>由系统选择</translation>
    </message>
    <message>
        <source>Leave this network out</source>
        <translation>去掉该网络</translation>
    </message>
    <message>
        <source>Add another network</source>
        <translation>添加网络</translation>
    </message>
    <message>
        <source>There is no other network in this cluster.</source>
        <translation>该集群中没有其他网络。</translation>
    </message>
    <message>
        <source>Size of the data disk</source>
        <translation>数据云盘的大小</translation>
    </message>
    <message>
        <source>named after the machine</source>
        <translation>以云主机命名</translation>
    </message>
    <message>
        <source>Name of the data disk</source>
        <translation>数据云盘的名称</translation>
    </message>
    <message>
        <source>Leave this disk out</source>
        <translation>去掉这块云盘</translation>
    </message>
    <message>
        <source>What is on the data disk</source>
        <translation>数据云盘内容</translation>
    </message>
    <message>
        <source>Storage of the data disk</source>
        <translation>数据云盘所在主存储</translation>
    </message>
    <message>
        <source>empty</source>
        <translation>空云盘</translation>
    </message>
    <message>
        <source>with the root disk</source>
        <translation>与根云盘相同</translation>
    </message>
    <message>
        <source>virtio-blk, the usual way</source>
        <translation>virtio-blk（通常方式）</translation>
    </message>
    <message>
        <source>virtio SCSI</source>
        <translation>virtio SCSI</translation>
    </message>
    <message>
        <source>a copy of {name}</source>
        <translation>复制自 {name}</translation>
    </message>
    <message>
        <source>Disks</source>
        <translation>云盘</translation>
    </message>
    <message>
        <source>as the image</source>
        <translation>与镜像相同</translation>
    </message>
    <message>
        <source>Add a data disk</source>
        <translation>添加数据云盘</translation>
    </message>
    <message>
        <source>How the guest reaches its disks</source>
        <translation>客户机访问云盘的方式</translation>
    </message>
    <message>
        <source>Primary storage</source>
        <translation>主存储</translation>
    </message>
    <message>
        <source>as the snapshot</source>
        <translation>与快照相同</translation>
    </message>
    <message>
        <source>At least {size} are needed for what it is made of.</source>
        <translation>其来源至少需要 {size}。</translation>
    </message>
    <message>
        <source>A machine has at most {n} data disks.</source>
        <translation>一台云主机最多 {n} 块数据云盘。</translation>
    </message>
    <message>
        <source>Where it runs</source>
        <translation>运行位置</translation>
    </message>
    <message>
        <source>Start after creation</source>
        <translation>创建后启动</translation>
    </message>
    <message>
        <source>Start again after a reboot of its host, if it ran before</source>
        <translation>物理机重启后，若此前在运行则自动启动</translation>
    </message>
    <message>
        <source>not started</source>
        <translation>不启动</translation>
    </message>
    <message>
        <source>stays off after a reboot of its host</source>
        <translation>物理机重启后保持关机</translation>
    </message>
    <message>
        <source>Own size</source>
        <translation>自定义规格</translation>
    </message>
    <message>
        <source>{name}: {cidr}, {free} addresses free</source>
        <translation>{name}：{cidr}，{free} 个空闲地址</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>as the settings say</source>
        <translation>按全局设置</translation>
    </message>
    <message>
        <source>none: nothing is filtered</source>
        <translation>无：不做过滤</translation>
    </message>
    <message>
        <source>{name}: {cpus}, {memory}</source>
        <translation>{name}：{cpus}，{memory}</translation>
    </message>
    <message>
        <source>{name} (disc: installs onto an empty root disk)</source>
        <translation>{name}（光盘：安装到空系统盘）</translation>
    </message>
    <message>
        <source>Give a name.</source>
        <translation>请填写名称。</translation>
    </message>
    <message>
        <source>Add an image first: none is ready.</source>
        <translation>没有就绪的镜像，请先添加镜像。</translation>
    </message>
    <message>
        <source>Make a network first.</source>
        <translation>请先创建网络。</translation>
    </message>
    <message>
        <source>Snapshot {name} of {volume}</source>
        <translation>{volume} 的快照 {name}</translation>
    </message>
    <message>
        <source>A name has at most {n} characters.</source>
        <translation>名称最多 {n} 个字符。</translation>
    </message>
    <message>
        <source>Network details</source>
        <translation>网络详情</translation>
    </message>
    <message>
        <source>Fixed IPv6 address</source>
        <translation>固定 IPv6 地址</translation>
    </message>
    <message>
        <source>the network has no IPv6</source>
        <translation>该网络没有 IPv6</translation>
    </message>
    <message>
        <source>machines choose it by themselves</source>
        <translation>由云主机自行生成</translation>
    </message>
    <message>
        <source>A fixed address goes with one machine only.</source>
        <translation>固定地址只能用于一台云主机。</translation>
    </message>
    <message>
        <source>This is no IPv4 address.</source>
        <translation>这不是有效的 IPv4 地址。</translation>
    </message>
    <message>
        <source>This is no IPv6 address.</source>
        <translation>这不是 IPv6 地址。</translation>
    </message>
    <message>
        <source>Choose an address from {ranges}.</source>
        <translation>请从 {ranges} 中选择地址。</translation>
    </message>
    <message>
        <source>{n} × {cpus} and {memory} of memory from {image}, in {network}.</source>
        <translation>{n} 台，每台 {cpus}、{memory} 内存，使用镜像 {image}，位于网络 {network}。</translation>
    </message>
    <message>
        <source>{memory} of memory are free on the emptiest host.</source>
        <translation>最空闲的物理机剩余内存 {memory}。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>How many</source>
        <translation>数量</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>规格</translation>
    </message>
    <message>
        <source>CPUs</source>
        <translation>CPU 核数</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>SSH public key</source>
        <translation>SSH 公钥</translation>
    </message>
    <message>
        <source>Read from a file…</source>
        <translation>从文件读取…</translation>
    </message>
    <message>
        <source>Guest</source>
        <translation>客户机</translation>
    </message>
    <message>
        <source>A script that begins with #!, or cloud-init data.</source>
        <translation>以 #! 开头的脚本，或 cloud-init 数据。</translation>
    </message>
    <message>
        <source>User data</source>
        <translation>用户数据</translation>
    </message>
    <message>
        <source>Fixed address</source>
        <translation>固定 IP 地址</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Root disk</source>
        <translation>根云盘</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>创建</translation>
    </message>
    <message>
        <source>Affinity group</source>
        <translation>亲和组</translation>
    </message>
    <message>
        <source>Security group</source>
        <translation>安全组</translation>
    </message>
    <message>
        <source>Choose a public key</source>
        <translation>选择公钥</translation>
    </message>
    <message>
        <source>Advanced: boot and firmware</source>
        <translation>高级：启动与固件</translation>
    </message>
</context>
<context>
    <name>Deleting</name>
    <message>
        <source>It can no longer be chosen for new virtual machines.</source>
        <translation>新建云主机时将不能再选择它。</translation>
    </message>
    <message>
        <source>Its file is deleted from the image store.</source>
        <translation>它的文件将从镜像服务器中删除。</translation>
    </message>
    <message>
        <source>The network is removed from all hosts.</source>
        <translation>该网络将从所有物理机上移除。</translation>
    </message>
    <message>
        <source>Its directory on the hosts is given back.</source>
        <translation>它在各物理机上的目录将被归还。</translation>
    </message>
    <message>
        <source>Its directory on the host is given back.</source>
        <translation>它在物理机上的目录将被归还。</translation>
    </message>
    <message>
        <source>Nobody can bring it back.</source>
        <translation>删除后无法恢复。</translation>
    </message>
    <message>
        <source>In the way ({what}): {names}.</source>
        <translation>有碍删除（{what}）：{names}。</translation>
    </message>
    <message>
        <source>Deleted as well ({what}): {names}.</source>
        <translation>一并删除（{what}）：{names}。</translation>
    </message>
    <message>
        <source>Stopped ({what}): {names}.</source>
        <translation>将被停止（{what}）：{names}。</translation>
    </message>
    <message>
        <source>Stays as it is ({what}): {names}.</source>
        <translation>保持不变（{what}）：{names}。</translation>
    </message>
    <message>
        <source>{names} and {n} more</source>
        <translation>{names} 及另外 {n} 个</translation>
    </message>
    <message>
        <source>It can be brought back, unless the settings forbid it.</source>
        <translation>可以恢复，除非全局设置不允许。</translation>
    </message>
    <message>
        <source>It moves to the recycle bin, and no machine can use it.</source>
        <translation>它将移入回收站，不能再用于创建云主机。</translation>
    </message>
    <message>
        <source>It moves to the recycle bin with its content.</source>
        <translation>云盘及其数据将移到回收站。</translation>
    </message>
    <message>
        <source>All that was ever written to it is gone.</source>
        <translation>写入其中的所有数据都将丢失。</translation>
    </message>
    <message>
        <source>Nobody can go back to it. The volume and other snapshots stay as they are.</source>
        <translation>将无法再恢复到该快照。云盘和其他快照不受影响。</translation>
    </message>
    <message>
        <source>Its rules, and those that name it, go as well.</source>
        <translation>其规则以及引用它的规则会一并删除。</translation>
    </message>
    <message>
        <source>The address may go to anybody who takes one next.</source>
        <translation>该地址会被释放，可能被他人申请。</translation>
    </message>
    <message>
        <source>Nothing keeps its machines in place any more.</source>
        <translation>其中的云主机不再受放置规则约束。</translation>
    </message>
    <message>
        <source>Its users, groups, roles and tokens go with it.</source>
        <translation>其用户、用户组、角色和令牌将一并删除。</translation>
    </message>
    <message>
        <source>They are logged out, and can log in no more.</source>
        <translation>该用户将被注销且无法再登录。</translation>
    </message>
    <message>
        <source>Those who have it may no longer do what it allows.</source>
        <translation>拥有该角色者将不能再执行其允许的操作。</translation>
    </message>
    <message>
        <source>Virtual machines that keep their size: {n}.</source>
        <translation>保持现有规格的云主机：{n} 台。</translation>
    </message>
    <message>
        <source>Virtual machines that stay where they are: {n}.</source>
        <translation>保持原位的云主机：{n} 台。</translation>
    </message>
    <message>
        <source>Virtual machines that are no longer reached by it: {n}.</source>
        <translation>不再能通过它访问的云主机：{n}。</translation>
    </message>
    <message>
        <source>In the way: virtual machines that are in it: {n}.</source>
        <translation>存在阻碍：其中的云主机 {n} 台。</translation>
    </message>
    <message>
        <source>Virtual machines that keep their disks: {n}.</source>
        <translation>保留现有云盘的云主机：{n} 台。</translation>
    </message>
    <message>
        <source>In the way: virtual machines that use it: {n}.</source>
        <translation>有碍删除：正在使用它的云主机 {n} 台。</translation>
    </message>
    <message>
        <source>In the way: disks that are on it: {n}.</source>
        <translation>有碍删除：位于其上的云盘 {n} 块。</translation>
    </message>
    <message>
        <source>In the way: images that are in it: {n}.</source>
        <translation>有碍删除：位于其中的镜像 {n} 个。</translation>
    </message>
</context>
<context>
    <name>Detail</name>
    <message>
        <source>Select something to see its details.</source>
        <translation>选择一项以查看详情。</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>概览</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>{name} and {count} more</source>
        <translation>{name} 等，另有 {count} 项</translation>
    </message>
</context>
<context>
    <name>Discs</name>
    <message>
        <source>{name} sees it at once, also while it runs; it stays in until it is ejected.</source>
        <translation>{name} 立即可见，运行中亦可；弹出前一直保留在光驱中。</translation>
    </message>
    <message>
        <source>Disc</source>
        <translation>光盘</translation>
    </message>
    <message>
        <source>There is no disc: add an ISO file as an image first.</source>
        <translation>没有光盘：请先将 ISO 文件添加为镜像。</translation>
    </message>
    <message>
        <source>Insert</source>
        <translation>插入</translation>
    </message>
    <message>
        <source>CD drive {number}</source>
        <translation>光驱 {number}</translation>
    </message>
    <message>
        <source>Insert …</source>
        <translation>插入……</translation>
    </message>
    <message>
        <source>Eject</source>
        <translation>弹出</translation>
    </message>
    <message>
        <source>Eject by force</source>
        <translation>强制弹出</translation>
    </message>
    <message>
        <source>Also if the guest still reads the disc and has locked the drive.</source>
        <translation>即使客户机仍在读取光盘并已锁定光驱，也会弹出。</translation>
    </message>
    <message>
        <source>empty</source>
        <translation>空</translation>
    </message>
    <message>
        <source>{name}, just being changed</source>
        <translation>{name}，正在更换</translation>
    </message>
    <message>
        <source>It is just being changed.</source>
        <translation>正在更换。</translation>
    </message>
    <message>
        <source>The machine must be: {needed}.</source>
        <translation>云主机需处于：{needed}。</translation>
    </message>
</context>
<context>
    <name>Drops</name>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Refused by rules</source>
        <translation>被规则拒绝</translation>
    </message>
    <message>
        <source>Forged packets</source>
        <translation>伪造数据包</translation>
    </message>
    <message>
        <source>Noted one by one</source>
        <translation>逐包记录</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Direction</source>
        <translation>方向</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>协议</translation>
    </message>
    <message>
        <source>From</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>To</source>
        <translation>目的</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Refused packets</source>
        <translation>被拒绝的数据包</translation>
    </message>
    <message>
        <source>Allow this …</source>
        <translation>放行此类流量…</translation>
    </message>
    <message>
        <source>Choose a packet that no rule speaks of.</source>
        <translation>请选择没有规则涉及的数据包。</translation>
    </message>
    <message>
        <source>By a rule of {name} …</source>
        <translation>通过 {name} 的规则…</translation>
    </message>
    <message>
        <source>None of its security groups notes what is refused. That is switched on in “Edit …” of a group.</source>
        <translation>其安全组均未记录被拒绝的数据包。可在安全组的“编辑…”中开启。</translation>
    </message>
    <message>
        <source>Of each NIC a few packets a minute are noted, all are counted since its host loaded the rules.</source>
        <translation>每块网卡每分钟记录少量数据包；自物理机加载规则起全部计数。</translation>
    </message>
    <message>
        <source>{n} more were noted, but there were too many to be told.</source>
        <translation>另有 {n} 个已记录，但数量过多未能上报。</translation>
    </message>
    <message>
        <source>Refused packets …</source>
        <translation>被拒绝的数据包…</translation>
    </message>
</context>
<context>
    <name>Effective</name>
    <message>
        <source>Order</source>
        <translation>顺序</translation>
    </message>
    <message>
        <source>Direction</source>
        <translation>方向</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>动作</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Other end</source>
        <translation>对端</translation>
    </message>
    <message>
        <source>Security group</source>
        <translation>安全组</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>Rules that hold</source>
        <translation>生效的规则</translation>
    </message>
    <message>
        <source>NIC</source>
        <translation>网卡</translation>
    </message>
    <message>
        <source>in no group</source>
        <translation>不在任何安全组</translation>
    </message>
    <message>
        <source>This NIC is in no security group: nothing is filtered.</source>
        <translation>该网卡不在任何安全组中：不做过滤。</translation>
    </message>
    <message>
        <source>The first rule that speaks of a packet decides; what none speaks of is refused. Answers to what was allowed, and DHCP, DNS and metadata of the network, always pass.</source>
        <translation>首条匹配的规则生效；没有规则匹配的数据包会被拒绝。已允许连接的应答以及网络的 DHCP、DNS 和元数据始终放行。</translation>
    </message>
    <message>
        <source>Rules that hold …</source>
        <translation>生效的规则…</translation>
    </message>
</context>
<context>
    <name>Elastic</name>
    <message>
        <source>New elastic IP</source>
        <translation>新建弹性 IP</translation>
    </message>
    <message>
        <source>A public address that you bind to a machine, and to another.</source>
        <translation>公网地址，可绑定到云主机，也可改绑到另一台。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>elastic-ip</source>
        <translation>弹性IP</translation>
    </message>
    <message>
        <source>Public network</source>
        <translation>公有网络</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Leave it empty for any that is free</source>
        <translation>留空则自动选择空闲地址</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
    <message>
        <source>There is no network on a physical NIC to take one from.</source>
        <translation>没有可申请弹性 IP 的物理网卡网络。</translation>
    </message>
    <message>
        <source>It is taken from {name}, whose open connections end.</source>
        <translation>将从 {name} 解绑，其已有连接会中断。</translation>
    </message>
    <message>
        <source>Virtual machine</source>
        <translation>云主机</translation>
    </message>
    <message>
        <source>No NIC in a private network is without an elastic IP.</source>
        <translation>私有网络中的网卡都已有弹性 IP。</translation>
    </message>
    <message>
        <source>Bind</source>
        <translation>绑定</translation>
    </message>
    <message>
        <source>Elastic IPs</source>
        <translation>弹性 IP</translation>
    </message>
    <message>
        <source>Its own address</source>
        <translation>云主机地址</translation>
    </message>
    <message>
        <source>No machine has it.</source>
        <translation>尚未绑定云主机。</translation>
    </message>
    <message>
        <source>Bind …</source>
        <translation>绑定…</translation>
    </message>
    <message>
        <source>Unbind</source>
        <translation>解绑</translation>
    </message>
    <message>
        <source>With an elastic IP a private machine is reached from outside.</source>
        <translation>绑定弹性 IP 后，可从外部访问私有网络的云主机。</translation>
    </message>
    <message>
        <source>Take elastic IP</source>
        <translation>申请弹性 IP</translation>
    </message>
</context>
<context>
    <name>Equivalent</name>
    <message>
        <source>Equivalent command and API call</source>
        <translation>等效的命令与接口调用</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
</context>
<context>
    <name>ErrorDetails</name>
    <message>
        <source>Code</source>
        <translation>错误码</translation>
    </message>
    <message>
        <source>Job</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>步骤</translation>
    </message>
    <message>
        <source>Request</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
</context>
<context>
    <name>Errors</name>
    <message>
        <source>The service did not answer in time.</source>
        <translation>服务未及时响应。</translation>
    </message>
    <message>
        <source>Check the network and try again.</source>
        <translation>请检查网络后重试。</translation>
    </message>
    <message>
        <source>The connection failed: {reason}.</source>
        <translation>连接失败：{reason}。</translation>
    </message>
    <message>
        <source>Check the address, the network, and that the service runs.</source>
        <translation>请检查地址、网络以及服务是否正在运行。</translation>
    </message>
    <message>
        <source>Something unexpected happened in the client: {reason}.</source>
        <translation>客户端发生意外错误：{reason}。</translation>
    </message>
    <message>
        <source>Try again. If it happens again, send the details to support.</source>
        <translation>请重试；若再次出现，请将详细信息发给技术支持。</translation>
    </message>
</context>
<context>
    <name>Filter</name>
    <message>
        <source>Filter by name, address, id …</source>
        <translation>按名称、地址、ID 筛选…</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>筛选</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
</context>
<context>
    <name>FullScreenStrip</name>
    <message>
        <source>Leave full screen</source>
        <translation>退出全屏</translation>
    </message>
    <message>
        <source>F11 leaves, too</source>
        <translation>按 F11 也可退出</translation>
    </message>
</context>
<context>
    <name>Guest</name>
    <message>
        <source>made from the name</source>
        <translation>根据名称生成</translation>
    </message>
    <message>
        <source>Host name</source>
        <translation>主机名</translation>
    </message>
    <message>
        <source>How the guest gets it</source>
        <translation>客户机获取方式</translation>
    </message>
    <message>
        <source>With several machines each gets one made from its name.</source>
        <translation>创建多台时，将根据各自的名称生成。</translation>
    </message>
    <message>
        <source>The agent in the guest of {name} sets it. It is kept nowhere else: note it down.</source>
        <translation>由 {name} 客户机中的代理设置。密码不会保存在其他地方，请自行记录。</translation>
    </message>
    <message>
        <source>User of the guest</source>
        <translation>客户机用户</translation>
    </message>
    <message>
        <source>New password</source>
        <translation>新密码</translation>
    </message>
    <message>
        <source>Once more</source>
        <translation>再次输入</translation>
    </message>
    <message>
        <source>This is not the same password.</source>
        <translation>两次输入的密码不一致。</translation>
    </message>
    <message>
        <source>Set password</source>
        <translation>设置密码</translation>
    </message>
    <message>
        <source>automatic: a disc only where no network tells it</source>
        <translation>自动：仅在网络无法提供时使用光盘</translation>
    </message>
    <message>
        <source>it asks over the network (metadata)</source>
        <translation>通过网络查询（元数据）</translation>
    </message>
    <message>
        <source>from a start-up disc (NoCloud)</source>
        <translation>从启动光盘读取（NoCloud）</translation>
    </message>
    <message>
        <source>not at all</source>
        <translation>不提供</translation>
    </message>
    <message>
        <source>Start-up data of {name}</source>
        <translation>{name} 的启动数据</translation>
    </message>
    <message>
        <source>Guests read it with cloud-init, mostly at their first start alone. Over the network the change holds at once, on the disc from the next start on.</source>
        <translation>客户机通过 cloud-init 读取，多数仅在首次启动时读取。通过网络查询时立即生效，启动光盘则在下次启动时生效。</translation>
    </message>
    <message>
        <source>One a line.</source>
        <translation>每行一个。</translation>
    </message>
    <message>
        <source>Replace the user data</source>
        <translation>替换用户数据</translation>
    </message>
    <message>
        <source>It may hold secrets, so what is there is not shown.</source>
        <translation>用户数据可能包含机密，因此不显示现有内容。</translation>
    </message>
    <message>
        <source>Start-up data …</source>
        <translation>启动数据……</translation>
    </message>
    <message>
        <source>Set password in the guest …</source>
        <translation>设置客户机密码……</translation>
    </message>
    <message>
        <source>The guest has no agent that answers: with qemu-guest-agent in it, its addresses and file systems are shown here, and passwords can be set.</source>
        <translation>客户机中没有可响应的代理：安装 qemu-guest-agent 后，此处会显示其地址和文件系统，并可设置密码。</translation>
    </message>
    <message>
        <source>Inside the guest</source>
        <translation>客户机内部</translation>
    </message>
    <message>
        <source>System</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>Kernel</source>
        <translation>内核</translation>
    </message>
    <message>
        <source>Addresses</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>File systems</source>
        <translation>文件系统</translation>
    </message>
    <message>
        <source>{place} ({kind}): {used} of {total} used</source>
        <translation>{place}（{kind}）：已用 {used}，共 {total}</translation>
    </message>
</context>
<context>
    <name>Hardware</name>
    <message>
        <source>as the image is for</source>
        <translation>按镜像</translation>
    </message>
    <message>
        <source>TPM 2.0, which Windows 11 asks for</source>
        <translation>TPM 2.0（Windows 11 需要）</translation>
    </message>
    <message>
        <source>Firmware</source>
        <translation>固件</translation>
    </message>
    <message>
        <source>Boots from</source>
        <translation>启动顺序</translation>
    </message>
    <message>
        <source>BIOS</source>
        <translation>BIOS</translation>
    </message>
    <message>
        <source>UEFI</source>
        <translation>UEFI</translation>
    </message>
    <message>
        <source>UEFI with secure boot</source>
        <translation>UEFI（安全启动）</translation>
    </message>
    <message>
        <source>disk</source>
        <translation>硬盘</translation>
    </message>
    <message>
        <source>CD</source>
        <translation>光驱</translation>
    </message>
    <message>
        <source>network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Nested virtualisation</source>
        <translation>嵌套虚拟化</translation>
    </message>
    <message>
        <source>no more than it has</source>
        <translation>不预留</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>处理器</translation>
    </message>
    <message>
        <source>Processor model</source>
        <translation>处理器型号</translation>
    </message>
    <message>
        <source>CPUs it may grow to while it runs</source>
        <translation>运行中可增至的 CPU 数</translation>
    </message>
    <message>
        <source>Memory it may grow to while it runs</source>
        <translation>运行中可增至的内存</translation>
    </message>
    <message>
        <source>Sockets × cores × threads</source>
        <translation>插槽 × 核 × 线程</translation>
    </message>
    <message>
        <source>Like 1x4x2; together as many as it may have CPUs.</source>
        <translation>例如 1x4x2；乘积等于最大 CPU 数。</translation>
    </message>
    <message>
        <source>CPUs bound to those of the host</source>
        <translation>绑定到物理机 CPU</translation>
    </message>
    <message>
        <source>A line each: CPU=host CPUs, like 0=0-3,8.</source>
        <translation>每行一项：CPU=物理机 CPU，例如 0=0-3,8。</translation>
    </message>
    <message>
        <source>NUMA nodes</source>
        <translation>NUMA 节点</translation>
    </message>
    <message>
        <source>A line each: CPUs=memory@host node, like 0-3=4G@1.</source>
        <translation>每行一项：CPU=内存@物理机节点，例如 0-3=4G@1。</translation>
    </message>
    <message>
        <source>Write it like 1x4x2.</source>
        <translation>请按 1x4x2 的形式填写。</translation>
    </message>
    <message>
        <source>Name a processor model.</source>
        <translation>请填写处理器型号。</translation>
    </message>
    <message>
        <source>Write each line like 0=0-3,8.</source>
        <translation>请每行按 0=0-3,8 的形式填写。</translation>
    </message>
    <message>
        <source>Write each line like 0-3=4G or 0-3=4G@1.</source>
        <translation>请每行按 0-3=4G 或 0-3=4G@1 的形式填写。</translation>
    </message>
    <message>
        <source>The plain processor cannot run nested machines.</source>
        <translation>基本处理器不支持嵌套虚拟化。</translation>
    </message>
    <message>
        <source>nested</source>
        <translation>嵌套</translation>
    </message>
    <message>
        <source>as the cluster says</source>
        <translation>跟随集群</translation>
    </message>
    <message>
        <source>plain, for very old guests</source>
        <translation>基本型，用于很旧的系统</translation>
    </message>
    <message>
        <source>model nearest to the host&apos;s</source>
        <translation>最接近物理机的型号</translation>
    </message>
    <message>
        <source>the host&apos;s own</source>
        <translation>与物理机相同</translation>
    </message>
    <message>
        <source>a named model</source>
        <translation>指定型号</translation>
    </message>
    <message>
        <source>The guest can run virtual machines itself. Those are slower, above all their disks and networks; more of the hypervisor is within the guest&apos;s reach; and the machine migrates only to hosts with the same processor, with some kernels not at all while others run in it. Its host must have nesting switched on.</source>
        <translation>客户机可以自己运行虚拟机。内层虚拟机较慢，磁盘和网络尤其明显；客户机能接触到更多的虚拟化代码；云主机只能迁移到处理器相同的物理机，某些内核在内层虚拟机运行时完全无法迁移。物理机须已开启嵌套。</translation>
    </message>
    <message>
        <source>Processor of machines</source>
        <translation>云主机的处理器</translation>
    </message>
    <message>
        <source>Machines that follow their cluster have it from their next start on. With the baseline each of them can go to each host.</source>
        <translation>跟随集群的云主机在下次启动后使用该处理器。使用基线时，每台云主机都能迁移到任意物理机。</translation>
    </message>
    <message>
        <source>the best that all hosts have</source>
        <translation>所有物理机共有的最佳处理器（基线）</translation>
    </message>
    <message>
        <source>Common to all hosts</source>
        <translation>所有物理机共有</translation>
    </message>
    <message>
        <source>{host} lacks</source>
        <translation>{host} 缺少</translation>
    </message>
    <message>
        <source>Processor of machines …</source>
        <translation>云主机的处理器…</translation>
    </message>
    <message>
        <source>{name} is off: it has this at once.</source>
        <translation>{name} 已关机：修改立即生效。</translation>
    </message>
    <message>
        <source>{name} runs: it has this from its next start on.</source>
        <translation>{name} 正在运行：修改在下次启动后生效。</translation>
    </message>
    <message>
        <source>While it runs, memory is added in pieces of {size}.</source>
        <translation>运行中以 {size} 为单位增加内存。</translation>
    </message>
    <message>
        <source>{name} is off: it gets the new size at once.</source>
        <translation>{name} 已关机：新规格立即生效。</translation>
    </message>
    <message>
        <source>{name} was started without room to grow. Stop it to change its size; or give it room under “Change hardware”, which counts from its next start.</source>
        <translation>{name} 启动时没有预留扩容空间。请停止后调整规格；或在“修改硬件”中预留，下次启动后生效。</translation>
    </message>
    <message>
        <source>{name} runs: it can grow to {cpus} and {memory}, not shrink.</source>
        <translation>{name} 正在运行：可增至 {cpus}、{memory}，不能减少。</translation>
    </message>
    <message>
        <source>Change size</source>
        <translation>调整规格</translation>
    </message>
    <message>
        <source>Change size …</source>
        <translation>调整规格…</translation>
    </message>
    <message>
        <source>Change hardware …</source>
        <translation>修改硬件…</translation>
    </message>
    <message>
        <source>This needs a machine that is: {states}.</source>
        <translation>需要云主机处于：{states}。</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>From its next start on: {fields}.</source>
        <translation>下次启动后生效：{fields}。</translation>
    </message>
    <message>
        <source>CPUs it may grow to</source>
        <translation>可增至的 CPU 数</translation>
    </message>
    <message>
        <source>Memory it may grow to</source>
        <translation>可增至的内存</translation>
    </message>
</context>
<context>
    <name>HostLimits</name>
    <message>
        <source>How much virtual machines may claim together. Left empty, a host follows its cluster, and a cluster the global settings.</source>
        <translation>所有云主机合计可占用的数量。留空时，物理机沿用集群的设置，集群沿用全局设置。</translation>
    </message>
    <message>
        <source>CPUs for each that is there</source>
        <translation>每个物理 CPU 可占用的数量</translation>
    </message>
    <message>
        <source>Memory for each byte that is there</source>
        <translation>内存超分倍数</translation>
    </message>
    <message>
        <source>Memory kept for the host itself, MiB</source>
        <translation>为物理机自身保留的内存（MiB）</translation>
    </message>
    <message>
        <source>follows</source>
        <translation>沿用</translation>
    </message>
    <message>
        <source>now {value}</source>
        <translation>当前 {value}</translation>
    </message>
    <message>
        <source>“{text}” is no number.</source>
        <translation>“{text}”不是数字。</translation>
    </message>
    <message>
        <source>Give a number above 0, up to 1000.</source>
        <translation>请填写大于 0 且不超过 1000 的数字。</translation>
    </message>
    <message>
        <source>Give 0 or more.</source>
        <translation>请填写 0 或更大的数字。</translation>
    </message>
    <message>
        <source>as its cluster</source>
        <translation>沿用集群</translation>
    </message>
    <message>
        <source>as the global settings</source>
        <translation>沿用全局设置</translation>
    </message>
    <message>
        <source>CPU ratio</source>
        <translation>CPU 超分比例</translation>
    </message>
    <message>
        <source>Memory ratio</source>
        <translation>内存超分比例</translation>
    </message>
    <message>
        <source>Memory kept for the host</source>
        <translation>为物理机保留的内存</translation>
    </message>
</context>
<context>
    <name>HostNetwork</name>
    <message>
        <source>as it should be</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>The newest settings do not work here yet: {reason}</source>
        <translation>最新配置尚未在此生效：{reason}</translation>
    </message>
    <message>
        <source>The host could not repair this: {reasons}</source>
        <translation>物理机未能修复：{reasons}</translation>
    </message>
    <message>
        <source>The host runs the newest settings.</source>
        <translation>物理机正在运行最新配置。</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Bridge</source>
        <translation>网桥</translation>
    </message>
    <message>
        <source>Virtual machine</source>
        <translation>云主机</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Forged packets</source>
        <translation>伪造数据包</translation>
    </message>
    <message>
        <source>Refused by rules</source>
        <translation>被规则拒绝</translation>
    </message>
    <message>
        <source>Over the limit</source>
        <translation>超出带宽上限</translation>
    </message>
    <message>
        <source>Network state</source>
        <translation>网络状态</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Forged packets claimed another’s address, or were what only a router or DHCP server says. Counted since the agent loaded its rules.</source>
        <translation>伪造数据包指冒用他人地址，或发送只应由路由器、DHCP 服务器发出的内容。自代理加载规则起计数。</translation>
    </message>
</context>
<context>
    <name>Hosts</name>
    <message>
        <source>KVM (hardware virtualisation)</source>
        <translation>KVM（硬件虚拟化）</translation>
    </message>
    <message>
        <source>runs emulated (TCG), slowly: {reason}</source>
        <translation>以软件模拟（TCG）运行，速度较慢：{reason}</translation>
    </message>
    <message>
        <source>Hosts</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>CPU in use</source>
        <translation>CPU 使用率</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Memory in use</source>
        <translation>内存使用率</translation>
    </message>
    <message>
        <source>VMs</source>
        <translation>云主机</translation>
    </message>
    <message>
        <source>Accelerator</source>
        <translation>加速方式</translation>
    </message>
    <message>
        <source>emulated (TCG)</source>
        <translation>软件模拟（TCG）</translation>
    </message>
    <message>
        <source>Cluster</source>
        <translation>集群</translation>
    </message>
    <message>
        <source>In use now</source>
        <translation>当前使用情况</translation>
    </message>
    <message>
        <source>The host does not tell.</source>
        <translation>物理机未上报。</translation>
    </message>
    <message>
        <source>File systems</source>
        <translation>文件系统</translation>
    </message>
    <message>
        <source>Enable</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Maintenance: empty it …</source>
        <translation>维护：清空物理机……</translation>
    </message>
    <message>
        <source>Leave maintenance</source>
        <translation>退出维护模式</translation>
    </message>
    <message>
        <source>Reconnect: bring everything on it in line</source>
        <translation>重新连接：使其上的一切保持一致</translation>
    </message>
    <message>
        <source>Ask anew what it is</source>
        <translation>重新查询信息</translation>
    </message>
    <message>
        <source>It is still being emptied; that job can be cancelled.</source>
        <translation>仍在清空中，可取消该任务。</translation>
    </message>
    <message>
        <source>It is not in maintenance.</source>
        <translation>不处于维护模式。</translation>
    </message>
    <message>
        <source>It is being emptied for maintenance.</source>
        <translation>正在清空以进入维护模式。</translation>
    </message>
    <message>
        <source>It is in maintenance.</source>
        <translation>处于维护模式。</translation>
    </message>
    <message>
        <source>It is enabled already.</source>
        <translation>已处于启用状态。</translation>
    </message>
    <message>
        <source>Disable: start no new VMs here</source>
        <translation>停用：不再在此启动新云主机</translation>
    </message>
    <message>
        <source>It is disabled already.</source>
        <translation>已处于停用状态。</translation>
    </message>
    <message>
        <source>Network state …</source>
        <translation>网络状态…</translation>
    </message>
    <message>
        <source>The host does not answer.</source>
        <translation>物理机没有响应。</translation>
    </message>
    <message>
        <source>CPU model</source>
        <translation>CPU 型号</translation>
    </message>
    <message>
        <source>CPU claimed</source>
        <translation>已分配 CPU</translation>
    </message>
    <message>
        <source>Memory claimed</source>
        <translation>已分配内存</translation>
    </message>
    <message>
        <source>Operating system</source>
        <translation>操作系统</translation>
    </message>
    <message>
        <source>Kernel</source>
        <translation>内核</translation>
    </message>
    <message>
        <source>Network interfaces</source>
        <translation>网卡</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
    <message>
        <source>ID</source>
        <translation>ID</translation>
    </message>
    <message>
        <source>A host is a machine that runs virtual machines. The set-up takes this one.</source>
        <translation>物理机是运行云主机的机器。初始化向导会添加本机。</translation>
    </message>
</context>
<context>
    <name>Images</name>
    <message>
        <source>System disk</source>
        <translation>系统盘</translation>
    </message>
    <message>
        <source>Data disk</source>
        <translation>数据盘</translation>
    </message>
    <message>
        <source>CD or DVD (ISO)</source>
        <translation>光盘（ISO）</translation>
    </message>
    <message>
        <source>Other</source>
        <translation>其他</translation>
    </message>
    <message>
        <source>UEFI with secure boot</source>
        <translation>UEFI（安全启动）</translation>
    </message>
    <message>
        <source>uploaded</source>
        <translation>上传</translation>
    </message>
    <message>
        <source>downloaded</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>starter image</source>
        <translation>入门镜像</translation>
    </message>
    <message>
        <source>made from a volume</source>
        <translation>由云盘制作</translation>
    </message>
    <message>
        <source>{value} (guessed)</source>
        <translation>{value}（推测）</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Platform</source>
        <translation>平台</translation>
    </message>
    <message>
        <source>Firmware</source>
        <translation>固件</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>SHA-256 of what came</source>
        <translation>原文件 SHA-256</translation>
    </message>
    <message>
        <source>SHA-256 in the image store</source>
        <translation>镜像服务器中文件的 SHA-256</translation>
    </message>
    <message>
        <source>File size</source>
        <translation>文件大小</translation>
    </message>
    <message>
        <source>Disk size</source>
        <translation>磁盘容量</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>It does not wait for a file.</source>
        <translation>该镜像不在等待文件。</translation>
    </message>
    <message>
        <source>It is not ready yet.</source>
        <translation>尚未就绪。</translation>
    </message>
    <message>
        <source>Go on with upload …</source>
        <translation>继续上传…</translation>
    </message>
    <message>
        <source>Download …</source>
        <translation>下载…</translation>
    </message>
    <message>
        <source>Image store</source>
        <translation>镜像服务器</translation>
    </message>
    <message>
        <source>Virtual machines made from it</source>
        <translation>由此创建的云主机</translation>
    </message>
    <message>
        <source>Add image</source>
        <translation>添加镜像</translation>
    </message>
    <message>
        <source>An image is a disk template from which VMs start.</source>
        <translation>镜像是云主机启动所用的磁盘模板。</translation>
    </message>
    <message>
        <source>Guessed from its content. Saving confirms it.</source>
        <translation>根据内容推测，保存即确认。</translation>
    </message>
    <message>
        <source>The image is the disk as it was when this was taken.</source>
        <translation>镜像内容为拍摄该快照时的磁盘。</translation>
    </message>
    <message>
        <source>The image is the disk as it is at this moment; the machine goes on meanwhile. If its guest agent answers, its file systems stand still for that moment.</source>
        <translation>镜像为磁盘此刻的内容，云主机可继续运行。若客户机代理有响应，其文件系统将在该瞬间静止。</translation>
    </message>
    <message>
        <source>Nobody can use the disk until the image is made.</source>
        <translation>镜像制作完成前无法使用该磁盘。</translation>
    </message>
    <message>
        <source>Image of {name}</source>
        <translation>{name} 的镜像</translation>
    </message>
    <message>
        <source>Make image</source>
        <translation>制作镜像</translation>
    </message>
</context>
<context>
    <name>Ipv6</name>
    <message>
        <source>Machines in {name} get their addresses at once, beside those that they have.</source>
        <translation>{name} 中的云主机将立即获得 IPv6 地址，原有地址不变。</translation>
    </message>
    <message>
        <source>IPv6 gateway</source>
        <translation>IPv6 网关</translation>
    </message>
    <message>
        <source>IPv6 ranges</source>
        <translation>IPv6 地址范围</translation>
    </message>
    <message>
        <source>No IPv6</source>
        <translation>不使用 IPv6</translation>
    </message>
    <message>
        <source>Machines make their addresses themselves (SLAAC)</source>
        <translation>云主机自行生成地址（SLAAC）</translation>
    </message>
    <message>
        <source>Addresses are given out (DHCPv6)</source>
        <translation>由系统分配地址（DHCPv6）</translation>
    </message>
    <message>
        <source>IPv6 network</source>
        <translation>IPv6 网段</translation>
    </message>
    <message>
        <source>IPv6 addresses to give out</source>
        <translation>可分配的 IPv6 地址</translation>
    </message>
    <message>
        <source>One range, address or block a line; nearly all, if it is empty</source>
        <translation>每行一个范围、地址或网段；留空表示几乎全部</translation>
    </message>
    <message>
        <source>As the router announces it</source>
        <translation>与路由器通告的一致</translation>
    </message>
    <message>
        <source>The router says it itself</source>
        <translation>由路由器自行通告</translation>
    </message>
    <message>
        <source>A private one, chosen for you</source>
        <translation>留空自动选择私有网段</translation>
    </message>
    <message>
        <source>The first address</source>
        <translation>默认为第一个地址</translation>
    </message>
    <message>
        <source>Each line must be a range, an address or a block.</source>
        <translation>每行应为一个范围、地址或网段。</translation>
    </message>
</context>
<context>
    <name>JobPage</name>
    <message>
        <source>Jobs</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Cancel job …</source>
        <translation>取消任务…</translation>
    </message>
    <message>
        <source>What</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>On what</source>
        <translation>对象</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Started</source>
        <translation>开始时间</translation>
    </message>
    <message>
        <source>Took</source>
        <translation>耗时</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>结束时间</translation>
    </message>
    <message>
        <source>Operation</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>ID</source>
        <translation>ID</translation>
    </message>
    <message>
        <source>Work that takes a while appears here with its steps.</source>
        <translation>需要一段时间的操作会显示在这里，并列出各个步骤。</translation>
    </message>
</context>
<context>
    <name>Jobs</name>
    <message>
        <source>Jobs</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>and {count} more</source>
        <translation>另有 {count} 个</translation>
    </message>
    <message>
        <source>No jobs yet.</source>
        <translation>暂无任务。</translation>
    </message>
    <message>
        <source>Failed: {job}</source>
        <translation>失败：{job}</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Steps, log and errors</source>
        <translation>步骤、日志和错误</translation>
    </message>
    <message>
        <source>{time} ago</source>
        <translation>{time}前</translation>
    </message>
    <message>
        <source>Cancel job</source>
        <translation>取消任务</translation>
    </message>
    <message>
        <source>Cancel this job? What it has done so far is undone.</source>
        <translation>要取消此任务吗？已完成的部分会被撤销。</translation>
    </message>
    <message>
        <source>Let it go on</source>
        <translation>继续执行</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>{size}/s</source>
        <translation>{size}/秒</translation>
    </message>
    <message>
        <source>will stand still for {n} ms</source>
        <translation>预计停顿 {n} 毫秒</translation>
    </message>
    <message>
        <source>slowed down by {n} %</source>
        <translation>已降速 {n}%</translation>
    </message>
    <message>
        <source>{done} of {total} parts done</source>
        <translation>{total} 个子任务中已完成 {done} 个</translation>
    </message>
    <message>
        <source>{n} failed</source>
        <translation>{n} 个失败</translation>
    </message>
    <message>
        <source>{words}, {more}</source>
        <translation>{words}，{more}</translation>
    </message>
    <message>
        <source>{n} cancelled</source>
        <translation>{n} 个已取消</translation>
    </message>
    <message>
        <source>Asked for by</source>
        <translation>发起者</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Waits for</source>
        <translation>等待</translation>
    </message>
    <message>
        <source>Follows</source>
        <translation>前置任务</translation>
    </message>
    <message>
        <source>Attempts</source>
        <translation>尝试次数</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>优先级</translation>
    </message>
    <message>
        <source>To be done by</source>
        <translation>截止时间</translation>
    </message>
    <message>
        <source>Cancelled by</source>
        <translation>取消者</translation>
    </message>
    <message>
        <source>Parts</source>
        <translation>子任务</translation>
    </message>
    <message>
        <source>The job can no longer be cancelled: {state}.</source>
        <translation>任务已无法取消：{state}。</translation>
    </message>
    <message>
        <source>the system</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>{account}, from {address}</source>
        <translation>{account}，来自 {address}</translation>
    </message>
    <message>
        <source>{n} other jobs</source>
        <translation>{n} 个其他任务</translation>
    </message>
</context>
<context>
    <name>Login</name>
    <message>
        <source>Your session is over: log in again.</source>
        <translation>会话已结束，请重新登录。</translation>
    </message>
    <message>
        <source>Show what is typed</source>
        <translation>显示输入内容</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Log in to Anyun</source>
        <translation>登录安云</translation>
    </message>
    <message>
        <source>Type account name and password.</source>
        <translation>请输入账户名和密码。</translation>
    </message>
    <message>
        <source>The certificate has changed</source>
        <translation>证书已更改</translation>
    </message>
    <message>
        <source>Is this your appliance?</source>
        <translation>这是您的设备吗？</translation>
    </message>
    <message>
        <source>This appliance now shows another certificate than before. If nobody renewed it, somebody may be listening in: do not go on, and ask your administrator.</source>
        <translation>此设备出示的证书与以前不同。如果没有人更换过证书，则可能有人在窃听：请不要继续，并联系管理员。</translation>
    </message>
    <message>
        <source>You connect to it for the first time. Compare this fingerprint with the one that the appliance shows on its screen, or that the run command printed.</source>
        <translation>这是首次连接。请将此指纹与设备屏幕上或 run 命令输出的指纹进行比对。</translation>
    </message>
    <message>
        <source>Type the set-up code that the appliance shows.</source>
        <translation>请输入设备显示的初始化码。</translation>
    </message>
    <message>
        <source>The password needs at least {count} characters.</source>
        <translation>密码至少需要 {count} 个字符。</translation>
    </message>
    <message>
        <source>The two passwords differ.</source>
        <translation>两次输入的密码不一致。</translation>
    </message>
    <message>
        <source>All-in-one private cloud</source>
        <translation>一体化私有云</translation>
    </message>
    <message>
        <source>Connect</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>Address of the appliance</source>
        <translation>设备地址</translation>
    </message>
    <message>
        <source>Trust and continue</source>
        <translation>信任并继续</translation>
    </message>
    <message>
        <source>The known one was</source>
        <translation>已知的指纹为</translation>
    </message>
    <message>
        <source>I know why it changed</source>
        <translation>我知道证书更改的原因</translation>
    </message>
    <message>
        <source>Fingerprint (SHA-256)</source>
        <translation>指纹（SHA-256）</translation>
    </message>
    <message>
        <source>Set password and log in</source>
        <translation>设置密码并登录</translation>
    </message>
    <message>
        <source>This appliance is new. The set-up code stands on its screen and in the output of the run command; it works once.</source>
        <translation>此设备是全新的。初始化码显示在设备屏幕上和 run 命令的输出中，仅可使用一次。</translation>
    </message>
    <message>
        <source>Set-up code</source>
        <translation>初始化码</translation>
    </message>
    <message>
        <source>New password for admin</source>
        <translation>admin 的新密码</translation>
    </message>
    <message>
        <source>The same again</source>
        <translation>再次输入</translation>
    </message>
    <message>
        <source>Log in</source>
        <translation>登录</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>账户</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>密码</translation>
    </message>
    <message>
        <source>Type the address of the appliance.</source>
        <translation>请输入设备地址。</translation>
    </message>
    <message>
        <source>The port must be a number up to 65535.</source>
        <translation>端口必须是不超过 65535 的数字。</translation>
    </message>
    <message>
        <source>Only https addresses are used.</source>
        <translation>仅支持 https 地址。</translation>
    </message>
    <message>
        <source>This is no address.</source>
        <translation>这不是有效的地址。</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Anyun</source>
        <translation>安云</translation>
    </message>
</context>
<context>
    <name>Maintenance</name>
    <message>
        <source>Virtual machine</source>
        <translation>云主机</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>What becomes of it</source>
        <translation>处理方式</translation>
    </message>
    <message>
        <source>Why it cannot move</source>
        <translation>无法迁移的原因</translation>
    </message>
    <message>
        <source>Maintenance</source>
        <translation>维护</translation>
    </message>
    <message>
        <source>Enter maintenance</source>
        <translation>进入维护模式</translation>
    </message>
    <message>
        <source>Asking where each machine could go …</source>
        <translation>正在查询各云主机可迁移的位置……</translation>
    </message>
    <message>
        <source>Move what can move, stop the rest</source>
        <translation>可迁移的迁移，其余停止</translation>
    </message>
    <message>
        <source>Move all, or refuse</source>
        <translation>全部迁移，否则拒绝</translation>
    </message>
    <message>
        <source>Stop all</source>
        <translation>全部停止</translation>
    </message>
    <message>
        <source>Nothing runs on a host in maintenance, and nothing is placed on it. Later it returns to the state that it has now, and what was stopped for it is started again.</source>
        <translation>维护中的物理机不运行、也不接收任何云主机。退出后恢复到当前状态，因维护而停止的云主机会重新启动。</translation>
    </message>
    <message>
        <source>Its virtual machines</source>
        <translation>其上的云主机</translation>
    </message>
    <message>
        <source>At once</source>
        <translation>同时处理</translation>
    </message>
    <message>
        <source>Guests shut down within</source>
        <translation>客户机关机时限</translation>
    </message>
    <message>
        <source>Empty {host} for maintenance</source>
        <translation>清空 {host} 以进入维护模式</translation>
    </message>
    <message>
        <source>Nothing runs on it: it is in maintenance at once.</source>
        <translation>没有运行的云主机，可立即进入维护模式。</translation>
    </message>
    <message>
        <source>{migrate} migrate · {stop} are stopped · {stays} cannot leave</source>
        <translation>{migrate} 台迁移 · {stop} 台停止 · {stays} 台无法离开</translation>
    </message>
</context>
<context>
    <name>Migrate</name>
    <message>
        <source>Host</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>For this VM</source>
        <translation>对该云主机</translation>
    </message>
    <message>
        <source>Free CPUs</source>
        <translation>空闲 CPU</translation>
    </message>
    <message>
        <source>Free memory</source>
        <translation>空闲内存</translation>
    </message>
    <message>
        <source>{name} goes on running while it moves; its addresses and rules go along.</source>
        <translation>{name} 迁移期间持续运行，其地址和规则一并迁移。</translation>
    </message>
    <message>
        <source>Slow it down if it writes faster than can be sent</source>
        <translation>写内存过快时自动降速以便收敛</translation>
    </message>
    <message>
        <source>If that does not suffice, go on over there before all has come</source>
        <translation>仍不足时，在全部内存到达前先在目标物理机运行</translation>
    </message>
    <message>
        <source>Then it ends for certain. But if a host or the network between them fails meanwhile, the VM is lost as by a power cut.</source>
        <translation>这样迁移必定结束。但期间若物理机或其间网络发生故障，云主机会像断电一样丢失运行状态。</translation>
    </message>
    <message>
        <source>as the global setting says</source>
        <translation>按全局设置</translation>
    </message>
    <message>
        <source>At most, MiB a second</source>
        <translation>每秒最多（MiB）</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>Its disks lie on the host itself and move, too: {size}.</source>
        <translation>其磁盘位于物理机本地，将一并迁移：{size}。</translation>
    </message>
    <message>
        <source>{host} cannot take it: {why}.</source>
        <translation>{host} 无法接收：{why}。</translation>
    </message>
    <message>
        <source>Give a whole number, 0 for no limit.</source>
        <translation>请填写整数，0 表示不限制。</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>迁移</translation>
    </message>
    <message>
        <source>Move to another host …</source>
        <translation>迁移到其他物理机…</translation>
    </message>
</context>
<context>
    <name>Moving</name>
    <message>
        <source>Primary storage</source>
        <translation>主存储</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>For this volume</source>
        <translation>对此云盘</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>可用</translation>
    </message>
    <message>
        <source>{name} is copied whole and compared; the old copy is deleted only when the new one counts.</source>
        <translation>{name} 将被完整复制并比对；新副本生效后才会删除原副本。</translation>
    </message>
    <message>
        <source>It cannot be moved now: {why}.</source>
        <translation>现在无法迁移：{why}。</translation>
    </message>
    <message>
        <source>It cannot go to {place}: {why}.</source>
        <translation>无法迁移到 {place}：{why}。</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>迁移</translation>
    </message>
    <message>
        <source>Move to …</source>
        <translation>迁移到…</translation>
    </message>
</context>
<context>
    <name>Navigation</name>
    <message>
        <source>Compute</source>
        <translation>计算</translation>
    </message>
    <message>
        <source>Storage</source>
        <translation>存储</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Infrastructure</source>
        <translation>基础设施</translation>
    </message>
    <message>
        <source>Accounts</source>
        <translation>账户</translation>
    </message>
    <message>
        <source>Operations</source>
        <translation>运维</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>概览</translation>
    </message>
    <message>
        <source>Virtual machines</source>
        <translation>云主机</translation>
    </message>
    <message>
        <source>Recycle bin</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>Deleted images</source>
        <translation>已删除的镜像</translation>
    </message>
    <message>
        <source>Instance offerings</source>
        <translation>计算规格</translation>
    </message>
    <message>
        <source>Affinity groups</source>
        <translation>亲和组</translation>
    </message>
    <message>
        <source>Volumes</source>
        <translation>云盘</translation>
    </message>
    <message>
        <source>Deleted volumes</source>
        <translation>已删除的云盘</translation>
    </message>
    <message>
        <source>Primary storage</source>
        <translation>主存储</translation>
    </message>
    <message>
        <source>Image stores</source>
        <translation>镜像服务器</translation>
    </message>
    <message>
        <source>Networks</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Topology</source>
        <translation>网络拓扑</translation>
    </message>
    <message>
        <source>VXLAN pools</source>
        <translation>VXLAN 池</translation>
    </message>
    <message>
        <source>Elastic IPs</source>
        <translation>弹性 IP</translation>
    </message>
    <message>
        <source>Security groups</source>
        <translation>安全组</translation>
    </message>
    <message>
        <source>Security rules</source>
        <translation>安全组规则</translation>
    </message>
    <message>
        <source>Hosts</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Clusters</source>
        <translation>集群</translation>
    </message>
    <message>
        <source>Zones</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>My usage</source>
        <translation>我的用量</translation>
    </message>
    <message>
        <source>Users</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>User groups</source>
        <translation>用户组</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Shares</source>
        <translation>共享</translation>
    </message>
    <message>
        <source>API tokens</source>
        <translation>API 令牌</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Audit log</source>
        <translation>操作审计</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>系统设置</translation>
    </message>
</context>
<context>
    <name>Networks</name>
    <message>
        <source>private, NAT through the host</source>
        <translation>私有网络，经物理机 NAT</translation>
    </message>
    <message>
        <source>private over all hosts, VNI {vni}</source>
        <translation>跨物理机私有网络，VNI {vni}</translation>
    </message>
    <message>
        <source>VLAN {tag} on {interface}</source>
        <translation>{interface} 上的 VLAN {tag}</translation>
    </message>
    <message>
        <source>physical, on {interface}</source>
        <translation>物理网络，网卡 {interface}</translation>
    </message>
    <message>
        <source>Networks</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网段</translation>
    </message>
    <message>
        <source>Gateway</source>
        <translation>网关</translation>
    </message>
    <message>
        <source>Addresses used</source>
        <translation>已用地址</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Addresses …</source>
        <translation>地址…</translation>
    </message>
    <message>
        <source>Change ranges …</source>
        <translation>修改地址范围…</translation>
    </message>
    <message>
        <source>IPv6 …</source>
        <translation>IPv6 …</translation>
    </message>
    <message>
        <source>Services …</source>
        <translation>服务…</translation>
    </message>
    <message>
        <source>Paths between hosts …</source>
        <translation>物理机间路径…</translation>
    </message>
    <message>
        <source>A private network stays within each host.</source>
        <translation>私有网络只存在于各物理机内部。</translation>
    </message>
    <message>
        <source>Ranges</source>
        <translation>地址段</translation>
    </message>
    <message>
        <source>Reserved</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Gives out</source>
        <translation>分配顺序</translation>
    </message>
    <message>
        <source>Addresses</source>
        <translation>地址数</translation>
    </message>
    <message>
        <source>{used} used, {free} free</source>
        <translation>已用 {used}，空闲 {free}</translation>
    </message>
    <message>
        <source>Services</source>
        <translation>服务</translation>
    </message>
    <message>
        <source>DHCP server</source>
        <translation>DHCP 服务器</translation>
    </message>
    <message>
        <source>Domain</source>
        <translation>域名</translation>
    </message>
    <message>
        <source>Routes</source>
        <translation>路由</translation>
    </message>
    <message>
        <source>Clusters</source>
        <translation>集群</translation>
    </message>
    <message>
        <source>VXLAN pool</source>
        <translation>VXLAN 池</translation>
    </message>
    <message>
        <source>Make network</source>
        <translation>创建网络</translation>
    </message>
    <message>
        <source>A network gives virtual machines addresses and a way out.</source>
        <translation>网络为云主机提供地址和对外访问。</translation>
    </message>
    <message>
        <source>Machines learn of it when they renew their lease or start.</source>
        <translation>云主机在续租或启动时获知这些设置。</translation>
    </message>
    <message>
        <source>One a line, such as 10.20.0.0/16 via 10.0.0.5</source>
        <translation>每行一条，例如 10.20.0.0/16 via 10.0.0.5</translation>
    </message>
    <message>
        <source>“{line}” is no route.</source>
        <translation>“{line}”不是有效的路由。</translation>
    </message>
    <message>
        <source>The lowest free one of the pool</source>
        <translation>池中最小的空闲值</translation>
    </message>
    <message>
        <source>VLAN tag</source>
        <translation>VLAN 标签</translation>
    </message>
    <message>
        <source>The largest that all hosts carry</source>
        <translation>所有物理机都支持的最大值</translation>
    </message>
    <message>
        <source>Private on each host: out through the host (NAT)</source>
        <translation>各物理机内的私有网络：经物理机访问外部（NAT）</translation>
    </message>
    <message>
        <source>Private over all hosts (VXLAN): out through each host</source>
        <translation>跨所有物理机的私有网络（VXLAN）：经各自物理机访问外部</translation>
    </message>
    <message>
        <source>On a network card: machines are on the same wire as the host</source>
        <translation>接在网卡上：云主机与物理机在同一物理网络</translation>
    </message>
    <message>
        <source>VLAN on a network card: with a tag that the switches know</source>
        <translation>网卡上的 VLAN：使用交换机已配置的标签</translation>
    </message>
    <message>
        <source>Give a number from {first} to {last}.</source>
        <translation>请填写 {first} 到 {last} 之间的数字。</translation>
    </message>
    <message>
        <source>There is no VXLAN pool: make one on the page VXLAN pools first.</source>
        <translation>还没有 VXLAN 池：请先在“VXLAN 池”页面创建。</translation>
    </message>
</context>
<context>
    <name>Nics</name>
    <message>
        <source>Receives at most</source>
        <translation>接收上限</translation>
    </message>
    <message>
        <source>Sends at most</source>
        <translation>发送上限</translation>
    </message>
    <message>
        <source>unlimited</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>Bits per second, like 10M or 1.5G</source>
        <translation>比特每秒，例如 10M 或 1.5G</translation>
    </message>
    <message>
        <source>Write it like 10M or 1.5G, from 64K to 1T.</source>
        <translation>格式示例：10M 或 1.5G；范围 64K 至 1T。</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Security groups</source>
        <translation>安全组</translation>
    </message>
    <message>
        <source>{address} in {network}; it holds at once.</source>
        <translation>{network} 中的 {address}；立即生效。</translation>
    </message>
    <message>
        <source>Attach</source>
        <translation>挂载</translation>
    </message>
    <message>
        <source>Way out</source>
        <translation>出口</translation>
    </message>
    <message>
        <source>default</source>
        <translation>默认</translation>
    </message>
    <message>
        <source>Elastic IP</source>
        <translation>弹性 IP</translation>
    </message>
    <message>
        <source>MAC address</source>
        <translation>MAC 地址</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Anti-spoofing</source>
        <translation>防欺骗</translation>
    </message>
    <message>
        <source>on</source>
        <translation>开启</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>This needs a machine that is running, paused or stopped.</source>
        <translation>云主机须处于运行、暂停或停止状态。</translation>
    </message>
    <message>
        <source>A machine has at most {n} NICs.</source>
        <translation>一台云主机最多 {n} 个网卡。</translation>
    </message>
    <message>
        <source>It is in all networks of its cluster already.</source>
        <translation>云主机已在所属集群的所有网络中。</translation>
    </message>
    <message>
        <source>Make another NIC the default one first.</source>
        <translation>请先将其他网卡设为默认。</translation>
    </message>
    <message>
        <source>This needs a machine that is running or stopped.</source>
        <translation>云主机须处于运行或停止状态。</translation>
    </message>
    <message>
        <source>It is the default NIC already.</source>
        <translation>该网卡已是默认网卡。</translation>
    </message>
    <message>
        <source>Make it the default NIC</source>
        <translation>设为默认网卡</translation>
    </message>
    <message>
        <source>Security groups of this NIC …</source>
        <translation>该网卡的安全组…</translation>
    </message>
    <message>
        <source>Bandwidth limits …</source>
        <translation>带宽限制…</translation>
    </message>
    <message>
        <source>It may use other addresses already.</source>
        <translation>已允许使用其他地址。</translation>
    </message>
    <message>
        <source>It is held to its own addresses already.</source>
        <translation>已限定只用自身地址。</translation>
    </message>
    <message>
        <source>Let it use other addresses, as routers do</source>
        <translation>允许使用其他地址（如路由器）</translation>
    </message>
    <message>
        <source>Hold it to its own addresses</source>
        <translation>限定只用自身地址</translation>
    </message>
    <message>
        <source>Detach this NIC</source>
        <translation>卸载该网卡</translation>
    </message>
    <message>
        <source>Attach NIC …</source>
        <translation>挂载网卡…</translation>
    </message>
</context>
<context>
    <name>Notice</name>
    <message>
        <source>Close this notice</source>
        <translation>关闭此通知</translation>
    </message>
</context>
<context>
    <name>Offerings</name>
    <message>
        <source>Instance offerings</source>
        <translation>计算规格</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Virtual machines of this size</source>
        <translation>使用此规格的云主机</translation>
    </message>
    <message>
        <source>Make offering</source>
        <translation>创建计算规格</translation>
    </message>
    <message>
        <source>An offering is a size: how many CPUs, how much memory.</source>
        <translation>计算规格规定云主机的 CPU 核数和内存大小。</translation>
    </message>
</context>
<context>
    <name>Operations</name>
    <message>
        <source>Make {what}</source>
        <translation>创建{what}</translation>
    </message>
    <message>
        <source>Change {what}</source>
        <translation>修改{what}</translation>
    </message>
    <message>
        <source>Delete {what}</source>
        <translation>删除{what}</translation>
    </message>
    <message>
        <source>Enable {what}</source>
        <translation>启用{what}</translation>
    </message>
    <message>
        <source>Disable {what}</source>
        <translation>停用{what}</translation>
    </message>
    <message>
        <source>Set the first password</source>
        <translation>设置初始密码</translation>
    </message>
    <message>
        <source>Log in</source>
        <translation>登录</translation>
    </message>
    <message>
        <source>Put a machine into an affinity group</source>
        <translation>将云主机加入亲和组</translation>
    </message>
    <message>
        <source>Bind elastic IP</source>
        <translation>绑定弹性 IP</translation>
    </message>
    <message>
        <source>Unbind elastic IP</source>
        <translation>解绑弹性 IP</translation>
    </message>
    <message>
        <source>Change address ranges</source>
        <translation>修改地址范围</translation>
    </message>
    <message>
        <source>Change IPv6 of a network</source>
        <translation>修改网络的 IPv6</translation>
    </message>
    <message>
        <source>Change network services</source>
        <translation>修改网络服务</translation>
    </message>
    <message>
        <source>Probe the paths between hosts</source>
        <translation>探测物理机间路径</translation>
    </message>
    <message>
        <source>Say what follows the reboot of a host</source>
        <translation>设置物理机重启后的处理方式</translation>
    </message>
    <message>
        <source>Ask a host anew what it is</source>
        <translation>重新查询物理机信息</translation>
    </message>
    <message>
        <source>Try again to bridge a NIC</source>
        <translation>重试将网卡加入网桥</translation>
    </message>
    <message>
        <source>Attach network to a cluster</source>
        <translation>加载网络到集群</translation>
    </message>
    <message>
        <source>Detach network from a cluster</source>
        <translation>从集群卸载网络</translation>
    </message>
    <message>
        <source>Move VM to another host</source>
        <translation>迁移云主机</translation>
    </message>
    <message>
        <source>Show where a VM could move</source>
        <translation>查看可迁移的物理机</translation>
    </message>
    <message>
        <source>Move volume</source>
        <translation>迁移云盘</translation>
    </message>
    <message>
        <source>Show where a volume could move</source>
        <translation>查看云盘可迁移的位置</translation>
    </message>
    <message>
        <source>Attach primary storage to a cluster</source>
        <translation>加载主存储到集群</translation>
    </message>
    <message>
        <source>Detach primary storage from a cluster</source>
        <translation>从集群卸载主存储</translation>
    </message>
    <message>
        <source>Reconnect primary storage</source>
        <translation>重新连接主存储</translation>
    </message>
    <message>
        <source>Clean image cache</source>
        <translation>清理镜像缓存</translation>
    </message>
    <message>
        <source>Put primary storage into maintenance</source>
        <translation>主存储进入维护模式</translation>
    </message>
    <message>
        <source>Attach NIC</source>
        <translation>挂载网卡</translation>
    </message>
    <message>
        <source>Detach NIC</source>
        <translation>卸载网卡</translation>
    </message>
    <message>
        <source>Make NIC the default</source>
        <translation>设为默认网卡</translation>
    </message>
    <message>
        <source>Limit bandwidth of NICs</source>
        <translation>限制网卡带宽</translation>
    </message>
    <message>
        <source>Change size</source>
        <translation>调整规格</translation>
    </message>
    <message>
        <source>Change hardware</source>
        <translation>修改硬件</translation>
    </message>
    <message>
        <source>Switch anti-spoofing</source>
        <translation>切换防欺骗</translation>
    </message>
    <message>
        <source>Say which security groups a machine is in</source>
        <translation>设置云主机所在的安全组</translation>
    </message>
    <message>
        <source>Recover volume</source>
        <translation>恢复云盘</translation>
    </message>
    <message>
        <source>Show the files of a volume</source>
        <translation>核对云盘文件</translation>
    </message>
    <message>
        <source>Recover image</source>
        <translation>恢复镜像</translation>
    </message>
    <message>
        <source>Delete image for good</source>
        <translation>彻底删除镜像</translation>
    </message>
    <message>
        <source>Insert a disc</source>
        <translation>插入光盘</translation>
    </message>
    <message>
        <source>Eject a disc</source>
        <translation>弹出光盘</translation>
    </message>
    <message>
        <source>Make the root disk anew</source>
        <translation>重置系统盘</translation>
    </message>
    <message>
        <source>Make the root disk from another image</source>
        <translation>更换镜像</translation>
    </message>
    <message>
        <source>Show what the guest tells</source>
        <translation>查看客户机信息</translation>
    </message>
    <message>
        <source>Set a password in the guest</source>
        <translation>设置客户机密码</translation>
    </message>
    <message>
        <source>Show refused packets</source>
        <translation>查看被拒绝的数据包</translation>
    </message>
    <message>
        <source>Show the rules that hold</source>
        <translation>查看生效的规则</translation>
    </message>
    <message>
        <source>Follow a packet</source>
        <translation>追踪数据包</translation>
    </message>
    <message>
        <source>Log out</source>
        <translation>退出登录</translation>
    </message>
    <message>
        <source>Change password</source>
        <translation>修改密码</translation>
    </message>
    <message>
        <source>Cancel job</source>
        <translation>取消任务</translation>
    </message>
    <message>
        <source>Try clean-up work now</source>
        <translation>立即重试清理工作</translation>
    </message>
    <message>
        <source>Forget clean-up work</source>
        <translation>放弃清理工作</translation>
    </message>
    <message>
        <source>Change setting</source>
        <translation>修改设置</translation>
    </message>
    <message>
        <source>Reset setting</source>
        <translation>恢复默认设置</translation>
    </message>
    <message>
        <source>Count all claims anew</source>
        <translation>重新统计资源占用</translation>
    </message>
    <message>
        <source>Edit the set-up</source>
        <translation>编辑初始化配置</translation>
    </message>
    <message>
        <source>Send the content of an image</source>
        <translation>上传镜像内容</translation>
    </message>
    <message>
        <source>See how far an upload is</source>
        <translation>查看上传进度</translation>
    </message>
    <message>
        <source>Get the file of an image</source>
        <translation>下载镜像文件</translation>
    </message>
    <message>
        <source>Make image of volume</source>
        <translation>由云盘制作镜像</translation>
    </message>
    <message>
        <source>Set the password of an account</source>
        <translation>设置账户密码</translation>
    </message>
    <message>
        <source>Set the password of a user</source>
        <translation>设置用户密码</translation>
    </message>
    <message>
        <source>Add a user to a group</source>
        <translation>将用户加入用户组</translation>
    </message>
    <message>
        <source>Take a user out of a group</source>
        <translation>将用户移出用户组</translation>
    </message>
    <message>
        <source>Give a role</source>
        <translation>授予角色</translation>
    </message>
    <message>
        <source>Take a role away</source>
        <translation>收回角色</translation>
    </message>
    <message>
        <source>Change quotas</source>
        <translation>修改配额</translation>
    </message>
    <message>
        <source>Open console</source>
        <translation>打开控制台</translation>
    </message>
</context>
<context>
    <name>Overlay</name>
    <message>
        <source>Try now</source>
        <translation>立即重试</translation>
    </message>
    <message>
        <source>The machine is stopped</source>
        <translation>云主机已停止</translation>
    </message>
    <message>
        <source>Its console opens when it is started.</source>
        <translation>云主机启动后将打开控制台。</translation>
    </message>
    <message>
        <source>Connection lost, trying again in {seconds} s</source>
        <translation>连接已断开，{seconds} 秒后重试</translation>
    </message>
    <message>
        <source>Connecting …</source>
        <translation>正在连接…</translation>
    </message>
    <message>
        <source>The other end closed the console.</source>
        <translation>对端关闭了控制台。</translation>
    </message>
</context>
<context>
    <name>Overview</name>
    <message>
        <source>Overview</source>
        <translation>概览</translation>
    </message>
    <message>
        <source>Virtual machines</source>
        <translation>云主机</translation>
    </message>
    <message>
        <source>Hosts</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>Networks</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Running jobs</source>
        <translation>运行中的任务</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Primary storage</source>
        <translation>主存储</translation>
    </message>
    <message>
        <source>Addresses</source>
        <translation>IP 地址</translation>
    </message>
    <message>
        <source>No virtual machines yet.</source>
        <translation>暂无云主机。</translation>
    </message>
    <message>
        <source>Capacity</source>
        <translation>容量</translation>
    </message>
    <message>
        <source>Virtual machines by state</source>
        <translation>云主机状态分布</translation>
    </message>
    <message>
        <source>Newest jobs</source>
        <translation>最近任务</translation>
    </message>
    <message>
        <source>Set up this cloud</source>
        <translation>初始化云平台</translation>
    </message>
    <message>
        <source>Seven short steps, filled in with what was found on this machine. You can leave and come back at any time.</source>
        <translation>只需七个简短步骤，已根据本机情况填好。您可以随时离开，稍后继续。</translation>
    </message>
    <message>
        <source>Begin the set-up</source>
        <translation>开始初始化</translation>
    </message>
    <message>
        <source>Create your first virtual machine</source>
        <translation>创建第一台云主机</translation>
    </message>
    <message>
        <source>The cloud is ready: it has a host, storage and a network.</source>
        <translation>云平台已就绪：已有物理机、存储和网络。</translation>
    </message>
    <message>
        <source>Create VM</source>
        <translation>创建云主机</translation>
    </message>
    <message>
        <source>{claimed} claimed · {share} in use</source>
        <translation>已分配 {claimed} · 实际使用 {share}</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Nothing fits the filter</source>
        <translation>没有符合筛选条件的项</translation>
    </message>
    <message>
        <source>Clear the filter</source>
        <translation>清除筛选</translation>
    </message>
    <message>
        <source>More actions, columns, export</source>
        <translation>更多操作、列设置、导出</translation>
    </message>
    <message>
        <source>Columns</source>
        <translation>列</translation>
    </message>
    <message>
        <source>Export as CSV …</source>
        <translation>导出为 CSV…</translation>
    </message>
    <message>
        <source>Export as CSV</source>
        <translation>导出为 CSV</translation>
    </message>
    <message>
        <source>Exported to {path}</source>
        <translation>已导出到 {path}</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>Nothing found</source>
        <translation>未找到</translation>
    </message>
    <message>
        <source>Go to {page}</source>
        <translation>转到 {page}</translation>
    </message>
    <message>
        <source>Create VM</source>
        <translation>创建云主机</translation>
    </message>
    <message>
        <source>Set-up</source>
        <translation>初始化</translation>
    </message>
    <message>
        <source>Switch between light and dark</source>
        <translation>切换浅色与深色</translation>
    </message>
    <message>
        <source>Log out</source>
        <translation>退出登录</translation>
    </message>
</context>
<context>
    <name>Password</name>
    <message>
        <source>Change password</source>
        <translation>修改密码</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Old password</source>
        <translation>旧密码</translation>
    </message>
    <message>
        <source>New password</source>
        <translation>新密码</translation>
    </message>
    <message>
        <source>The same again</source>
        <translation>再次输入</translation>
    </message>
    <message>
        <source>The two passwords differ.</source>
        <translation>两次输入的密码不一致。</translation>
    </message>
    <message>
        <source>The password is changed.</source>
        <translation>密码已修改。</translation>
    </message>
</context>
<context>
    <name>PasteDialog</name>
    <message>
        <source>Paste as keystrokes</source>
        <translation>以按键方式粘贴</translation>
    </message>
    <message>
        <source>Text to type into the machine</source>
        <translation>要输入云主机的文本</translation>
    </message>
    <message>
        <source>The text is typed key by key, as on a keyboard with US layout. It works at login prompts and in installers, where no clipboard is shared.</source>
        <translation>文本将按美式键盘布局逐键输入，适用于没有共享剪贴板的登录提示和安装程序。</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>{count} keystrokes, about {seconds} s</source>
        <translation>{count} 次按键，约 {seconds} 秒</translation>
    </message>
    <message>
        <source>Not on a US keyboard, will be left out: {characters}</source>
        <translation>美式键盘上没有，将被忽略：{characters}</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
</context>
<context>
    <name>Paths</name>
    <message>
        <source>Paths between hosts</source>
        <translation>物理机间路径</translation>
    </message>
    <message>
        <source>Probe</source>
        <translation>探测</translation>
    </message>
    <message>
        <source>● everything arrives, with the time there and back in ms   ▲ only frames of up to so many bytes arrive   ■ nothing arrives</source>
        <translation>● 正常，数字为往返时间（毫秒）   ▲ 只有不超过该字节数的帧能到达   ■ 不通</translation>
    </message>
    <message>
        <source>The hosts are sending to each other …</source>
        <translation>物理机正在互相发送探测帧…</translation>
    </message>
    <message>
        <source>{wire}, MTU {mtu}: {good} of {all} paths work.</source>
        <translation>{wire}，MTU {mtu}：{all} 条路径中 {good} 条正常。</translation>
    </message>
    <message>
        <source>untagged</source>
        <translation>无标签</translation>
    </message>
    <message>
        <source>NIC</source>
        <translation>网卡</translation>
    </message>
    <message>
        <source>none</source>
        <translation>不通</translation>
    </message>
    <message>
        <source>{source} → {target}: nothing arrives.</source>
        <translation>{source} → {target}：不通。</translation>
    </message>
    <message>
        <source>{source} → {target}: frames of up to {size} bytes arrive, and {mtu} are wanted.</source>
        <translation>{source} → {target}：只有不超过 {size} 字节的帧能到达，而需要 {mtu} 字节。</translation>
    </message>
    <message>
        <source>{source} → {target}: everything arrives, but no answers.</source>
        <translation>{source} → {target}：数据全部到达，但收不到应答。</translation>
    </message>
    <message>
        <source>{source} → {target}: everything arrives, there and back {ms} ms.</source>
        <translation>{source} → {target}：正常，往返 {ms} 毫秒。</translation>
    </message>
</context>
<context>
    <name>Patterns</name>
    <message>
        <source>Add an operation</source>
        <translation>添加操作</translation>
    </message>
    <message>
        <source>Add an operation …</source>
        <translation>添加操作…</translation>
    </message>
</context>
<context>
    <name>Ranges</name>
    <message>
        <source>The lowest free address</source>
        <translation>最小的空闲地址</translation>
    </message>
    <message>
        <source>Any free address</source>
        <translation>任意空闲地址</translation>
    </message>
    <message>
        <source>The address that was free for longest</source>
        <translation>空闲最久的地址</translation>
    </message>
    <message>
        <source>{name}, {cidr}. Addresses that are in use must stay.</source>
        <translation>{name}，{cidr}。正在使用的地址必须保留。</translation>
    </message>
    <message>
        <source>Addresses to give out</source>
        <translation>可分配地址</translation>
    </message>
    <message>
        <source>One range, address or block like 10.0.0.64/26 a line</source>
        <translation>每行一个范围、地址或地址块（如 10.0.0.64/26）</translation>
    </message>
    <message>
        <source>Reserved addresses</source>
        <translation>保留地址</translation>
    </message>
    <message>
        <source>These are given to nobody: for devices of your own, say</source>
        <translation>这些地址不会分配，例如留给您自己的设备</translation>
    </message>
    <message>
        <source>Gives out</source>
        <translation>分配顺序</translation>
    </message>
    <message>
        <source>Give at least one range.</source>
        <translation>请至少填写一个范围。</translation>
    </message>
    <message>
        <source>“{line}” is no range, address or block.</source>
        <translation>“{line}”不是有效的范围、地址或地址块。</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
</context>
<context>
    <name>RecycleBin</name>
    <message>
        <source>Recycle bin</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Deleted images</source>
        <translation>已删除的镜像</translation>
    </message>
    <message>
        <source>Moved here</source>
        <translation>移入时间</translation>
    </message>
    <message>
        <source>Goes for good</source>
        <translation>彻底删除时间</translation>
    </message>
    <message>
        <source>Images that are deleted come here first, and can be brought back.</source>
        <translation>删除的镜像先放在这里，可以恢复。</translation>
    </message>
    <message>
        <source>It is being deleted for good.</source>
        <translation>正在彻底删除。</translation>
    </message>
    <message>
        <source>Virtual machines that are deleted come here first, and can be brought back.</source>
        <translation>删除的云主机会先进入回收站，可以恢复。</translation>
    </message>
    <message>
        <source>never: it is kept for ever</source>
        <translation>永久保留</translation>
    </message>
    <message>
        <source>not by itself</source>
        <translation>不会自动删除</translation>
    </message>
    <message>
        <source>Deleted volumes</source>
        <translation>已删除的云盘</translation>
    </message>
    <message>
        <source>Volumes that are deleted come here first, and can be brought back.</source>
        <translation>删除的云盘会先移到这里，可以恢复。</translation>
    </message>
</context>
<context>
    <name>Reimage</name>
    <message>
        <source>Everything on the root disk is lost for good: the system, programs and files of the guest. There is no recycle bin for it.</source>
        <translation>系统盘上的一切将永久丢失：客户机的系统、程序和文件。此操作没有回收站。</translation>
    </message>
    <message>
        <source>Data disks, addresses, security groups and settings stay as they are. If it cannot be made, the machine keeps its present disk.</source>
        <translation>数据盘、地址、安全组和设置保持不变。若新盘无法创建，云主机仍保留当前系统盘。</translation>
    </message>
    <message>
        <source>Type {name} to confirm</source>
        <translation>输入 {name} 以确认</translation>
    </message>
    <message>
        <source>its image</source>
        <translation>原镜像</translation>
    </message>
    <message>
        <source>The new root disk is made from {image}, with {size}.</source>
        <translation>新系统盘将由 {image} 创建，大小为 {size}。</translation>
    </message>
    <message>
        <source>New image</source>
        <translation>新镜像</translation>
    </message>
    <message>
        <source>as now, or as the image needs</source>
        <translation>与当前相同，或按镜像所需</translation>
    </message>
    <message>
        <source>Size of the disk</source>
        <translation>磁盘大小</translation>
    </message>
    <message>
        <source>There is no other image.</source>
        <translation>没有可用的镜像。</translation>
    </message>
    <message>
        <source>The image needs more.</source>
        <translation>小于镜像所需的大小。</translation>
    </message>
    <message>
        <source>Reimage</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>Change image</source>
        <translation>更换镜像</translation>
    </message>
    <message>
        <source>Reimage …</source>
        <translation>重置系统盘……</translation>
    </message>
    <message>
        <source>Change image …</source>
        <translation>更换镜像……</translation>
    </message>
</context>
<context>
    <name>Security</name>
    <message>
        <source>New rule</source>
        <translation>新建规则</translation>
    </message>
    <message>
        <source>Add rule</source>
        <translation>添加规则</translation>
    </message>
    <message>
        <source>Security groups</source>
        <translation>安全组</translation>
    </message>
    <message>
        <source>Rules</source>
        <translation>规则</translation>
    </message>
    <message>
        <source>Virtual machines</source>
        <translation>云主机</translation>
    </message>
    <message>
        <source>Add rule …</source>
        <translation>添加规则…</translation>
    </message>
    <message>
        <source>everything else is refused</source>
        <translation>其余一律拒绝</translation>
    </message>
    <message>
        <source>Refused packets</source>
        <translation>被拒绝的数据包</translation>
    </message>
    <message>
        <source>A security group says what may come to its machines.</source>
        <translation>安全组规定哪些流量可以到达其中的云主机。</translation>
    </message>
    <message>
        <source>Make security group</source>
        <translation>创建安全组</translation>
    </message>
    <message>
        <source>What no rule allows is refused; answers always pass.</source>
        <translation>没有规则放行的流量会被拒绝；应答始终放行。</translation>
    </message>
    <message>
        <source>New security group</source>
        <translation>新建安全组</translation>
    </message>
    <message>
        <source>group</source>
        <translation>安全组</translation>
    </message>
    <message>
        <source>Security rules</source>
        <translation>安全组规则</translation>
    </message>
    <message>
        <source>Security group</source>
        <translation>安全组</translation>
    </message>
    <message>
        <source>Direction</source>
        <translation>方向</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>动作</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>优先级</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>协议</translation>
    </message>
    <message>
        <source>Ports</source>
        <translation>端口</translation>
    </message>
    <message>
        <source>The other end</source>
        <translation>对端</translation>
    </message>
    <message>
        <source>Holds</source>
        <translation>生效</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>Let it hold</source>
        <translation>启用规则</translation>
    </message>
    <message>
        <source>It holds already.</source>
        <translation>规则已生效。</translation>
    </message>
    <message>
        <source>Turn it off</source>
        <translation>停用规则</translation>
    </message>
    <message>
        <source>It is off already.</source>
        <translation>规则已停用。</translation>
    </message>
    <message>
        <source>Delete rule</source>
        <translation>删除规则</translation>
    </message>
    <message>
        <source>Rule</source>
        <translation>规则</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>创建时间</translation>
    </message>
    <message>
        <source>ID</source>
        <translation>标识</translation>
    </message>
    <message>
        <source>Rules are added to a security group on its page.</source>
        <translation>规则在安全组页面中添加。</translation>
    </message>
    <message>
        <source>Incoming</source>
        <translation>入方向</translation>
    </message>
    <message>
        <source>Outgoing</source>
        <translation>出方向</translation>
    </message>
    <message>
        <source>members of {name}</source>
        <translation>{name} 的成员</translation>
    </message>
    <message>
        <source>anybody</source>
        <translation>任何人</translation>
    </message>
    <message>
        <source>Any protocol</source>
        <translation>任意协议</translation>
    </message>
    <message>
        <source>{action}: {what} from {peer}</source>
        <translation>{action}：来自 {peer} 的 {what}</translation>
    </message>
    <message>
        <source>{action}: {what} to {peer}</source>
        <translation>{action}：去往 {peer} 的 {what}</translation>
    </message>
    <message>
        <source>{rule} (off)</source>
        <translation>{rule}（未生效）</translation>
    </message>
    <message>
        <source>{name} ({n} rules)</source>
        <translation>{name}（{n} 条规则）</translation>
    </message>
    <message>
        <source>Without a security group nothing is filtered.</source>
        <translation>不在任何安全组中时不做过滤。</translation>
    </message>
    <message>
        <source>Lower goes first</source>
        <translation>数值小的先判断</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网段</translation>
    </message>
    <message>
        <source>This rule holds</source>
        <translation>规则生效</translation>
    </message>
    <message>
        <source>Members of {name}</source>
        <translation>{name} 的成员</translation>
    </message>
    <message>
        <source>Anybody</source>
        <translation>任何人</translation>
    </message>
    <message>
        <source>A network or address</source>
        <translation>网段或地址</translation>
    </message>
    <message>
        <source>Write it like 80, 8000-8100, or 8/0.</source>
        <translation>格式示例：80、8000-8100 或 8/0。</translation>
    </message>
    <message>
        <source>Give a network or an address.</source>
        <translation>请填写网段或地址。</translation>
    </message>
    <message>
        <source>{number} is none; the largest is {largest}.</source>
        <translation>{number} 无效；最大为 {largest}。</translation>
    </message>
    <message>
        <source>ICMP type and code</source>
        <translation>ICMP 类型与代码</translation>
    </message>
    <message>
        <source>Why can’t it reach …?</source>
        <translation>为何无法到达…？</translation>
    </message>
    <message>
        <source>From {name}: the way of a packet through networks and rules.</source>
        <translation>从 {name} 出发：数据包经过网络与规则的路径。</translation>
    </message>
    <message>
        <source>Where to</source>
        <translation>目标</translation>
    </message>
    <message>
        <source>Another address</source>
        <translation>其他地址</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>端口</translation>
    </message>
    <message>
        <source>Give an address.</source>
        <translation>请填写地址。</translation>
    </message>
    <message>
        <source>Follow</source>
        <translation>追踪</translation>
    </message>
    <message>
        <source>Security groups …</source>
        <translation>安全组…</translation>
    </message>
    <message>
        <source>Note packets that are refused</source>
        <translation>记录被拒绝的数据包</translation>
    </message>
    <message>
        <source>A few of each machine a minute; they are shown by “Refused packets …” there.</source>
        <translation>每台云主机每分钟记录少量；在云主机的“被拒绝的数据包…”中查看。</translation>
    </message>
    <message>
        <source>noted, a few of each machine a minute</source>
        <translation>逐包记录，每台云主机每分钟少量</translation>
    </message>
    <message>
        <source>counted, not noted</source>
        <translation>计数，不逐包记录</translation>
    </message>
</context>
<context>
    <name>SendKeysMenu</name>
    <message>
        <source>Text consoles</source>
        <translation>文本控制台</translation>
    </message>
    <message>
        <source>Print Screen</source>
        <translation>Print Screen</translation>
    </message>
    <message>
        <source>Super (Windows key)</source>
        <translation>Super（Windows 键）</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause 键</translation>
    </message>
    <message>
        <source>Menu key</source>
        <translation>菜单键</translation>
    </message>
</context>
<context>
    <name>SerialWidget</name>
    <message>
        <source>Serial console of the virtual machine</source>
        <translation>云主机串口控制台</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Paste</source>
        <translation>粘贴</translation>
    </message>
    <message>
        <source>Tell the shell this window&apos;s size</source>
        <translation>将窗口大小告知 shell</translation>
    </message>
</context>
<context>
    <name>Services</name>
    <message>
        <source>Metadata</source>
        <translation>元数据</translation>
    </message>
    <message>
        <source>Elastic IPs</source>
        <translation>弹性 IP</translation>
    </message>
    <message>
        <source>Security groups</source>
        <translation>安全组</translation>
    </message>
    <message>
        <source>Machines are told their addresses.</source>
        <translation>为云主机分配地址。</translation>
    </message>
    <message>
        <source>Machines find each other by name.</source>
        <translation>云主机可按名称互相访问。</translation>
    </message>
    <message>
        <source>Machines read keys and user data when they start.</source>
        <translation>云主机启动时读取密钥和用户数据。</translation>
    </message>
    <message>
        <source>Machines reach the outside under their host&apos;s address.</source>
        <translation>云主机以物理机地址访问外部网络。</translation>
    </message>
    <message>
        <source>Machines may have public addresses.</source>
        <translation>云主机可绑定公网地址。</translation>
    </message>
    <message>
        <source>What reaches machines may be filtered.</source>
        <translation>可过滤到达云主机的流量。</translation>
    </message>
    <message>
        <source>What {name} does for its machines; hosts follow at once.</source>
        <translation>网络 {name} 为云主机提供的服务；物理机立即生效。</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>Jobs</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Audit log</source>
        <translation>操作审计</translation>
    </message>
    <message>
        <source>Recycle bin</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Hosts</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Primary storage</source>
        <translation>主存储</translation>
    </message>
    <message>
        <source>Security groups</source>
        <translation>安全组</translation>
    </message>
    <message>
        <source>Networks</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Filter by name or words …</source>
        <translation>按名称或说明筛选…</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>系统设置</translation>
    </message>
    <message>
        <source>on</source>
        <translation>开启</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>gone at once</source>
        <translation>立即删除</translation>
    </message>
    <message>
        <source>kept for the period</source>
        <translation>保留一段时间</translation>
    </message>
    <message>
        <source>kept for ever</source>
        <translation>永久保留</translation>
    </message>
    <message>
        <source>days</source>
        <translation>天</translation>
    </message>
    <message>
        <source>s</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>恢复默认</translation>
    </message>
    <message>
        <source>Default: {value}</source>
        <translation>默认值：{value}</translation>
    </message>
    <message>
        <source>It has its default value.</source>
        <translation>当前即为默认值。</translation>
    </message>
    <message>
        <source>From {lowest} to {highest}</source>
        <translation>取值范围：{lowest} 到 {highest}</translation>
    </message>
</context>
<context>
    <name>Shares</name>
    <message>
        <source>Share a resource</source>
        <translation>共享资源</translation>
    </message>
    <message>
        <source>Others may see and use it; they cannot change it.</source>
        <translation>其他账户可以查看和使用，但不能修改。</translation>
    </message>
    <message>
        <source>Resource</source>
        <translation>资源</translation>
    </message>
    <message>
        <source>With</source>
        <translation>共享给</translation>
    </message>
    <message>
        <source>Everybody</source>
        <translation>所有账户</translation>
    </message>
    <message>
        <source>Or the id of another account</source>
        <translation>或其他账户的标识</translation>
    </message>
    <message>
        <source>They are told their id by: anyun session get</source>
        <translation>对方可用以下命令查看标识：anyun session get</translation>
    </message>
    <message>
        <source>There is nothing that you could share.</source>
        <translation>没有可以共享的资源。</translation>
    </message>
    <message>
        <source>Shares</source>
        <translation>共享</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Share no longer</source>
        <translation>取消共享</translation>
    </message>
    <message>
        <source>Owner</source>
        <translation>所有者</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>开始时间</translation>
    </message>
    <message>
        <source>Images, networks and offerings can be used by other accounts.</source>
        <translation>镜像、网络和计算规格可以共享给其他账户。</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>共享</translation>
    </message>
</context>
<context>
    <name>Sheets</name>
    <message>
        <source>New instance offering</source>
        <translation>新建计算规格</translation>
    </message>
    <message>
        <source>A size of virtual machine to choose from.</source>
        <translation>可供选择的云主机大小。</translation>
    </message>
    <message>
        <source>Make offering</source>
        <translation>创建计算规格</translation>
    </message>
    <message>
        <source>New image</source>
        <translation>添加镜像</translation>
    </message>
    <message>
        <source>An image is the disk that a new machine starts with.</source>
        <translation>镜像是新云主机启动时使用的磁盘。</translation>
    </message>
    <message>
        <source>Image store</source>
        <translation>镜像服务器</translation>
    </message>
    <message>
        <source>Make an image store first.</source>
        <translation>请先创建镜像服务器。</translation>
    </message>
    <message>
        <source>Add image</source>
        <translation>添加镜像</translation>
    </message>
    <message>
        <source>Make network</source>
        <translation>创建网络</translation>
    </message>
    <message>
        <source>Make primary storage</source>
        <translation>创建主存储</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Take a host first.</source>
        <translation>请先添加物理机。</translation>
    </message>
    <message>
        <source>Zone</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>Make a zone first.</source>
        <translation>请先创建区域。</translation>
    </message>
    <message>
        <source>Make image store</source>
        <translation>创建镜像服务器</translation>
    </message>
    <message>
        <source>Cluster</source>
        <translation>集群</translation>
    </message>
    <message>
        <source>Make a cluster first.</source>
        <translation>请先创建集群。</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Command and API</source>
        <translation>命令与接口</translation>
    </message>
    <message>
        <source>Hide</source>
        <translation>隐藏</translation>
    </message>
</context>
<context>
    <name>Snapshots</name>
    <message>
        <source>New snapshot</source>
        <translation>创建快照</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>snapshot</source>
        <translation>快照</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>Let the guest&apos;s agent freeze its file systems meanwhile</source>
        <translation>由客户机代理在此期间冻结文件系统</translation>
    </message>
    <message>
        <source>Without an agent it is as if the power had gone at that instant: the guest&apos;s journal puts it right at its next start.</source>
        <translation>若无代理，则相当于在该时刻断电：客户机下次启动时由文件系统日志修复。</translation>
    </message>
    <message>
        <source>Consistency</source>
        <translation>一致性</translation>
    </message>
    <message>
        <source>Go back to {name}</source>
        <translation>恢复到 {name}</translation>
    </message>
    <message>
        <source>Keep what is there now as a snapshot</source>
        <translation>将当前数据保留为快照</translation>
    </message>
    <message>
        <source>What is there now</source>
        <translation>当前数据</translation>
    </message>
    <message>
        <source>Its name</source>
        <translation>快照名称</translation>
    </message>
    <message>
        <source>before going back</source>
        <translation>恢复前</translation>
    </message>
    <message>
        <source>What was written since is lost for good.</source>
        <translation>此后写入的数据将永久丢失。</translation>
    </message>
    <message>
        <source>A name is needed.</source>
        <translation>请填写名称。</translation>
    </message>
    <message>
        <source>A data disk of {size} that holds what {name} holds, and shares nothing.</source>
        <translation>{size} 的数据盘，内容与快照 {name} 相同，且彼此独立。</translation>
    </message>
    <message>
        <source>New volume of a snapshot</source>
        <translation>由快照创建云盘</translation>
    </message>
    <message>
        <source>Of the volume {name}, also while its machine runs.</source>
        <translation>为云盘 {name} 创建快照，其云主机运行中亦可。</translation>
    </message>
    <message>
        <source>Take snapshot</source>
        <translation>创建快照</translation>
    </message>
    <message>
        <source>Of all disks of {name} at one instant, also while it runs.</source>
        <translation>为 {name} 的全部云盘在同一时刻创建快照，运行中亦可。</translation>
    </message>
    <message>
        <source>The volume {name} holds again what it held at {moment}.</source>
        <translation>云盘 {name} 将恢复为 {moment} 的数据。</translation>
    </message>
    <message>
        <source>All disks of {name} hold again what they held at {moment}.</source>
        <translation>{name} 的全部云盘将恢复为 {moment} 的数据。</translation>
    </message>
    <message>
        <source>Make volume</source>
        <translation>创建云盘</translation>
    </message>
    <message>
        <source>Stop {vm} first: it would go on with what it remembers.</source>
        <translation>请先停止 {vm}：否则其系统会按内存中的旧数据继续写入。</translation>
    </message>
    <message>
        <source>It is not made yet: there is nothing in it.</source>
        <translation>云盘尚未实例化，没有数据。</translation>
    </message>
    <message>
        <source>It was not taken of all disks of a machine.</source>
        <translation>该快照不是整机快照。</translation>
    </message>
    <message>
        <source>Go back to it …</source>
        <translation>恢复到此快照…</translation>
    </message>
    <message>
        <source>Go back with all disks …</source>
        <translation>恢复全部云盘…</translation>
    </message>
    <message>
        <source>No machine starts from a data disk.</source>
        <translation>云主机无法由数据盘启动。</translation>
    </message>
    <message>
        <source>New volume of it …</source>
        <translation>由此创建云盘…</translation>
    </message>
    <message>
        <source>New image of it …</source>
        <translation>由其制作镜像…</translation>
    </message>
    <message>
        <source>New VM of it …</source>
        <translation>由其创建云主机…</translation>
    </message>
    <message>
        <source>Take snapshot …</source>
        <translation>创建快照…</translation>
    </message>
    <message>
        <source>You are here</source>
        <translation>当前位置</translation>
    </message>
    <message>
        <source>The volume as it is now, without any snapshot below it</source>
        <translation>云盘的当前数据，尚无快照</translation>
    </message>
    <message>
        <source>The volume as it is now</source>
        <translation>云盘的当前数据</translation>
    </message>
    <message>
        <source>file systems were frozen</source>
        <translation>文件系统已冻结</translation>
    </message>
    <message>
        <source>Snapshots</source>
        <translation>快照</translation>
    </message>
    <message>
        <source>all disks</source>
        <translation>整机</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Not connected</source>
        <translation>未连接</translation>
    </message>
    <message>
        <source>Connecting …</source>
        <translation>正在连接…</translation>
    </message>
    <message>
        <source>Connected</source>
        <translation>已连接</translation>
    </message>
    <message>
        <source>Connection lost</source>
        <translation>连接已断开</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Caps Lock</source>
        <translation>大写锁定</translation>
    </message>
    <message>
        <source>Num Lock</source>
        <translation>数字锁定</translation>
    </message>
    <message>
        <source>Scroll Lock</source>
        <translation>滚动锁定</translation>
    </message>
</context>
<context>
    <name>Storage</name>
    <message>
        <source>Used</source>
        <translation>已用</translation>
    </message>
    <message>
        <source>Path</source>
        <translation>路径</translation>
    </message>
    <message>
        <source>Primary storage</source>
        <translation>主存储</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出目录</translation>
    </message>
    <message>
        <source>Each host mounts it by itself.</source>
        <translation>每台物理机会自行挂载。</translation>
    </message>
    <message>
        <source>Mount options</source>
        <translation>挂载选项</translation>
    </message>
    <message>
        <source>Optional, such as vers=4.2</source>
        <translation>可选，例如 vers=4.2</translation>
    </message>
    <message>
        <source>Pool</source>
        <translation>存储池</translation>
    </message>
    <message>
        <source>Monitors</source>
        <translation>监视器</translation>
    </message>
    <message>
        <source>Separated by commas</source>
        <translation>以逗号分隔</translation>
    </message>
    <message>
        <source>User</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>密钥</translation>
    </message>
    <message>
        <source>It is kept encrypted and never shown again.</source>
        <translation>加密保存，不再显示。</translation>
    </message>
    <message>
        <source>This is needed.</source>
        <translation>必填。</translation>
    </message>
    <message>
        <source>Local directory of each host</source>
        <translation>每台物理机的本地目录</translation>
    </message>
    <message>
        <source>NFS server</source>
        <translation>NFS 服务器</translation>
    </message>
    <message>
        <source>Directory that hosts share</source>
        <translation>物理机共享的目录</translation>
    </message>
    <message>
        <source>Ceph pool</source>
        <translation>Ceph 存储池</translation>
    </message>
    <message>
        <source>Needs nothing but room on each host.</source>
        <translation>只需要每台物理机上有可用空间。</translation>
    </message>
    <message>
        <source>All hosts see the disks, and mount the server&apos;s export.</source>
        <translation>所有物理机都能访问这些磁盘，并各自挂载服务器的导出目录。</translation>
    </message>
    <message>
        <source>All hosts see the disks. You have mounted it at the same path on each.</source>
        <translation>所有物理机都能访问这些磁盘。您已在每台物理机的相同路径上挂载该目录。</translation>
    </message>
    <message>
        <source>All hosts see the disks, in a pool of a Ceph cluster.</source>
        <translation>所有物理机都能访问这些磁盘，磁盘位于 Ceph 集群的存储池中。</translation>
    </message>
    <message>
        <source>Promised to disks</source>
        <translation>已承诺给云盘</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Local directory</source>
        <translation>本地目录</translation>
    </message>
    <message>
        <source>NFS</source>
        <translation>NFS</translation>
    </message>
    <message>
        <source>Shared directory</source>
        <translation>共享目录</translation>
    </message>
    <message>
        <source>Ceph</source>
        <translation>Ceph</translation>
    </message>
    <message>
        <source>{good} of {all}</source>
        <translation>{good}/{all}</translation>
    </message>
    <message>
        <source>connected</source>
        <translation>已连接</translation>
    </message>
    <message>
        <source>broken</source>
        <translation>异常</translation>
    </message>
    <message>
        <source>not known: the host is away</source>
        <translation>未知：物理机离线</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Hosts</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Promised</source>
        <translation>已分配</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>可用</translation>
    </message>
    <message>
        <source>Enable</source>
        <translation>启用</translation>
    </message>
    <message>
        <source>Disable: place no new disks here</source>
        <translation>停用：不再放置新云盘</translation>
    </message>
    <message>
        <source>Enter maintenance …</source>
        <translation>进入维护模式…</translation>
    </message>
    <message>
        <source>Reconnect all hosts</source>
        <translation>重新连接所有物理机</translation>
    </message>
    <message>
        <source>Delete copies of images that no disk needs</source>
        <translation>删除没有云盘使用的镜像副本</translation>
    </message>
    <message>
        <source>It is enabled already.</source>
        <translation>已经启用。</translation>
    </message>
    <message>
        <source>It is disabled already.</source>
        <translation>已经停用。</translation>
    </message>
    <message>
        <source>It is in maintenance already.</source>
        <translation>已处于维护模式。</translation>
    </message>
    <message>
        <source>Make image store</source>
        <translation>创建镜像服务器</translation>
    </message>
    <message>
        <source>Primary storage holds the disks of virtual machines.</source>
        <translation>主存储用于存放云主机的云盘。</translation>
    </message>
    <message>
        <source>Directory on a host</source>
        <translation>物理机上的目录</translation>
    </message>
    <message>
        <source>Disks may claim</source>
        <translation>云盘可占用</translation>
    </message>
    <message>
        <source>Clusters</source>
        <translation>集群</translation>
    </message>
    <message>
        <source>Make primary storage</source>
        <translation>创建主存储</translation>
    </message>
    <message>
        <source>Image stores</source>
        <translation>镜像服务器</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>An image store keeps images in a directory of a host.</source>
        <translation>镜像服务器将镜像保存在物理机的目录中。</translation>
    </message>
    <message>
        <source>Until it is enabled again, no new disks are placed here, and no machine that has a disk here starts.</source>
        <translation>在重新启用之前，不会在此放置新云盘，在此有云盘的云主机也无法启动。</translation>
    </message>
    <message>
        <source>If machines that run have disks here</source>
        <translation>如有运行中的云主机在此有云盘</translation>
    </message>
    <message>
        <source>do nothing, and name them</source>
        <translation>不做更改，并列出这些云主机</translation>
    </message>
    <message>
        <source>stop them</source>
        <translation>停止这些云主机</translation>
    </message>
    <message>
        <source>Time for guests to shut down</source>
        <translation>客户机关机时限</translation>
    </message>
    <message>
        <source>Enter maintenance</source>
        <translation>进入维护模式</translation>
    </message>
</context>
<context>
    <name>Table</name>
    <message>
        <source>Reset columns</source>
        <translation>重置列</translation>
    </message>
    <message>
        <source>Copy cell</source>
        <translation>复制单元格</translation>
    </message>
    <message>
        <source>Copy row</source>
        <translation>复制行</translation>
    </message>
</context>
<context>
    <name>Time</name>
    <message>
        <source>{n} s</source>
        <translation>{n} 秒</translation>
    </message>
    <message>
        <source>{n} min</source>
        <translation>{n} 分钟</translation>
    </message>
    <message>
        <source>{n} h</source>
        <translation>{n} 小时</translation>
    </message>
    <message>
        <source>{n} d</source>
        <translation>{n} 天</translation>
    </message>
</context>
<context>
    <name>Tokens</name>
    <message>
        <source>New API token</source>
        <translation>新建 API 令牌</translation>
    </message>
    <message>
        <source>For programs. It may do at most what you may.</source>
        <translation>供程序使用，权限不超过您本人。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>Good for</source>
        <translation>可执行的操作</translation>
    </message>
    <message>
        <source>An operation on each line, such as vm.start, vm.* or *.list</source>
        <translation>每行一个操作，例如 vm.start、vm.* 或 *.list</translation>
    </message>
    <message>
        <source>without end</source>
        <translation>长期有效</translation>
    </message>
    <message>
        <source>days</source>
        <translation>天</translation>
    </message>
    <message>
        <source>Valid for</source>
        <translation>有效期</translation>
    </message>
    <message>
        <source>API token</source>
        <translation>API 令牌</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Keep it now: it is never shown again.</source>
        <translation>请立即保存：之后不再显示。</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>API tokens</source>
        <translation>API 令牌</translation>
    </message>
    <message>
        <source>Valid until</source>
        <translation>有效期至</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>最近使用</translation>
    </message>
    <message>
        <source>Delete: it is good for nothing any more</source>
        <translation>删除：令牌立即失效</translation>
    </message>
    <message>
        <source>A program logs in with a token instead of a password.</source>
        <translation>程序使用令牌代替密码登录。</translation>
    </message>
    <message>
        <source>Make API token</source>
        <translation>创建 API 令牌</translation>
    </message>
</context>
<context>
    <name>TopBar</name>
    <message>
        <source>Anyun</source>
        <translation>安云</translation>
    </message>
    <message>
        <source>All zones</source>
        <translation>全部区域</translation>
    </message>
    <message>
        <source>Search or command (Ctrl+K)</source>
        <translation>搜索或输入命令（Ctrl+K）</translation>
    </message>
    <message>
        <source>Search or command</source>
        <translation>搜索或输入命令</translation>
    </message>
    <message>
        <source>Running jobs</source>
        <translation>运行中的任务</translation>
    </message>
    <message>
        <source>Failed jobs, lost hosts and clean-up work that waits</source>
        <translation>失败的任务、失联的物理机和待完成的清理工作</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Change password …</source>
        <translation>修改密码…</translation>
    </message>
    <message>
        <source>Set-up …</source>
        <translation>初始化…</translation>
    </message>
    <message>
        <source>About Anyun</source>
        <translation>关于安云</translation>
    </message>
    <message>
        <source>Log out</source>
        <translation>退出登录</translation>
    </message>
    <message>
        <source>Anyun: an all-in-one private cloud.
Licence: Apache-2.0.</source>
        <translation>安云：一体化私有云。
许可证：Apache-2.0。</translation>
    </message>
</context>
<context>
    <name>Topology</name>
    <message>
        <source>Topology</source>
        <translation>网络拓扑</translation>
    </message>
    <message>
        <source>Smaller</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Larger</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>显示全部</translation>
    </message>
    <message>
        <source>Outside</source>
        <translation>外部网络</translation>
    </message>
    <message>
        <source>{vms} machines, {networks} networks, {hosts} hosts</source>
        <translation>云主机 {vms}，网络 {networks}，物理机 {hosts}</translation>
    </message>
    <message>
        <source>Not on a host</source>
        <translation>未运行</translation>
    </message>
</context>
<context>
    <name>Transfer</name>
    <message>
        <source>{n} s left</source>
        <translation>剩余 {n} 秒</translation>
    </message>
    <message>
        <source>{n} min left</source>
        <translation>剩余 {n} 分钟</translation>
    </message>
    <message>
        <source>{n} h left</source>
        <translation>剩余 {n} 小时</translation>
    </message>
    <message>
        <source>Asking how far it is …</source>
        <translation>正在查询进度…</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Paused. What has been moved is kept.</source>
        <translation>已暂停，已传输的部分会保留。</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} / {total}</translation>
    </message>
    <message>
        <source>Upload of {name}</source>
        <translation>上传 {name}</translation>
    </message>
    <message>
        <source>Choose the file that was being sent</source>
        <translation>选择正在上传的文件</translation>
    </message>
    <message>
        <source>Save the image as</source>
        <translation>镜像另存为</translation>
    </message>
    <message>
        <source>Download of {name}</source>
        <translation>下载 {name}</translation>
    </message>
</context>
<context>
    <name>Units</name>
    <message>
        <source>{n} CPU</source>
        <translation>{n} 核 CPU</translation>
    </message>
    <message>
        <source>{n} CPUs</source>
        <translation>{n} 核 CPU</translation>
    </message>
</context>
<context>
    <name>Unknown</name>
    <message>
        <source>can be taken over</source>
        <translation>可以接管</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>规格</translation>
    </message>
    <message>
        <source>Origin</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Taking over</source>
        <translation>接管</translation>
    </message>
    <message>
        <source>Disks</source>
        <translation>磁盘</translation>
    </message>
    <message>
        <source>NICs</source>
        <translation>网卡</translation>
    </message>
    <message>
        <source>Take over …</source>
        <translation>接管……</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新查看</translation>
    </message>
    <message>
        <source>No machines but those of this cloud.</source>
        <translation>没有本云平台以外的云主机。</translation>
    </message>
    <message>
        <source>Machines on this host that this cloud did not make.</source>
        <translation>此物理机上并非由本云平台创建的云主机。</translation>
    </message>
    <message>
        <source>Unknown machines</source>
        <translation>未知云主机</translation>
    </message>
</context>
<context>
    <name>Usage</name>
    <message>
        <source>no limit</source>
        <translation>不限制</translation>
    </message>
    <message>
        <source>{used} of {limit}</source>
        <translation>{used} / {limit}</translation>
    </message>
    <message>
        <source>{used}, no limit</source>
        <translation>{used}，不限制</translation>
    </message>
    <message>
        <source>My usage</source>
        <translation>我的用量</translation>
    </message>
    <message>
        <source>Quotas</source>
        <translation>配额</translation>
    </message>
    <message>
        <source>Quota</source>
        <translation>配额</translation>
    </message>
    <message>
        <source>What is used already stays, also above the limit.</source>
        <translation>已使用的部分即使超出上限也会保留。</translation>
    </message>
    <message>
        <source>Limit</source>
        <translation>上限</translation>
    </message>
</context>
<context>
    <name>UserGroups</name>
    <message>
        <source>User</source>
        <translation>用户</translation>
    </message>
    <message>
        <source>There is none to choose.</source>
        <translation>没有可选的用户。</translation>
    </message>
    <message>
        <source>Put a user in …</source>
        <translation>加入用户…</translation>
    </message>
    <message>
        <source>Take a user out …</source>
        <translation>移出用户…</translation>
    </message>
    <message>
        <source>User groups</source>
        <translation>用户组</translation>
    </message>
    <message>
        <source>What a group may do, all its users may do.</source>
        <translation>用户组能做的，其中的用户都能做。</translation>
    </message>
    <message>
        <source>Make user group</source>
        <translation>创建用户组</translation>
    </message>
    <message>
        <source>New user group</source>
        <translation>新建用户组</translation>
    </message>
    <message>
        <source>group</source>
        <translation>用户组</translation>
    </message>
</context>
<context>
    <name>VmActions</name>
    <message>
        <source>{name} is busy: {state}.</source>
        <translation>{name} 正忙：{state}。</translation>
    </message>
    <message>
        <source>{name} is in state “{state}”; this needs: {needed}.</source>
        <translation>{name} 处于“{state}”状态；此操作需要：{needed}。</translation>
    </message>
    <message>
        <source>{name} is moved to the recycle bin.</source>
        <translation>{name} 已移入回收站。</translation>
    </message>
    <message>
        <source>{count} virtual machines are moved to the recycle bin.</source>
        <translation>{count} 台云主机已移入回收站。</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>{count} virtual machines</source>
        <translation>{count} 台云主机</translation>
    </message>
    <message>
        <source>The virtual machine and its disks ({size}) are deleted.</source>
        <translation>云主机及其云盘（{size}）将被删除。</translation>
    </message>
    <message>
        <source>Its addresses become free for others.</source>
        <translation>其地址将被释放，可供他人使用。</translation>
    </message>
    <message>
        <source>Nobody can bring them back.</source>
        <translation>删除后无法恢复。</translation>
    </message>
    <message>
        <source>Delete {name} for good</source>
        <translation>彻底删除 {name}</translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation>彻底删除</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>启动</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Reboot</source>
        <translation>重启</translation>
    </message>
    <message>
        <source>Open console</source>
        <translation>打开控制台</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>恢复运行</translation>
    </message>
    <message>
        <source>Force stop</source>
        <translation>强制停止</translation>
    </message>
    <message>
        <source>Move to the recycle bin</source>
        <translation>移入回收站</translation>
    </message>
    <message>
        <source>It may use other addresses already.</source>
        <translation>已允许使用其他地址。</translation>
    </message>
    <message>
        <source>It is held to its own addresses already.</source>
        <translation>已限定只用自身地址。</translation>
    </message>
    <message>
        <source>Let it use other addresses, as routers do</source>
        <translation>允许使用其他地址（如路由器）</translation>
    </message>
    <message>
        <source>Hold it to its own addresses</source>
        <translation>限定只用自身地址</translation>
    </message>
    <message>
        <source>Recover</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Delete for good …</source>
        <translation>彻底删除…</translation>
    </message>
    <message>
        <source>{action}: {count} virtual machines, in one job</source>
        <translation>{action}：{count} 台云主机，作为一个任务执行</translation>
    </message>
</context>
<context>
    <name>VmDetail</name>
    <message>
        <source>Open the console</source>
        <translation>打开控制台</translation>
    </message>
    <message>
        <source>Picture of the screen</source>
        <translation>屏幕画面</translation>
    </message>
    <message>
        <source>The screen is loading …</source>
        <translation>正在加载屏幕画面…</translation>
    </message>
    <message>
        <source>The screen is off</source>
        <translation>屏幕已关闭</translation>
    </message>
    <message>
        <source>Hardware</source>
        <translation>硬件</translation>
    </message>
    <message>
        <source>Disks</source>
        <translation>磁盘</translation>
    </message>
    <message>
        <source>Snapshots</source>
        <translation>快照</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
</context>
<context>
    <name>VmRecovery</name>
    <message>
        <source>stays off</source>
        <translation>保持关机</translation>
    </message>
    <message>
        <source>starts again, if it ran before</source>
        <translation>若原本在运行则重新启动</translation>
    </message>
    <message>
        <source>That is so already.</source>
        <translation>已是如此。</translation>
    </message>
    <message>
        <source>After a reboot of its host: start again</source>
        <translation>物理机重启后：重新启动</translation>
    </message>
    <message>
        <source>After a reboot of its host: leave off</source>
        <translation>物理机重启后：保持关机</translation>
    </message>
</context>
<context>
    <name>Vms</name>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>IP 地址</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>云盘</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>创建时间</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Elastic IP</source>
        <translation>弹性 IP</translation>
    </message>
    <message>
        <source>IPv6 address</source>
        <translation>IPv6 地址</translation>
    </message>
    <message>
        <source>MAC address</source>
        <translation>MAC 地址</translation>
    </message>
    <message>
        <source>ID</source>
        <translation>ID</translation>
    </message>
    <message>
        <source>Virtual machines</source>
        <translation>云主机</translation>
    </message>
    <message>
        <source>A virtual machine runs from an image with the size of an instance offering and gets an address from a network.</source>
        <translation>云主机由镜像启动，按计算规格分配资源，并从网络获得地址。</translation>
    </message>
    <message>
        <source>Create the first VM</source>
        <translation>创建第一台云主机</translation>
    </message>
    <message>
        <source>Create VM</source>
        <translation>创建云主机</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>规格</translation>
    </message>
    <message>
        <source>Anti-spoofing</source>
        <translation>防欺骗</translation>
    </message>
    <message>
        <source>Affinity group</source>
        <translation>亲和组</translation>
    </message>
    <message>
        <source>Security groups</source>
        <translation>安全组</translation>
    </message>
    <message>
        <source>Rules that hold</source>
        <translation>生效的规则</translation>
    </message>
    <message>
        <source>Accelerator</source>
        <translation>加速方式</translation>
    </message>
    <message>
        <source>After a reboot of its host</source>
        <translation>物理机重启后</translation>
    </message>
    <message>
        <source>Running for</source>
        <translation>已运行</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
    <message>
        <source>Why in this state</source>
        <translation>状态原因</translation>
    </message>
    <message>
        <source>off: it may use other addresses than its own</source>
        <translation>已关闭：可使用自身以外的地址</translation>
    </message>
    <message>
        <source>emulated (TCG)</source>
        <translation>软件模拟（TCG）</translation>
    </message>
</context>
<context>
    <name>Volumes</name>
    <message>
        <source>It is attached to {name} at once, also while that runs.</source>
        <translation>创建后立即挂载到 {name}，运行中亦可。</translation>
    </message>
    <message>
        <source>It takes space on a host from when a machine gets it.</source>
        <translation>首次挂载到云主机时才在物理机上占用空间。</translation>
    </message>
    <message>
        <source>New volume</source>
        <translation>新建云盘</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>data</source>
        <translation>data</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>容量</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>chosen when a machine gets it</source>
        <translation>加载到云主机时确定</translation>
    </message>
    <message>
        <source>on the host {name}</source>
        <translation>物理机 {name}</translation>
    </message>
    <message>
        <source>Where it lies</source>
        <translation>所在位置</translation>
    </message>
    <message>
        <source>Say where, as it is copied at once; or make it for a machine.</source>
        <translation>复制会立即进行，请指定位置，或在云主机中创建。</translation>
    </message>
    <message>
        <source>It lies on {host}: machines with their disks there are shown.</source>
        <translation>云盘位于 {host}：仅显示磁盘在该物理机上的云主机。</translation>
    </message>
    <message>
        <source>It is made where that machine&apos;s disks are.</source>
        <translation>将在该云主机磁盘所在的物理机上创建。</translation>
    </message>
    <message>
        <source>Virtual machine</source>
        <translation>云主机</translation>
    </message>
    <message>
        <source>There is no machine that could get it.</source>
        <translation>没有可以挂载它的云主机。</translation>
    </message>
    <message>
        <source>Volume</source>
        <translation>云盘</translation>
    </message>
    <message>
        <source>There is no free volume that it could get.</source>
        <translation>没有可供挂载的空闲云盘。</translation>
    </message>
    <message>
        <source>It has {size}. Volumes only grow; the guest sees it at once.</source>
        <translation>当前容量为 {size}。云盘只能扩容，客户机立即可见。</translation>
    </message>
    <message>
        <source>New size</source>
        <translation>新容量</translation>
    </message>
    <message>
        <source>What the machine may do in a second; it holds at once.</source>
        <translation>云主机每秒可执行的读写，立即生效。</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限制</translation>
    </message>
    <message>
        <source>Reads</source>
        <translation>读次数</translation>
    </message>
    <message>
        <source>Writes</source>
        <translation>写次数</translation>
    </message>
    <message>
        <source>Data read</source>
        <translation>读取数据量</translation>
    </message>
    <message>
        <source>Data written</source>
        <translation>写入数据量</translation>
    </message>
    <message>
        <source>Make volume</source>
        <translation>创建云盘</translation>
    </message>
    <message>
        <source>Attach</source>
        <translation>挂载</translation>
    </message>
    <message>
        <source>Grow</source>
        <translation>扩容</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Bus</source>
        <translation>总线</translation>
    </message>
    <message>
        <source>Serial number</source>
        <translation>序列号</translation>
    </message>
    <message>
        <source>New volume …</source>
        <translation>新建云盘…</translation>
    </message>
    <message>
        <source>Attach volume …</source>
        <translation>挂载云盘…</translation>
    </message>
    <message>
        <source>This needs a machine that is running, paused or stopped.</source>
        <translation>云主机需处于运行中、已暂停或已停止状态。</translation>
    </message>
    <message>
        <source>{n} reads/s</source>
        <translation>读 {n} 次/秒</translation>
    </message>
    <message>
        <source>{n} writes/s</source>
        <translation>写 {n} 次/秒</translation>
    </message>
    <message>
        <source>{n}/s read</source>
        <translation>读 {n}/秒</translation>
    </message>
    <message>
        <source>{n}/s written</source>
        <translation>写 {n}/秒</translation>
    </message>
    <message>
        <source>{name} is busy: {status}.</source>
        <translation>{name} 正忙：{status}。</translation>
    </message>
    <message>
        <source>It is attached to {vm}: detach it there first.</source>
        <translation>已挂载到 {vm}，请先卸载。</translation>
    </message>
    <message>
        <source>The root disk goes with its machine.</source>
        <translation>系统盘随云主机删除。</translation>
    </message>
    <message>
        <source>Its machine {vm} must be: {needed}.</source>
        <translation>其云主机 {vm} 需处于：{needed}。</translation>
    </message>
    <message>
        <source>A machine cannot be without its root disk.</source>
        <translation>云主机不能没有系统盘。</translation>
    </message>
    <message>
        <source>No machine has it.</source>
        <translation>未挂载到云主机。</translation>
    </message>
    <message>
        <source>Attach …</source>
        <translation>挂载…</translation>
    </message>
    <message>
        <source>Detach</source>
        <translation>卸载</translation>
    </message>
    <message>
        <source>Grow …</source>
        <translation>扩容…</translation>
    </message>
    <message>
        <source>Limits …</source>
        <translation>限速…</translation>
    </message>
    <message>
        <source>It has not been made yet: it lies nowhere.</source>
        <translation>云盘尚未实例化，不在任何存储上。</translation>
    </message>
    <message>
        <source>It has not been made yet: there is nothing in it.</source>
        <translation>尚未创建，其中没有内容。</translation>
    </message>
    <message>
        <source>Make image …</source>
        <translation>制作镜像…</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Limits in a second</source>
        <translation>每秒限速</translation>
    </message>
    <message>
        <source>Snapshots</source>
        <translation>快照</translation>
    </message>
    <message>
        <source>Volumes</source>
        <translation>云盘</translation>
    </message>
    <message>
        <source>Taken when last looked at</source>
        <translation>上次查看时占用</translation>
    </message>
    <message>
        <source>In Linux guests</source>
        <translation>Linux 客户机中</translation>
    </message>
    <message>
        <source>A volume is a disk that outlives its machine and can go to another.</source>
        <translation>云盘是独立于云主机保留的磁盘，可挂载到其他云主机。</translation>
    </message>
</context>
<context>
    <name>VxlanPools</name>
    <message>
        <source>New VXLAN pool</source>
        <translation>新建 VXLAN 池</translation>
    </message>
    <message>
        <source>Networks over all hosts take their numbers from it. Hosts send each other these networks&apos; packets in the underlay.</source>
        <translation>跨物理机的网络从中获取编号；物理机之间在承载网段内传输这些网络的数据包。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>First VNI</source>
        <translation>起始 VNI</translation>
    </message>
    <message>
        <source>Last VNI</source>
        <translation>结束 VNI</translation>
    </message>
    <message>
        <source>Zone</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>Underlay (CIDR)</source>
        <translation>承载网段（CIDR）</translation>
    </message>
    <message>
        <source>A network in which each host has an address of its own</source>
        <translation>每台物理机都有自身地址的网段</translation>
    </message>
    <message>
        <source>vxlan-pool</source>
        <translation>vxlan-pool</translation>
    </message>
    <message>
        <source>Give a number from 1 to 16777215.</source>
        <translation>请填写 1 到 16777215 之间的数字。</translation>
    </message>
    <message>
        <source>Write it like 10.0.0.0/24.</source>
        <translation>格式示例：10.0.0.0/24。</translation>
    </message>
    <message>
        <source>VXLAN pools</source>
        <translation>VXLAN 池</translation>
    </message>
    <message>
        <source>Underlay</source>
        <translation>承载网段</translation>
    </message>
    <message>
        <source>Networks</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>With a VXLAN pool, a private network can reach over all hosts.</source>
        <translation>有了 VXLAN 池，私有网络即可跨所有物理机。</translation>
    </message>
    <message>
        <source>Make VXLAN pool</source>
        <translation>创建 VXLAN 池</translation>
    </message>
</context>
<context>
    <name>Wizard</name>
    <message>
        <source>Give a name.</source>
        <translation>请填写名称。</translation>
    </message>
    <message>
        <source>Testing…</source>
        <translation>正在检测…</translation>
    </message>
    <message>
        <source>it has no hardware virtualisation (/dev/kvm is missing)</source>
        <translation>没有硬件虚拟化（缺少 /dev/kvm）</translation>
    </message>
    <message>
        <source>/dev/kvm may not be opened</source>
        <translation>无权打开 /dev/kvm</translation>
    </message>
    <message>
        <source>hardware virtualisation has not been tested</source>
        <translation>尚未测试硬件虚拟化</translation>
    </message>
    <message>
        <source>a test guest hung under hardware virtualisation</source>
        <translation>测试客户机在硬件虚拟化下挂起</translation>
    </message>
    <message>
        <source>a test guest did not start under hardware virtualisation</source>
        <translation>测试客户机在硬件虚拟化下无法启动</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>物理机</translation>
    </message>
    <message>
        <source>The machine that will run your virtual machines.</source>
        <translation>将要运行云主机的机器。</translation>
    </message>
    <message>
        <source>Waiting for this machine&apos;s agent to appear… It starts with the appliance and needs a few seconds. If it does not come, look at the agent&apos;s log.</source>
        <translation>正在等待本机代理出现…它随设备一起启动，需要几秒钟。如果一直没有出现，请查看代理日志。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>{name} (this machine)</source>
        <translation>{name}（本机）</translation>
    </message>
    <message>
        <source>{cpus} ({model}), {memory} memory, address {address}</source>
        <translation>{cpus}（{model}），{memory} 内存，地址 {address}</translation>
    </message>
    <message>
        <source>Hardware virtualisation (KVM) works.</source>
        <translation>硬件虚拟化（KVM）可用。</translation>
    </message>
    <message>
        <source>Virtual machines will run emulated, which is slow: {reason}.</source>
        <translation>云主机将以软件模拟方式运行，速度较慢：{reason}。</translation>
    </message>
    <message>
        <source>Instance offering and image</source>
        <translation>计算规格与镜像</translation>
    </message>
    <message>
        <source>An instance offering is a size of virtual machine to choose from; an image is the disk that a new machine starts with.</source>
        <translation>计算规格是可供选择的云主机大小；镜像是新云主机启动时使用的磁盘。</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>Address (http or https)</source>
        <translation>地址（http 或 https）</translation>
    </message>
    <message>
        <source>As its content says</source>
        <translation>按内容识别</translation>
    </message>
    <message>
        <source>Firmware</source>
        <translation>固件</translation>
    </message>
    <message>
        <source>SHA-256 of the image (optional)</source>
        <translation>镜像的 SHA-256（可选）</translation>
    </message>
    <message>
        <source>Begin the address with http:// or https://.</source>
        <translation>地址应以 http:// 或 https:// 开头。</translation>
    </message>
    <message>
        <source>Choose a file on this computer.</source>
        <translation>请选择本机上的文件。</translation>
    </message>
    <message>
        <source>Offering</source>
        <translation>计算规格</translation>
    </message>
    <message>
        <source>CPUs</source>
        <translation>CPU 核数</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Platform</source>
        <translation>平台</translation>
    </message>
    <message>
        <source>Checked when all of it has come.</source>
        <translation>全部接收后校验。</translation>
    </message>
    <message>
        <source>The host can read this address.</source>
        <translation>物理机可以读取此地址。</translation>
    </message>
    <message>
        <source>The host can read this address: {size}.</source>
        <translation>物理机可以读取此地址：{size}。</translation>
    </message>
    <message>
        <source>Starter image: a small Linux that comes with the appliance</source>
        <translation>入门镜像：设备自带的小型 Linux</translation>
    </message>
    <message>
        <source>Download from an address</source>
        <translation>从地址下载</translation>
    </message>
    <message>
        <source>Upload a file from this computer</source>
        <translation>从本机上传文件</translation>
    </message>
    <message>
        <source>Where from</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Choose a disk image</source>
        <translation>选择磁盘镜像</translation>
    </message>
    <message>
        <source>Disk images</source>
        <translation>磁盘镜像</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Virtual machines get their addresses from this network; the host answers their DHCP requests.</source>
        <translation>云主机从此网络获得地址，由物理机应答 DHCP 请求。</translation>
    </message>
    <message>
        <source>Network card of the host</source>
        <translation>物理机网卡</translation>
    </message>
    <message>
        <source>The host keeps its own address on it.</source>
        <translation>物理机保留该网卡上的自身地址。</translation>
    </message>
    <message>
        <source>Network (CIDR)</source>
        <translation>网段（CIDR）</translation>
    </message>
    <message>
        <source>Gateway</source>
        <translation>网关</translation>
    </message>
    <message>
        <source>Separated by commas</source>
        <translation>以逗号分隔</translation>
    </message>
    <message>
        <source>Optional, such as cloud.example</source>
        <translation>可选，例如 cloud.example</translation>
    </message>
    <message>
        <source>DNS domain of the machines</source>
        <translation>云主机的 DNS 域名</translation>
    </message>
    <message>
        <source>Netmask {netmask}</source>
        <translation>子网掩码 {netmask}</translation>
    </message>
    <message>
        <source>Hosts serve here: DHCP for our own machines only, with these DNS servers, and each machine&apos;s host name, SSH key and user data at 169.254.169.254.</source>
        <translation>物理机在此网络提供：仅面向本平台云主机的 DHCP（下发上述 DNS 服务器），以及通过 169.254.169.254 提供的主机名、SSH 公钥和用户数据。</translation>
    </message>
    <message>
        <source>Hosts serve here: DHCP, DNS, the way out (NAT), and each machine&apos;s host name, SSH key and user data at 169.254.169.254.</source>
        <translation>物理机在此网络提供：DHCP、DNS、外网出口（NAT），以及通过 169.254.169.254 提供的主机名、SSH 公钥和用户数据。</translation>
    </message>
    <message>
        <source>First address for machines</source>
        <translation>云主机起始地址</translation>
    </message>
    <message>
        <source>Last address</source>
        <translation>结束地址</translation>
    </message>
    <message>
        <source>{title}, range {n}</source>
        <translation>{title}，第 {n} 段</translation>
    </message>
    <message>
        <source>Remove this range</source>
        <translation>移除此地址段</translation>
    </message>
    <message>
        <source>Add a range</source>
        <translation>添加地址段</translation>
    </message>
    <message>
        <source>DNS servers</source>
        <translation>DNS 服务器</translation>
    </message>
    <message>
        <source>{n} address for virtual machines.</source>
        <translation>可供云主机使用的地址：{n} 个。</translation>
    </message>
    <message>
        <source>{n} addresses for virtual machines.</source>
        <translation>可供云主机使用的地址：{n} 个。</translation>
    </message>
    <message>
        <source>The host has this card, and the addresses fit.</source>
        <translation>物理机有此网卡，地址也合适。</translation>
    </message>
    <message>
        <source>These addresses are free on the host.</source>
        <translation>这些地址在物理机上未被占用。</translation>
    </message>
    <message>
        <source>Private network, out through the host (NAT): works everywhere</source>
        <translation>私有网络，经物理机对外访问（NAT）：适用于任何环境</translation>
    </message>
    <message>
        <source>Physical network: machines are on the same wire as the host</source>
        <translation>物理网络：云主机与物理机处于同一网络</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
    <message>
        <source>A cluster is a group of hosts that share networks and storage.</source>
        <translation>集群是一组共享网络和存储的物理机。</translation>
    </message>
    <message>
        <source>Hypervisor</source>
        <translation>虚拟化类型</translation>
    </message>
    <message>
        <source>Hosts without hardware virtualisation run machines emulated.</source>
        <translation>没有硬件虚拟化的物理机将以模拟方式运行云主机。</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>It is made if it does not exist.</source>
        <translation>若不存在则自动创建。</translation>
    </message>
    <message>
        <source>Begin the path with a slash, as in /var/lib/anyun/storage.</source>
        <translation>路径应以斜杠开头，例如 /var/lib/anyun/storage。</translation>
    </message>
    <message>
        <source>The host can write here; {size} are free.</source>
        <translation>物理机可以写入此处，剩余空间 {size}。</translation>
    </message>
    <message>
        <source>Zone</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>A zone is a site, such as a machine room. Everything else belongs to a zone.</source>
        <translation>区域是一个站点，例如一间机房。其他资源都属于某个区域。</translation>
    </message>
    <message>
        <source>The image server keeps the images that virtual machines are made from.</source>
        <translation>镜像服务器保存用于创建云主机的镜像。</translation>
    </message>
    <message>
        <source>Directory on a host</source>
        <translation>物理机上的目录</translation>
    </message>
    <message>
        <source>Cluster</source>
        <translation>集群</translation>
    </message>
    <message>
        <source>Path</source>
        <translation>路径</translation>
    </message>
    <message>
        <source>Image server</source>
        <translation>镜像服务器</translation>
    </message>
    <message>
        <source>Primary storage</source>
        <translation>主存储</translation>
    </message>
    <message>
        <source>{name}: {cpus}, {memory}</source>
        <translation>{name}：{cpus}，{memory}</translation>
    </message>
    <message>
        <source>Instance offering</source>
        <translation>计算规格</translation>
    </message>
    <message>
        <source>waiting for this machine&apos;s agent…</source>
        <translation>正在等待本机代理…</translation>
    </message>
    <message>
        <source>starter image, a small Linux</source>
        <translation>入门镜像（小型 Linux）</translation>
    </message>
    <message>
        <source>a file from this computer</source>
        <translation>本机上的文件</translation>
    </message>
    <message>
        <source>Set everything up with these values</source>
        <translation>使用这些值完成全部初始化</translation>
    </message>
    <message>
        <source>Go step by step</source>
        <translation>逐步进行</translation>
    </message>
    <message>
        <source>Welcome to your cloud</source>
        <translation>欢迎使用您的云平台</translation>
    </message>
    <message>
        <source>Seven short steps lead to the first virtual machine. Sensible values were found on this machine; you can change all of them on the way.</source>
        <translation>七个简短步骤即可拥有第一台云主机。已根据本机情况填好合适的值，过程中都可以修改。</translation>
    </message>
    <message>
        <source>The host&apos;s agent has not appeared yet.</source>
        <translation>物理机代理尚未出现。</translation>
    </message>
    <message>
        <source>Create the first virtual machine</source>
        <translation>创建第一台云主机</translation>
    </message>
    <message>
        <source>Your cloud is ready</source>
        <translation>您的云平台已就绪</translation>
    </message>
    <message>
        <source>This was made:</source>
        <translation>已创建：</translation>
    </message>
    <message>
        <source>Set up the cloud</source>
        <translation>初始化云平台</translation>
    </message>
    <message>
        <source>{cpus}, {memory}, address {address}</source>
        <translation>{cpus}，{memory}，地址 {address}</translation>
    </message>
    <message>
        <source>Removing what was set up…</source>
        <translation>正在移除已初始化的内容…</translation>
    </message>
    <message>
        <source>Making the {what}…</source>
        <translation>正在创建{what}…</translation>
    </message>
    <message>
        <source>Remove this set-up</source>
        <translation>移除此初始化</translation>
    </message>
    <message>
        <source>Everything in the zone is deleted: machines, images, networks.</source>
        <translation>区域内的一切都将被删除：云主机、镜像和网络。</translation>
    </message>
    <message>
        <source>The storages and the host are given back.</source>
        <translation>存储和物理机将被归还。</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Sending the file: {sent} of {total}</source>
        <translation>正在发送文件：{sent} / {total}</translation>
    </message>
    <message>
        <source>Command and API</source>
        <translation>命令与接口</translation>
    </message>
    <message>
        <source>Finish later</source>
        <translation>稍后完成</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>上一步</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一步</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Offering and image</source>
        <translation>规格与镜像</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>This could not be tested now: {reason}</source>
        <translation>暂时无法检测：{reason}</translation>
    </message>
</context>
<context>
    <name>Zones</name>
    <message>
        <source>Zones</source>
        <translation>区域</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>简介</translation>
    </message>
    <message>
        <source>Clusters</source>
        <translation>集群</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>创建时间</translation>
    </message>
    <message>
        <source>ID</source>
        <translation>ID</translation>
    </message>
    <message>
        <source>A zone is a site: it holds clusters, storage and networks.</source>
        <translation>区域是一个站点，包含集群、存储和网络。</translation>
    </message>
    <message>
        <source>Set up the cloud</source>
        <translation>初始化云平台</translation>
    </message>
</context>
</TS>
