"""The same action on many machines: one request, one job, and a result for each machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from appliance.protocol import resources as r
from desktop import texts
from desktop.operation_titles import operation_title
from desktop.pages.actions import call_each
from desktop.pages.base import Shell
from desktop.texts import translate

MOST = 1000
"""So many machines are taken by one request."""


async def act(shell: Shell, action: str, vms: list[Any], **request: Any) -> list[r.Job]:
    """Do one thing with machines; several become the parts of one job, which is returned."""
    if len(vms) == 1:
        await call_each(shell, f"vm.{action}", vms, **request)
        return []
    jobs: list[r.Job] = []
    for start in range(0, len(vms), MOST):
        ids = [vm.id for vm in vms[start : start + MOST]]
        call = shell.ref.call("vm.bulk", action=action, ids=ids, **request)
        accepted = await shell.bridge.run(call)
        shell.cache.put("job", accepted.jobs)
        jobs += accepted.jobs
    return jobs


def bulk(action: str, **request: Any) -> Callable[[Shell, list[Any]], Awaitable[None]]:
    """What runs an action on a selection; of several machines it tells where the results are."""

    async def run(shell: Shell, vms: list[Any]) -> None:
        jobs = await act(shell, action, vms, **request)
        if jobs:
            tell(shell, action, len(vms), jobs[0])

    return run


def tell(shell: Shell, action: str, count: int, job: r.Job) -> None:
    """A notice that leads to the job with its parts."""
    words = translate("VmActions", "{action}: {count} virtual machines, in one job")
    shell.notices.show(
        words.format(action=operation_title(f"vm.{action}"), count=texts.number(count)),
        action=translate("Jobs", "Details"),
        on_action=lambda: shell.go("job", job.id),
    )
