"""Starts the desktop client: `python -m desktop [--url URL] [--fingerprint HEX] …`."""

from __future__ import annotations

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and run the client; returns its exit code."""
    parser = argparse.ArgumentParser(prog="anyun-desktop", description="The Anyun client")
    parser.add_argument("--url", default="", help="address of the appliance")
    parser.add_argument(
        "--fingerprint", default="", help="SHA-256 of its certificate, to trust without asking"
    )
    parser.add_argument("--lang", choices=["zh", "en"], default="", help="language")
    parser.add_argument("--theme", choices=["light", "dark"], default="", help="colours")
    chosen = parser.parse_args(arguments)
    # Imported late, so that --help needs no Qt.
    from desktop.app import Options, run

    return run(Options(chosen.url, chosen.fingerprint, chosen.lang, chosen.theme))


if __name__ == "__main__":
    sys.exit(main())
