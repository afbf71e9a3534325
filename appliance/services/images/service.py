"""Operations on images: from a file, an address, or the starter image of this appliance."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog

from appliance.engine.calls import SYSTEM, Call
from appliance.engine.jobs import JobDefinition, JobRun, NewJob, Step
from appliance.protocol import requests as q
from appliance.protocol.errors import ApiError, Conflict, InvalidInput, NotFound, to_body
from appliance.protocol.operations import Accepted
from appliance.protocol.resources import CheckResult, ImageStatus, State
from appliance.services.common import (
    accepted_before,
    chosen_id,
    clean_name,
    create_once,
    find,
    known_machine,
    link_wait_s,
    updater,
)
from appliance.services.guests.discs import refuse_in_drives
from appliance.services.images import hints
from appliance.services.images.downloads import Downloads
from appliance.services.images.endings import claim_size, forget, move, ready
from appliance.services.images.models import ImageRow
from appliance.services.images.uploads import Uploads
from appliance.services.images.views import render_images
from appliance.services.parts import Parts
from appliance.services.settings import IMAGE_DELETION, IMAGE_DELETION_PERIOD_S
from appliance.services.storage.caches import Caches, unneeded_copies
from appliance.services.storage.models import ImageStoreRow
from appliance.services.tenancy import quotas
from appliance.store.database import Transaction
from appliance.store.fields import now_ms, tuples
from appliance.store.kinds import Relation, ResourceKind
from hostagent.protocol import commands as c
from hostagent.protocol.storage import (
    AdoptFileParams,
    CheckUrlParams,
    FetchUrlParams,
    FinishParams,
    ImageInfo,
    ImagePlace,
)

log = structlog.get_logger()

STEPS_OF_GOING = ("delete_image", "drop_caches")
LARGEST_IMAGE_BYTES = 2 * 1024**4
# Where the content of an image came from: the field at fault if there is something wrong with it.
CONTENT_FIELDS = {"url": "url", "upload": "file", "starter": "source"}


class Images:
    """Images of all image stores."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._links = parts.hosts
        self._runner = parts.runner
        self._starter_folder = parts.starter_folder
        self._settings = parts.settings
        self._caches = Caches(parts.store, parts.hosts)
        self.uploads = Uploads(parts.store, parts.hosts)
        self.downloads = Downloads(parts.store, parts.hosts)
        parts.store.kinds.add(
            ResourceKind(
                name="image",
                model=ImageRow,
                render=render_images,
                owner="owner_id",
                internal=frozenset({"expected_sha256", "expected_size_bytes"}),
                relations={
                    "image_store": Relation("image_store", ("image_store_id", "id")),
                    "vms": Relation("vm", ("id", "image_id"), many=True),
                    "volumes": Relation("volume", ("id", "image_id"), many=True),
                },
                aliases={"zone_id": "image_store.zone_id"},
            )
        )
        self._create_job = parts.runner.define(
            JobDefinition(
                operation="image.create",
                steps=(
                    Step("fetch", self._fetch, self._discard),
                    Step("verify", self._verify, self._discard),
                ),
                done=self._ready,
                failed=self._gone,
            )
        )
        going = (
            Step("delete_image", self._discard, forward_only=True),
            Step("drop_caches", self._drop_caches),
        )
        self._delete_job, self._expunge_job = (
            parts.runner.define(
                JobDefinition(
                    operation=f"image.{verb}",
                    steps=going,
                    steps_for=lambda data: () if data.get("to_bin") else STEPS_OF_GOING,
                    done=self._left,
                    failed=self._keep,
                )
            )
            for verb in ("delete", "expunge")
        )
        parts.registry.bind("image.create", self._create)
        parts.registry.bind("image.update", updater(parts.store, ImageRow, "image", hints.change))
        parts.registry.bind("image.delete", self._delete)
        parts.registry.bind("image.recover", self._recover)
        parts.registry.bind("image.expunge", self._expunge)
        parts.registry.bind("image.upload_status", self.uploads.status)
        parts.registry.bind("host.check_url", self._check_url)

    async def _create(self, call: Call, request: q.ImageCreate) -> Accepted:
        ref = chosen_id(request)
        values = {
            "name": clean_name(request.name),
            "description": request.description,
            "image_store": request.image_store_id,
            "source": request.source,
            "url": _checked_url(request),
            "expected_size_bytes": _checked_size(request),
            "expected_sha256": _checked_sha256(request.sha256),
            "owner_id": call.caller.account_id,
        } | hints.asked(request)
        if request.source == "starter":
            starter_image(self._starter_folder)

        def create(tx: Transaction) -> Accepted:
            store = find(
                ImageStoreRow, request.image_store_id, "image_store", field="image_store_id"
            )
            if ImageRow.get_or_none(ImageRow.id == ref) is not None:
                create_once(ImageRow, ref, values)
                return accepted_before(ref)
            wanted = {"image": 1, "image_bytes": values["expected_size_bytes"]}
            quotas.check(call.caller.account_id, wanted)
            is_upload = request.source == "upload"
            create_once(
                ImageRow,
                ref,
                values
                | {
                    "format": "",
                    "status": ImageStatus.UPLOADING if is_upload else ImageStatus.CREATING,
                    "state": State.ENABLED,
                    "size_bytes": 0,
                    "virtual_size_bytes": 0,
                    "sha256": "",
                },
            )
            tx.touch("image", ref)
            data = {"kind": request.kind}
            return self._accept(tx, call, self._create_job, ref, values["name"], store, data)

        return await self._store.write(create)

    async def _delete(self, call: Call, _: q.Empty) -> Accepted:
        def delete(tx: Transaction) -> Accepted:
            row = find(ImageRow, call.target, "image")
            if row.status not in (ImageStatus.READY, ImageStatus.ERROR):
                raise Conflict("image.not_ready", name=row.name, status=row.status)
            refuse_in_drives(row)
            is_direct = self._settings.get(IMAGE_DELETION) == "direct"
            to_bin = row.status == ImageStatus.READY and not is_direct
            if to_bin:
                move(tx, row.id, ImageStatus.DELETED, deleted_at=now_ms())
            else:
                move(tx, row.id, ImageStatus.DELETING)
            data = {"before": row.status, "to_bin": to_bin}
            return self._accept(tx, call, self._delete_job, row.id, row.name, row.image_store, data)

        return await self._store.write(delete)

    async def _recover(self, call: Call, _: q.Empty) -> Any:
        def recover(tx: Transaction) -> Any:
            row = _binned(call.target)
            move(tx, row.id, ImageStatus.READY, deleted_at=None)
            return self._store.kinds.render_one("image", row.id)

        return await self._store.write(recover)

    async def _expunge(self, call: Call, _: q.Empty) -> Accepted:
        return await self.expunge(call, call.target)

    async def expunge(self, call: Call, image_id: str) -> Accepted:
        """Accept that an image of the recycle bin goes for good; raises Conflict, NotFound."""

        def expunge(tx: Transaction) -> Accepted:
            row = _binned(image_id)
            is_kept = self._settings.get(IMAGE_DELETION) == "never"
            if is_kept and call.caller is not SYSTEM:
                raise Conflict("image.kept_for_ever", name=row.name)
            move(tx, row.id, ImageStatus.DELETING)
            data = {"before": row.status}
            return self._accept(
                tx, call, self._expunge_job, row.id, row.name, row.image_store, data
            )

        return await self._store.write(expunge)

    async def sweep(self) -> int:
        """Let go what lay in the recycle bin for its whole period; returns how many images."""
        if self._settings.get(IMAGE_DELETION) != "delay":
            return 0
        before = now_ms() - self._settings.get(IMAGE_DELETION_PERIOD_S) * 1000
        query = ImageRow.select(ImageRow.id).where(
            ImageRow.status == ImageStatus.DELETED, ImageRow.deleted_at < before
        )
        due = await self._store.read(lambda: tuples(query))
        for (image_id,) in due:
            call = Call(operation="image.expunge", caller=SYSTEM, target=image_id)
            try:
                await self.expunge(call, image_id)
            except ApiError as error:  # somebody was quicker
                log.info("not_expunged", image=image_id, reason=str(error))
        return len(due)

    def _accept(
        self,
        tx: Transaction,
        call: Call,
        definition: JobDefinition,
        ref: str,
        name: str,
        store: ImageStoreRow,
        more: dict[str, Any] | None = None,
    ) -> Accepted:
        new = NewJob(
            definition=definition,
            queue=f"image:{ref}",
            resource_kind="image",
            resource_id=ref,
            resource_name=name,
            data={
                "host_id": store.host_id,
                "place": {"image_id": ref, "store_path": store.path},
            }
            | (more or {}),
        )
        return self._runner.accept(tx, call.caller, new)

    async def _check_url(self, call: Call, request: q.UrlCheck) -> CheckResult:
        await self._store.read(lambda: known_machine(call.target))
        try:
            if not _is_http(request.url):
                raise InvalidInput("image.bad_url", field="url", url=request.url)
            with _blaming("url"):
                answer = await self._links.call(
                    call.target, c.IMAGE_CHECK_URL, CheckUrlParams(url=request.url)
                )
        except ApiError as error:
            return CheckResult(problems=[to_body(error)], warnings=[], facts={})
        return CheckResult(problems=[], warnings=[], facts={"size_bytes": answer.size_bytes})

    # Steps

    async def _fetch(self, run: JobRun) -> None:
        row = await self._row(run.resource_id)
        with _blaming(CONTENT_FIELDS[row.source]):
            await self._bring(row, run)

    async def _bring(self, row: ImageRow, run: JobRun) -> None:
        host_id, place = _place(run)
        if row.source == "upload":
            await self.uploads.wait(row.id, run)
        elif row.source == "url":
            await self._links.call(
                host_id,
                c.IMAGE_FETCH_URL,
                FetchUrlParams(place=place, url=row.url, limit_bytes=LARGEST_IMAGE_BYTES),
                report=run.report,
            )
        else:
            path, _ = starter_image(self._starter_folder)
            await self._links.call(
                host_id,
                c.IMAGE_ADOPT_FILE,
                AdoptFileParams(place=place, path=str(path)),
                report=run.report,
            )

    async def _verify(self, run: JobRun) -> None:
        row = await self._row(run.resource_id)
        sha256 = row.expected_sha256
        if row.source == "starter":
            sha256 = starter_image(self._starter_folder)[1]
        host_id, place = _place(run)
        with _blaming(CONTENT_FIELDS[row.source]):
            info: ImageInfo = await self._links.call(
                host_id,
                c.IMAGE_FINISH,
                FinishParams(place=place, sha256=sha256, kind=run.data.get("kind", hints.AUTO)),
                report=run.report,
            )
        run.data["info"] = msgspec.to_builtins(info)
        await self._store.write(lambda tx: claim_size(run.resource_id, info.size_bytes))

    async def _discard(self, run: JobRun) -> None:
        """Delete the image's file, and whatever of it is on its way."""
        host_id, place = _place(run)
        await self._links.call(host_id, c.IMAGE_DELETE, place, wait_s=link_wait_s(run))

    async def _drop_caches(self, run: JobRun) -> None:
        """Delete the image's copies in primary storages, unless disks still stand on them."""
        copies = await self._store.read(lambda: unneeded_copies(image_id=run.resource_id))
        await self._caches.drop(copies, wait_s=link_wait_s(run))

    async def _row(self, image_id: str) -> ImageRow:
        return await self._store.read(lambda: find(ImageRow, image_id, "image"))

    # Ends of jobs

    def _ready(self, tx: Transaction, run: JobRun) -> None:
        ready(tx, run.resource_id, msgspec.convert(run.data["info"], ImageInfo))

    def _gone(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        forget(tx, run.resource_id)

    def _left(self, tx: Transaction, run: JobRun) -> None:
        if not run.data.get("to_bin"):
            forget(tx, run.resource_id)

    def _keep(self, tx: Transaction, run: JobRun, error: ApiError) -> None:
        before = ImageStatus(run.data.get("before", ImageStatus.READY))
        more = {"deleted_at": None} if before == ImageStatus.READY else {}
        move(tx, run.resource_id, before, **more)


def _binned(image_id: str) -> ImageRow:
    """An image of the recycle bin; raises NotFound, or Conflict if it is not there."""
    row = find(ImageRow, image_id, "image")
    if row.status != ImageStatus.DELETED:
        raise Conflict("image.not_deleted", name=row.name, status=row.status)
    return row


def starter_image(folder: Path | None) -> tuple[Path, str]:
    """Path and SHA-256 of the starter image; raises NotFound if this appliance has none."""
    manifest = folder / "manifest.json" if folder else None
    if folder is None or manifest is None or not manifest.exists():
        raise NotFound("image.no_starter", field="source")
    content = json.loads(manifest.read_text(encoding="utf-8"))
    return folder / content["file"], content["sha256"]


def _place(run: JobRun) -> tuple[str, ImagePlace]:
    """The host of the image's store, and how it finds the image."""
    return run.data["host_id"], ImagePlace(**run.data["place"])


@contextlib.contextmanager
def _blaming(field: str) -> Iterator[None]:
    """Name the field of what a host found wrong with an image: hosts know no requests."""
    try:
        yield
    except ApiError as error:
        if error.code.startswith("image."):
            error.field = "sha256" if error.code == "image.checksum" else field
        raise


def _is_http(url: str) -> bool:
    if any(character.isspace() or not character.isprintable() for character in url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that cannot be
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _checked_url(request: q.ImageCreate) -> str:
    if request.source != "url":
        return ""
    if not _is_http(request.url):
        raise InvalidInput("image.bad_url", field="url", url=request.url)
    return request.url


def _checked_size(request: q.ImageCreate) -> int:
    if request.source != "upload":
        return 0
    if request.size_bytes == 0:
        raise InvalidInput("image.size_needed", field="size_bytes")
    return request.size_bytes


def _checked_sha256(text: str) -> str:
    if text and not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise InvalidInput(
            "request.bad_value", field="sha256", name="sha256", value=text, reason="64 hex digits"
        )
    return text.lower()
