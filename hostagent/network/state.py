"""What the network part keeps on disk: the last applied document and what it has made so far."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from hostagent.protocol.network import NetworkDocument


class Memory(msgspec.Struct, kw_only=True):
    """Written before things are made, so that nothing of ours is ever forgotten.

    `owned` maps the id of each network to its bridge, `numbers` that of a private one to what it
    is told apart by (`zones`); `ip_forward_before` is the value that the
    host had before we turned forwarding on, `ipv6_forwarding_before` the settings that changed for
    the same in IPv6; `bridge_filter_before` the switches of `bridge_filter`
    before security groups turned them on; `reflection_before` that of `ways` before a network
    shared addresses with another one; `elastic` maps the elastic addresses that connections may
    have been made under to their machines; `rules` is what `Firewall.remember` returned.
    """

    owned: dict[str, str] = {}
    numbers: dict[str, int] = {}
    ip_forward_before: str | None = None
    ipv6_forwarding_before: dict[str, str] | None = None
    bridge_filter_before: dict[str, str] | None = None
    reflection_before: str | None = None
    elastic: dict[str, str] = {}
    rules: tuple[str, str] = ("", "")


class StateFiles:
    """Reads and replaces the files in `folder`, each at once and only for root."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_document(self) -> NetworkDocument:
        """The last applied document; generation 0 without networks if there is none."""
        data = self._read("document.json")
        if data is None:
            return NetworkDocument(generation=0)
        return msgspec.json.decode(data, type=NetworkDocument)

    def save_document(self, document: NetworkDocument) -> None:
        """Keep the document that was applied."""
        self._write("document.json", msgspec.json.encode(document))

    def load_memory(self) -> Memory:
        """What this agent has made."""
        data = self._read("memory.json")
        return Memory() if data is None else msgspec.json.decode(data, type=Memory)

    def save_memory(self, memory: Memory) -> None:
        """Keep what this agent has made; writes only what differs."""
        data = msgspec.json.encode(memory)
        if data != self._read("memory.json"):
            self._write("memory.json", data)

    def load_trial(self) -> bytes | None:
        """What `trial.Trials` wrote down, if anything."""
        return self._read("trial.json")

    def save_trial(self, data: bytes) -> None:
        """Keep a trial; it is on the disk when this returns."""
        self._write("trial.json", data)

    def forget_trial(self) -> None:
        """No trial runs, and none has failed."""
        (self._folder / "trial.json").unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget everything."""
        for name in ("document.json", "memory.json", "trial.json"):
            (self._folder / name).unlink(missing_ok=True)

    def _read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def _write(self, name: str, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._folder / f"{name}.new"
        # User data may hold secrets.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(self._folder / name)
