"""Operations on sessions; who a token belongs to; the first password."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from functools import partial
from typing import Any

import msgspec
import structlog

from appliance.engine.calls import Call, Caller
from appliance.engine.registry import Registry
from appliance.engine.visibility import EVERYBODY
from appliance.protocol import requests as q
from appliance.protocol.errors import Conflict, Forbidden, Unauthenticated
from appliance.protocol.ids import new_id
from appliance.protocol.operations import API_VERSION
from appliance.protocol.resources import Info, Session
from appliance.protocol.tenancy import Me
from appliance.services.identity.endings import ENDED, EXPIRED, Endings
from appliance.services.identity.logins import Live, Login, find_login, load_live
from appliance.services.identity.models import (
    AccountRow,
    SessionRow,
    SetupCodeRow,
    TokenRow,
    UserRow,
    render_accounts,
)
from appliance.services.identity.passwords import (
    Passwords,
    check_strength,
    new_setup_code,
    normal_code,
)
from appliance.services.identity.rights import ADMINISTRATOR, attach, keep_predefined
from appliance.services.identity.slowdown import Slowdown
from appliance.store.database import Store, Transaction
from appliance.store.fields import now_ms, tuples, when

ADMIN = "admin"
SESSION_MS = 2 * 3600 * 1000
RENEW_WHEN_LEFT_MS = SESSION_MS * 3 // 4
NOBODY = "-"  # no account's id: what is remembered is read anew, and nobody need be told
TOKEN_USE_NOTED_EVERY_MS = 60_000
SWEEP_EVERY_S = 60.0
VERSION = "0.1.0"

log = structlog.get_logger()


class Identity:
    """Logins and sessions. `call.caller` of a logged-in request comes from here."""

    def __init__(self, store: Store, *, ca_fingerprint: str, appliance_name: str) -> None:
        self._store = store
        self._ca_fingerprint = ca_fingerprint
        self._appliance_name = appliance_name
        self.passwords = Passwords()
        self._slowdown = Slowdown()
        self._live: dict[str, Live] = {}
        self._endings = Endings()
        self._changes = Endings()  # of rights, by account
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
        code_hash = await self.passwords.hash(code)

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
            keep_predefined(tx)
            attach(tx, ADMINISTRATOR, account.id)
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
        """The caller behind a session's or an API token; raises Unauthenticated."""
        digest = digest_of(token)
        live = await self._use(digest)
        if live is None:
            raise Unauthenticated("session.required")
        return _caller(live, digest, address)

    def present(self, token: str, address: str) -> Caller | None:
        """The caller behind a session, if nothing has to be read or written for it, else None."""
        digest = digest_of(token)
        live = self._live.get(digest)
        if live is None or live.is_token or live.expires_at - now_ms() < RENEW_WHEN_LEFT_MS:
            return None
        return _caller(live, digest, address)

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
        """Remove the sessions that have expired; tokens stay in the list of their account."""
        await self._end_sessions(SessionRow.expires_at < now_ms(), EXPIRED)
        query = TokenRow.select(TokenRow.token_sha256).where(TokenRow.expires_at < now_ms())
        for (digest,) in await self._store.read(lambda: tuples(query)):
            self._over(digest, EXPIRED)

    def changed(self, tx: Transaction, account_id: str = EVERYBODY) -> None:
        """Rights of an account's logins, or of all, change with this write: they are read anew."""
        tx.on_commit(partial(self._forget, account_id))

    async def until_changed(self, account_id: str) -> None:
        """Returns when the rights of an account's logins have changed."""
        with self._changes.watch(account_id) as change:
            await change

    def log_out(self, tx: Transaction, *, account_id: str = "", user_id: str = "") -> None:
        """End the sessions of an account with all its users, or of one user; within a write.

        What their API tokens hold open ends as well; whether those still get in, is for the
        state of account and user to say.
        """
        for model in (SessionRow, TokenRow):
            mine: Any = (model.account == account_id) if account_id else (model.user == user_id)
            digests = [ref for (ref,) in tuples(model.select(model.token_sha256).where(mine))]
            for digest in digests:
                tx.on_commit(partial(self._over, digest, ENDED))
            if model is SessionRow:
                SessionRow.delete().where(mine).execute()
        self.changed(tx, account_id or NOBODY)

    def end_token(self, tx: Transaction, row: TokenRow) -> None:
        """Delete an API token and end what it holds open; within a write."""
        row.delete_instance()
        tx.on_commit(partial(self._over, row.token_sha256, ENDED))

    def _forget(self, account_id: str) -> None:
        self._ended += 1
        self._live.clear()
        if account_id == EVERYBODY:
            self._changes.tell_all("")
        else:
            self._changes.tell(account_id, "")

    def _over(self, digest: str, why: str) -> None:
        self._ended += 1
        self._live.pop(digest, None)
        self._endings.tell(digest, why)

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
        if not await self.passwords.matches(code_hash, normal_code(request.setup_code)):
            raise Unauthenticated("session.wrong_setup_code", field="setup_code")
        check_strength(request.password, ADMIN, field="password")
        password_hash = await self.passwords.hash(request.password)

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
        return await self._open(Login(account, None), call.caller.address)

    async def _log_in(self, call: Call, request: q.Login) -> Session:
        keys = (f"account {request.account}", f"address {call.caller.address}")
        self._slowdown.check(*keys)
        self._slowdown.failed(*keys)  # until proven otherwise: tries in parallel count as well
        login = await self._store.read(lambda: find_login(request.account))
        kept = login.password_hash if login else None
        if login is not None and not kept:
            self._slowdown.succeeded(*keys)
            raise Conflict("session.setup_needed")
        if not await self.passwords.matches(kept, request.password):
            log.warning("login_failed", account=request.account, address=call.caller.address)
            raise Unauthenticated("session.wrong_password")
        self._slowdown.succeeded(*keys)
        assert login is not None, "its password has just matched"
        if not login.is_enabled:
            raise Forbidden("session.disabled", account=request.account)
        return await self._open(login, call.caller.address)

    async def _who(self, call: Call, _: q.Empty) -> Me:
        def read() -> Me:
            account = render_accounts([AccountRow.get_by_id(call.caller.account_id)])[0]
            user = UserRow.get_or_none(UserRow.id == call.caller.user_id)
            found = msgspec.convert(account, Me, from_attributes=True)
            if user is None:
                return found
            return msgspec.structs.replace(found, user_id=user.id, user_name=user.name)

        return await self._store.read(read)

    async def _log_out(self, call: Call, _: q.Empty) -> None:
        await self._end_sessions(SessionRow.token_sha256 == call.caller.session)

    async def _change_password(self, call: Call, request: q.ChangePassword) -> None:
        keys = (f"account {call.caller.account_name}",)
        self._slowdown.check(*keys)
        self._slowdown.failed(*keys)  # until proven otherwise: tries in parallel count as well
        login = await self._store.read(lambda: find_login(call.caller.account_name))
        kept = login.password_hash if login else None
        if not await self.passwords.matches(kept, request.old_password) or login is None:
            raise Unauthenticated("session.wrong_password", field="old_password")
        self._slowdown.succeeded(*keys)
        check_strength(request.new_password, login.own_name, field="new_password")
        password_hash = await self.passwords.hash(request.new_password)
        await self._store.write(lambda tx: login.keep_password(password_hash))
        others = login.sessions() & (SessionRow.token_sha256 != call.caller.session)
        await self._end_sessions(others)

    # Sessions

    async def _open(self, login: Login, address: str) -> Session:
        token = secrets.token_urlsafe(32)
        expires_at = now_ms() + SESSION_MS

        def keep(tx: Transaction) -> Session:
            SessionRow.create(
                token_sha256=digest_of(token),
                account=login.account.id,
                user=login.user.id if login.user else None,
                address=address,
                created_at=now_ms(),
                expires_at=expires_at,
            )
            return Session(
                token=token,
                account=render_accounts([login.account])[0],
                user_name=login.user.name if login.user else "",
                expires_at=when(expires_at),
            )

        session = await self._store.write(keep)
        log.info("logged_in", account=login.name, address=address)
        return session

    async def _use(self, digest: str) -> Live | None:
        """The session, which now lasts longer; None if it is over."""
        live = self._live.get(digest) or await self._remembered(digest)
        now = now_ms()
        if live is None or live.expires_at < now:
            self._live.pop(digest, None)
            return None
        if live.is_token:
            await self._note_use(digest, live, now)
        elif live.expires_at - now < RENEW_WHEN_LEFT_MS:
            await self._extend(digest, live, now + SESSION_MS)
        return live

    async def _remembered(self, digest: str) -> Live | None:
        while True:
            before = self._ended
            live = await self._store.read(lambda: load_live(digest))
            if before == self._ended:
                break  # else it may have been ended after it was read
        if live is not None:
            self._live[digest] = live
        return live

    async def _note_use(self, digest: str, live: Live, now: int) -> None:
        """When an API token was last used is good to know to the minute."""
        if now - live.noted_at < TOKEN_USE_NOTED_EVERY_MS:
            return
        live.noted_at = now

        def note(tx: Transaction) -> None:
            row = TokenRow.get_or_none(TokenRow.token_sha256 == digest)
            if row is not None:
                row.last_used_at = now
                row.save()
                tx.touch("token", row.id)

        await self._store.write(note)

    async def _extend(self, digest: str, live: Live, expires_at: int) -> None:
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
            self._over(digest, why)

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


def _caller(live: Live, digest: str, address: str) -> Caller:
    return Caller(
        account_id=live.account_id,
        account_name=live.account_name,
        is_admin=live.is_admin,
        address=address,
        session=digest,
        user_id=live.user_id,
        is_token=live.is_token,
        rights=live.rights,
    )


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
