"""Ends open connections whose elastic address belongs to another machine now, or to none.

The kernel translates a connection as its first packet was translated. So when an address is bound,
rebound or given back, the connections that were made under the old order would go on for ever.
So would those of a network that is gone, for the next one with its number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from hostagent.network.connections.conntrack import Connection, Conntrack
from hostagent.network.rules.zones import number_in


class Holder(NamedTuple):
    """A machine: the number of its network on this host, and its address there."""

    number: int
    address: str


async def end_stale(now: Mapping[str, Holder], before: Collection[str]) -> int:
    """End what does not fit `now`, machines by their elastic addresses; how many ended.

    `before` are the elastic addresses that were held until now. Raises OSError.
    """
    of_machine = {machine: address for address, machine in now.items()}
    known = {*before, *now}
    return await _end_all(lambda one: _is_stale(one, now, of_machine, known))


async def end_network(number: int) -> int:
    """End all that a network of this host had to do with; how many ended. Raises OSError."""
    return await _end_all(
        lambda one: number in (one.original.zone, one.reply.zone, number_in(one.mark))
    )


async def _end_all(is_unwanted: Callable[[Connection], bool]) -> int:
    with Conntrack() as conntrack:  # made here: another thread may be in another namespace
        return await asyncio.to_thread(_end, conntrack, is_unwanted)


def _end(conntrack: Conntrack, is_unwanted: Callable[[Connection], bool]) -> int:
    stale = [one for one in conntrack.connections() if is_unwanted(one)]
    for connection in stale:
        conntrack.forget(connection)
    return len(stale)


def _is_stale(
    connection: Connection,
    now: Mapping[str, Holder],
    of_machine: Mapping[Holder, str],
    known: Collection[str],
) -> bool:
    original, reply = connection.original, connection.reply
    if original.destination in known:
        answering = Holder(number_in(connection.mark), reply.source)
        if answering != now.get(original.destination):
            return True
    # Who began it appeared outside as this; a machine that is bound must appear as its address.
    shown = reply.destination
    if shown == original.source:
        return False
    sender = Holder(original.zone, original.source)
    if sender in of_machine:
        return shown != of_machine[sender]
    return shown in known
