"""Whether a disk that could not be written was full: QEMU says no more than that writing failed."""

from __future__ import annotations

import structlog

from appliance.engine.jobs import JobRun
from appliance.hosts.links import HostLinks
from appliance.protocol.errors import ApiError
from appliance.services.common import link_wait_s
from hostagent.protocol.commands import STORAGE_CHECK_PATH
from hostagent.protocol.storage import CheckPathParams

log = structlog.get_logger()


async def refuse_if_full(links: HostLinks, run: JobRun, host_id: str, path: str) -> None:
    """Look at a host's directory; raises ApiError with the numbers if it is full."""
    params = CheckPathParams(path=path)
    try:
        await links.call(
            host_id, STORAGE_CHECK_PATH, params, on_wait=run.wait, wait_s=link_wait_s(run)
        )
    except ApiError as error:
        if error.code == "storage.no_space":
            raise
        log.info("storage_not_looked_at", path=path, reason=str(error))
