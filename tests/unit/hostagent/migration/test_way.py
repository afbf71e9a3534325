"""The way of a migration: who gets in, and that what goes in comes out."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import structs

from appliance.hosts.ca import CertificateAuthority
from hostagent.migration import way
from hostagent.migration.way import FLOWS, Credentials, Entrance, Exit, send_flows, socket_path
from hostagent.protocol.domain import DomainSpec
from hostagent.protocol.flows import Flow
from hostagent.protocol.link import CommandFailed
from hostagent.protocol.migration import ListenParams

SOURCE, DESTINATION, STRANGER = "host-a", "host-b", "host-c"
SPEC = DomainSpec(
    vm_id="vm", name="vm", cpu_count=1, memory_bytes=1, accelerator="tcg", disks=[], nics=[]
)
OWNER = (os.getuid(), os.getgid())


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Credentials]:
    folder = tmp_path_factory.mktemp("agents")
    authority = CertificateAuthority.load_or_create(folder / "ca", "test")
    return {name: _agent(authority, folder, name) for name in (SOURCE, DESTINATION, STRANGER)}


def _agent(authority: CertificateAuthority, folder: Path, name: str) -> Credentials:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    csr = request.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    certificate, key_file = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.write_text(authority.sign_agent(csr, name))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return Credentials(certificate, key_file, authority.certificate_pem)


class Host:
    """Both ends; the destination's local sockets are in another folder than the source's."""

    def __init__(self, agents: dict[str, Credentials]) -> None:
        self.agents = agents
        self.told = 0
        params = ListenParams(
            migration_id="in", vm_id="vm", spec=SPEC, source_host_id=SOURCE,
            addresses=["127.0.0.1"], ports=(0, 0),
        )  # fmt: skip
        way.make_folder("in", OWNER)
        self.flows: list[list[Flow]] = []
        self.entrance = Entrance(params, agents[DESTINATION], self._gone, self.flows.append)
        self.way = self.entrance.open()

    def _gone(self) -> bool:
        self.told += 1
        return True

    def exit(self, who: str = SOURCE, **changes: str) -> Exit:
        return Exit("out", structs.replace(self.way, **changes), self.agents[who])


@pytest.fixture
def host(
    agents: dict[str, Credentials], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Host]:
    monkeypatch.setattr(way, "FOLDER", tmp_path)
    host = Host(agents)
    yield host
    host.entrance.close()


def _sink(host: Host, channel: str) -> socket.socket:
    """What QEMU is on the destination."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(socket_path("in", channel)))
    listener.listen()
    return listener


def test_bytes_go_both_ways_and_are_counted(host: Host) -> None:
    exit_ = host.exit()
    control = exit_.open(OWNER)
    with _sink(host, "memory") as sink, socket.socket(socket.AF_UNIX) as qemu:
        qemu.connect(str(socket_path("out", "memory")))
        there, _ = sink.accept()
        data = os.urandom(8 * 1024**2)
        sending = threading.Thread(target=qemu.sendall, args=(data,))
        sending.start()
        got = b""
        while len(got) < len(data):
            got += there.recv(1 << 20)
        sending.join()
        assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()
        there.sendall(b"thanks")
        assert qemu.recv(10) == b"thanks"
        there.close()
        assert qemu.recv(10) == b"", "its end comes over, too"
    control.sendall(b"g")
    assert control.recv(1) == b"y"
    assert host.told == 1
    control.close()
    exit_.close()
    assert exit_.bytes == len(data) + len(b"thanks")
    assert not socket_path("out", "memory").exists()


def test_the_connections_come_before_it_is_said_that_the_machine_is_gone(host: Host) -> None:
    flow = Flow(
        nic_id="nic", is_inbound=True, protocol=17, address="10.0.0.2", port=53, peer="10.0.0.3",
        peer_port=5000, timeout_s=30,
    )  # fmt: skip
    exit_ = host.exit()
    control = exit_.open(OWNER)
    send_flows(control, [flow] * 20_000, 5)
    control.sendall(b"g")
    assert control.recv(1) == b"y"
    assert host.flows == [[flow] * 20_000]
    control.close()
    exit_.close()


@pytest.mark.parametrize("message", [b"\xff\xff\xff\xff", b"\0\0\0\2{}"])
def test_what_are_no_connections_is_refused(host: Host, message: bytes) -> None:
    """Then the destination hangs up, and the service asks both sides how they have the machine."""
    exit_ = host.exit()
    control = exit_.open(OWNER)
    control.settimeout(5)
    control.sendall(FLOWS + message)
    assert control.recv(1) == b""
    assert (host.flows, host.told) == ([], 0)
    control.close()
    exit_.close()


@pytest.mark.parametrize(
    ("who", "changes"), [(STRANGER, {}), (DESTINATION, {}), (SOURCE, {"secret": "guessed"})]
)
def test_nobody_else_gets_in(host: Host, who: str, changes: dict[str, str]) -> None:
    with pytest.raises(CommandFailed) as refused:
        host.exit(who, **changes).open(OWNER)
    assert refused.value.code == "migration.unreachable"
    assert host.told == 0


def test_nobody_gets_in_without_a_certificate(host: Host) -> None:
    with socket.create_connection(("127.0.0.1", host.way.port)) as plain:
        plain.settimeout(5)
        plain.sendall(b"\x00\x00\x00\x02{}")
        try:
            said = plain.recv(100)
        except ConnectionResetError:
            return
        assert not said or said[0] == 21, "a TLS alert, if anything"


def test_the_source_sends_no_secret_to_another_host(host: Host) -> None:
    with pytest.raises(CommandFailed, match="another host"):
        host.exit(certificate_sha256="0" * 64).open(OWNER)


def test_what_is_closed_is_broken_off(host: Host) -> None:
    exit_ = host.exit()
    control = exit_.open(OWNER)
    with _sink(host, "disks") as sink, socket.socket(socket.AF_UNIX) as qemu:
        qemu.connect(str(socket_path("out", "disks")))
        there, _ = sink.accept()
        host.entrance.close()
        there.settimeout(5)
        qemu.settimeout(5)
        assert there.recv(1) == b""
        assert qemu.recv(1) == b""
        there.close()
    with pytest.raises(CommandFailed):
        host.exit().open(OWNER)
    control.close()
    exit_.close()
