"""What guests tell is put into our words, whatever they send."""

from __future__ import annotations

from hostagent.libvirt.guesttelling import LONGEST_TEXT, MOST_ITEMS, guest_info, is_linked
from hostagent.protocol.guest import GuestFileSystem, GuestNic, GuestPassword

CHANNEL = "<domain><devices><channel><target name='{}' state='{}'/></channel></devices></domain>"


def test_an_answer_of_libvirt() -> None:
    told = guest_info(
        {
            "hostname": "web",
            "os.pretty-name": "Debian GNU/Linux 13",
            "os.id": "debian",
            "os.kernel-release": "6.12.0",
            "if.count": 1,
            "if.0.name": "eth0",
            "if.0.hwaddr": "0a:00:00:00:00:01",
            "if.0.addr.count": 2,
            "if.0.addr.0.addr": "10.0.0.5",
            "if.0.addr.0.prefix": 24,
            "if.0.addr.1.addr": "fd00::5",
            "if.0.addr.1.prefix": 64,
            "fs.count": 1,
            "fs.0.mountpoint": "/",
            "fs.0.fstype": "ext4",
            "fs.0.total-bytes": 100,
            "fs.0.used-bytes": 40,
        }
    )
    assert (told.is_answering, told.hostname, told.os) == (True, "web", "Debian GNU/Linux 13")
    assert told.nics == [
        GuestNic(name="eth0", mac="0a:00:00:00:00:01", addresses=["10.0.0.5/24", "fd00::5/64"])
    ]
    assert told.file_systems == [
        GuestFileSystem(mount_point="/", kind="ext4", total_bytes=100, used_bytes=40)
    ]


def test_what_is_left_out_is_empty() -> None:
    told = guest_info({"os.name": "Plan 9", "fs.count": 1, "if.count": 1})
    assert (told.os, told.hostname) == ("Plan 9", "")
    assert told.file_systems == [GuestFileSystem(mount_point="")]
    assert told.nics == [GuestNic(name="")]


def test_what_a_guest_makes_up_stays_bearable() -> None:
    told = guest_info(
        {
            "hostname": "a\x1b[31m\n" + "x" * 10_000,
            "os.pretty-name": 7,
            "if.count": 10**9,
            "fs.count": -5,
            "if.0.addr.count": "many",
        }
    )
    assert told.hostname.startswith("a[31mx")
    assert len(told.hostname) == LONGEST_TEXT
    assert (told.os, len(told.nics), told.file_systems) == ("", MOST_ITEMS, [])


def test_an_agent_is_there_when_its_end_of_the_channel_is_open() -> None:
    assert is_linked(CHANNEL.format("org.qemu.guest_agent.0", "connected"))
    assert not is_linked(CHANNEL.format("org.qemu.guest_agent.0", "disconnected"))
    assert not is_linked(CHANNEL.format("com.redhat.spice.0", "connected"))
    assert not is_linked("<domain><devices/></domain>")


def test_a_password_is_in_no_text_of_ours() -> None:
    assert "s3cret" not in repr(GuestPassword(vm_id="1", user="root", password="s3cret"))
