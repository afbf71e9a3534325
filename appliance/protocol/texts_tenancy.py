"""The error texts about accounts, users, roles, shares and quotas: code → English, Chinese."""

from __future__ import annotations

TENANCY_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "session.disabled": (
        "The login {account} is disabled.",
        "Ask an administrator to enable it.",
        "登录名 {account} 已被停用。",
        "请联系管理员启用。",
    ),
    # Permissions
    "access.no_role": (
        "No role, or not this API token, allows you to do this ({operation}).",
        "Ask for a role that allows it. anyun operation show lists what you may do.",
        "没有任何角色或此 API 令牌允许您执行此操作（{operation}）。",
        "请申请允许该操作的角色；anyun operation show 可列出您的权限。",
    ),
    "access.no_token": (
        "An API token is not enough for this ({operation}).",
        "Log in with a password.",
        "API 令牌不能用于此操作（{operation}）。",
        "请使用密码登录。",
    ),
    # Accounts and users
    "account.bad_name": (
        "{name} is no name to log in with.",
        "Use up to 64 characters without blanks, @, /, \\ and colons.",
        "{name} 不能用作登录名。",
        "请使用不超过 64 个字符且不含空格、@、/、\\ 和冒号的名称。",
    ),
    "account.name_taken": (
        "There is an account {name} already.",
        "Choose another name: people log in with it.",
        "账户 {name} 已存在。",
        "请换一个名称，该名称用于登录。",
    ),
    "account.first": (
        "The account {name} is needed to get in at all; this cannot be done to it.",
        "Do it to another account. Its password is changed by logging in with it.",
        "账户 {name} 是进入系统所必需的，不能执行此操作。",
        "请对其他账户执行。其密码可在登录后自行修改。",
    ),
    "account.oneself": (
        "You cannot do this to your own account {name}.",
        "Let another administrator do it. You change your own password with the old one.",
        "不能对自己的账户 {name} 执行此操作。",
        "请由其他管理员执行；自己的密码请使用旧密码修改。",
    ),
    "account.owns": (
        "The account {name} still owns something: {kind}, {count} of them.",
        "Delete what it owns first, also what is in the recycle bin.",
        "账户 {name} 仍拥有 {count} 个{kind}。",
        "请先删除其拥有的资源，包括回收站中的资源。",
    ),
    "user.name_taken": (
        "The account has a user {name} already.",
        "Choose another name: people log in with it.",
        "该账户中已有用户 {name}。",
        "请换一个名称，该名称用于登录。",
    ),
    # Roles
    "role.predefined": (
        "The role {name} is predefined and never changes.",
        "Make a role of your own with the statements that you want.",
        "角色 {name} 为预置角色，不可更改。",
        "请自行创建包含所需语句的角色。",
    ),
    "role.unknown_operation": (
        "{pattern} means no operation.",
        "Use names like vm.start, or vm.* for several; anyun operation show lists them.",
        "{pattern} 不对应任何操作。",
        "请使用 vm.start 这样的名称，或用 vm.* 表示多个；anyun operation show 可列出全部操作。",
    ),
    "role.one_subject": (
        "Who the role is for is not clear.",
        "Give exactly one of user_id, group_id and account_id.",
        "未明确角色的授予对象。",
        "请只填写 user_id、group_id、account_id 中的一个。",
    ),
    # Shares
    "share.read_only": (
        "This is shared with you to be seen and used, not to be changed ({operation}).",
        "Ask its owner.",
        "该资源仅共享给您查看和使用，不能更改（{operation}）。",
        "请联系其所有者。",
    ),
    "share.everybody": (
        "Only administrators share with all accounts.",
        "Name the account to share with.",
        "只有管理员可以共享给所有账户。",
        "请指定要共享的账户。",
    ),
    "share.not_yours": (
        "What is shared with you cannot be shared on.",
        "Ask its owner to share it.",
        "共享给您的资源不能再次共享。",
        "请由其所有者共享。",
    ),
    # Quotas
    "quota.exceeded": (
        "The quota for {quota} would be exceeded: {asked} asked for, {used} of {limit} in use.",
        "Give something back, or ask an administrator for a higher quota.",
        "超出配额（{quota}）：申请 {asked}，已用 {used}，上限 {limit}。",
        "请释放部分资源，或请管理员提高配额。",
    ),
    "quota.exceeded_bytes": (
        "The quota for {quota} would be exceeded: {asked_bytes} asked for, {used_bytes} of "
        "{limit_bytes} in use.",
        "Give something back, or ask an administrator for a higher quota.",
        "超出配额（{quota}）：申请 {asked_bytes}，已用 {used_bytes}，上限 {limit_bytes}。",
        "请释放部分资源，或请管理员提高配额。",
    ),
}
