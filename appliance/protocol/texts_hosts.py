"""Texts about hosts: English message, remedy, Chinese message, remedy; and words."""

from __future__ import annotations

HOST_ERRORS: dict[str, tuple[str, str, str, str]] = {}

HOST_WORDS: dict[str, tuple[str, str]] = {
    "operation.host.reconnect": ("Reconnect host", "重新连接物理机"),
    "operation.host.restart_vms": (
        "Start VMs again that ran on a host",
        "重新启动物理机上原有的云主机",
    ),
    "vm.reason.host_booted": ("its host has rebooted", "物理机已重启"),
    "vm.reason.host_shutdown": ("stopped with its host", "随物理机一起关闭"),
    "step.drop_link": ("dropping the link", "断开连接"),
    "step.await_host": ("waiting for the host", "等待物理机"),
    "step.compare_machines": ("comparing what runs", "比对运行状态"),
    "step.check_storage": ("looking at its storage", "检查存储"),
}
