"""The sheet that puts a disc into a machine's drive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.net.cache import Cache
from desktop.operation_titles import operation_title
from desktop.pages.accounts import open_sheet
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.page import Request, StepPage


class InsertForm(StepPage):
    """The disc."""

    names = ("disc",)

    def __init__(self, vm: r.Vm, discs: list[r.Image]) -> None:
        words = translate(
            "Discs", "{name} sees it at once, also while it runs; it stays in until it is ejected."
        )
        super().__init__(operation_title("vm.attach_iso"), words.format(name=vm.name))
        self.disc = self.add_choice(
            "image_id",
            translate("Discs", "Disc"),
            [(f"{one.name}  {texts.size(one.size_bytes)}", one.id) for one in discs],
        )
        self.body.addStretch()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """What is chosen."""
        return {"image_id": self.disc.currentData() or ""}

    def review(self) -> bool:
        """There must be a disc."""
        is_there = self.disc.count() > 0
        words = translate("Discs", "There is no disc: add an ISO file as an image first.")
        self.tell("image_id", "" if is_there else words)
        return is_there


def discs_of(cache: Cache) -> list[r.Image]:
    """The images that can be put into drives, by name."""
    found = [
        image
        for image in cache.all("image")
        if image.kind == "iso" and image.status == r.ImageStatus.READY
    ]
    return sorted(found, key=lambda image: image.name)


def show_insert(shell: Shell, vm: r.Vm, slot: int) -> None:
    """Open the sheet for one drive."""
    discs = discs_of(shell.cache)
    spec = SheetSpec(
        operation="vm.attach_iso",
        button=translate("Discs", "Insert"),
        fixed={"id": vm.id, "slot": slot},
    )
    open_sheet(shell, f"disc-{vm.id}-{slot}", lambda: InsertForm(vm, discs), spec)
