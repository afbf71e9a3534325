"""How busy a host is now: the event "host.load", told every few seconds and kept nowhere."""

import msgspec


class FileSystemUse(msgspec.Struct, kw_only=True, frozen=True):
    """How full a local file system is."""

    path: str
    total_bytes: int
    available_bytes: int


class LoadReport(msgspec.Struct, kw_only=True, frozen=True):
    """`cpu_share` is from 0 to 1, over all CPUs, since the report before; `load_1` the system's
    load average of one minute. Memory that could be freed at once does not count as used.
    """

    cpu_share: float
    load_1: float
    memory_total_bytes: int
    memory_used_bytes: int
    file_systems: list[FileSystemUse] = []
