"""Words for what images are: kinds, platforms, firmware, and where they came from."""

from __future__ import annotations

from appliance.protocol import resources as r
from desktop.texts import translate

Choices = list[tuple[str, str]]


def kinds(*, with_iso: bool) -> Choices:
    """Kinds of image, as pairs of words and value."""
    disks = [
        (translate("Images", "System disk"), "root"),
        (translate("Images", "Data disk"), "data"),
    ]
    return [*disks, (translate("Images", "CD or DVD (ISO)"), "iso")] if with_iso else disks


def platforms() -> Choices:
    """Operating systems, as pairs of words and value."""
    return [
        ("Linux", "linux"),
        ("Windows", "windows"),
        (translate("Images", "Other"), "other"),
    ]


def firmwares() -> Choices:
    """What machines start with, as pairs of words and value."""
    return [
        ("BIOS", "bios"),
        ("UEFI", "uefi"),
        (translate("Images", "UEFI with secure boot"), "uefi_secure"),
    ]


def kind(image: r.Image) -> str:
    """What an image is."""
    return kind_word(image.kind)


def kind_word(value: str) -> str:
    """The word for a kind."""
    return _word(kinds(with_iso=True), value)


def platform(image: r.Image) -> str:
    """The operating system in it."""
    return _guess(image, "platform", _word(platforms(), image.platform))


def firmware(image: r.Image) -> str:
    """What its machines start with."""
    return _guess(image, "firmware", _word(firmwares(), image.firmware))


def source(image: r.Image) -> str:
    """Where it came from."""
    words = {
        "upload": translate("Images", "uploaded"),
        "url": translate("Images", "downloaded"),
        "starter": translate("Images", "starter image"),
        "volume": translate("Images", "made from a volume"),
    }
    return words.get(image.source, image.source)


def _word(choices: Choices, value: str) -> str:
    return next((words for words, one in choices if one == value), value)


def _guess(image: r.Image, name: str, words: str) -> str:
    """Somebody should look at what nobody has said."""
    if name not in image.guessed:
        return words
    return translate("Images", "{value} (guessed)").format(value=words)
