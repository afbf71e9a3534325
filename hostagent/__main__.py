"""Starts the host agent: python -m hostagent --state-dir DIR [--join TOKEN]."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import signal
import sys
from pathlib import Path

import structlog

from hostagent.app import Agent, AgentConfig
from hostagent.link.enrol import EnrolmentFailed
from hostagent.protocol.enrolment import BadToken

EXIT_CANNOT_JOIN = 3
EXIT_ALREADY_RUNS = 4


def parse(arguments: list[str] | None = None) -> AgentConfig:
    """The configuration from the command line."""
    parser = argparse.ArgumentParser(prog="hostagent", description="Anyun host agent")
    parser.add_argument("--state-dir", type=Path, default=Path("/var/lib/anyun/agent"))
    parser.add_argument("--libvirt-uri", default=AgentConfig.libvirt_uri)
    parser.add_argument("--join", help="one-time join token of the management service")
    parser.add_argument("--join-file", type=Path, help="file with the token; waited for")
    parser.add_argument("--probe-kernel", type=Path, help="kernel for the KVM boot probe")
    parser.add_argument("--probe-initrd", type=Path, help="its initial RAM disk")
    parser.add_argument(
        "--boot-id-file",
        type=Path,
        default=AgentConfig.boot_id_file,
        help="says which boot of the machine this is",
    )
    return AgentConfig(**vars(parser.parse_args(arguments)))


async def serve(config: AgentConfig) -> None:
    """Run the agent until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    agent = Agent(config)
    starting = asyncio.create_task(agent.start())
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await waiting
    finally:
        starting.cancel()
        waiting.cancel()
        await asyncio.gather(starting, waiting, return_exceptions=True)
        await agent.stop()


def main() -> None:
    """Entry point."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )
    config = parse()
    config.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    config.state_dir.chmod(0o700)
    with (config.state_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"an agent already runs with {config.state_dir}", file=sys.stderr)
            sys.exit(EXIT_ALREADY_RUNS)
        try:
            asyncio.run(serve(config))
        except (EnrolmentFailed, BadToken) as error:
            print(f"cannot join: {error}", file=sys.stderr)
            sys.exit(EXIT_CANNOT_JOIN)


if __name__ == "__main__":
    main()
