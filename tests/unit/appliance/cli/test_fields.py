"""Request bodies from what was typed; bad values name the option, the value and the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from appliance.cli.disks import parse_disk
from appliance.cli.fields import body_of, fields_of
from appliance.protocol import requests as q

ID = "01a206f5-a3fa-7917-b4a8-66929a40275e"


def flags(request: type[Any], name: str) -> list[str]:
    return next(field.flags for field in fields_of(request) if field.name == name)


def test_flags_are_short_and_the_fields_own_name_works_too() -> None:
    assert flags(q.VmCreate, "memory_bytes") == ["--memory", "--memory-bytes"]
    assert flags(q.VmCreate, "image_id") == ["--image", "--image-id"]
    assert flags(q.VmCreate, "name") == ["--name"]
    assert flags(q.VmCreate, "start") == ["--start/--no-start"]
    assert flags(q.NetworkCreate, "ranges") == ["--range", "--ranges"]


def test_what_must_be_given_comes_first() -> None:
    fields = fields_of(q.VmCreate)
    required = [field.required for field in fields]
    assert required == sorted(required, reverse=True)
    assert fields[-1].name == "id"


def test_a_whole_request() -> None:
    typed = {
        "name": "web",
        "image_id": "starter",
        "network_id": ID,
        "memory_bytes": "1.5GiB",
        "root_disk_bytes": None,
        "cpu_count": 2,
        "start": False,
        "as_json": True,
    }
    body = body_of(q.VmCreate, typed)
    assert body == {
        "name": "web",
        "image_id": "starter",
        "network_id": ID,
        "memory_bytes": 3 * 1024**3 // 2,
        "cpu_count": 2,
        "start": False,
    }


def test_ranges_and_lists() -> None:
    typed = {
        "name": "n",
        "cluster_id": ID,
        "cidr": "10.0.0.0/24",
        "gateway": "10.0.0.1",
        "dns": ["1.1.1.1"],
        "ranges": ["10.0.0.10-10.0.0.20", "10.0.0.30 - 10.0.0.40"],
    }
    request = msgspec.convert(body_of(q.NetworkCreate, typed), q.NetworkCreate)
    assert [(span.first, span.last) for span in request.ranges] == [
        ("10.0.0.10", "10.0.0.20"),
        ("10.0.0.30", "10.0.0.40"),
    ]


def test_json_of_a_set_up_step() -> None:
    body = body_of(q.SetupPlanUpdate, {"step": "zone", "request": '{"name": "lab"}'})
    assert body == {"step": "zone", "request": {"name": "lab"}}


def test_nothing_given_is_nothing_sent() -> None:
    assert body_of(q.Update, {"name": None, "description": None}) == {}


def test_text_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_text("ssh-ed25519 AAAA")
    typed = {"name": "w", "image_id": ID, "network_id": ID, "ssh_public_key": f"@{path}"}
    assert body_of(q.VmCreate, typed)["ssh_public_key"] == "ssh-ed25519 AAAA"


@pytest.mark.parametrize(
    ("changed", "flag", "words"),
    [
        ({"memory_bytes": "much"}, "--memory", "4GiB"),
        ({"memory_bytes": "1M"}, "--memory", "at least 32MiB"),
        ({"memory_bytes": "1000000T"}, "--memory", "at most"),
        ({"name": ""}, "--name", "length >= 1"),
        ({"name": "x" * 256}, "--name", "length <= 255"),
        ({"ssh_public_key": "@/nowhere/key"}, "--ssh-public-key", "/nowhere/key"),
    ],
)
def test_bad_values_name_the_option(changed: dict[str, Any], flag: str, words: str) -> None:
    typed = {"name": "w", "image_id": ID, "network_id": ID} | changed
    with pytest.raises(typer.BadParameter) as caught:
        body_of(q.VmCreate, typed)
    assert caught.value.param_hint == f"'{flag}'"
    assert words in caught.value.message


def test_several_nics_and_their_limits() -> None:
    typed = {
        "name": "w",
        "image_id": "starter",
        "network_id": "private",
        "inbound_bits_per_s": "10M",
        "more_nics": [
            "office",
            "backup, address=10.9.0.9, security-group=web, security-group=db, outbound=1.5Gbit",
        ],
    }
    body = body_of(q.VmCreate, typed)
    assert body["inbound_bits_per_s"] == 10_000_000
    assert body["more_nics"] == [
        {"network_id": "office"},
        {
            "network_id": "backup",
            "address": "10.9.0.9",
            "security_group_ids": ["web", "db"],
            "outbound_bits_per_s": 1_500_000_000,
        },
    ]
    assert flags(q.VmCreate, "more_nics") == ["--nic", "--more-nics"]
    assert flags(q.VmSetNicLimits, "inbound_bits_per_s") == ["--inbound", "--inbound-bits-per-s"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no network"),
        ("address=10.0.0.9", "names no network"),
        ("office,address", "is no KEY=VALUE"),
        ("office,colour=red", "'colour' is none of the keys"),
        ("office,inbound=fast", "is no bandwidth"),
        ("office,inbound=1", "at least 64K"),
    ],
)
def test_a_nic_that_cannot_be(text: str, words: str) -> None:
    typed = {"name": "w", "image_id": ID, "network_id": ID, "more_nics": [text]}
    with pytest.raises(typer.BadParameter) as caught:
        body_of(q.VmCreate, typed)
    assert words in caught.value.message
    assert caught.value.param_hint == "'--nic'"


def test_limits_are_lifted_by_none() -> None:
    body = body_of(q.VmSetNicLimits, {"nic_id": ID, "inbound_bits_per_s": "none"})
    assert body == {"nic_id": ID, "inbound_bits_per_s": None}
    for text, words in (("1K", "at least 64K"), ("2T", "at most 1T"), ("1MB", "is no bandwidth")):
        with pytest.raises(typer.BadParameter, match=words):
            body_of(q.VmSetNicLimits, {"outbound_bits_per_s": text})


@pytest.mark.parametrize("text", ["10.0.0.10-", "-10.0.0.10", "-", ""])
def test_a_range_must_have_two_ends(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no range"):
        body_of(q.NetworkCheck, {"cidr": "10.0.0.0/24", "gateway": "", "ranges": [text]})


def test_a_range_may_be_one_address_or_a_block_and_a_list_none() -> None:
    typed = {"ranges": ["10.0.0.10", "10.0.0.64/26", "10.0.0.20 - 10.0.0.29"], "reserved": ["none"]}
    assert body_of(q.NetworkSetRanges, typed) == {
        "ranges": [
            {"first": "10.0.0.10", "last": ""},
            {"first": "10.0.0.64/26", "last": ""},
            {"first": "10.0.0.20", "last": "10.0.0.29"},
        ],
        "reserved": [],
    }


def test_a_data_disk_says_what_it_is_and_where() -> None:
    assert parse_disk("20G") == {"name": "", "size_bytes": 20 * 1024**3}
    assert parse_disk("db=1G:virtio_scsi,storage=nas,image=records") == {
        "name": "db",
        "size_bytes": 1024**3,
        "bus": "virtio_scsi",
        "primary_storage_id": "nas",
        "image_id": "records",
    }
    for wrong in ("db=1G,nas", "1G,storage=", "1G,colour=red", "db="):
        with pytest.raises(ValueError, match=r".+"):
            parse_disk(wrong)
