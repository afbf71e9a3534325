"""What a run knows before it starts anything."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from installer.launch import Ready, RunOptions, _check_port, has_screen
from installer.progress import Failed


def test_ready_file_is_read_with_more_in_it_than_we_know(tmp_path: Path) -> None:
    content = {
        "url": "https://127.0.0.1:8443",
        "address": "127.0.0.1",
        "port": 8443,
        "agent_port": 8444,
        "ca_fingerprint": "ab12",
        "setup_code": None,
        "pid": 1,
    }
    path = tmp_path / "ready.json"
    path.write_text(json.dumps(content))

    ready = Ready.read(path)

    assert (ready.url, ready.ca_fingerprint, ready.setup_code) == (content["url"], "ab12", None)


def test_port_in_use_is_named_with_its_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failed, match=rf"Port {port} .*--agent-port"):
            _check_port("127.0.0.1", port, "--agent-port")


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_any_of_three_names_a_screen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(each, raising=False)
    assert not has_screen()

    monkeypatch.setenv(name, "x")

    assert has_screen()


def test_parts_live_below_the_state_folder(tmp_path: Path) -> None:
    options = RunOptions(state_dir=tmp_path)

    assert options.service_dir == tmp_path / "service"
    assert options.log_dir == tmp_path / "log"
