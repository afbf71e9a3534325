"""The actions on volumes: on their page, and on the disks of a machine."""

from __future__ import annotations

from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.net.cache import Cache
from desktop.pages.actions import Action, Reason, call_each
from desktop.pages.base import Shell
from desktop.pages.sheets import volumes as sheets
from desktop.pages.sheets.deleting import delete_action, show_delete
from desktop.pages.sheets.editing import edit_action
from desktop.pages.sheets.images import make_image
from desktop.pages.sheets.moving import show_move
from desktop.texts import translate

V = r.VolumeStatus


def limit_words(volume: r.Volume) -> str:
    """A volume's limits in short; a dash for none."""
    found = [
        pattern.format(n=words(value))
        for value, words, pattern in (
            (volume.read_iops, texts.number, translate("Volumes", "{n} reads/s")),
            (volume.write_iops, texts.number, translate("Volumes", "{n} writes/s")),
            (volume.read_bytes_s, texts.size, translate("Volumes", "{n}/s read")),
            (volume.write_bytes_s, texts.size, translate("Volumes", "{n}/s written")),
        )
        if value
    ]
    return ", ".join(found) or "–"


def busy_reason(volume: r.Volume) -> str:
    """Why nothing can be done with a volume now; empty if something can."""
    if volume.status in (V.READY, V.NOT_MADE):
        return ""
    words = translate("Volumes", "{name} is busy: {status}.")
    status = texts.word(f"volume.status.{volume.status.value}")
    return words.format(name=volume.name, status=status)


def attach_reason(volume: r.Volume) -> str:
    """Why a volume cannot be attached now; empty if it can."""
    if volume.vm_id is not None:
        words = translate("Volumes", "It is attached to {vm}: detach it there first.")
        return words.format(vm=volume.vm_name)
    return busy_reason(volume)


def delete_reason(volume: r.Volume) -> str:
    """Why a volume cannot be deleted now; empty if it can."""
    if volume.kind == "root":
        return translate("Volumes", "The root disk goes with its machine.")
    return attach_reason(volume)


def in_states(cache: Cache, *states: r.VmState) -> Reason:
    """A reason function: the volume's machine, if it has one, must be in one of `states`."""

    def reason(volume: r.Volume) -> str:
        if busy := busy_reason(volume):
            return busy
        vm = cache.get("vm", volume.vm_id) if volume.vm_id is not None else None
        if vm is None or vm.state in states:
            return ""
        needed = ", ".join(texts.word(f"vm.state.{one.value}") for one in states)
        words = translate("Volumes", "Its machine {vm} must be: {needed}.")
        return words.format(vm=vm.name, needed=needed)

    return reason


def volume_actions(
    cache: Cache, *, at_machine: bool = False, is_administrator: bool = True
) -> list[Action]:
    """What can be done with volumes, in the order of bar and menu.

    `at_machine` is for the disks of one machine, where there is nothing to attach. Administrators
    can move them, too.
    """
    can_detach = in_states(cache, r.VmState.RUNNING, r.VmState.STOPPED)
    can_change = in_states(cache, r.VmState.RUNNING, r.VmState.PAUSED, r.VmState.STOPPED)
    is_root = translate("Volumes", "A machine cannot be without its root disk.")
    is_free = translate("Volumes", "No machine has it.")

    def detach_reason(volume: r.Volume) -> str:
        if volume.kind == "root":
            return is_root
        return can_detach(volume) if volume.vm_id is not None else is_free

    async def attach(shell: Shell, volumes: list[Any]) -> None:
        sheets.attach(shell, volumes[0])

    async def detach(shell: Shell, volumes: list[Any]) -> None:
        await call_each(shell, "volume.detach", volumes)

    async def grow(shell: Shell, volumes: list[Any]) -> None:
        sheets.grow(shell, volumes[0])

    async def limit(shell: Shell, volumes: list[Any]) -> None:
        sheets.limit(shell, volumes[0])

    attaching = Action(
        name="attach",
        title=translate("Volumes", "Attach …"),
        icon="link-variant",
        run=attach,
        reason=attach_reason,
        is_single=True,
        is_main=True,
    )
    common = [
        Action(
            name="detach",
            title=translate("Volumes", "Detach"),
            icon="link-variant-off",
            run=detach,
            reason=detach_reason,
            is_main=True,
        ),
        Action(
            name="grow",
            title=translate("Volumes", "Grow …"),
            icon="arrow-expand",
            run=grow,
            reason=can_change,
            is_single=True,
            is_main=True,
        ),
        Action(
            name="limit",
            title=translate("Volumes", "Limits …"),
            icon="speedometer",
            run=limit,
            reason=can_change,
            is_single=True,
            is_main=True,
        ),
        *([move_action(cache)] if is_administrator else []),
        _image(can_change),
        edit_action("volume"),
    ]
    return common if at_machine else [attaching, *common, _delete()]


def move_action(cache: Cache) -> Action:
    """Moving a volume to another storage or host: for administrators."""
    not_made = translate("Volumes", "It has not been made yet: it lies nowhere.")
    can_move = in_states(cache, r.VmState.RUNNING, r.VmState.PAUSED, r.VmState.STOPPED)

    async def move(shell: Shell, volumes: list[Any]) -> None:
        show_move(shell, volumes[0])

    return Action(
        name="move",
        title=translate("Moving", "Move to …"),
        icon="swap-horizontal",
        run=move,
        reason=lambda volume: not_made if volume.status == V.NOT_MADE else can_move(volume),
        is_single=True,
    )


def _image(can_change: Reason) -> Action:
    not_made = translate("Volumes", "It has not been made yet: there is nothing in it.")

    async def make(shell: Shell, volumes: list[Any]) -> None:
        make_image(shell, volumes[0])

    return Action(
        name="image",
        title=translate("Volumes", "Make image …"),
        icon="disc",
        run=make,
        reason=lambda volume: not_made if volume.status == V.NOT_MADE else can_change(volume),
        is_single=True,
    )


def _delete() -> Action:
    async def delete(shell: Shell, volumes: list[Any]) -> None:
        show_delete(shell, "volume", volumes[0])

    asked = delete_action("volume")
    return Action(
        name=asked.name,
        title=asked.title,
        icon=asked.icon,
        run=delete,
        reason=delete_reason,
        shortcut=asked.shortcut,
        is_single=True,
        group=asked.group,
    )
