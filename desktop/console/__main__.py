"""Look at a VNC server on this machine: `python -m desktop.console --unix PATH`."""

from __future__ import annotations

import argparse
import sys

from PySide6.QtWidgets import QApplication

from desktop import theme
from desktop.console import ConsoleWindow
from desktop.console.demo import DemoMachine, NetworkThread, SocketClient
from desktop.i18n import loader


def main() -> int:
    """Show one console window until it is closed."""
    parser = argparse.ArgumentParser(prog="desktop.console", description=__doc__)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--unix", metavar="PATH", help="UNIX socket of a VNC server")
    way.add_argument("--tcp", metavar="HOST:PORT", help="TCP address of a VNC server")
    parser.add_argument("--serial", metavar="PATH", default="", help="UNIX socket of a serial line")
    parser.add_argument("--theme", choices=["system", "light", "dark"], default="system")
    parser.add_argument("--language", choices=["zh", "en"], default="")
    parser.add_argument("--name", default="demo", help="name shown in the title")
    chosen = parser.parse_args()
    application = QApplication(sys.argv[:1])
    loader.install(application, chosen.language)
    theme.use_fonts(application)
    theme.apply(application, chosen.theme)
    network = NetworkThread()
    client = SocketClient(chosen.unix or chosen.tcp, chosen.serial)
    window = ConsoleWindow(network, client, DemoMachine("demo", chosen.name))
    window.show()
    result = application.exec()
    network.stop()
    return result


if __name__ == "__main__":
    sys.exit(main())
