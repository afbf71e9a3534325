"""The processor of machines that follow their cluster: facts about it, and the sheet for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QComboBox

from appliance.protocol import resources as r
from desktop.net.cache import Cache
from desktop.pages.accounts import open_sheet
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.pages.creating_vm.cpu import models_of
from desktop.pages.sheets.form_sheet import SheetSpec
from desktop.texts import translate
from desktop.wizard.fields import FormField
from desktop.wizard.page import Request, StepPage

SHOWN_FEATURES = 12


class ClusterCpuForm(StepPage):
    """The mode, and the model of a named one."""

    names = ("cluster",)

    def __init__(self, cluster: r.Cluster, cache: Cache) -> None:
        super().__init__(
            translate("Hardware", "Processor of machines"),
            translate(
                "Hardware",
                "Machines that follow their cluster have it from their next start on. With the "
                "baseline each of them can go to each host.",
            ),
        )
        self.mode = self.add_choice("cpu_mode", translate("Hardware", "Processor"), choices())
        self.model = QComboBox()
        self.model.setEditable(True)
        self.model.addItems(models_of(cache))
        title = translate("Hardware", "Processor model")
        self.add_field("cpu_model", FormField(title, self.model))
        self.is_filling = True
        self.mode.setCurrentIndex(self.mode.findData(cluster.cpu_mode))
        self.model.setCurrentText(cluster.cpu_model)
        self.is_filling = False
        self.model.editTextChanged.connect(lambda _: self.chosen_by_hand())
        self.body.addStretch()

    def fill(self, requests: Mapping[str, Request]) -> None:
        """Nothing is proposed."""

    def values(self, name: str) -> dict[str, Any]:
        """Mode and model."""
        mode = self.mode.currentData()
        model = self.model.currentText().strip() if mode == "custom" else ""
        return {"cpu_mode": mode, "cpu_model": model}

    def review(self) -> bool:
        """A named processor needs a name."""
        asked = self.values("cluster")
        is_custom = asked["cpu_mode"] == "custom"
        self.fields["cpu_model"].setVisible(is_custom)
        is_missing = is_custom and not asked["cpu_model"]
        words = translate("Hardware", "Name a processor model.")
        self.tell("cpu_model", words if is_missing else "")
        return not is_missing


def choices() -> list[tuple[str, str]]:
    """The CPU modes of clusters, in words."""
    return [
        (translate("Hardware", "the best that all hosts have"), "baseline"),
        (translate("Hardware", "plain, for very old guests"), "none"),
        (translate("Hardware", "model nearest to the host's"), "host_model"),
        (translate("Hardware", "the host's own"), "host_passthrough"),
        (translate("Hardware", "a named model"), "custom"),
    ]


def cpu_facts(cluster: r.Cluster) -> list[tuple[str, str]]:
    """What the detail of a cluster says of it."""
    words = {value: text for text, value in choices()}
    chosen = words[cluster.cpu_mode] + (f": {cluster.cpu_model}" if cluster.cpu_model else "")
    found = [(translate("Hardware", "Processor"), chosen)]
    baseline = cluster.cpu_baseline
    if baseline is None:
        return found
    found.append((translate("Hardware", "Common to all hosts"), baseline.model))
    found += [
        (
            translate("Hardware", "{host} lacks").format(host=one.host_name),
            _shortened(one.features),
        )
        for one in baseline.lacking
    ]
    return found


def cpu_action() -> Action:
    """Choose the processor of a cluster's machines."""

    async def run(shell: Shell, clusters: list[Any]) -> None:
        cluster = clusters[0]
        spec = SheetSpec(
            operation="cluster.update",
            button=translate("Sheets", "Save"),
            fixed={"id": cluster.id},
        )
        open_sheet(shell, f"cpu-{cluster.id}", lambda: ClusterCpuForm(cluster, shell.cache), spec)

    return Action(
        name="cpu",
        title=translate("Hardware", "Processor of machines …"),
        icon="chip",
        run=run,
        is_single=True,
    )


def _shortened(features: list[str]) -> str:
    shown = ", ".join(features[:SHOWN_FEATURES])
    return shown + (" …" if len(features) > SHOWN_FEATURES else "")
