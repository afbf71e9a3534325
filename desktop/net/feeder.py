"""Keeps a copy of the cloud's resources fresh: lists by pages, then the change feed. No Qt here.

Runs in the network thread. What it learns goes to a `deliver` callback as plain structs, in
batches of at most 20 a second.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from appliance.protocol import resources as r
from appliance.protocol import security as s
from appliance.protocol import tenancy as t
from appliance.protocol.elastic import ElasticIp
from appliance.protocol.errors import ApiError, Forbidden, NotFound, Unauthenticated, Unavailable
from appliance.protocol.events import Change, FeedStart
from appliance.protocol.layer2 import VxlanPool
from appliance.protocol.operations import API_VERSION
from appliance.protocol.snapshots import Snapshot
from desktop.net.bridge import Batcher
from desktop.net.client_ref import ClientRef
from desktop.net.share import Sharer

log = structlog.get_logger(__name__)

TYPES: dict[str, type[Any]] = {
    "zone": r.Zone,
    "cluster": r.Cluster,
    "host": r.Host,
    "image_store": r.ImageStore,
    "primary_storage": r.PrimaryStorage,
    "instance_offering": r.InstanceOffering,
    "image": r.Image,
    "network": r.Network,
    "vxlan_pool": VxlanPool,
    "elastic_ip": ElasticIp,
    "affinity_group": r.AffinityGroup,
    "security_group": s.SecurityGroup,
    "security_rule": s.SecurityRule,
    "vm": r.Vm,
    "volume": r.Volume,
    "snapshot": Snapshot,
    "account": r.Account,
    "user": t.User,
    "group": t.Group,
    "role": t.Role,
    "share": t.Share,
    "token": t.Token,
    "job": r.Job,
    "cleanup": r.Cleanup,
}
"""The kinds of resources that the client keeps, small lists first."""

ROOT = "root"
"""Volumes of this kind come and go with their machines, which show them: they are not kept."""

PAGE_SIZE = 1000
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0
MAX_JOBS = 500
FINAL = ("client.certificate_changed", "client.version")
"""Errors that trying again cannot mend: somebody has to look at them and log in anew."""
MOST_GARBLED = 2
"""So many answers in a row that we can't read mean that they are not meant for us."""

Check = Callable[[], Awaitable[r.Info]]


@dataclass(frozen=True)
class Listed:
    """A page of a list arrived; `first` means that what was known before is void."""

    kind: str
    items: list[Any]
    first: bool
    last: bool


@dataclass(frozen=True)
class Changed:
    """One change of the feed, decoded; `data` is None when the resource is gone."""

    kind: str
    id: str
    data: Any


@dataclass(frozen=True)
class Online:
    """The connection stands and the copy is fresh."""


@dataclass(frozen=True)
class Offline:
    """The connection is lost; `retry_in_s` until the next attempt."""

    error: Exception
    retry_in_s: float


@dataclass(frozen=True)
class LoggedOut:
    """The session is over: somebody must log in again; `error` tells why, if it did not just end.

    It is one of `FINAL`: another certificate, or versions that do not fit any longer.
    """

    error: ApiError | None = None


Item = Listed | Changed | Online | Offline | LoggedOut


class Feeder:
    """Loads the lists, follows the feed, and comes back by itself after a lost connection.

    `check` is asked after each reconnect whether client and appliance still fit: the appliance
    may have been upgraded meanwhile. It raises as `Client.check_version` does.
    """

    def __init__(
        self,
        ref: ClientRef,
        deliver: Callable[[list[Item]], object],
        check: Check | None = None,
    ) -> None:
        self._ref = ref
        self._check = check
        self._must_check = False
        self._garbled = 0
        self._server = "?"  # its version, once it was asked
        self._batcher = Batcher(deliver)
        self._sharer = Sharer()
        self._seq: int | None = None
        self._delay_s = FIRST_DELAY_S
        self._decoders = {kind: msgspec.json.Decoder(type_) for kind, type_ in TYPES.items()}

    async def run(self) -> None:
        """Work until cancelled or logged out."""
        self._delay_s = FIRST_DELAY_S
        while True:
            try:
                await self._connection()
            except Unauthenticated:
                self._leave(None)
                return
            except (OSError, ApiError, EOFError, TimeoutError, msgspec.MsgspecError) as error:
                final = self._final(error)
                if final is not None:
                    self._leave(final)
                    return
                log.info("feed_lost", error=str(error), retry_in_s=self._delay_s)
                self._batcher.add(Offline(error, self._delay_s))
                self._must_check = True
            spread = random.uniform(0.8, 1.2)  # noqa: S311 - so that clients come back apart
            await asyncio.sleep(self._delay_s * spread)
            self._delay_s = min(self._delay_s * 2, LONGEST_DELAY_S)

    async def _connection(self) -> None:
        """One connection, until it is lost."""
        if self._must_check and self._check is not None:
            info = await self._check()
            self._server = f"{info.api_version} ({info.version})"
        if self._seq is None:
            await self._list_all()
        await self._follow()

    def _leave(self, error: ApiError | None) -> None:
        if error is not None:
            log.warning("feed_given_up", error=error.code)
        self._batcher.add(LoggedOut(error))
        self._batcher.flush()

    def _final(self, error: Exception) -> ApiError | None:
        """The error to leave with, or None if trying again may help.

        What can't be read was spoilt on its way or comes from another version: everything is
        read anew once, after the versions were compared.
        """
        if isinstance(error, ApiError):
            return error if error.code in FINAL else None
        if not isinstance(error, msgspec.MsgspecError):
            return None
        self._seq = None
        self._garbled += 1
        if self._garbled < MOST_GARBLED:
            return None
        return Unavailable("client.version", client=API_VERSION, server=self._server)

    async def _list_all(self) -> None:
        lowest: int | None = None
        for kind in TYPES:
            try:
                seq = await self._list(kind)
            except (Forbidden, NotFound) as error:
                if error.code in FINAL:
                    raise
                self._batcher.add(Listed(kind, [], first=True, last=True))
                continue
            lowest = seq if lowest is None else min(lowest, seq)
        # Starting at the oldest list's place repeats some changes; puts and deletes may repeat.
        self._seq = lowest or 0

    async def _list(self, kind: str) -> int:
        cursor: str | None = None
        first_seq = -1
        count = 0
        while True:
            page = await self._ref.client.call(f"{kind}.list", **_page_parameters(kind, cursor))
            if first_seq < 0:
                first_seq = page.seq
            count += len(page.items)
            for item in page.items:
                self._sharer.share(item)
            cursor = page.next
            enough = kind == "job" and count >= MAX_JOBS
            done = cursor is None or enough
            self._batcher.add(Listed(kind, page.items, first=count == len(page.items), last=done))
            if done:
                return first_seq

    async def _follow(self) -> None:
        async with aclosing(self._ref.client.feed(self._seq or 0)) as messages:
            async for message in messages:
                if isinstance(message, FeedStart):
                    await self._begin(message)
                else:
                    self._take(message)

    async def _begin(self, start: FeedStart) -> None:
        self._delay_s = FIRST_DELAY_S
        if start.reset:
            self._seq = None
            await self._list_all()
            self._seq = max(self._seq or 0, start.seq)
        self._batcher.add(Online())

    def _take(self, change: Change) -> None:
        if change.seq:
            self._seq = change.seq
        decoder = self._decoders.get(change.kind)
        if decoder is None:
            return
        data = None
        if change.action == "put":
            data = decoder.decode(change.data)
            self._garbled = 0
            if isinstance(data, r.Volume) and data.kind == ROOT:
                return
            self._sharer.share(data)
        self._batcher.add(Changed(change.kind, change.id, data))


def _page_parameters(kind: str, cursor: str | None) -> dict[str, Any]:
    parameters: dict[str, Any] = {"limit": PAGE_SIZE}
    if cursor is not None:
        parameters["cursor"] = cursor
    if kind == "volume":
        parameters["filter"] = f"kind != {ROOT}"
    if kind == "job":
        parameters["sort"] = "-created_at"
    return parameters
