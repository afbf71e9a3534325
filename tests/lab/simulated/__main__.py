"""A fleet in a process of its own: python -m tests.lab.simulated --tokens FILE.

Listens to JSON lines on its standard input and answers each with one line: {"do": "status"}.
It says {"ready": true, "ids": [...]} first, and ends with its input.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import structlog
import uvloop

from tests.lab.simulated.faults import Fault
from tests.lab.simulated.fleet import Fleet
from tests.lab.simulated.state import Traits

MAX_LINE_BYTES = 16 * 1024**2


class Order(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What may be asked for.

    status: how many hosts are linked, calls by command, CPU seconds. faults: follow these rules.
    thaw: let what hangs go on. leftovers: what is on hosts. domains: the states of machines.
    effects: how often `command` changed each resource; only those with more than `above`. cut:
    drop the links of `hosts`, which dial again. stop and start: hang up, and come back. traits:
    be another size.
    """

    do: str
    faults: list[Fault] = []
    hosts: list[str] | None = None  # None: all
    command: str = ""
    above: int = 0
    traits: Traits = Traits()


async def carry_out(fleet: Fleet, order: Order) -> Any:
    """The answer to one order."""
    match order.do:
        case "status":
            return status(fleet)
        case "leftovers":
            return fleet.leftovers()
        case "domains":
            return fleet.domains()
        case "effects":
            found = fleet.effects(order.command)
            return {ref: count for ref, count in found.items() if count > order.above}
        case "faults":
            fleet.plan.replace(order.faults)
        case "thaw":
            fleet.plan.thaw()
        case _:
            await change_hosts(fleet, order)
    return None


async def change_hosts(fleet: Fleet, order: Order) -> None:
    """Orders to single hosts, or to all."""
    hosts = fleet.hosts if order.hosts is None else [fleet[name] for name in order.hosts]
    match order.do:
        case "cut":
            for host in hosts:
                host.cut()
        case "stop":
            await asyncio.gather(*(host.stop() for host in hosts))
        case "start":
            for host in hosts:
                host.start()
        case "traits":
            for host in hosts:
                host.change(order.traits)
        case _:
            raise ValueError(f"nobody knows how to {order.do}")


def status(fleet: Fleet) -> dict[str, Any]:
    """Figures of the whole fleet."""
    return {
        "hosts": len(fleet.hosts),
        "linked": sum(host.is_linked for host in fleet.hosts),
        "links": sum(host.links for host in fleet.hosts),
        "calls": dict(fleet.calls),
        "struck": fleet.plan.struck,
        "cpu_s": time.process_time(),
    }


async def serve(options: argparse.Namespace) -> None:
    """Run the fleet until the input ends or a signal comes."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tokens = options.tokens.read_text(encoding="ascii").split()
    faults = msgspec.json.decode(options.faults, type=list[Fault])
    traits = msgspec.json.decode(options.traits, type=Traits)
    async with Fleet(
        tokens,
        faults=faults,
        traits=traits,
        folder=options.folder,
        prefix=options.prefix,
        seed=options.seed,
    ) as fleet:
        say({"ready": True, "ids": fleet.ids})
        while line := await reader.readline():
            say(await answer(fleet, line))


async def answer(fleet: Fleet, line: bytes) -> dict[str, Any]:
    """The line that answers `line`; a wrong order gets an error and the fleet goes on."""
    try:
        return {"answer": await carry_out(fleet, msgspec.json.decode(line, type=Order))}
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def say(content: dict[str, Any]) -> None:
    """Write one line."""
    sys.stdout.buffer.write(msgspec.json.encode(content) + b"\n")
    sys.stdout.buffer.flush()


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab.simulated",
        description="Simulated hosts that join and stay linked to a running service. "
        "Orders come as JSON lines on the standard input.",
        epilog=(Order.__doc__ or "").partition("\n\n")[2],
    )
    parser.add_argument(
        "--tokens", type=Path, required=True, help="file with join tokens, one for each host"
    )
    parser.add_argument("--folder", type=Path, help="keep keys and certificates here")
    parser.add_argument("--prefix", default="sim", help="of the hosts' names")
    parser.add_argument("--faults", default="[]", help="rules as JSON, see tests.lab.simulated")
    parser.add_argument("--traits", default="{}", help="size of the hosts as JSON")
    parser.add_argument("--seed", type=int, default=0, help="of random delays and shares")
    return parser.parse_args(arguments)


def main() -> None:
    """Entry point."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    options = parse()
    uvloop.install()
    try:
        asyncio.run(serve(options))
    except asyncio.CancelledError:
        sys.exit(0)


if __name__ == "__main__":
    main()
