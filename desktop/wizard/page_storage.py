"""Step 5, and the sheet of a new primary storage: its kind, and what that kind is told by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.protocol.errors import ErrorBody
from appliance.protocol.storages import FIELDS_OF_KIND
from desktop.texts import translate
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request
from desktop.wizard.pages_basic import PathPage

# What a storage's source is called in the form; all else has the name that it has in requests.
SOURCE_FIELDS = {"nfs": "export", "ceph": "pool"}
FORM_FIELDS = ("path", "export", "options", "pool", "monitors", "user", "key")


class StorageForm(PathPage):
    """Name and kind, and below what that kind needs."""

    def __init__(self) -> None:
        super().__init__(
            "primary_storage",
            translate("Storage", "Primary storage"),
            translate("Storage", "Primary storage holds the disks of virtual machines."),
            list(kind_choices().items()),
        )
        self._add_nfs()
        self._add_ceph()
        self.kind.currentIndexChanged.connect(lambda _: self._show_kind())
        self._show_kind()

    def _add_nfs(self) -> None:
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

    def _add_ceph(self) -> None:
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

    @property
    def chosen(self) -> str:
        """The kind that is chosen."""
        return self.kind.currentData()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests; a key that was typed stays with its kind."""
        super().fill(requests)
        request = requests["primary_storage"]
        kind = request.get("kind", "local")
        for owner, name in SOURCE_FIELDS.items():
            getattr(self, name).setText(request.get("source", "") if owner == kind else "")
        self.options.setText(request.get("options", ""))
        self.monitors.setText(", ".join(request.get("monitors", [])))
        self.user.setText(request.get("user", ""))
        if kind != "ceph":
            self.key.clear()
        self._show_kind()

    def values(self, name: str) -> dict[str, Any]:
        """What the fields of the chosen kind say."""
        told = {
            "path": _text(self.path),
            "source": _text(getattr(self, SOURCE_FIELDS.get(self.chosen, "path"))),
            "options": _text(self.options),
            "monitors": list(filter(None, map(str.strip, self.monitors.text().split(",")))),
            "user": _text(self.user),
            "key": _text(self.key),
        }
        common = super().values(name)
        return {key: common[key] for key in ("name", "description", "kind")} | {
            key: told[key] for key in FIELDS_OF_KIND[self.chosen]
        }

    def review(self) -> bool:
        """What must be there is there."""
        if "path" in FIELDS_OF_KIND[self.chosen]:
            self._tell_missing(set())
            return super().review()
        self.tell("path", "")
        needed = {SOURCE_FIELDS[self.chosen]}
        if self.chosen == "ceph":
            needed |= {"monitors"}
            needed |= {"key"} if _text(self.user) else set()
            needed |= {"user"} if _text(self.key) else set()
        is_complete = self._tell_missing(needed)
        return self.review_names() and is_complete

    def _tell_missing(self, needed: set[str]) -> bool:
        is_good = True
        for key in FORM_FIELDS[1:]:
            is_missing = key in needed and not _text(getattr(self, key))
            self.tell(key, translate("Storage", "This is needed.") if is_missing else "")
            is_good = is_good and not is_missing
        return is_good

    @property
    def tested_step(self) -> str:
        """Directories are looked at while somebody types; servers are when it is made."""
        return super().tested_step if "path" in FIELDS_OF_KIND[self.chosen] else ""

    def field_of(self, problem: ErrorBody) -> FormField | None:
        """A refused source is an export or a pool here."""
        if problem.field == "source" and self.chosen in SOURCE_FIELDS:
            return self.fields[SOURCE_FIELDS[self.chosen]]
        return super().field_of(problem)

    def _show_kind(self) -> None:
        of_kind = FIELDS_OF_KIND[self.chosen]
        shown = {SOURCE_FIELDS[self.chosen] if key == "source" else key for key in of_kind}
        for name in FORM_FIELDS:
            self.fields[name].setVisible(name in shown)
        self.fields["kind"].set_hint(_kind_hint(self.chosen))


def kind_choices() -> dict[str, str]:
    """Each kind in words, the usual one first, with its value."""
    return {
        translate("Storage", "Local directory of each host"): "local",
        translate("Storage", "NFS server"): "nfs",
        translate("Storage", "Directory that hosts share"): "shared",
        translate("Storage", "Ceph pool"): "ceph",
    }


def storage_words(request: Request) -> str:
    """Where the disks will be: a directory, or a kind of server with its place."""
    kind = request.get("kind", "local")
    place = request.get("source" if kind in SOURCE_FIELDS else "path", "")
    if kind == "local":
        return place
    words = next(words for words, value in kind_choices().items() if value == kind)
    return f"{words}: {place}"


def _kind_hint(kind: str) -> str:
    return {
        "local": translate("Storage", "Needs nothing but room on each host."),
        "nfs": translate("Storage", "All hosts see the disks, and mount the server's export."),
        "shared": translate(
            "Storage", "All hosts see the disks. You have mounted it at the same path on each."
        ),
        "ceph": translate("Storage", "All hosts see the disks, in a pool of a Ceph cluster."),
    }[kind]


def _text(field: Any) -> str:
    return field.text().strip()
