"""Carries out one generated command: names to ids, the call, waiting, the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import typer

from appliance.cli.exits import Exit
from appliance.cli.lists import (
    in_recycle_bin,
    leaves_out_recycle_bin,
    without_recycle_bin,
    words_for_recycle_bin,
)
from appliance.cli.names import resolve, resolve_fields, with_nic
from appliance.cli.paths import show_paths
from appliance.cli.progress import wait_for
from appliance.cli.show import show_chain, show_check, show_details, show_items, show_list
from appliance.cli.show_hosts import show_maintenance_plan
from appliance.cli.show_traffic import follow_drops, show_drops, show_rules
from appliance.cli.terminal import Terminal
from appliance.client import Client, JobFailed
from appliance.protocol.drops import VmDrops
from appliance.protocol.effective import EffectiveRules
from appliance.protocol.errors import NotFound
from appliance.protocol.hosts import MaintenancePlan
from appliance.protocol.operations import OPERATIONS, Accepted, Kind, OperationSpec
from appliance.protocol.paths import NetworkPaths
from appliance.protocol.resources import CheckResult, Job
from appliance.protocol.snapshots import VolumeChain

PAGE = 1000
# What these change is shown with all its fields: a plan, a new token, all quotas.
PLAIN = frozenset({"setup", "token", "quota"})


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What was typed: `targets` are ids or names, `body` the request, `query` of a list."""

    spec: OperationSpec
    targets: list[str] = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    limit: int | None = None
    wait: bool = True
    timeout_s: float | None = None
    follow: bool = False


async def perform(terminal: Terminal, ask: Ask) -> None:
    """Do it with the login that is kept, and show the result."""
    async with terminal.client() as client:
        await perform_with(terminal, client, ask)


async def perform_with(terminal: Terminal, client: Client, ask: Ask) -> None:
    """Do it with `client`."""
    spec = ask.spec
    if spec.verb == "list":
        await _list(terminal, client, ask)
        return
    body = dict(ask.body)
    await resolve_fields(client, body, spec.name)
    if "{id}" in spec.path:
        # All names are looked up before anything is changed.
        kind = spec.target
        ids = [await resolve(client, kind, text, operation=spec.name) for text in ask.targets]
        if ask.follow:
            await follow_drops(terminal, client, ids)
            return
        bodies = [await with_nic(client, body, body.get("vm_id", ref)) for ref in ids]
        answers = [
            await _call(client, spec, ref, asked) for ref, asked in zip(ids, bodies, strict=True)
        ]
    else:
        answers = [await client.call(spec.name, **body)]
    if spec.kind == Kind.JOB:
        await _jobs(terminal, client, ask, answers)
    elif spec.response is None:
        terminal.note("ok")
    elif spec.response in OWN_VIEWS:
        OWN_VIEWS[spec.response](terminal, answers)
    elif spec.verb in ("create", "update", "enable", "disable") and spec.noun not in PLAIN:
        show_items(terminal, answers)
    else:
        show_details(terminal, answers)


def _check(terminal: Terminal, answers: list[Any]) -> None:
    show_check(terminal, answers[0])
    _fail_on_problems(answers[0])


def _paths(terminal: Terminal, answers: list[Any]) -> None:
    for answer in answers:
        show_paths(terminal, answer)
    if any(answer.findings for answer in answers):
        raise typer.Exit(Exit.FAILED)


def _chains(terminal: Terminal, answers: list[Any]) -> None:
    show_chain(terminal, answers)
    if not all(answer.is_sound for answer in answers):
        raise typer.Exit(Exit.FAILED)


# Answers that are neither a resource nor plain facts, and how they are shown.
OWN_VIEWS: dict[Any, Callable[[Terminal, list[Any]], None]] = {
    CheckResult: _check,
    NetworkPaths: _paths,
    VmDrops: show_drops,
    VolumeChain: _chains,
    EffectiveRules: show_rules,
    MaintenancePlan: show_maintenance_plan,
}


async def _call(client: Client, spec: OperationSpec, ref: str, body: dict[str, Any]) -> Any:
    # A struct, because a body's own `id` must not be taken for the one in the path.
    if spec.method == "GET":
        return await client.call(spec.name, id=ref)
    return await client.call(spec.name, msgspec.convert(body, spec.request), id=ref)


async def _list(terminal: Terminal, client: Client, ask: Ask) -> None:
    query = dict(ask.query)
    if terminal.quiet and "fields" in query:
        query["fields"] = "id"
    for name in [name for name in query if name.endswith("_id")]:
        resolved = {name: query[name]}
        await resolve_fields(client, resolved, ask.spec.name)
        query |= resolved
    if not leaves_out_recycle_bin(ask.spec.name, query):
        await _show_pages(terminal, client, ask, query)
        return
    await _show_pages(terminal, client, ask, without_recycle_bin(ask.spec.name, query))
    if not (terminal.as_json or terminal.quiet):
        left_out = await client.call(ask.spec.name, **in_recycle_bin(ask.spec.name, query))
        if left_out.total:
            terminal.note(
                "in_recycle_bin",
                count=left_out.total,
                noun=ask.spec.noun,
                condition=words_for_recycle_bin(ask.spec.name),
            )


async def _show_pages(terminal: Terminal, client: Client, ask: Ask, query: dict[str, Any]) -> None:
    items: list[Any] = []
    total = 0
    while True:
        left = PAGE if ask.limit is None else ask.limit - len(items)
        page = await client.call(ask.spec.name, **query, limit=min(PAGE, left))
        items += page.items
        total = max(total, page.total)
        query |= {"cursor": page.next, "count": False}  # what was counted once is not again
        if page.next is None or (ask.limit is not None and len(items) >= ask.limit):
            show_list(terminal, items, total, fields=ask.query.get("fields"))
            return


async def _jobs(terminal: Terminal, client: Client, ask: Ask, answers: list[Accepted]) -> None:
    accepted = Accepted(
        jobs=[job for answer in answers for job in answer.jobs],
        resource_ids=[ref for answer in answers for ref in answer.resource_ids],
    )
    if not ask.wait:
        _show_accepted(terminal, accepted)
        terminal.note("job_started", ids=" ".join(job.id for job in accepted.jobs))
        return
    try:
        jobs = await wait_for(terminal, client, accepted, ask.timeout_s)
    except JobFailed:
        if terminal.as_json:
            ended = [await client.call("job.get", id=job.id) for job in accepted.jobs]
            terminal.print_json(Accepted(jobs=ended, resource_ids=accepted.resource_ids))
        raise
    done = Accepted(jobs=jobs, resource_ids=accepted.resource_ids)
    if terminal.as_json or terminal.quiet:
        _show_accepted(terminal, done)
        return
    await _show_made(terminal, client, ask.spec, done)


def _show_accepted(terminal: Terminal, accepted: Accepted) -> None:
    if terminal.as_json:
        terminal.print_json(accepted)
    elif terminal.quiet:
        for ref in accepted.resource_ids:
            terminal.out.print(ref)
    else:
        show_items(terminal, accepted.jobs)


async def _show_made(
    terminal: Terminal, client: Client, spec: OperationSpec, done: Accepted
) -> None:
    """The resources as they are now; those that are gone are not shown."""
    reader = OPERATIONS.get(f"{spec.noun}.get")
    items = []
    for ref in done.resource_ids if reader and "{id}" in reader.path else []:
        try:
            items.append(await client.call(f"{spec.noun}.get", id=ref))
        except NotFound:
            continue
    if items:
        show_items(terminal, items)
    else:
        terminal.note("ok")


def _fail_on_problems(result: CheckResult) -> None:
    """A check that found problems is no success; what it found has been shown."""
    if result.problems:
        raise typer.Exit(Exit.FAILED)


async def wait_for_jobs(terminal: Terminal, refs: list[str], timeout_s: float | None) -> None:
    """`anyun job wait`."""
    async with terminal.client() as client:
        jobs: list[Job] = [
            await client.call("job.get", id=await resolve(client, "job", ref)) for ref in refs
        ]
        accepted = Accepted(jobs=jobs, resource_ids=[job.resource_id for job in jobs])
        show_items(terminal, await wait_for(terminal, client, accepted, timeout_s))
