"""The Qt binding must not give back references that it does not own.

PySide6 6.12.0 does on Python 3.11, once for each timer event: None runs out of references and
the process dies after a minute or two.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, QTimerEvent
from pytestqt.qtbot import QtBot

EVENTS = 1000


class Counter(QObject):
    """Counts its timer events."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def timerEvent(self, event: QTimerEvent) -> None:
        self.count += 1


def test_timer_events_cost_no_references(qtbot: QtBot) -> None:
    counter = Counter()
    before = sys.getrefcount(None)
    timer = counter.startTimer(0)
    qtbot.waitUntil(lambda: counter.count >= EVENTS, timeout=20_000)
    counter.killTimer(timer)
    assert sys.getrefcount(None) > before - EVENTS // 2
