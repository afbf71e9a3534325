"""The action that deletes a resource for good: what it does to others first, refusals in place."""

from __future__ import annotations

import contextlib
from typing import Any

from PySide6.QtGui import QShowEvent

from appliance.protocol.errors import ApiError
from appliance.protocol.results import (
    Consequences,
)
from desktop import texts
from desktop.net.bridge import single_flight
from desktop.net.cache import Cache
from desktop.pages.actions import Action
from desktop.pages.base import Shell
from desktop.texts import translate
from desktop.widgets.confirm import ConfirmForGood
from desktop.widgets.sheet import show_sheet

SHOWN = 3
"""So many names are shown before only the number is."""


def delete_action(
    kind: str, *, group: int = 2, verb: str = "delete", is_main: bool = False
) -> Action:
    """Delete one resource, after its name was typed in; with `expunge`, out of a recycle bin."""

    async def delete(shell: Shell, resources: list[Any]) -> None:
        show_delete(shell, kind, resources[0], verb)

    return Action(
        name="delete",
        title=translate("Actions", "Delete …"),
        icon="delete-outline",
        run=delete,
        shortcut="Del",
        is_single=True,
        is_main=is_main,
        group=group,
    )


def show_delete(shell: Shell, kind: str, resource: Any, verb: str = "delete") -> None:
    """Open the sheet that asks."""
    key = f"{verb}-{resource.id}"
    show_sheet(shell.window, key, lambda: DeleteSheet(shell, kind, resource, verb))


class DeleteSheet(ConfirmForGood):
    """Stays open until the service has accepted, and shows why it has not."""

    def __init__(self, shell: Shell, kind: str, resource: Any, verb: str) -> None:
        super().__init__(
            translate("Actions", "Delete {name}").format(name=resource.name),
            consequences(shell.cache, kind, resource.id, verb),
            resource.name,
            translate("Actions", "Delete"),
            shell.window,
        )
        self._shell = shell
        self._kind, self._ref, self._verb = kind, resource.id, verb

    def showEvent(self, event: QShowEvent) -> None:
        """Ask the service what it would do; until it answers, what is known here stands."""
        super().showEvent(event)
        shell = self._shell
        call = shell.ref.call("deletion.preview", kind=self._kind, id=self._ref)
        # If it cannot say, nothing is lost: the deletion itself is refused, with the reason.
        shell.bridge.fetch(call, self._previewed, lambda _error: None)

    def _previewed(self, found: Consequences) -> None:
        with contextlib.suppress(RuntimeError):  # the sheet was left meanwhile
            own = own_words(self._kind, self._verb)
            last = last_words(self._kind, self._verb)
            self.set_consequences([*own, *preview_words(found), *last])
            self.adjustSize()

    def carry_out(self) -> None:
        """Ask the service, and leave when it has accepted."""
        self._shell.bridge.spawn(self._delete())

    @single_flight
    async def _delete(self) -> None:
        shell = self._shell
        self.set_busy(busy=True)
        self.error.clear()
        try:
            await shell.bridge.run(shell.ref.call(f"{self._kind}.{self._verb}", id=self._ref))
        except (ApiError, OSError) as error:
            self.set_busy(busy=False)
            self.error.show_error(error)
            self.field.setFocus()
            return
        self.accept()


def consequences(cache: Cache, kind: str, ref: str, verb: str) -> list[str]:
    """What becomes of the resource, and of what stands on it, one sentence each."""
    lines = own_words(kind, verb)
    words, count = _others(cache, kind, ref)
    if count:
        lines.append(words.format(n=texts.number(count)))
    return [*lines, *last_words(kind, verb)]


def preview_words(found: Consequences) -> list[str]:
    """What the service says that happens to others, by effect and kind."""
    patterns = {
        "refuses": translate("Deleting", "In the way ({what}): {names}."),
        "deleted": translate("Deleting", "Deleted as well ({what}): {names}."),
        "stopped": translate("Deleting", "Stopped ({what}): {names}."),
        "detached": translate("Deleting", "Stays as it is ({what}): {names}."),
    }
    groups: dict[tuple[str, str], list[str]] = {}
    for item in found.items:
        groups.setdefault((item.effect, item.kind), []).append(item.name or item.id)
    return [
        patterns[effect].format(what=texts.word(f"kind.{kind}"), names=_some(names))
        for effect in patterns
        for (group, kind), names in groups.items()
        if group == effect
    ]


def _some(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:SHOWN])
    if len(names) <= SHOWN:
        return shown
    more = translate("Deleting", "{names} and {n} more")
    return more.format(names=shown, n=texts.number(len(names) - SHOWN))


def last_words(kind: str, verb: str) -> list[str]:
    """The last of all consequences: what has a recycle bin can be brought back from it."""
    if kind in ("image", "volume") and verb == "delete":
        return [translate("Deleting", "It can be brought back, unless the settings forbid it.")]
    return [translate("Deleting", "Nobody can bring it back.")]


def own_words(kind: str, verb: str) -> list[str]:
    """What becomes of a resource itself."""
    if kind == "image" and verb == "delete":
        return [translate("Deleting", "It moves to the recycle bin, and no machine can use it.")]
    if kind == "volume" and verb == "delete":
        return [translate("Deleting", "It moves to the recycle bin with its content.")]
    own = {
        "volume": translate("Deleting", "All that was ever written to it is gone."),
        "snapshot": translate(
            "Deleting", "Nobody can go back to it. The volume and other snapshots stay as they are."
        ),
        "instance_offering": translate(
            "Deleting", "It can no longer be chosen for new virtual machines."
        ),
        "security_group": translate("Deleting", "Its rules, and those that name it, go as well."),
        "elastic_ip": translate("Deleting", "The address may go to anybody who takes one next."),
        "affinity_group": translate("Deleting", "Nothing keeps its machines in place any more."),
        "account": translate("Deleting", "Its users, groups, roles and tokens go with it."),
        "user": translate("Deleting", "They are logged out, and can log in no more."),
        "role": translate("Deleting", "Those who have it may no longer do what it allows."),
        "image": translate("Deleting", "Its file is deleted from the image store."),
        "network": translate("Deleting", "The network is removed from all hosts."),
        "primary_storage": translate("Deleting", "Its directory on the hosts is given back."),
        "image_store": translate("Deleting", "Its directory on the host is given back."),
    }
    return [own[kind]] if kind in own else []


def _others(cache: Cache, kind: str, ref: str) -> tuple[str, int]:
    """A sentence about what uses the resource, and how many those are."""
    vms = cache.all("vm")
    if kind == "instance_offering":
        words = translate("Deleting", "Virtual machines that keep their size: {n}.")
        return words, sum(vm.offering_id == ref for vm in vms)
    if kind == "affinity_group":
        words = translate("Deleting", "Virtual machines that stay where they are: {n}.")
        return words, sum(vm.affinity_group_id == ref for vm in vms)
    if kind == "elastic_ip":
        words = translate("Deleting", "Virtual machines that are no longer reached by it: {n}.")
        return words, sum(one.id == ref and one.vm_id is not None for one in cache.all(kind))
    if kind == "security_group":
        words = translate("Deleting", "In the way: virtual machines that are in it: {n}.")
        return words, sum(any(ref in nic.security_group_ids for nic in vm.nics) for vm in vms)
    if kind == "image":
        words = translate("Deleting", "Virtual machines that keep their disks: {n}.")
        return words, sum(vm.image_id == ref for vm in vms)
    if kind == "network":
        words = translate("Deleting", "In the way: virtual machines that use it: {n}.")
        return words, sum(any(nic.network_id == ref for nic in vm.nics) for vm in vms)
    if kind == "primary_storage":
        words = translate("Deleting", "In the way: disks that are on it: {n}.")
        disks = (volume for vm in vms for volume in vm.volumes)
        return words, sum(volume.primary_storage_id == ref for volume in disks)
    if kind == "image_store":
        words = translate("Deleting", "In the way: images that are in it: {n}.")
        return words, sum(image.image_store_id == ref for image in cache.all("image"))
    return "", 0
