"""Which Debian packages tests need, by release."""

from __future__ import annotations

from pathlib import Path

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


def test_tpms_may_reach_their_states_where_apparmor_confines_them(tmp_path: Path) -> None:
    debian.allow_tpm_states(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()
    rules = tmp_path / "local" / "abstractions" / "libvirt-qemu"
    rules.parent.mkdir(parents=True)
    rules.write_text("/srv/** r,\n")
    for _ in range(2):
        debian.allow_tpm_states(tmp_path)
    assert rules.read_text() == "/srv/** r,\n" + debian.TPM_RULE
