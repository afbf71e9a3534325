"""A service for pages that ask for what they show, and its settings as a new cloud has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from appliance.protocol import resources as r
from appliance.protocol import results
from appliance.protocol import tenancy as t
from appliance.protocol.operations import Page
from appliance.services.settings import ALL
from tests.gui.samples import GIB, NOW, make_id

AUDITED = (
    ("vm.create", 1, "accepted"),
    ("vm.destroy", 14, "accepted"),
    ("image.create", 900_010, "storage.no_space"),
    ("setting.change", 0, "done"),
    ("session.create", 0, "done"),
)


class Answers:
    """Knows settings, quotas and the audit log, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def call(self, operation: str, /, **_: Any) -> Any:
        """The answer to an operation that only looks."""
        self.asked.append(operation)
        return {
            "setting.show": results.SettingList(items=all_settings()),
            "quota.usage": t.Quotas(account_id=make_id(1), items=all_quotas()),
            "audit.list": Page(items=audited(), next=None, total=len(AUDITED), seq=1),
        }[operation]

    async def screenshot(self, _vm_id: str) -> bytes:
        """No picture."""
        return b""


def all_settings() -> list[results.Setting]:
    """Every setting of the product, with its default."""
    return [
        results.Setting(
            name=one.name,
            kind=one.kind,
            value=one.default,
            default=one.default,
            unit=one.unit,
            lowest=one.lowest,
            highest=one.highest,
            choices=list(one.choices),
        )
        for one in ALL
    ]


def all_quotas() -> list[t.Quota]:
    """Little, much and all of it used, and one without a limit."""
    used: Sequence[tuple[str, int, int]] = (
        ("vm", 3, 20),
        ("cpu", 34, 40),
        ("memory", 64 * GIB, 64 * GIB),
        ("volume_bytes", 300 * GIB, t.UNLIMITED),
    )
    return [t.Quota(name=name, used=number, limit=limit) for name, number, limit in used]


def audited() -> list[r.AuditEntry]:
    """What was done lately."""
    return [
        r.AuditEntry(
            id=make_id(400_000 + number),
            at=NOW - timedelta(minutes=number),
            account_id=make_id(1),
            account_name="admin",
            address="10.0.0.9",
            operation=operation,
            resource_id=make_id(target) if target else "",
            outcome=outcome,
        )
        for number, (operation, target, outcome) in enumerate(AUDITED)
    ]
