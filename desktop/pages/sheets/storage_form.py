"""The form of a new primary storage: what each kind is told by."""

from __future__ import annotations

from typing import Any

from desktop.texts import translate
from desktop.wizard.pages_basic import PathPage

FIELDS = {
    "local": ("path",),
    "shared": ("path",),
    "nfs": ("export", "options"),
    "ceph": ("pool", "monitors", "user", "key"),
}


class StorageForm(PathPage):
    """Name and kind, and below what that kind needs."""

    def __init__(self) -> None:
        super().__init__(
            "primary_storage",
            translate("Storage", "Primary storage"),
            translate("Storage", "Primary storage holds the disks of virtual machines."),
            _kinds(),
        )
        self.export = self.add_line(
            "export",
            translate("Storage", "Export"),
            translate("Storage", "Each host mounts it by itself."),
            "nas.example.com:/export/vms",
        )
        self.options = self.add_line(
            "options",
            translate("Storage", "Mount options"),
            placeholder=translate("Storage", "Optional, such as vers=4.2"),
        )
        self.side_by_side("export", "options")
        self.pool = self.add_line("pool", translate("Storage", "Pool"))
        self.monitors = self.add_line(
            "monitors",
            translate("Storage", "Monitors"),
            placeholder=translate("Storage", "Separated by commas"),
        )
        self.side_by_side("pool", "monitors")
        self.user = self.add_line("user", translate("Storage", "User"), placeholder="anyun")
        self.key = self.add_line(
            "key",
            translate("Storage", "Key"),
            translate("Storage", "It is kept encrypted and never shown again."),
        )
        self.key.setEchoMode(self.key.EchoMode.Password)
        self.side_by_side("user", "key")
        self.kind.currentIndexChanged.connect(lambda _: self._show_kind())
        self._show_kind()

    def values(self, name: str) -> dict[str, Any]:
        """What the fields of the chosen kind say."""
        values = super().values(name)
        match values["kind"]:
            case "nfs":
                del values["path"]
                return values | {"source": _text(self.export), "options": _text(self.options)}
            case "ceph":
                del values["path"]
                monitors = [part.strip() for part in self.monitors.text().split(",")]
                return values | {
                    "source": _text(self.pool),
                    "monitors": [part for part in monitors if part],
                    "user": _text(self.user),
                    "key": _text(self.key),
                }
        return values

    def review(self) -> bool:
        """What must be there is there."""
        kind = self.kind.currentData()
        needed = {"nfs": {"export"}, "ceph": {"pool", "monitors"}}.get(kind, set())
        is_good = True
        for key in ("export", "pool", "monitors"):
            is_missing = key in needed and not self.fields[key].field.text().strip()  # type: ignore[attr-defined]
            self.tell(key, translate("Storage", "This is needed.") if is_missing else "")
            is_good = is_good and not is_missing
        if kind in ("nfs", "ceph"):
            self.tell("path", "")
            return self.review_names() and is_good
        return super().review() and is_good

    def _show_kind(self) -> None:
        shown = FIELDS[self.kind.currentData()]
        for names in FIELDS.values():
            for name in names:
                self.fields[name].setVisible(name in shown)


def _kinds() -> list[tuple[str, str]]:
    return [
        (translate("Storage", "Local directory of each host"), "local"),
        (translate("Storage", "NFS server"), "nfs"),
        (translate("Storage", "Directory that hosts share"), "shared"),
        (translate("Storage", "Ceph pool"), "ceph"),
    ]


def _text(field: Any) -> str:
    return field.text().strip()
