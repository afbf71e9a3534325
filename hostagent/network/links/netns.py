"""Network namespaces: makes and removes them, and opens sockets inside without moving the agent."""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from hostagent.network.processes import run

NAMESPACES = Path("/run/netns")  # where ip(8) keeps them
_CLONE_NEWNET = 0x40000000
_T = TypeVar("_T")
_libc = ctypes.CDLL(None, use_errno=True)


def namespace_path(name: str) -> Path:
    """The file that stands for the namespace."""
    return NAMESPACES / name


def namespace_exists(name: str) -> bool:
    """Whether the namespace is there and usable (not a file left over from a reboot)."""
    try:  # a namespace is a mount of the kernel's own file system, a leftover file is not
        return namespace_path(name).stat().st_dev != NAMESPACES.stat().st_dev
    except FileNotFoundError:
        return False


async def create_namespace(name: str) -> None:
    """Make the namespace; raises ProcessFailed."""
    if namespace_path(name).exists():  # a dead mount point: ip(8) would refuse
        await remove_namespace(name)
    await run("ip", "netns", "add", name)


async def remove_namespace(name: str) -> None:
    """Remove the namespace and with it each link in it; nothing happens if it is gone."""
    if namespace_path(name).exists():
        await run("ip", "netns", "delete", name)


def _enter(name: str) -> None:
    with namespace_path(name).open("rb") as handle:
        if _libc.setns(handle.fileno(), _CLONE_NEWNET) != 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), f"enter network namespace {name}")


async def call_inside(name: str, function: Callable[[], _T]) -> _T:
    """Call `function` inside the namespace; a socket that it makes stays in there.

    It runs in a thread of its own that ends afterwards, so nothing else ever runs in there.
    """

    def work() -> _T:
        _enter(name)
        return function()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) as executor:
        return await asyncio.get_running_loop().run_in_executor(executor, work)
