"""Slows guessing down: after a few failures each further try must wait, ever longer."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from appliance.protocol.errors import TooManyRequests

FREE_TRIES = 4
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0
FORGET_AFTER_S = 1800.0
MOST_KEYS = 10_000


@dataclass
class _Record:
    failures: int
    last_at: float


class Slowdown:
    """Counts failures by key (account name, client address) in memory."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}

    def check(self, *keys: str) -> None:
        """Raises TooManyRequests if one of the keys must wait."""
        now = time.monotonic()
        for key in keys:
            record = self._records.get(key)
            if record is None or record.failures < FREE_TRIES:
                continue
            exponent = min(record.failures - FREE_TRIES, 20)
            wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**exponent)
            left_s = record.last_at + wait_s - now
            if left_s > 0:
                raise TooManyRequests("session.slow_down", retry_after_s=math.ceil(left_s))

    def failed(self, *keys: str) -> None:
        """Count a failure for each key."""
        now = time.monotonic()
        if len(self._records) > MOST_KEYS:
            self._forget(now)
        for key in keys:
            record = self._records.setdefault(key, _Record(0, now))
            if now - record.last_at > FORGET_AFTER_S:
                record.failures = 0
            record.failures += 1
            record.last_at = now

    def succeeded(self, *keys: str) -> None:
        """A success forgives what was before."""
        for key in keys:
            self._records.pop(key, None)

    def _forget(self, now: float) -> None:
        old = [key for key, item in self._records.items() if now - item.last_at > FORGET_AFTER_S]
        for key in old or list(self._records)[: MOST_KEYS // 2]:
            del self._records[key]
