"""The world outside: port 7 says what it hears (RFC 862), port 8 under which address one comes."""

from __future__ import annotations

import socketserver
import sys
import threading


class Echo(socketserver.StreamRequestHandler):
    """Port 7."""

    def handle(self) -> None:
        """Say a line back."""
        self.wfile.write(self.rfile.readline())


class Mirror(socketserver.StreamRequestHandler):
    """Port 8."""

    def handle(self) -> None:
        """Say who is there."""
        self.wfile.write(self.client_address[0].encode())


def main() -> None:
    """Serve on the address given, for ever."""
    servers = [
        socketserver.ThreadingTCPServer((sys.argv[1], port), handler)
        for port, handler in ((7, Echo), (8, Mirror))
    ]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


if __name__ == "__main__":
    main()
