"""What is kept between commands, and who may read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.cli.kept import Book, Known

URL = "https://10.0.0.5:8443"


def known(url: str = URL) -> Known:
    return Known(url=url, fingerprint="f" * 64, ca_pem="PEM", account="admin", token="secret")


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "anyun"
    Book(folder).keep(known())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]


def test_the_last_one_is_the_current_one(tmp_path: Path) -> None:
    book = Book(tmp_path)
    assert book.find() is None
    book.keep(known())
    book.keep(known("https://other:8443"))
    current = book.find()
    assert current is not None
    assert current.url == "https://other:8443"
    first = book.find(URL)
    assert first is not None
    assert first.token == "secret"


def test_logging_out_keeps_the_trust(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.keep(known())
    book.forget_login(URL)
    found = book.find(URL)
    assert found is not None
    assert found.token == ""
    assert found.trust.fingerprint == "f" * 64


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "appliances.json").write_text("{")
    with pytest.raises(OSError, match=r"appliances.json is damaged .*; delete it"):
        Book(tmp_path).find()


def test_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ANYUN_CONFIG_DIR", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    Book().keep(known())
    assert (tmp_path / "xdg" / "anyun" / "appliances.json").exists()
    monkeypatch.setenv("ANYUN_CONFIG_DIR", str(tmp_path / "own"))
    assert Book().find() is None
