"""What `anyun` keeps between commands: known appliances and their logins, readable only by
their owner. Passwords are never kept."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from appliance.client import Trust


class Known(msgspec.Struct, kw_only=True):
    """An appliance that was trusted once, and the login to it (empty token: none)."""

    url: str
    fingerprint: str
    ca_pem: str
    account: str = ""
    token: str = ""

    @property
    def trust(self) -> Trust:
        """Its certificate authority."""
        return Trust(self.ca_pem, self.fingerprint)


class _Content(msgspec.Struct, kw_only=True):
    current: str = ""
    appliances: dict[str, Known] = {}


class Book:
    """The file of known appliances. `ANYUN_CONFIG_DIR` moves it; else it follows XDG."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = (folder or _folder()) / "appliances.json"

    def find(self, url: str | None = None) -> Known | None:
        """The appliance at `url`, or the one last logged in to."""
        content = self._read()
        return content.appliances.get(url if url is not None else content.current)

    def keep(self, known: Known) -> None:
        """Remember an appliance and make it the current one."""
        content = self._read()
        content.appliances[known.url] = known
        content.current = known.url
        self._write(content)

    def forget_login(self, url: str) -> None:
        """Forget the token, keep the trust."""
        content = self._read()
        known = content.appliances.get(url)
        if known is not None:
            known.token = ""
            self._write(content)

    def _read(self) -> _Content:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Content)
        except FileNotFoundError:
            return _Content()
        except msgspec.MsgspecError as error:
            raise OSError(
                f"{self._path} is damaged ({error}); delete it and log in anew"
            ) from error

    def _write(self, content: _Content) -> None:
        folder = self._path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(content)))
        temporary.replace(self._path)


def _folder() -> Path:
    own = os.environ.get("ANYUN_CONFIG_DIR")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "anyun"
