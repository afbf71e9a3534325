"""Lets inet rules see bridged packets (br_netfilter), in our network namespace, and takes it back.

Only while a port has security groups: without any, frames cross a bridge with less work.
"""

from __future__ import annotations

from pathlib import Path

from hostagent.network.links.netlink import read_sysctl, write_sysctl
from hostagent.network.processes import ProcessFailed, run

SWITCHES = ("bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables")
_MODULE = "br_netfilter"


def switch_values() -> dict[str, str]:
    """How the switches stand; empty as long as the kernel module is not there."""
    if not all((Path("/proc/sys/net") / switch).exists() for switch in SWITCHES):
        return {}
    return {switch: read_sysctl(switch) for switch in SWITCHES}


async def load_module() -> None:
    """Load the kernel module if it is not there; raises ProcessFailed with what to do."""
    if switch_values():
        return
    arguments = ("modprobe", _MODULE)
    try:
        await run(*arguments)
    except ProcessFailed as error:
        raise ProcessFailed(arguments, _remedy(error.detail)) from error
    if not switch_values():
        raise ProcessFailed(arguments, _remedy("the module has no switches here"))


def turn_on() -> None:
    """Bring bridged packets before inet rules."""
    for switch in SWITCHES:
        write_sysctl(switch, "1")


def give_back(values: dict[str, str]) -> None:
    """Set the switches to what `switch_values` returned before."""
    for switch, value in values.items():
        write_sysctl(switch, value)


def _remedy(detail: str) -> str:
    return (
        f"{detail}; security groups need the kernel module {_MODULE}: "
        "install the kernel's modules package on this host"
    )
