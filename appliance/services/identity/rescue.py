"""Gives back a lost administrator's password: run as root on the appliance, service stopped.

The password and all sessions are removed; the next start of the service shows a new set-up
code, as the first one did (in `service/ready.json` and where the service was started).
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from appliance.services.identity.service import ADMIN


class RescueFailed(Exception):
    """Nothing was changed; the text says why and what to do."""


def forget_password(state_dir: Path) -> int:
    """Remove the administrator's password; returns how many sessions were ended.

    Raises RescueFailed if there is no appliance in `state_dir` or its service runs: a running
    service remembers sessions, which would go on.
    """
    path = state_dir / "service" / "anyun.db"
    if not path.is_file():
        raise RescueFailed(f"There is no {path}. Give the appliance's --state-dir.")
    try:
        # Opened by its URI, so that it is never made by accident.
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=0)) as database:
            return _forget(database)
    except sqlite3.Error as error:
        if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise RescueFailed("The service runs. Stop it, then try again.") from error
        raise RescueFailed(f"{path} cannot be changed: {error}.") from error


def _forget(database: sqlite3.Connection) -> int:
    # The exclusive lock is refused as long as any other process has the database open.
    database.execute("PRAGMA locking_mode = exclusive")
    database.execute("BEGIN EXCLUSIVE")
    changed = database.execute("UPDATE account SET password_hash = '' WHERE name = ?", (ADMIN,))
    if not changed.rowcount:
        raise RescueFailed("The appliance was never started. Start the service.")
    ended = database.execute("DELETE FROM session").rowcount
    database.commit()
    return ended


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m appliance.services.identity.rescue",
        description="Remove the administrator's lost password. Stop the service first.",
    )
    parser.add_argument("--state-dir", type=Path, default=Path("/var/lib/anyun"))
    try:
        ended = forget_password(parser.parse_args(arguments).state_dir.absolute())
    except RescueFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The password of {ADMIN} is removed and {ended} sessions are ended.")
    print("Start the service: it shows a new set-up code to set a password with.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
