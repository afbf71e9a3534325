"""How operations are declared: what one is made of, and shorthands for the usual ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from appliance.protocol import requests as q
from appliance.protocol import resources as r

T = TypeVar("T")

API_VERSION = 1


class Page(msgspec.Struct, Generic[T], kw_only=True, frozen=True):
    """Part of a list. `next` is the cursor of the following page, `seq` the feed's place."""

    items: list[T]
    next: str | None
    total: int
    seq: int


class Accepted(msgspec.Struct, kw_only=True, frozen=True):
    """Answer 202: the jobs that now do the work, and the resources that they work on."""

    jobs: list[r.Job]
    resource_ids: list[str]


class Kind(StrEnum):
    """How an operation answers."""

    READ = "read"  # 200 with the answer
    CHANGE = "change"  # 200 or 201 with the resource, done at once
    JOB = "job"  # 202 with Accepted


class Access(StrEnum):
    """Who may call an operation at all; from `TENANT` on, roles must allow it as well."""

    PUBLIC = "public"  # anyone, without a login
    LOGIN = "login"  # whoever is logged in: it concerns nothing but the login itself
    TENANT = "tenant"  # every account, for what it owns and what is shared with it
    ADMIN = "admin"  # accounts of administrators


@dataclass(frozen=True, kw_only=True)
class OperationSpec:
    """One operation; its name is the permission that a role must give.

    Parameters: names in braces in `path` are ids; the request is body or query; `target` is the
    kind that the id names. `uses_target` says that a target shared with the caller will do,
    although the operation is no read; `by_session` that an API token will not do; `is_secret`
    that the answer has a secret in it, which is never kept.
    """

    name: str
    summary: str
    method: str
    path: str
    kind: Kind
    access: Access
    request: type[Any]
    response: Any
    target: str = ""
    uses_target: bool = False
    by_session: bool = False
    is_secret: bool = False

    @property
    def noun(self) -> str:
        """The resource: `vm` of `vm.start`."""
        return self.name.partition(".")[0]

    @property
    def verb(self) -> str:
        """What is done: `start` of `vm.start`."""
        return self.name.partition(".")[2]


OPERATIONS: dict[str, OperationSpec] = {}
# What carries bytes rather than structs: a permission like the others, served by `appliance.api`.
BYTES: dict[str, OperationSpec] = {}


def add(
    name: str,
    route: str,
    summary: str,
    response: Any,
    *,
    request: type[Any] = q.Empty,
    kind: Kind | None = None,
    access: Access = Access.ADMIN,
    target: str = "",
    into: dict[str, OperationSpec] = OPERATIONS,
    **options: bool,
) -> None:
    """Declare an operation."""
    method, _, path = route.partition(" ")
    if kind is None:
        kind = Kind.READ if method == "GET" else Kind.CHANGE
    if "{id}" in path and not target:
        target = name.partition(".")[0]
    into[name] = OperationSpec(
        name=name,
        summary=summary,
        method=method,
        path="/v1" + path,
        kind=kind,
        access=access,
        request=request,
        response=response,
        target=target,
        **options,
    )


def job(
    name: str,
    route: str,
    summary: str,
    request: type[Any] = q.Empty,
    access: Access = Access.ADMIN,
) -> None:
    """Declare an operation that is answered with jobs."""
    add(name, route, summary, Accepted, request=request, kind=Kind.JOB, access=access)


def reads(
    noun: str, collection: str, resource: type[Any], words: str, access: Access = Access.ADMIN
) -> None:
    """Declare the list of a kind of resource, and the reading of one."""
    list_summary, get_summary = f"List {words}s", f"Show one {words}"
    add(f"{noun}.list", f"GET /{collection}", list_summary, Page[resource], access=access)
    add(f"{noun}.get", f"GET /{collection}/{{id}}", get_summary, resource, access=access)


def update(
    noun: str,
    collection: str,
    resource: type[Any],
    words: str,
    request: type[q.Update] = q.Update,
    access: Access = Access.ADMIN,
) -> None:
    """Declare the change of a resource."""
    path = f"PATCH /{collection}/{{id}}"
    summary = f"Rename or describe a {words}" if request is q.Update else f"Change a {words}"
    add(f"{noun}.update", path, summary, resource, request=request, access=access)


PUBLIC, LOGIN, TENANT = Access.PUBLIC, Access.LOGIN, Access.TENANT
