"""The book of dropped packets keeps the newest, and nobody pushes out what is another's."""

from __future__ import annotations

from appliance.services.firewall.dropbook import ACCOUNT_MAX, NIC_MAX, NODE_MAX, DropBook
from hostagent.protocol.drops import DroppedPacket


def packet(nic_id: str, at: float = 0.0) -> DroppedPacket:
    return DroppedPacket(nic_id=nic_id, at=at, direction="in", reason="no_rule", protocol="tcp")


def test_newest_first_of_the_nics_asked_for() -> None:
    book = DropBook()
    for at, nic_id in enumerate(("a", "b", "a", "c")):
        book.add("me", packet(nic_id, at))
    assert [note.packet.at for note in book.of(["a", "b"], "me")] == [2, 1, 0]
    numbers = [note.number for note in book.of(["a", "b", "c"], "me")]
    assert numbers == sorted(numbers, reverse=True)
    assert book.of(["a"], "another") == []


def test_each_nic_keeps_so_many() -> None:
    book = DropBook()
    for at in range(NIC_MAX + 10):
        book.add("me", packet("a", at))
    found = book.of(["a"], "me")
    assert len(found) == NIC_MAX
    assert found[-1].packet.at == 10


def test_each_account_keeps_so_many_and_its_busiest_nics_lose_first() -> None:
    book = DropBook()
    book.add("me", packet("quiet"))
    for number in range(ACCOUNT_MAX // NIC_MAX + 2):
        for _ in range(NIC_MAX):
            book.add("me", packet(f"busy{number}"))
    everything = [*(f"busy{number}" for number in range(10)), "quiet"]
    assert len(book.of(everything, "me")) == ACCOUNT_MAX
    assert len(book.of(["quiet"], "me")) == 1


def test_the_node_keeps_so_many_and_the_fullest_account_loses_first() -> None:
    book = DropBook()
    book.add("small", packet("small"))
    accounts = NODE_MAX // ACCOUNT_MAX + 2
    for account in range(accounts):
        for number in range(ACCOUNT_MAX):
            book.add(f"a{account}", packet(f"{account}-{number % 8}"))
    kept = sum(
        len(book.of([f"{account}-{number}" for number in range(8)], f"a{account}"))
        for account in range(accounts)
    )
    assert kept == NODE_MAX - 1
    assert len(book.of(["small"], "small")) == 1


def test_what_there_was_no_room_for_is_counted() -> None:
    book = DropBook()
    book.miss("me", "a", 3)
    book.miss("me", "a", 4)
    assert book.missed(["a", "b"], "me") == 7
    assert book.missed(["a"], "another") == 0


def test_a_new_owner_does_not_see_what_was_before() -> None:
    book = DropBook()
    book.add("old", packet("a"))
    book.add("new", packet("a", 5))
    assert [note.packet.at for note in book.of(["a"], "new")] == [5]
    assert book.of(["a"], "old") == []
