"""Names that cannot be shown are refused for everything that has one."""

from __future__ import annotations

from tests.contract.services.bench import Bench

UNSHOWABLE = ("a\nb", "a\x00b", "a\x1b[31mb", "a\u202eb", "a\u200bb", "a\ue000b")
BLANK = (" ", "\t\n", "\u3000")
ODD_BUT_GOOD = ("机房 一", "Zürich & Söhne <b>", "'; DROP TABLE zone; --", "🐧", "x" * 255)


async def test_names_of_all_kinds(cloud: Bench) -> None:
    nowhere = {"image_id": cloud.ids["zone"], "network_id": cloud.ids["zone"]}
    requests = {
        "zone.create": {},
        "cluster.create": {"zone_id": cloud.ids["zone"]},
        "image_store.create": cloud.store_request(path=str(cloud.folder / "other")),
        "primary_storage.create": cloud.storage_request(path=str(cloud.folder / "other")),
        "instance_offering.create": {"cpu_count": 1, "memory_bytes": 64 * 1024**2},
        "image.create": cloud.image_request(url="http://127.0.0.1:9/x"),
        "network.create": cloud.network_request(),
        "vm.create": cloud.vm_request(**nowhere),
    }
    for operation, request in requests.items():
        for names, code in ((UNSHOWABLE, "name.control_characters"), (BLANK, "name.blank")):
            for name in names:
                error = await cloud.refused(operation, **(request | {"name": name}))
                assert (error.code, error.field) == (code, "name"), operation
                assert error.message.isprintable()
                assert error.params["value"] in error.message
                assert error.request_id
    assert len(await cloud.all("zone")) == 1
    assert await cloud.all("image") == await cloud.all("network") == await cloud.all("vm") == []


async def test_names_that_are_only_odd(bench: Bench) -> None:
    for name in ODD_BUT_GOOD:
        assert (await bench.do("zone.create", name=f" {name} ".strip())).name == name
    error = await bench.refused("zone.create", name="x" * 256)
    assert (error.code, error.field) == ("request.bad_value", "name")
