"""Colours, text sizes and the palette of the client: one accent, neutral surfaces, state colours.

All pairs of text and background used together reach WCAG AA (4.5:1), see
tests/unit/desktop/test_theme.py.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication

GRID = 8  # pixels; every distance is a multiple or a half of it


@dataclass(frozen=True)
class Colours:
    """One colour scheme. Names say what a colour is for, not what it looks like."""

    window: str
    base: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    accent_text: str
    selection: str
    ok: str
    working: str
    idle: str
    warn: str
    error: str
    track: str
    frame: str
    thumb: str


LIGHT = Colours(
    window="#f4f5f7",
    base="#ffffff",
    raised="#eceef2",
    line="#dcdfe5",
    text="#1b2027",
    muted="#596270",
    accent="#0b63ce",
    accent_hover="#0953ad",
    accent_text="#ffffff",
    selection="#dbe9fb",
    ok="#14753c",
    working="#0b63ce",
    idle="#596270",
    warn="#8f5300",
    error="#bf2330",
    track="#e3e6eb",
    frame="#8a929e",
    thumb="#b9bfc8",
)
DARK = Colours(
    window="#15181c",
    base="#1b1f24",
    raised="#262b32",
    line="#323842",
    text="#e7eaee",
    muted="#9ba5b2",
    accent="#66aaff",
    accent_hover="#86bcff",
    accent_text="#0d1a2b",
    selection="#1f3b5f",
    ok="#56c483",
    working="#66aaff",
    idle="#9ba5b2",
    warn="#e5a94a",
    error="#ff8087",
    track="#323842",
    frame="#6c7583",
    thumb="#4a525e",
)


def is_dark() -> bool:
    """Whether the dark scheme is in force."""
    application = QGuiApplication.instance()
    chosen = application.property("anyun_theme") if application is not None else None
    if chosen in ("light", "dark"):
        return chosen == "dark"
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def colours() -> Colours:
    """The colours in force now."""
    return DARK if is_dark() else LIGHT


@cache
def colour(value: str) -> QColor:
    """A shared QColor: painting makes none."""
    return QColor(value)


def apply(application: QApplication, theme: str = "system") -> None:
    """Use `theme` ("light", "dark" or "system") for the whole application."""
    application.setProperty("anyun_theme", theme)
    wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
    application.styleHints().setColorScheme(wanted.get(theme, Qt.ColorScheme.Unknown))
    if sys.platform not in ("win32", "darwin"):
        from desktop.widgets.style import FlatStyle

        application.setStyle(FlatStyle())
    application.setPalette(palette(colours()))
    _reset_icons()


def palette(c: Colours) -> QPalette:
    """The Qt palette made of `c`."""
    result = QPalette()
    role = QPalette.ColorRole
    table = {
        role.Window: c.window,
        role.WindowText: c.text,
        role.Base: c.base,
        role.AlternateBase: c.window,
        role.Text: c.text,
        role.PlaceholderText: c.muted,
        role.Button: c.base,
        role.ButtonText: c.text,
        role.BrightText: c.error,
        role.ToolTipBase: c.raised,
        role.ToolTipText: c.text,
        role.Highlight: c.accent,
        role.HighlightedText: c.accent_text,
        role.Accent: c.accent,
        role.Link: c.accent,
        role.LinkVisited: c.accent,
        role.Light: c.raised,
        role.Midlight: c.raised,
        role.Mid: c.line,
        role.Dark: c.line,
        role.Shadow: c.line,
    }
    for key, value in table.items():
        result.setColor(key, QColor(value))
    for key in (role.Text, role.WindowText, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, key, _faded(c))
    result.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(c.track))
    result.setColor(QPalette.ColorGroup.Disabled, role.HighlightedText, _faded(c))
    return result


def _faded(c: Colours) -> QColor:
    text, back = QColor(c.muted), QColor(c.window)
    return QColor(
        (text.red() * 6 + back.red() * 4) // 10,
        (text.green() * 6 + back.green() * 4) // 10,
        (text.blue() * 6 + back.blue() * 4) // 10,
    )


def use_fonts(application: QApplication, family: str = "", *, chinese: bool = False) -> None:
    """Give the application a font with Chinese fallbacks and a size that reads well.

    `chinese` puts a Chinese font first: mixing it in as a fallback has uneven weights.
    """
    font = QFont(application.font())
    families = [family] if family else []
    if not families and sys.platform not in ("win32", "darwin"):
        known = set(QFontDatabase.families())
        wished = ("Inter", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans")
        families = [name for name in wished if name in known][:1]
        if chinese and "Noto Sans CJK SC" in known:
            families.insert(0, "Noto Sans CJK SC")
    families += ["Microsoft YaHei UI", "PingFang SC", "Noto Sans CJK SC", "Noto Sans CJK JP"]
    if sys.platform in ("win32", "darwin"):
        families.insert(0, font.family())
    font.setFamilies(families)
    font.setPointSizeF(max(font.pointSizeF(), 9.0) if sys.platform != "darwin" else 13.0)
    application.setFont(font)


def font(role: str = "body") -> QFont:
    """The font for `role`: small, body, title or figure, or table (digits of one width)."""
    result = QFont(QApplication.font())
    size = result.pointSizeF()
    if role == "small":
        result.setPointSizeF(size * 0.9)
    elif role == "title":
        result.setPointSizeF(size * 1.5)
        result.setWeight(QFont.Weight.DemiBold)
    elif role == "strong":
        result.setWeight(QFont.Weight.DemiBold)
    elif role == "figure":
        result.setPointSizeF(size * 2.4)
        result.setFeature(QFont.Tag("tnum"), 1)
    elif role == "table":
        result.setFeature(QFont.Tag("tnum"), 1)
    elif role == "mono":
        result = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        result.setPointSizeF(size)
    return result


_icons: dict[tuple[str, str], QIcon] = {}


@cache
def _icon_set() -> Any:
    """The icon library with our one set: its other eleven take 0.2 s and 25 MiB to load."""
    import qtawesome

    fonts = getattr(qtawesome, "_BUNDLED_FONTS", ())
    ours = tuple(font for font in fonts if font[0] == "mdi6")
    if ours:
        qtawesome._BUNDLED_FONTS = ours
    return qtawesome


def icon(name: str, role: str = "muted") -> QIcon:
    """The icon `name` of the one icon set (`mdi6.…` may be left out), in the colour `role`."""
    full = name if "." in name else f"mdi6.{name}"
    value = getattr(colours(), role)
    key = (full, value)
    if key not in _icons:
        made = _icon_set().icon(full, color=value, color_disabled=_faded(colours()))
        _icons[key] = made
    return _icons[key]


def _reset_icons() -> None:
    _icons.clear()
