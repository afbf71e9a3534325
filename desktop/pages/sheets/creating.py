"""Sheets that make offerings, images, networks and storages, from the wizard's own forms."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from ipaddress import IPv4Network
from typing import Any

from appliance.client.setup import check_on_host
from appliance.protocol.ids import new_id
from appliance.protocol.resources import CheckResult
from desktop.pages.base import Shell
from desktop.pages.sheets.form_sheet import Choice, FormSheet, SheetSpec, Values
from desktop.pages.sheets.network_create import NetworkForm
from desktop.texts import translate
from desktop.widgets.sheet import show_sheet
from desktop.wizard.page_image import ImageForm, OfferingForm
from desktop.wizard.page_storage import StorageForm
from desktop.wizard.pages_basic import image_store_page
from desktop.wizard.validation import suggested

GiB = 1024**3
STORAGE_FOLDER = "/var/lib/anyun/storage"


def create_offering(shell: Shell) -> None:
    """Open the sheet that makes a size of machine."""

    def make() -> FormSheet:
        form = OfferingForm(
            translate("Sheets", "New instance offering"),
            translate("Sheets", "A size of virtual machine to choose from."),
        )
        name = free_name("offering", shell.cache.all("instance_offering"))
        proposed = {"name": name, "cpu_count": 1, "memory_bytes": GiB}
        form.show_requests({"offering": proposed})
        button = translate("Sheets", "Make offering")
        spec = SheetSpec(
            operation="instance_offering.create", button=button, fixed={"id": new_id()}
        )
        return FormSheet(shell, form, spec)

    show_sheet(shell.window, "create-offering", make)


def create_image(shell: Shell) -> None:
    """Open the sheet that adds an image: from an address, a file, or the appliance itself."""

    def make() -> FormSheet:
        form = ImageForm(
            translate("Sheets", "New image"),
            translate("Sheets", "An image is the disk that a new machine starts with."),
        )
        form.show_requests(
            {"image": {"name": free_name("image", shell.cache.all("image")), "source": "url"}}
        )
        stores = Choice(
            key="image_store_id",
            title=translate("Sheets", "Image store"),
            items=_named(shell, "image_store"),
            missing=translate("Sheets", "Make an image store first."),
        )

        def host_of(body: Values) -> str:
            store = shell.cache.get("image_store", body["image_store_id"])
            return store.host_id if store is not None else ""

        spec = SheetSpec(
            operation="image.create",
            button=translate("Sheets", "Add image"),
            fixed={"id": new_id()},
            choices=(stores,),
            check=_check(shell, "image", host_of),
        )
        return FormSheet(shell, form, spec)

    show_sheet(shell.window, "create-image", make)


def create_network(shell: Shell) -> None:
    """Open the sheet that makes a network of any kind."""

    def make() -> FormSheet:
        form = NetworkForm(shell.cache.all("vxlan_pool"))
        form.show_requests({"network": _proposed_network(shell)})
        spec = SheetSpec(
            operation="network.create",
            button=translate("Sheets", "Make network"),
            fixed={"id": new_id()},
            choices=(_clusters(shell),),
            check=_check(shell, "network", lambda body: _host_in(shell, body["cluster_id"])),
        )
        sheet = FormSheet(shell, form, spec)

        def offer_cards() -> None:
            cluster_id = sheet.choices["cluster_id"].currentData()
            hosts = [one for one in shell.cache.all("host") if one.cluster_id == cluster_id]
            form.show_nics([nic for host in hosts[:1] for nic in host.nics], anew=True)

        sheet.choices["cluster_id"].currentIndexChanged.connect(lambda _: offer_cards())
        offer_cards()
        return sheet

    show_sheet(shell.window, "create-network", make)


def create_primary_storage(shell: Shell) -> None:
    """Open the sheet that makes a primary storage."""

    def make() -> FormSheet:
        form = StorageForm()
        form.show_requests({"primary_storage": _proposed_folder(shell, "primary_storage", "disks")})
        spec = SheetSpec(
            operation="primary_storage.create",
            button=translate("Sheets", "Make primary storage"),
            fixed={"id": new_id()},
            choices=(_clusters(shell),),
            check=_check(
                shell, "primary_storage", lambda body: _host_in(shell, body["cluster_id"])
            ),
        )
        return FormSheet(shell, form, spec)

    show_sheet(shell.window, "create-primary-storage", make)


def create_image_store(shell: Shell) -> None:
    """Open the sheet that makes an image store."""

    def make() -> FormSheet:
        form = image_store_page()
        form.show_requests({"image_store": _proposed_folder(shell, "image_store", "images")})
        hosts = Choice(
            key="host_id",
            title=translate("Sheets", "Host"),
            items=_named(shell, "host"),
            missing=translate("Sheets", "Take a host first."),
        )
        zones = Choice(
            key="zone_id",
            title=translate("Sheets", "Zone"),
            items=_named(shell, "zone"),
            missing=translate("Sheets", "Make a zone first."),
        )
        spec = SheetSpec(
            operation="image_store.create",
            button=translate("Sheets", "Make image store"),
            fixed={"id": new_id()},
            choices=(zones, hosts),
            check=_check(shell, "image_store", lambda body: body["host_id"]),
        )
        return FormSheet(shell, form, spec)

    show_sheet(shell.window, "create-image-store", make)


def free_name(stem: str, taken: Iterable[Any]) -> str:
    """`stem-1`, or the first number that no resource has."""
    names = {one.name for one in taken}
    return next(name for n in range(1, len(names) + 2) if (name := f"{stem}-{n}") not in names)


def _check(
    shell: Shell, step: str, host_of: Callable[[Values], str]
) -> Callable[[Values], Coroutine[Any, Any, CheckResult]]:
    return lambda body: check_on_host(shell.ref, host_of(body), step, body)


def _named(shell: Shell, kind: str) -> list[tuple[str, str]]:
    found = sorted(shell.cache.all(kind), key=lambda one: one.name)
    return [(one.name, one.id) for one in found]


def _clusters(shell: Shell) -> Choice:
    return Choice(
        key="cluster_id",
        title=translate("Sheets", "Cluster"),
        items=_named(shell, "cluster"),
        missing=translate("Sheets", "Make a cluster first."),
    )


def _host_in(shell: Shell, cluster_id: str) -> str:
    hosts = shell.cache.all("host")
    return next((one.id for one in hosts if one.cluster_id == cluster_id), "")


def _proposed_network(shell: Shell) -> Values:
    """A private network that overlaps none that there is."""
    known = shell.cache.all("network")
    taken = [IPv4Network(one.cidr) for one in known]
    blocks = (IPv4Network(f"192.168.{number}.0/24") for number in range(100, 255))
    free = next((one for one in blocks if not any(one.overlaps(other) for other in taken)), None)
    cidr = str(free) if free is not None else ""
    gateway, first, last = suggested(cidr) or ("", "", "")
    return {
        "name": free_name("network", known),
        "kind": "nat",
        "cidr": cidr,
        "gateway": gateway,
        "ranges": [{"first": first, "last": last}],
        "dns": next((list(one.dns) for one in known if one.dns), []),
    }


def _proposed_folder(shell: Shell, kind: str, folder: str) -> Values:
    """A directory that no storage of this kind has."""
    known = shell.cache.all(kind)
    stem = {"image_store": "image-store", "primary_storage": "primary"}[kind]
    name = free_name(stem, known)
    number = name.rpartition("-")[2]
    return {"name": name, "path": f"{STORAGE_FOLDER}/{folder}-{number}"}
