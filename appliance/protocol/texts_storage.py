"""Texts about primary storages: English message, remedy, Chinese message, remedy; and words."""

from __future__ import annotations

STORAGE_ERRORS: dict[str, tuple[str, str, str, str]] = {
    "storage.unknown_kind": (
        "The host's agent knows no primary storage of the kind {kind}.",
        "Upgrade the agent of the host.",
        "物理机代理不支持类型为 {kind} 的主存储。",
        "请升级该物理机的代理。",
    ),
}
