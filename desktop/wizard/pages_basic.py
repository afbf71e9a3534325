"""Steps 1, 2 and 4: zone, cluster and image server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from desktop import texts
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage, choose


class NamePage(StepPage):
    """A step that asks for name and description."""

    def __init__(self, step: str, title: str, intro: str) -> None:
        super().__init__(title, intro)
        self.names = (step,)
        self.name = self.add_line("name", translate("Wizard", "Name"))
        self.description = self.add_line("description", translate("Wizard", "Description"))

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        request = requests[self.names[0]]
        self.name.setText(request["name"])
        self.description.setText(request.get("description", ""))

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return {"name": self.name.text(), "description": self.description.text()}

    def review(self) -> bool:
        """A name is needed."""
        return self.review_names()


class ClusterPage(NamePage):
    """A step that asks for the hypervisor as well."""

    def __init__(self) -> None:
        super().__init__(
            "cluster",
            translate("Wizard", "Cluster"),
            translate("Wizard", "A cluster is a group of hosts that share networks and storage."),
        )
        self.hypervisor = self.add_choice(
            "hypervisor",
            translate("Wizard", "Hypervisor"),
            [("KVM", "kvm")],
            translate("Wizard", "Hosts without hardware virtualisation run machines emulated."),
        )

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        super().fill(requests)
        choose(self.hypervisor, requests["cluster"].get("hypervisor", "kvm"))

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return super().values(name) | {"hypervisor": self.hypervisor.currentData()}


class PathPage(NamePage):
    """A step that asks for a kind of storage, and for a directory on the host."""

    tested_field = "path"

    def __init__(self, step: str, title: str, intro: str, kinds: list[tuple[str, str]]) -> None:
        super().__init__(step, title, intro)
        self.kind = self.add_choice("kind", translate("Wizard", "Type"), kinds)
        self.path = self.add_line(
            "path",
            translate("Wizard", "Path"),
            translate("Wizard", "It is made if it does not exist."),
        )

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Show the values of these requests."""
        super().fill(requests)
        choose(self.kind, requests[self.names[0]].get("kind", ""))
        self.path.setText(requests[self.names[0]].get("path", ""))

    def values(self, name: str) -> dict[str, Any]:
        """What the fields say."""
        return super().values(name) | {
            "kind": self.kind.currentData(),
            "path": self.path.text().strip(),
        }

    def review(self) -> bool:
        """The path must be absolute."""
        is_absolute = self.path.text().strip().startswith("/")
        wrong = translate("Wizard", "Begin the path with a slash, as in /var/lib/anyun/storage.")
        self.tell("path", "" if is_absolute else wrong)
        return super().review() and is_absolute

    def good_words(self, facts: Mapping[str, Any]) -> str:
        """How much room the directory has."""
        if "available_bytes" not in facts:
            return ""
        words = translate("Wizard", "The host can write here; {size} are free.")
        return words.format(size=texts.size(facts["available_bytes"]))


def zone_page() -> StepPage:
    """Step 1."""
    return NamePage(
        "zone",
        translate("Wizard", "Zone"),
        translate(
            "Wizard",
            "A zone is a site, such as a machine room. Everything else belongs to a zone.",
        ),
    )


def cluster_page() -> StepPage:
    """Step 2."""
    return ClusterPage()


def image_store_page() -> StepPage:
    """Step 4."""
    return PathPage(
        "image_store",
        translate("Wizard", "Image server"),
        translate(
            "Wizard",
            "The image server keeps the images that virtual machines are made from.",
        ),
        [(translate("Wizard", "Directory on a host"), "directory")],
    )
