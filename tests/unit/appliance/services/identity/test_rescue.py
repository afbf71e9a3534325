"""A lost password: rescued while the service is stopped, refused while it runs."""

from __future__ import annotations

import gc
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from appliance.protocol.errors import ApiError
from appliance.services.identity.rescue import RescueFailed, forget_password, main
from appliance.store.database import Store
from appliance.store.kinds import Kinds
from tests.unit.appliance.services.identity.logins import ADDRESS, PASSWORD, Logins


async def started(state_dir: Path) -> Logins:
    folder = state_dir / "service"
    folder.mkdir(exist_ok=True)
    store = Store(folder / "anyun.db", Kinds())
    await store.start()
    return Logins(store)


async def stop(logins: Logins) -> None:
    """Stop the store, and close what its readers left open as the end of a process does."""
    await logins.store.stop()
    gc.collect()


async def test_the_next_start_shows_a_code_that_sets_a_new_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logins = await started(tmp_path)
    token = (await logins.set_up()).token
    await stop(logins)

    assert main(["--state-dir", str(tmp_path)]) == 0
    assert "1 sessions are ended" in capsys.readouterr().out

    logins = await started(tmp_path)
    with pytest.raises(ApiError):
        await logins.identity.authenticate(token, ADDRESS)
    session = await logins.set_up("a new password")
    assert session.account.name == "admin"
    with pytest.raises(ApiError):
        await logins.log_in(PASSWORD)
    await stop(logins)


async def test_a_running_service_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logins = await started(tmp_path)
    token = (await logins.set_up()).token
    assert main(["--state-dir", str(tmp_path)]) == 1
    assert "Stop it" in capsys.readouterr().err
    await logins.identity.authenticate(token, ADDRESS)
    await logins.log_in()
    await stop(logins)


def test_no_database_is_made_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(RescueFailed, match="--state-dir"):
        forget_password(tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_an_appliance_without_account_says_so(tmp_path: Path) -> None:
    logins = await started(tmp_path)
    await stop(logins)
    with pytest.raises(RescueFailed, match="never started"):
        forget_password(tmp_path)


def test_what_is_no_database_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "service" / "anyun.db"
    path.parent.mkdir()
    path.write_bytes(b"something else" * 100)
    with pytest.raises(RescueFailed, match="cannot be changed"):
        forget_password(tmp_path)
    assert path.read_bytes() == b"something else" * 100


async def test_the_database_works_as_before(tmp_path: Path) -> None:
    logins = await started(tmp_path)
    await logins.set_up()
    await stop(logins)
    forget_password(tmp_path)
    with closing(sqlite3.connect(tmp_path / "service" / "anyun.db")) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
