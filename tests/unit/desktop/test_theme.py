"""Every pair of text and background that is used together reaches WCAG AA."""

from __future__ import annotations

import pytest

from desktop.theme import DARK, LIGHT, Colours


def luminance(value: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(value[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("back", ["window", "base", "raised", "selection"])
@pytest.mark.parametrize("role", ["text", "muted", "ok", "working", "idle", "warn", "error"])
def test_text_can_be_read(scheme: Colours, role: str, back: str) -> None:
    assert contrast(getattr(scheme, role), getattr(scheme, back)) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_buttons_can_be_read(scheme: Colours) -> None:
    assert contrast(scheme.accent_text, scheme.accent) >= 4.5
    assert contrast(scheme.accent_text, scheme.accent_hover) >= 4.5
    assert contrast(scheme.base, scheme.error) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_frames_of_inputs_can_be_seen(scheme: Colours) -> None:
    assert contrast(scheme.frame, scheme.base) >= 3
