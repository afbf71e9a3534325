"""`anyun quickstart`: from a fresh appliance to the first machine, in the terminal.

It can be repeated at any time: ids are fixed by the appliance's plan, so nothing is made twice.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape

from appliance.cli import access
from appliance.cli.exits import Exit, Stop
from appliance.cli.progress import ENDED, JobDisplay, wait_for
from appliance.cli.show import print_finding, show_plan
from appliance.cli.terminal import Terminal
from appliance.cli.texts import TEXTS
from appliance.client import Client, Trust
from appliance.client.setup import SCREENS, SetupFlow
from appliance.protocol.errors import NotFound, Unauthenticated, from_body
from appliance.protocol.resources import HostCandidate, Vm, VmState

MACHINE_WITHIN_S = 180.0
FIRST_VM = "vm-1"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What was given on the command line."""

    url: str
    fingerprint: str | None
    setup_code: str | None
    password_stdin: bool
    yes: bool
    image: str | None  # a file or an address instead of the proposed image
    vm_name: str
    ssh_public_key: str


async def quickstart(terminal: Terminal, wishes: Wishes) -> None:
    """Set the first password if there is none, do the seven steps, create the first machine."""
    found = await access.trust(terminal, wishes.url, wishes.fingerprint)
    async with Client(wishes.url, trust=found) as client:
        await _log_in(terminal, client, found, wishes)
        flow = SetupFlow(client)
        await _set_up(terminal, flow, wishes)
        vm = await _first_vm(terminal, flow, wishes)
        _tell(terminal, flow, vm, wishes.url)


async def _log_in(terminal: Terminal, client: Client, found: Trust, wishes: Wishes) -> None:
    info = await client.check_version()
    if info.needs_first_password:
        await access.set_first(
            terminal,
            client,
            found,
            setup_code=wishes.setup_code,
            password_stdin=wishes.password_stdin,
        )
        return
    known = terminal.book.find(wishes.url)
    if known is not None and known.token:
        client.token = known.token
        try:
            await client.call("session.get")
        except Unauthenticated:
            client.token = None
        else:
            return
    password = access.get_password(terminal, "password_prompt", from_stdin=wishes.password_stdin)
    access.keep(terminal, client, found, await client.login(access.ADMIN, password))


async def _set_up(terminal: Terminal, flow: SetupFlow, wishes: Wishes) -> None:
    await flow.load()
    if flow.plan.complete:
        terminal.note("quick_done_before")
        return
    await _machine(terminal, flow)
    await _choose_image(flow, wishes.image)
    if not wishes.yes:
        await _ask(terminal, flow)
    storage = flow.step("primary_storage")
    if storage.request.get("user") and not storage.done:
        flow.storage_key = access.get_storage_key(terminal)
    with JobDisplay(terminal) as display:
        flow.on_upload = lambda sent, total: display.bytes(
            flow.upload_from.name if flow.upload_from else "", sent, total
        )
        for number, names in enumerate(SCREENS, 1):
            for name in names:
                await _step(terminal, flow, display, number, name)


async def _machine(terminal: Terminal, flow: SetupFlow) -> None:
    """Wait for the machine that becomes the host, and say what it can do."""
    if flow.step("host").done:
        return
    if not await flow.candidates():
        terminal.note("quick_waiting")
    try:
        found = await flow.wait_for_machine(MACHINE_WITHIN_S)
    except TimeoutError:
        text = terminal.text("quick_no_machine", seconds=f"{MACHINE_WITHIN_S:g}")
        raise Stop(text, Exit.UNREACHABLE) from None
    if isinstance(found, HostCandidate) and found.accelerator == "tcg":
        key = f"emulated_{found.accelerator_reason}"
        known = key if key in TEXTS else "emulated_unknown"
        terminal.note("quick_emulated", reason=terminal.text(known))


async def _choose_image(flow: SetupFlow, image: str | None) -> None:
    """Keep an image that was given instead of the proposed one."""
    if image is None or flow.step("image").done:
        return
    if image.startswith(("http://", "https://")):
        name = Path(image).stem or "image"
        await flow.edit("image", source="url", url=image, name=name)
        return
    flow.upload_from = Path(image).expanduser()
    size_bytes = flow.upload_from.stat().st_size
    await flow.edit(
        "image", source="upload", url="", name=flow.upload_from.stem, size_bytes=size_bytes
    )


async def _ask(terminal: Terminal, flow: SetupFlow) -> None:
    terminal.note("quick_plan")
    show_plan(terminal, flow.plan)
    if not terminal.can_ask:
        what = terminal.text("quick_go")
        raise Stop(terminal.text("say_yes", what=what), Exit.USAGE)
    if not terminal.confirm("quick_go"):
        raise Stop(terminal.text("quick_not"), Exit.FAILED)


async def _step(
    terminal: Terminal, flow: SetupFlow, display: JobDisplay, number: int, name: str
) -> None:
    """Test and carry out one step; steps that are done are only mentioned."""
    step = flow.step(name)
    title = f"{number}/7 {terminal.text(f'quick_screen_{number}')}: {step.request['name']}"
    if not step.done and step.job_id is None:
        result = await flow.check(name)
        for body in result.warnings:
            print_finding(terminal, f"[bold yellow]{terminal.text('warning')}:[/]", body)
        if result.problems:
            first = result.problems[0]
            for body in result.problems[1:]:
                print_finding(terminal, f"[bold red]{terminal.text('problem')}:[/]", body)
            raise from_body(409, first)
    await flow.commit(name, display.job)
    if not terminal.quiet:
        terminal.err.print(f"[green]✓[/] {escape(title)}")


async def _first_vm(terminal: Terminal, flow: SetupFlow, wishes: Wishes) -> Vm:
    """The first machine: made now, still being made, or made before."""
    client = flow.client
    zone_id = flow.step("zone").request["id"]
    vm_id = str(uuid.uuid5(uuid.UUID(zone_id), "first machine"))
    before = await _vm_before(client, vm_id)
    if before is not None:
        terminal.note("quick_vm_before")
        return before
    accepted = await client.call(
        "vm.create",
        id=vm_id,
        name=wishes.vm_name,
        image_id=flow.step("image").request["id"],
        network_id=flow.step("network").request["id"],
        offering_id=flow.step("offering").request["id"],
        ssh_public_key=wishes.ssh_public_key,
    )
    await wait_for(terminal, client, accepted)
    return await client.call("vm.get", id=vm_id)


async def _vm_before(client: Client, vm_id: str) -> Vm | None:
    try:
        vm: Vm = await client.call("vm.get", id=vm_id)
    except NotFound:
        page = await client.call("vm.list", sort="created_at", limit=1)
        return page.items[0] if page.items else None
    jobs = await client.call("job.list", resource_id=vm_id, sort="-created_at", limit=1)
    running = [job for job in jobs.items if job.state not in ENDED]
    if running:
        return None  # create is repeated with the same id, which only waits for that job
    return vm


def _tell(terminal: Terminal, flow: SetupFlow, vm: Vm, url: str) -> None:
    if terminal.as_json:
        terminal.print_json(vm)
        return
    if terminal.quiet:
        terminal.out.print(vm.id)
        return
    address = ", ".join(nic.address for nic in vm.nics)
    lines = [("quick_ready", {"name": vm.name, "address": address})]
    if vm.state != VmState.RUNNING:
        state = terminal.word(f"vm.state.{vm.state}")
        key = "quick_vm_bin" if vm.state == VmState.DESTROYED else "quick_vm_state"
        lines = [(key, {"name": vm.name, "state": state})]
    lines += [("quick_console", {"name": vm.name})]
    if flow.step("image").request["source"] == "starter":
        lines += [("quick_starter", {})]
    lines += [("quick_desktop", {"url": url})]
    for key, values in lines:
        terminal.out.print(escape(terminal.text(key, **values)))
