"""The declarations of operations on accounts, users, groups, roles, shares, tokens and quotas."""

from __future__ import annotations

from appliance.protocol import resources as r
from appliance.protocol import tenancy as t
from appliance.protocol.declaring import TENANT, Page, add, reads, update


def declare_tenancy() -> None:
    """Declare them; they stand together in the table."""
    _accounts()
    _users_and_groups()
    _roles()
    _shares_and_tokens()
    _quotas()


def _accounts() -> None:
    add("account.list", "GET /accounts", "List accounts", Page[r.Account])
    add("account.get", "GET /accounts/{id}", "Show one account", r.Account, access=TENANT)
    add(
        "account.create",
        "POST /accounts",
        "Make an account",
        r.Account,
        request=t.AccountCreate,
    )
    update("account", "accounts", r.Account, "account")
    add("account.delete", "DELETE /accounts/{id}", "Delete an account that owns nothing", None)
    add("account.enable", "POST /accounts/{id}/enable", "Let an account log in again", r.Account)
    add(
        "account.disable",
        "POST /accounts/{id}/disable",
        "Log an account out and let it log in no more",
        r.Account,
    )
    add(
        "account.set_password",
        "POST /accounts/{id}/password",
        "Give an account another password, and log it out",
        None,
        request=t.PasswordSet,
        by_session=True,
    )


def _users_and_groups() -> None:
    reads("user", "users", t.User, "user", TENANT)
    add("user.create", "POST /users", "Make a user", t.User, request=t.UserCreate, access=TENANT)
    update("user", "users", t.User, "user", access=TENANT)
    add("user.delete", "DELETE /users/{id}", "Delete a user", None, access=TENANT)
    add("user.enable", "POST /users/{id}/enable", "Let a user log in again", t.User, access=TENANT)
    add(
        "user.disable",
        "POST /users/{id}/disable",
        "Log a user out and let them log in no more",
        t.User,
        access=TENANT,
    )
    add(
        "user.set_password",
        "POST /users/{id}/password",
        "Give a user another password, and log them out",
        None,
        request=t.PasswordSet,
        access=TENANT,
        by_session=True,
    )
    reads("group", "groups", t.Group, "group", TENANT)
    add(
        "group.create",
        "POST /groups",
        "Make a group of users",
        t.Group,
        request=t.GroupCreate,
        access=TENANT,
    )
    update("group", "groups", t.Group, "group", access=TENANT)
    add(
        "group.delete", "DELETE /groups/{id}", "Delete a group; its users stay", None, access=TENANT
    )
    for verb, summary in (
        ("add_user", "Put a user into a group"),
        ("remove_user", "Take a user out of a group"),
    ):
        path = f"POST /groups/{{id}}/{verb.replace('_', '-')}"
        add(f"group.{verb}", path, summary, t.Group, request=t.GroupMember, access=TENANT)


def _roles() -> None:
    reads("role", "roles", t.Role, "role", TENANT)
    add("role.create", "POST /roles", "Make a role", t.Role, request=t.RoleCreate, access=TENANT)
    update("role", "roles", t.Role, "role", t.RoleUpdate, access=TENANT)
    add("role.delete", "DELETE /roles/{id}", "Delete a role", None, access=TENANT)
    for verb, summary in (
        ("attach", "Give a role to a user, a group or an account"),
        ("detach", "Take a role from a user, a group or an account"),
    ):
        add(
            f"role.{verb}",
            f"POST /roles/{{id}}/{verb}",
            summary,
            None,
            request=t.RoleSubject,
            access=TENANT,
            uses_target=True,
        )


def _shares_and_tokens() -> None:
    add("share.list", "GET /shares", "List what is shared", Page[t.Share], access=TENANT)
    add(
        "share.create",
        "POST /shares",
        "Let others see and use a resource",
        t.Share,
        request=t.ShareCreate,
        access=TENANT,
    )
    add("share.delete", "DELETE /shares/{id}", "Share no longer", None, access=TENANT)
    add("token.list", "GET /tokens", "List API tokens", Page[t.Token], access=TENANT)
    add(
        "token.create",
        "POST /tokens",
        "Make an API token; it is shown this one time",
        t.NewToken,
        request=t.TokenCreate,
        access=TENANT,
        by_session=True,
        is_secret=True,
    )
    add("token.delete", "DELETE /tokens/{id}", "Delete an API token", None, access=TENANT)


def _quotas() -> None:
    add("quota.usage", "GET /quotas", "What one's own account has of its quotas", t.Quotas,
        access=TENANT)  # fmt: skip
    add(
        "quota.get",
        "GET /accounts/{id}/quotas",
        "What an account has of its quotas",
        t.Quotas,
        target="account",
        access=TENANT,
    )
    add(
        "quota.update",
        "PUT /accounts/{id}/quotas",
        "Give a quota of an account another limit",
        t.Quotas,
        request=t.QuotaUpdate,
        target="account",
    )
