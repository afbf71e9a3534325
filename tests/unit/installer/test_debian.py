"""Which Debian packages tests need, by release."""

from __future__ import annotations

import pytest

from installer import debian


@pytest.mark.parametrize(("version", "is_own"), [("12", False), ("13", True)])
def test_the_server_of_virtiofs_is_a_package_where_qemu_has_none(
    monkeypatch: pytest.MonkeyPatch, version: str, is_own: bool
) -> None:
    monkeypatch.setattr(debian, "_release", lambda: {"VERSION_ID": version})
    packages = debian.test_packages()
    assert set(debian.TEST) <= set(packages)
    assert ("virtiofsd" in packages) == is_own
