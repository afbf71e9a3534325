"""What clients and the service say about accounts: users, groups, roles, shares, tokens, quotas."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from appliance.protocol.requests import Create, Description, Id, Name, Request, Update
from appliance.protocol.resources import Account, Resource, State

Password = Annotated[str, Meta(max_length=1024)]
# The name of an operation; `*` stands for any part of it: `vm.*`, `*.list`.
Pattern = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[a-z_.*]+$")]
UNLIMITED = -1


class Me(Account, kw_only=True, frozen=True):
    """Who is logged in: the account, and its user if it is not the account itself."""

    user_id: str | None = None
    user_name: str = ""


class User(Resource, kw_only=True, frozen=True):
    """Somebody who logs in as `name@account` and may do what roles allow."""

    account_id: str
    state: State
    role_ids: list[str]
    group_ids: list[str]


class Group(Resource, kw_only=True, frozen=True):
    """Users of an account who are given roles together."""

    account_id: str
    role_ids: list[str]
    user_ids: list[str]


class Statement(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a role allows or denies: operations, on all targets or on a few."""

    effect: Literal["allow", "deny"]
    operations: Annotated[list[Pattern], Meta(min_length=1, max_length=200)]
    resource_ids: Annotated[list[Id], Meta(max_length=1000)] = []


class Role(Resource, kw_only=True, frozen=True):
    """Statements that users, groups and accounts are given together; a deny wins."""

    account_id: str  # "" for predefined roles, which are everybody's and never change
    is_predefined: bool
    statements: list[Statement]


class Share(msgspec.Struct, kw_only=True, frozen=True):
    """A resource that others may see and use; `account_id` None is every account."""

    id: str
    kind: str
    resource_id: str
    resource_name: str
    account_id: str | None
    owner_id: str
    created_at: datetime


class Token(Resource, kw_only=True, frozen=True):
    """An API token: for programs, instead of a login."""

    account_id: str
    user_id: str | None
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None


class NewToken(Token, kw_only=True, frozen=True):
    """An API token as it is shown this one time."""

    token: str


class Quota(msgspec.Struct, kw_only=True, frozen=True):
    """How much of one thing an account may have (−1: no limit), and how much it has."""

    name: str
    limit: int
    used: int


class Quotas(msgspec.Struct, kw_only=True, frozen=True):
    """All quotas of an account."""

    account_id: str
    items: list[Quota]


class OperationInfo(msgspec.Struct, kw_only=True, frozen=True):
    """An operation, which is a permission as well, and whether the caller may call it."""

    name: str
    summary: str
    kind: str
    access: str
    target: str  # the kind that its id names; "" if it has none
    is_allowed: bool


class OperationList(msgspec.Struct, kw_only=True, frozen=True):
    """All operations."""

    items: list[OperationInfo]


# Requests


class AccountCreate(Create, kw_only=True, frozen=True):
    """Make an account; its own user logs in with its name, which is unique."""

    password: Password
    kind: Literal["tenant", "administrator"] = "tenant"


class PasswordSet(Request, kw_only=True, frozen=True):
    """Give an account or a user another password."""

    password: Password


class UserCreate(Create, kw_only=True, frozen=True):
    """Make a user, who logs in as `name@account`; administrators may name the account."""

    password: Password
    account_id: Id | None = None


class GroupCreate(Create, kw_only=True, frozen=True):
    """Make a group of users; administrators may name the account."""

    account_id: Id | None = None


class GroupMember(Request, kw_only=True, frozen=True):
    """Whom to put into a group, or to take out of it."""

    user_id: Id


class RoleCreate(Create, kw_only=True, frozen=True):
    """Make a role; administrators may name the account."""

    statements: Annotated[list[Statement], Meta(min_length=1, max_length=100)]
    account_id: Id | None = None


class RoleUpdate(Update, kw_only=True, frozen=True):
    """Change of a role: name, description, and all its statements together."""

    statements: Annotated[list[Statement], Meta(min_length=1, max_length=100)] | UnsetType = UNSET


class RoleSubject(Request, kw_only=True, frozen=True):
    """Who is given a role, or loses it: one of a user, a group, an account."""

    user_id: Id | None = None
    group_id: Id | None = None
    account_id: Id | None = None


ShareableKind = Literal["image", "network", "instance_offering", "image_store"]


class ShareCreate(Request, kw_only=True, frozen=True):
    """Let an account, or every account, see and use a resource."""

    kind: ShareableKind
    resource_id: Id
    account_id: Id | None = None


class TokenCreate(Request, kw_only=True, frozen=True):
    """Make an API token of the caller's, which may do at most what the caller may."""

    name: Name
    description: Description = ""
    scopes: Annotated[list[Pattern], Meta(min_length=1, max_length=200)]
    expires_in_s: Annotated[int, Meta(ge=1, le=10 * 366 * 86400)] | None = None


QuotaName = Literal[
    "vm",
    "vm_running",
    "cpu",
    "memory",
    "data_volume",
    "volume_bytes",
    "image",
    "image_bytes",
    "elastic_ip",
    "snapshot",
]


class QuotaUpdate(Request, kw_only=True, frozen=True):
    """Give one quota of an account another limit; −1 is no limit."""

    name: QuotaName
    value: Annotated[int, Meta(ge=UNLIMITED, le=2**62)]


SHAREABLE: frozenset[str] = frozenset({"image", "network", "instance_offering", "image_store"})
QUOTA_NAMES: tuple[Any, ...] = QuotaName.__args__  # type: ignore[attr-defined]
