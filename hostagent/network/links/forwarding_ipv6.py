"""Makes the host an IPv6 router without its forgetting its own routers, and takes it back.

A router does not listen to router advertisements, unless it is told to (accept_ra 2): a host that
has its address and its way out from them would lose both. So that is said first.
"""

from __future__ import annotations

from pathlib import Path

from hostagent.network.links.netlink import read_sysctl, write_sysctl

FORWARDING = "ipv6/conf/all/forwarding"
_CONF = Path("/proc/sys/net/ipv6/conf")
_AS_HOST, _ALWAYS = "1", "2"  # values of accept_ra


def is_on() -> bool:
    """Whether the host forwards IPv6 already."""
    return read_sysctl(FORWARDING) == "1"


def values_before() -> dict[str, str]:
    """What `turn_on` will change, with the values as they are now; it is to be written down."""
    listening = {
        f"ipv6/conf/{folder.name}/accept_ra": _AS_HOST
        for folder in sorted(_CONF.iterdir())
        if (folder / "accept_ra").read_text().strip() == _AS_HOST
    }
    return listening | {FORWARDING: read_sysctl(FORWARDING)}


def turn_on(before: dict[str, str]) -> None:
    """Forward; links of `before` go on listening. Those that come later do so by "default"."""
    for path in before:
        if path != FORWARDING and _exists(path):
            write_sysctl(path, _ALWAYS)
    write_sysctl(FORWARDING, "1")


def give_back(before: dict[str, str]) -> None:
    """Set everything to what `values_before` returned, but for what somebody has changed since."""
    write_sysctl(FORWARDING, before[FORWARDING])
    for path, value in before.items():
        if path != FORWARDING and _exists(path) and read_sysctl(path) == _ALWAYS:
            write_sysctl(path, value)


def _exists(path: str) -> bool:
    return (Path("/proc/sys/net") / path).exists()
