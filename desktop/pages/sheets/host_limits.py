"""The sheet that changes a host or a cluster: its name, and how much VMs may claim of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLineEdit

from appliance.protocol import resources as r
from desktop import texts
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.pages_basic import NamePage

MiB = 1024**2
HIGHEST_RATIO = 1000.0


class LimitsForm(NamePage):
    """Name, description, ratios and reserved memory; an empty limit follows what is above."""

    def __init__(self, kind: str, resource: r.Host | r.Cluster) -> None:
        super().__init__(
            kind,
            operation_title(f"{kind}.update"),
            translate(
                "HostLimits",
                "How much virtual machines may claim together. Left empty, a host follows its "
                "cluster, and a cluster the global settings.",
            ),
        )
        self.name.setText(resource.name)
        self.description.setText(resource.description)
        own = own_limits(resource)
        self.cpu = self._add_limit(
            "cpu_ratio",
            translate("HostLimits", "CPUs for each that is there"),
            _number(own["cpu_ratio"]),
        )
        self.memory = self._add_limit(
            "memory_ratio",
            translate("HostLimits", "Memory for each byte that is there"),
            _number(own["memory_ratio"]),
        )
        self.side_by_side("cpu_ratio", "memory_ratio")
        reserved = own["memory_reserved_bytes"]
        self.reserved = self._add_limit(
            "memory_reserved_bytes",
            translate("HostLimits", "Memory kept for the host itself, MiB"),
            "" if reserved is None else _number(reserved / MiB),
        )
        if isinstance(resource, r.Host):
            self._show_holding(resource)

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say; null follows what is above."""
        reserved = _typed(self.reserved)
        return super().values(name) | {
            "cpu_ratio": _typed(self.cpu),
            "memory_ratio": _typed(self.memory),
            "memory_reserved_bytes": None if reserved is None else round(reserved * MiB),
        }

    def review(self) -> bool:
        """Ratios are numbers above zero, what is kept is none below."""
        good = [
            self._is_good("cpu_ratio", self.cpu.text(), is_ratio=True),
            self._is_good("memory_ratio", self.memory.text(), is_ratio=True),
            self._is_good("memory_reserved_bytes", self.reserved.text(), is_ratio=False),
        ]
        return super().review() and all(good)

    def _add_limit(self, key: str, title: str, text: str) -> QLineEdit:
        placeholder = translate("HostLimits", "follows")
        field = self.add_line(key, title, placeholder=placeholder)
        field.setText(text)
        return field

    def _show_holding(self, host: r.Host) -> None:
        """What holds now stands beside each limit."""
        words = translate("HostLimits", "now {value}")
        for key, value in (
            ("cpu_ratio", _number(host.cpu_ratio)),
            ("memory_ratio", _number(host.memory_ratio)),
            ("memory_reserved_bytes", texts.size(host.memory_reserved_bytes)),
        ):
            self.fields[key].set_aside(words.format(value=value))

    def _is_good(self, key: str, text: str, *, is_ratio: bool) -> bool:
        try:
            value = _parsed(text)
        except ValueError:
            self.tell(key, translate("HostLimits", "“{text}” is no number.").format(text=text))
            return False
        problem = ""
        if value is not None and is_ratio and not 0 < value <= HIGHEST_RATIO:
            problem = translate("HostLimits", "Give a number above 0, up to 1000.")
        elif value is not None and value < 0:
            problem = translate("HostLimits", "Give 0 or more.")
        self.tell(key, problem)
        return not problem


def edit_limits_action(kind: str) -> Action:
    """Change a host or a cluster."""

    async def edit(shell: Shell, resources: list[Any]) -> None:
        resource = resources[0]
        spec = SheetSpec(
            operation=f"{kind}.update",
            button=translate("Sheets", "Save"),
            fixed={"id": resource.id},
        )
        open_sheet(shell, f"edit-{resource.id}", lambda: LimitsForm(kind, resource), spec)

    return edit_action(kind, run=edit)


def own_limits(resource: r.Host | r.Cluster) -> dict[str, Any]:
    """What was said of this very resource; None where it follows what is above."""
    prefix = "own_" if isinstance(resource, r.Host) else ""
    names = ("cpu_ratio", "memory_ratio", "memory_reserved_bytes")
    return {name: getattr(resource, f"{prefix}{name}") for name in names}


def limit_words(resource: r.Host | r.Cluster) -> list[tuple[str, str]]:
    """What holds, and whether it is the resource's own, for its detail."""
    own = own_limits(resource)
    above = (
        translate("HostLimits", "as its cluster")
        if isinstance(resource, r.Host)
        else translate("HostLimits", "as the global settings")
    )

    def said(name: str, words: str) -> str:
        is_own = own[name] is not None
        if isinstance(resource, r.Host):
            return words if is_own else f"{words}  ({above})"
        return words if is_own else above

    reserved = resource.memory_reserved_bytes
    return [
        (
            translate("HostLimits", "CPU ratio"),
            said("cpu_ratio", f"× {resource.cpu_ratio or 0:g}"),
        ),
        (
            translate("HostLimits", "Memory ratio"),
            said("memory_ratio", f"× {resource.memory_ratio or 0:g}"),
        ),
        (
            translate("HostLimits", "Memory kept for the host"),
            said("memory_reserved_bytes", texts.size(reserved or 0)),
        ),
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _typed(field: QLineEdit) -> float | None:
    """What a field says, None if that is no number: the form refuses it then."""
    try:
        return _parsed(field.text())
    except ValueError:
        return None


def _parsed(text: str) -> float | None:
    """A number as it was typed, None for nothing; raises ValueError."""
    stripped = text.strip().replace(",", ".")
    return float(stripped) if stripped else None
