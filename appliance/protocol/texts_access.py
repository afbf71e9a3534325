"""The error texts about logins and consoles: code → English message, remedy, Chinese ones."""

from __future__ import annotations

ACCESS_ERRORS: dict[str, tuple[str, str, str, str]] = {
    # Logging in
    "session.required": (
        "You are not logged in, or your session is over.",
        "Log in.",
        "您尚未登录或会话已结束。",
        "请登录。",
    ),
    "session.wrong_password": (
        "The account name or the password is wrong.",
        "Check both, and the Caps Lock key.",
        "账户名或密码错误。",
        "请检查账户名、密码和大小写锁定键。",
    ),
    "session.wrong_setup_code": (
        "The set-up code is wrong.",
        "Read it again on the appliance's screen, or in the output of the run command.",
        "初始化码错误。",
        "请再次查看设备屏幕或 run 命令的输出。",
    ),
    "session.slow_down": (
        "Too many failed attempts.",
        "Wait {retry_after_s} seconds, then try again.",
        "失败次数过多。",
        "请等待 {retry_after_s} 秒后重试。",
    ),
    "session.setup_done": (
        "The first password has already been set.",
        "Log in with it.",
        "首个密码已设置。",
        "请使用该密码登录。",
    ),
    "session.setup_needed": (
        "No password has been set yet.",
        "Set the first password with the set-up code.",
        "尚未设置密码。",
        "请使用初始化码设置首个密码。",
    ),
    "session.weak_password_short": (
        "The password has {length} characters; that is too short.",
        "Use at least {least} characters that are not easy to guess.",
        "密码只有 {length} 个字符，过短。",
        "请使用至少 {least} 个字符且不易猜测的密码。",
    ),
    "session.weak_password_common": (
        "The password is one of the first that anyone would guess.",
        "Use several words, or mixed letters and digits that only you know.",
        "该密码过于常见，容易被猜到。",
        "请使用由多个词语或字母数字混合组成、只有您知道的密码。",
    ),
    "session.weak_password_account": (
        "The password contains the account name {account}.",
        "Leave the account name out of it.",
        "密码包含账户名 {account}。",
        "请不要在密码中使用账户名。",
    ),
    "access.denied": (
        "Your account may not do this ({operation}).",
        "Ask an administrator.",
        "您的账户无权执行此操作（{operation}）。",
        "请联系管理员。",
    ),
    # Consoles
    "console.bad_ticket": (
        "The console ticket is unknown, used, or too old.",
        "Open the console again.",
        "控制台票据无效、已使用或已过期。",
        "请重新打开控制台。",
    ),
    "console.broken": (
        "The connection to the console broke.",
        "Open the console again. If that fails, check that the host is connected.",
        "控制台连接已中断。",
        "请重新打开控制台；如仍失败，请检查物理机的连接状态。",
    ),
}
