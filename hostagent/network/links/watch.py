"""Notices at once that links, addresses, rules or a process changed, whatever it was."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

_NETLINK_ROUTE, _NETLINK_NETFILTER = 0, 12
_GROUP_LINK, _GROUP_ADDRESSES = 0x1, 0x10 | 0x100  # IPv4 and IPv6
_GROUP_RULES = 1 << 7  # RTNLGRP_IPV4_RULE is group 8
_GROUP_NFTABLES = 1 << 6  # NFNLGRP_NFTABLES is group 7
_READ_BYTES = 65_536


class ChangeWatch:
    """Wakes its waiter when the kernel tells of a change or a followed process ends."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._processes: dict[int, int] = {}

    def __enter__(self) -> ChangeWatch:
        for protocol, groups in (
            (_NETLINK_ROUTE, _GROUP_LINK | _GROUP_ADDRESSES | _GROUP_RULES),
            (_NETLINK_NETFILTER, _GROUP_NFTABLES),
        ):
            handle = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
            handle.setblocking(False)
            handle.bind((0, groups))
            self._sockets.append(handle)
            self._loop.add_reader(handle, self._drain, handle)
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._sockets:
            self._loop.remove_reader(handle)
            handle.close()
        for pid in list(self._processes):
            self._release(pid)

    def follow(self, pid: int | None) -> None:
        """Wake up when process `pid` ends; following it twice is the same as once."""
        if pid is None or pid in self._processes:
            return
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self._event.set()
            return
        self._processes[pid] = handle
        self._loop.add_reader(handle, self._ended, pid)

    async def changed(self, timeout_s: float) -> bool:
        """Wait for a change; False if none came in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        return True

    def forget(self) -> None:
        """Start over: what has been seen so far is being looked after."""
        self._event.clear()

    def _ended(self, pid: int) -> None:
        self._release(pid)
        self._event.set()

    def _release(self, pid: int) -> None:
        handle = self._processes.pop(pid)
        self._loop.remove_reader(handle)
        os.close(handle)

    def _drain(self, handle: socket.socket) -> None:
        # ENOBUFS means that messages were lost: a change all the same.
        with contextlib.suppress(OSError):
            while handle.recv(_READ_BYTES):
                self._event.set()
        self._event.set()
