"""Operations on sessions; who a token belongs to; the first password."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass

import structlog

from appliance.engine.calls import Call, Caller
from appliance.engine.registry import Registry
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict, Unauthenticated
from appliance.protocol.ids import new_id
from appliance.protocol.operations import API_VERSION
from appliance.protocol.resources import Account, Info, Session
from appliance.services.identity.endings import ENDED, EXPIRED, Endings
from appliance.services.identity.models import (
    AccountRow,
    SessionRow,
    SetupCodeRow,
    render_accounts,
)
from appliance.services.identity.passwords import (
    Passwords,
    check_strength,
    new_setup_code,
    normal_code,
)
from appliance.services.identity.slowdown import Slowdown
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms, tuples, when

ADMIN = "admin"
SESSION_MS = 2 * 3600 * 1000
RENEW_WHEN_LEFT_MS = SESSION_MS * 3 // 4
SWEEP_EVERY_S = 60.0
VERSION = "0.1.0"

log = structlog.get_logger()


@dataclass
class _Live:
    """A session as remembered between requests."""

    account_id: str
    account_name: str
    is_admin: bool
    expires_at: int


class Identity:
    """Accounts and sessions. `call.caller` of a logged-in request comes from here."""

    def __init__(self, store: Store, *, ca_fingerprint: str, appliance_name: str) -> None:
        self._store = store
        self._ca_fingerprint = ca_fingerprint
        self._appliance_name = appliance_name
        self._passwords = Passwords()
        self._slowdown = Slowdown()
        self._live: dict[str, _Live] = {}
        self._endings = Endings()
        self._ended = 0  # how many sessions have ended: what was read before may be over
        self._sweeper: asyncio.Task[None] | None = None

    def install(self, registry: Registry) -> None:
        """Bind the operations."""
        registry.bind("info.get", self._info)
        registry.bind("session.set_first_password", self._set_first_password)
        registry.bind("session.create", self._log_in)
        registry.bind("session.get", self._who)
        registry.bind("session.delete", self._log_out)
        registry.bind("session.change_password", self._change_password)

    async def prepare(self) -> str | None:
        """Make the administrator's account at the first start.

        Returns a fresh set-up code as long as no password has been set, else None. Only the
        code's hash is kept, so each start shows a new one.
        """
        code = new_setup_code()
        code_hash = await self._passwords.hash(code)

        await self.sweep()

        def make(tx: Transaction) -> bool:
            account, _ = AccountRow.get_or_create(
                name=ADMIN,
                defaults={
                    "id": new_id(),
                    "description": "",
                    "kind": "administrator",
                    "password_hash": "",
                    "created_at": now_ms(),
                },
            )
            if account.password_hash:
                return False
            SetupCodeRow.replace(id=1, code_hash=code_hash).execute()
            return True

        return code if await self._store.write(make) else None

    def start(self) -> None:
        """Begin to sweep sessions that have expired."""
        self._sweeper = asyncio.create_task(self._sweep_forever(), name="session sweeper")

    async def stop(self) -> None:
        """Sweep no more."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)

    async def authenticate(self, token: str, address: str) -> Caller:
        """The caller behind a session token; raises Unauthenticated."""
        digest = _digest(token)
        live = await self._use(digest)
        if live is None:
            raise Unauthenticated("session.required")
        return Caller(
            account_id=live.account_id,
            account_name=live.account_name,
            is_admin=live.is_admin,
            address=address,
            session=digest,
        )

    async def used(self, session: str) -> None:
        """The session's client does something that is no request, like typing on a console."""
        await self._use(session)

    async def until_over(self, session: str) -> str:
        """Returns when a session (the hash of its token) has ended: `session.ended` if somebody
        ended it, `session.expired` if it was not used for too long.
        """
        with self._endings.watch(session) as ending:
            live = self._live.get(session) or await self._remembered(session)
            if live is None and not ending.done():
                return ENDED
            return await ending

    async def sweep(self) -> None:
        """Remove the sessions that have expired."""
        await self._end_sessions(SessionRow.expires_at < now_ms(), EXPIRED)

    # Operations

    async def _info(self, call: Call, _: q.Empty) -> Info:
        account = await self._store.read(lambda: AccountRow.get(AccountRow.name == ADMIN))
        return Info(
            product="Anyun",
            version=VERSION,
            api_version=API_VERSION,
            min_client_api_version=API_VERSION,
            needs_first_password=not account.password_hash,
            ca_fingerprint=self._ca_fingerprint,
            appliance_name=self._appliance_name,
        )

    async def _set_first_password(self, call: Call, request: q.SetFirstPassword) -> Session:
        keys = ("setup-code", f"address {call.caller.address}")
        self._slowdown.check(*keys)
        self._slowdown.failed(*keys)  # until proven otherwise: tries in parallel count as well
        account, code_hash = await self._store.read(_first_account)
        if account.password_hash:
            self._slowdown.succeeded(*keys)
            raise Conflict("session.setup_done")
        if not await self._passwords.matches(code_hash, normal_code(request.setup_code)):
            raise Unauthenticated("session.wrong_setup_code", field="setup_code")
        check_strength(request.password, ADMIN, field="password")
        password_hash = await self._passwords.hash(request.password)

        def keep(tx: Transaction) -> None:
            done = (
                AccountRow.update(password_hash=password_hash)
                .where(AccountRow.id == account.id, AccountRow.password_hash == "")
                .execute()
            )
            if not done:
                raise Conflict("session.setup_done")
            SetupCodeRow.delete().execute()

        await self._store.write(keep)
        self._slowdown.succeeded(*keys)
        log.info("first_password_set", address=call.caller.address)
        return await self._open(account, call.caller.address)

    async def _log_in(self, call: Call, request: q.Login) -> Session:
        keys = (f"account {request.account}", f"address {call.caller.address}")
        self._slowdown.check(*keys)
        self._slowdown.failed(*keys)  # until proven otherwise: tries in parallel count as well
        account = await self._store.read(
            lambda: AccountRow.get_or_none(AccountRow.name == request.account)
        )
        kept = account.password_hash if account else None
        if account is not None and not kept:
            self._slowdown.succeeded(*keys)
            raise Conflict("session.setup_needed")
        if not await self._passwords.matches(kept, request.password):
            log.warning("login_failed", account=request.account, address=call.caller.address)
            raise Unauthenticated("session.wrong_password")
        self._slowdown.succeeded(*keys)
        assert account is not None, "its password has just matched"
        return await self._open(account, call.caller.address)

    async def _who(self, call: Call, _: q.Empty) -> Account:
        row = await self._store.read(lambda: AccountRow.get_by_id(call.caller.account_id))
        return render_accounts([row])[0]

    async def _log_out(self, call: Call, _: q.Empty) -> None:
        await self._end_sessions(SessionRow.token_sha256 == call.caller.session)

    async def _change_password(self, call: Call, request: q.ChangePassword) -> None:
        keys = (f"account {call.caller.account_name}",)
        self._slowdown.check(*keys)
        self._slowdown.failed(*keys)  # until proven otherwise: tries in parallel count as well
        account = await self._store.read(lambda: AccountRow.get_by_id(call.caller.account_id))
        if not await self._passwords.matches(account.password_hash, request.old_password):
            raise Unauthenticated("session.wrong_password", field="old_password")
        self._slowdown.succeeded(*keys)
        check_strength(request.new_password, account.name, field="new_password")
        password_hash = await self._passwords.hash(request.new_password)
        await self._store.write(
            lambda tx: (
                AccountRow.update(password_hash=password_hash)
                .where(AccountRow.id == account.id)
                .execute()
            )
        )
        others = (SessionRow.account == account.id) & (
            SessionRow.token_sha256 != call.caller.session
        )
        await self._end_sessions(others)

    # Sessions

    async def _open(self, account: AccountRow, address: str) -> Session:
        token = secrets.token_urlsafe(32)
        expires_at = now_ms() + SESSION_MS

        def keep(tx: Transaction) -> None:
            SessionRow.create(
                token_sha256=_digest(token),
                account=account.id,
                address=address,
                created_at=now_ms(),
                expires_at=expires_at,
            )

        await self._store.write(keep)
        log.info("logged_in", account=account.name, address=address)
        return Session(
            token=token, account=render_accounts([account])[0], expires_at=when(expires_at)
        )

    async def _use(self, digest: str) -> _Live | None:
        """The session, which now lasts longer; None if it is over."""
        live = self._live.get(digest) or await self._remembered(digest)
        now = now_ms()
        if live is None or live.expires_at < now:
            self._live.pop(digest, None)
            return None
        if live.expires_at - now < RENEW_WHEN_LEFT_MS:
            await self._extend(digest, live, now + SESSION_MS)
        return live

    async def _remembered(self, digest: str) -> _Live | None:
        def load() -> _Live | None:
            row = SessionRow.get_or_none(SessionRow.token_sha256 == digest)
            if row is None:
                return None
            account = row.account
            is_admin = account.kind == "administrator"
            return _Live(account.id, account.name, is_admin, row.expires_at)

        while True:
            before = self._ended
            live = await self._store.read(load)
            if before == self._ended:
                break  # else it may have been ended after it was read
        if live is not None:
            self._live[digest] = live
        return live

    async def _extend(self, digest: str, live: _Live, expires_at: int) -> None:
        live.expires_at = expires_at
        await self._store.write(
            lambda tx: (
                SessionRow.update(expires_at=expires_at)
                .where(SessionRow.token_sha256 == digest)
                .execute()
            )
        )

    async def _end_sessions(self, condition: object, why: str = ENDED) -> None:
        def end(tx: Transaction) -> list[str]:
            query = SessionRow.select(SessionRow.token_sha256).where(condition)
            digests = [digest for (digest,) in tuples(query)]
            SessionRow.delete().where(condition).execute()
            return digests

        for digest in await self._store.write(end):
            self._ended += 1
            self._live.pop(digest, None)
            self._endings.tell(digest, why)

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self.sweep()
            except Exception:
                log.exception("session_sweep_failed")


def _first_account() -> tuple[AccountRow, str | None]:
    code = SetupCodeRow.get_or_none()
    return AccountRow.get(AccountRow.name == ADMIN), code.code_hash if code else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
