"""The starter image: starts, takes address and metadata, grows, keeps its state, shuts down."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from installer.images import starter

from .guest import LOGIN_S, Guest

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="needs QEMU"),
]

Start = Callable[..., Guest]


@pytest.fixture(scope="module")
def image() -> starter.StarterImage:
    return starter.build()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    guests: list[Guest] = []

    def begin(*arguments: str, namespace: str = "") -> Guest:
        for name in ("serial", "qmp"):
            (tmp_path / name).unlink(missing_ok=True)
        guests.append(Guest(tmp_path, *arguments, namespace=namespace))
        return guests[-1]

    yield begin
    for guest in guests:
        guest.close()


@pytest.fixture
def metadata(tmp_path: Path) -> Path:
    """A folder with the metadata of instance i-1, and the key pair that goes with it."""
    folder = tmp_path / "metadata"
    folder.mkdir()
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    answers = {
        "meta-data_instance-id": "i-1",
        "meta-data_local-hostname": "web-1.office.example",
        "meta-data_public-keys": "0=admin",
        "meta-data_public-keys_0_openssh-key": key.with_suffix(".pub").read_text().strip(),
        "user-data": "#!/bin/sh\necho ran >>/root/user-data-ran\necho hello\n",
    }
    for name, text in answers.items():
        (folder / f"latest_{name}").write_text(text)
    return folder


def overlay(image: starter.StarterImage, folder: Path, size: str) -> str:
    """A disk of its own on top of the image, as a VM gets one."""
    path = folder / "disk.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image.disk, path, size],
        check=True,
    )
    return f"file={path},if=virtio"


def network(metadata: Path, ssh_port: int) -> str:
    """QEMU's own user network, laid so that the metadata address lies inside it."""
    script = Path(__file__).with_name("metadata_reply.py")
    reply = f"{sys.executable} {script} {metadata}"
    return (
        "user,model=virtio-net-pci,restrict=on,net=169.254.169.0/24,dhcpstart=169.254.169.15,"
        f"hostfwd=tcp:127.0.0.1:{ssh_port}-:22,"
        f"guestfwd=tcp:169.254.169.254:80-cmd:{reply}"
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ssh(folder: Path, port: int, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            "ssh", "-F", "none", "-i", folder / "key", "-p", str(port), "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=accept-new", "-o", f"UserKnownHostsFile={folder}/known",
            "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=20", "root@127.0.0.1", *command,
        ],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def is_bigger_than_mib(size_mib: int) -> str:
    """A shell test of the root file system's size, which it counts in blocks of 4 KiB."""
    return f"[ $(stat -f -c %b /) -gt {size_mib * 256} ]"


def test_life_of_an_instance(
    image: starter.StarterImage, start: Start, metadata: Path, tmp_path: Path
) -> None:
    disk = overlay(image, tmp_path, "3G")
    port = free_port()
    nic = network(metadata, port)
    guest = start("-drive", disk, "-nic", nic, "-device", "virtio-rng-pci")

    # The login screen names the guest and its address.
    screen = guest.log_in("web-1")
    assert "web-1  169.254.169.15" in screen
    assert guest.run("hostname") == "web-1"
    assert "169.254.169.15/24" in guest.run("ip -4 -o address show eth0")
    # /dev/vcs1 is the text on the VGA screen.
    guest.wait_for("grep -aq 'web-1 login:' /dev/vcs1")

    # The root file system fills the disk.
    guest.wait_for(is_bigger_than_mib(2700))

    # User data ran, and the key lets us in over SSH, where nothing else does.
    guest.wait_for("grep -q 'exit code 0' /var/log/user-data.log")
    assert guest.run("cat /root/user-data-ran") == "ran"
    guest.wait_for("pidof dropbear")
    answer = ssh(tmp_path, port, "hostname")
    assert answer.stdout == "web-1\n", answer.stderr
    (tmp_path / "key").rename(tmp_path / "kept-key")
    refused = ssh(tmp_path, port, "true")
    assert refused.returncode == 255
    assert "publickey" in refused.stderr
    assert "password" not in refused.stderr
    (tmp_path / "kept-key").rename(tmp_path / "key")

    # The power button ends it cleanly.
    guest.run("echo kept >/root/note")
    guest.press_power_button()
    guest.wait_off()

    # It comes back with its files and its host key; user data does not run again.
    guest = start("-drive", disk, "-nic", nic, "-device", "virtio-rng-pci")
    guest.log_in("web-1")
    assert guest.run("cat /root/note /root/user-data-ran") == "kept\nran"
    assert "recover" not in guest.run("dmesg | grep EXT4-fs")
    guest.wait_for("pidof dropbear")
    answer = ssh(tmp_path, port, "hostname")
    assert answer.stdout == "web-1\n", answer.stderr
    guest.send("reboot\n")
    guest.log_in("web-1")


def test_prompt_comes_without_network_on_a_large_disk(
    image: starter.StarterImage, start: Start, tmp_path: Path
) -> None:
    guest = start("-drive", overlay(image, tmp_path, "300G"), "-nic", "none")
    assert "no address yet" in guest.log_in("starter")
    guest.wait_for(is_bigger_than_mib(280_000), 60)
    guest.send("poweroff\n")
    guest.wait_off()


def test_metadata_that_never_answers_does_not_hold_the_prompt(
    image: starter.StarterImage, start: Start, tmp_path: Path
) -> None:
    guest = start(
        "-drive", overlay(image, tmp_path, "1G"), "-nic", "user,model=virtio-net-pci,restrict=on"
    )
    assert "starter  10.0.2.15" in guest.log_in("starter")


@pytest.fixture
def dhcp_namespace(tmp_path: Path) -> Iterator[str]:
    """A network namespace with a tap and a DHCP server that offers all we read."""
    name = f"starter-{tmp_path.stat().st_ino}"

    def inside(*command: str) -> None:
        subprocess.run(["ip", "netns", "exec", name, *command], check=True)

    subprocess.run(["ip", "netns", "add", name], check=True)
    server = None
    try:
        inside("ip", "tuntap", "add", "tap0", "mode", "tap")
        inside("ip", "address", "add", "10.99.77.1/24", "dev", "tap0")
        inside("ip", "link", "set", "tap0", "up")
        server = subprocess.Popen(
            [
                "ip", "netns", "exec", name, "dnsmasq", "--conf-file=/dev/null", "--port=0",
                "--keep-in-foreground", "--user=root", "--interface=tap0",
                f"--dhcp-leasefile={tmp_path}/leases", "--dhcp-authoritative", "--no-ping",
                "--dhcp-range=10.99.77.20,10.99.77.20,255.255.255.0,1h",
                "--dhcp-host=52:54:00:12:34:56,10.99.77.20,db-1",
                "--dhcp-option=option:router,10.99.77.9",
                "--dhcp-option=option:classless-static-route,0.0.0.0/0,10.99.77.1,"
                "10.200.0.0/16,10.99.77.2",
                "--dhcp-option=option:dns-server,10.99.77.53",
                "--dhcp-option=option:domain-name,office.example",
                "--dhcp-option=option:mtu,1400",
            ],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        yield name
    finally:
        if server is not None:
            server.terminate()
            server.wait(10)
        subprocess.run(["ip", "netns", "delete", name], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace")
def test_takes_what_dhcp_offers(
    image: starter.StarterImage, start: Start, tmp_path: Path, dhcp_namespace: str
) -> None:
    guest = start(
        "-drive", overlay(image, tmp_path, "1G"),
        "-nic", "tap,ifname=tap0,script=no,downscript=no,model=virtio-net-pci",
        namespace=dhcp_namespace,
    )  # fmt: skip
    # There is no metadata here, so DHCP's host name counts, as soon as that is clear.
    guest.log_in("db-1")
    guest.wait_for("grep -q 10.99.77.20 /run/anyun/issue")
    routes = guest.run("ip route")
    assert "default via 10.99.77.1 " in routes
    assert "10.200.0.0/16 via 10.99.77.2 " in routes
    assert "10.99.77.9" not in routes
    assert guest.run("cat /etc/resolv.conf") == "search office.example\nnameserver 10.99.77.53"
    assert "mtu 1400" in guest.run("ip link show eth0")


def test_probe_says_so_and_powers_off(
    image: starter.StarterImage, start: Start, tmp_path: Path
) -> None:
    guest = start(
        "-nic", "none", "-no-reboot", "-kernel", str(image.kernel), "-initrd", str(image.initrd),
        "-append", "console=ttyS0 quiet anyun.probe",
    )  # fmt: skip
    guest.read_until("ANYUN-PROBE-OK", LOGIN_S)
    guest.wait_off()
