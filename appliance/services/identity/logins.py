"""Logins by name, and what is remembered of one between requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.engine.permissions import Rights
from appliance.protocol.resources import State
from appliance.services.identity.models import AccountRow, SessionRow, TokenRow, UserRow
from appliance.services.identity.rights import rights_of

NEVER_MS = 2**62


@dataclass
class Live:
    """A session or an API token as remembered between requests."""

    account_id: str
    account_name: str  # of the login: `account` or `user@account`
    is_admin: bool
    expires_at: int
    user_id: str | None
    rights: Rights
    is_token: bool = False
    noted_at: int = 0  # when an API token was last noted to be in use


@dataclass(frozen=True)
class Login:
    """Who has a password: an account, or a user of it."""

    account: AccountRow
    user: UserRow | None

    @property
    def name(self) -> str:
        """What is typed to log in."""
        return f"{self.user.name}@{self.account.name}" if self.user else self.account.name

    @property
    def own_name(self) -> str:
        """The part of the name that a password must not have in it."""
        return self.user.name if self.user else self.account.name

    @property
    def password_hash(self) -> str:
        """What is kept of the password; "" if none was set yet."""
        return (self.user or self.account).password_hash

    @property
    def is_enabled(self) -> bool:
        """Whether account and user may log in."""
        states = [self.account.state, *([self.user.state] if self.user else [])]
        return all(state == State.ENABLED for state in states)

    def keep_password(self, password_hash: str) -> None:
        """Another password; within a write."""
        row: Any = self.user or self.account
        type(row).update(password_hash=password_hash).where(type(row).id == row.id).execute()

    def sessions(self) -> Any:
        """The condition on this login's sessions: not those of the account's other users."""
        if self.user is not None:
            return SessionRow.user == self.user.id
        return (SessionRow.account == self.account.id) & SessionRow.user.is_null()


def find_login(name: str) -> Login | None:
    """Who logs in as `account` or `user@account`; within a read."""
    user_name, at, account_name = name.rpartition("@")
    account = AccountRow.get_or_none(AccountRow.name == account_name)
    if account is None or not at:
        return Login(account, None) if account else None
    user = UserRow.get_or_none(UserRow.account == account.id, UserRow.name == user_name)
    return Login(account, user) if user else None


def load_live(digest: str) -> Live | None:
    """The session or API token with this hash, if its account and user may log in."""
    row: Any = SessionRow.get_or_none(SessionRow.token_sha256 == digest)
    is_token = row is None
    if row is None:
        row = TokenRow.get_or_none(TokenRow.token_sha256 == digest)
    if row is None:
        return None
    login = Login(row.account, row.user)
    if not login.is_enabled:
        return None
    return Live(
        account_id=login.account.id,
        account_name=login.name,
        is_admin=login.account.kind == "administrator",
        expires_at=row.expires_at or NEVER_MS,
        user_id=row.user_id,
        rights=rights_of(row.account_id, row.user_id, row.scopes if is_token else None),
        is_token=is_token,
    )
