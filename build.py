#!/usr/bin/env python3
"""The one tool a newcomer needs: runs Anyun on this machine, tests it, and builds its images.

It needs nothing but Python 3.11 and installs what else is missing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

BENCHMARKS = (
    *("libvirt", "storage", "migrate", "network", "create", "api", "recover"),
    *("desktop", "console"),
)
TAKES_REST = ("test", "bench")  # commands that hand on what they do not know


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 said in words instead of by a traceback
        print("Anyun needs Python 3.11 or newer; this is", sys.version.split()[0])
        return 2
    from installer.progress import Failed

    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command not in TAKES_REST:
        parser.error(f"unknown: {' '.join(rest)}")
    try:
        return options.do(options, rest)
    except Failed as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on where this one stopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build.py",
        description="Run, test and build Anyun. Start with: python3 build.py run",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_test(commands)
    lint = commands.add_parser("lint", help="check style, types, import rules and translations")
    lint.set_defaults(do=_lint)
    bench = commands.add_parser(
        "bench",
        help="measure; the last line printed is JSON",
        description="Measure. Anything else given goes to the benchmark: build.py bench create "
        "--vms 1,10,100 --hosts 50",
    )
    bench.add_argument("name", choices=BENCHMARKS)
    bench.add_argument("--count", type=int, help="how many VMs or rows, where it applies")
    bench.set_defaults(do=_bench)
    image = commands.add_parser("image", help="build an image, or show the one in the cache")
    image.add_argument("name", choices=("starter",))
    image.add_argument("--again", action="store_true", help="build it even if it is in the cache")
    image.set_defaults(do=_image)
    setup = commands.add_parser("setup", help="only install what run and test need")
    setup.set_defaults(do=_setup)
    return parser


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run",
        help="run the whole cloud on this machine",
        description="Run the whole cloud on this machine: as root on Debian 12 or 13 it installs "
        "what is missing, starts libvirt, the management service and the host agent, and opens "
        "the desktop client if there is a screen. Elsewhere it opens the client alone. Ctrl-C "
        "stops everything; the next run comes back with the same cloud.",
    )
    run.add_argument(
        "--state-dir", type=Path, default=Path("/var/lib/anyun"),
        help="where the cloud is kept (default: %(default)s)",
    )  # fmt: skip
    run.add_argument("--bind", default="0.0.0.0", help="address to serve on (default: all)")  # noqa: S104
    run.add_argument("--port", type=int, default=8443, help="for clients (default: %(default)s)")
    run.add_argument(
        "--agent-port", type=int, default=8444, help="for host agents (default: %(default)s)"
    )
    run.add_argument("--headless", action="store_true", help="open no client even with a screen")
    run.add_argument(
        "--quickstart", action="store_true",
        help="do the first set-up in this terminal, up to the first VM",
    )  # fmt: skip
    run.set_defaults(do=_run)


def _add_test(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    test = commands.add_parser(
        "test",
        help="run lint and all tests (about 35 minutes), or --fast",
        description="Run lint and all tests. Anything else given goes to pytest, and then only "
        "that runs: build.py test tests/unit -k ledger",
    )
    test.add_argument("--fast", action="store_true", help="lint, unit and golden tests only")
    test.add_argument("--images", action="store_true", help="build images anew, not from the cache")
    test.add_argument(
        "--soak", type=float, metavar="MINUTES",
        help="only random calls with faults against the model, with new seeds for so long",
    )  # fmt: skip
    test.set_defaults(do=_test)


def _run(options: argparse.Namespace, _rest: list[str]) -> int:
    from installer import prepare

    if not prepare.can_host():
        from installer.client import run_client

        return run_client()
    from installer.launch import RunOptions, run

    return run(
        RunOptions(
            state_dir=options.state_dir.resolve(),
            bind=options.bind,
            port=options.port,
            agent_port=options.agent_port,
            headless=options.headless,
            quickstart=options.quickstart,
        )
    )


def _test(options: argparse.Namespace, rest: list[str]) -> int:
    from installer.testrun import run_soak, run_tests

    if options.soak is not None:
        return run_soak(options.soak, rest)
    return run_tests(fast=options.fast, images=options.images, arguments=rest)


def _lint(_options: argparse.Namespace, _rest: list[str]) -> int:
    from installer import prepare
    from installer.lint import run_lint

    if prepare.can_host():
        environment = prepare.appliance(desktop=True, tests=True)
    else:
        environment = prepare.environment(["appliance", "desktop", "dev"])
    return 0 if run_lint(environment) else 1


def _bench(options: argparse.Namespace, rest: list[str]) -> int:
    from installer import prepare
    from installer.progress import Failed

    if not prepare.can_host():
        raise Failed("The benchmarks need root on Debian: they start real parts.")
    environment = prepare.appliance(desktop=True, tests=True)
    prepare.starter_image()
    script = prepare.ROOT / "tests" / "bench" / f"{options.name}.py"
    command = [environment.python, "-m", f"tests.bench.{script.stem}"]
    if options.count is not None:
        command += ["--count", str(options.count)]
    command += rest
    return subprocess.run(command, cwd=prepare.ROOT, check=False).returncode


def _image(options: argparse.Namespace, _rest: list[str]) -> int:
    from installer import prepare

    image = prepare.starter_image(again=options.again)
    size_mib = image.disk.stat().st_size / (1 << 20)
    print(f"{image.disk} ({size_mib:.1f} MiB)")
    return 0


def _setup(_options: argparse.Namespace, _rest: list[str]) -> int:
    from installer import prepare
    from installer.progress import Failed

    if not prepare.can_host():
        raise Failed("Setting up everything needs root on Debian 12 or 13.")
    prepare.appliance(desktop=True, tests=True)
    prepare.starter_image()
    print("Everything that run and test need is here.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
