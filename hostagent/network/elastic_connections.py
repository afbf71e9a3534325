"""Ends open connections whose elastic address belongs to another machine now, or to none.

The kernel translates a connection as its first packet was translated. So when an address is bound,
rebound or given back, the connections that were made under the old order would go on for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from hostagent.network.conntrack import Connection, Conntrack


async def end_stale(now: Mapping[str, str], before: Collection[str]) -> int:
    """End what does not fit `now`, machines' addresses by their elastic ones; how many ended.

    `before` are the elastic addresses that were held until now. Raises OSError.
    """
    with Conntrack() as conntrack:  # made here: another thread may be in another namespace
        return await asyncio.to_thread(_end, conntrack, now, {*before, *now})


def _end(conntrack: Conntrack, now: Mapping[str, str], known: Collection[str]) -> int:
    of_machine = {machine: address for address, machine in now.items()}
    stale = [c for c in conntrack.connections() if _is_stale(c, now, of_machine, known)]
    for connection in stale:
        conntrack.forget(connection)
    return len(stale)


def _is_stale(
    connection: Connection,
    now: Mapping[str, str],
    of_machine: Mapping[str, str],
    known: Collection[str],
) -> bool:
    original, reply = connection.original, connection.reply
    if original.destination in known and reply.source != now.get(original.destination):
        return True
    # Who began it appeared outside as this; a machine that is bound must appear as its address.
    shown = reply.destination
    if shown == original.source:
        return False
    if original.source in of_machine:
        return shown != of_machine[original.source]
    return shown in known
