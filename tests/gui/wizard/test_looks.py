"""How the wizard and the dialog for machines look: nothing clipped, the tab key in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QRadioButton, QWidget

from appliance.services.setup.proposals import STEPS
from desktop.net.bridge import Bridge
from desktop.net.cache import Cache
from desktop.net.client_ref import ClientRef
from desktop.pages.vm_create import CreateVmDialog
from desktop.wizard.window import FINISH, START
from tests.gui.conftest import OUTPUT
from tests.gui.samples import small_cloud
from tests.gui.wizard.conftest import Opened
from tests.gui.wizard.plan import PlanService

LOOKS = [(language, scheme) for language in ("en", "zh") for scheme in ("light", "dark")]
PLACES = range(START, FINISH + 1)


def picture(widget: QWidget, name: str) -> None:
    """Keep a screenshot for people to look at."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    QApplication.processEvents()
    assert widget.grab().save(str(OUTPUT / f"{name}.png"))


def visible(window: QWidget, kind: type[Any]) -> Iterator[Any]:
    """The widgets of a class that can be seen."""
    for widget in window.findChildren(kind):
        if widget.isVisible() and widget.text():
            yield widget


def clipped(window: QWidget) -> list[str]:
    """Texts that have less room than they need."""
    QApplication.processEvents()
    found = []
    for label in visible(window, QLabel):
        wide = label.width()
        tall = label.heightForWidth(wide) if label.wordWrap() else label.sizeHint().height()
        parts = label.text().split() if label.wordWrap() else label.text().splitlines()
        words = max(parts or [""], key=len)
        if label.height() < tall or wide < label.fontMetrics().horizontalAdvance(words):
            found.append(label.text())
    for button in (*visible(window, QPushButton), *visible(window, QRadioButton)):
        if button.width() < button.sizeHint().width():
            found.append(button.text())
    return found


def tab_order(window: QWidget, first: QWidget) -> list[QWidget]:
    """What the tab key reaches, from `first` until it comes round."""
    first.setFocus(Qt.FocusReason.TabFocusReason)
    order: list[QWidget] = []
    while (widget := QApplication.focusWidget()) not in order:
        assert widget is not None
        order.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    return order


def assert_reading_order(window: QWidget, order: list[QWidget]) -> None:
    """Each widget is below, or to the right of, the one before."""
    for before, after in pairwise(order):
        a, b = (widget.mapTo(window, QPoint(0, 0)) for widget in (before, after))
        is_after = b.y() >= a.y() + before.height() // 2 or b.x() > a.x()
        assert is_after, f"{before.accessibleName()!r} comes before {after.accessibleName()!r}"


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
def test_the_wizard_has_no_clipped_text(
    opened: Opened, look: Callable[..., None], language: str, scheme: str
) -> None:
    look(language, scheme)
    wizard = opened(PlanService("zone", "cluster"))
    found = {}
    for place in PLACES:
        wizard.go(place)
        found[place] = clipped(wizard)
        picture(wizard, f"wizard_{place}_{language}_{scheme}")
    assert not any(found.values()), found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_mistakes_are_told_without_clipped_text(
    opened: Opened, look: Callable[..., None], language: str
) -> None:
    look(language, "light")
    wizard = opened(PlanService(*STEPS[:-1]))
    page: Any = wizard.current_page
    page.gateway.setText("192.168.100.20")
    page.last.setText("192.168.101.300")
    page.name.clear()
    page.touched()
    wizard.show_equivalent.setChecked(True)
    picture(wizard, f"wizard_mistakes_{language}")
    assert clipped(wizard) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["nfs", "shared", "ceph"])
def test_each_kind_of_primary_storage_has_no_clipped_text(
    opened: Opened, look: Callable[..., None], language: str, kind: str
) -> None:
    look(language, "light")
    wizard = opened(PlanService(*STEPS[:4]))
    page: Any = wizard.current_page
    page.kind.setCurrentIndex(page.kind.findData(kind))
    picture(wizard, f"wizard_storage_{kind}_{language}")
    assert clipped(wizard) == []


@pytest.mark.parametrize("place", range(1, FINISH))
def test_the_tab_key_goes_through_a_step_in_reading_order(opened: Opened, place: int) -> None:
    wizard = opened(PlanService())
    wizard.go(place)
    page: Any = wizard.current_page
    seen = next(form.field for form in page.fields.values() if form.isVisibleTo(page))
    order = tab_order(wizard, seen)
    inside = [page.isAncestorOf(widget) for widget in order]
    start = next(n for n, here in enumerate(inside) if here and not inside[n - 1])
    turned = order[start:] + order[:start]
    assert_reading_order(page, [widget for widget in turned if page.isAncestorOf(widget)])
    assert wizard.next in order
    assert wizard.back in order


@pytest.mark.parametrize("place", range(1, FINISH))
def test_every_input_of_a_step_says_what_it_is(opened: Opened, place: int) -> None:
    wizard = opened(PlanService())
    wizard.go(place)
    page: Any = wizard.current_page
    for form in page.fields.values():
        assert form.field.accessibleName()


@pytest.fixture
def dialog(
    bridge: Bridge,
    ref: ClientRef,
    cache: Cache,
    fill: Callable[..., None],
    look: Callable[..., None],
) -> Iterator[Callable[[str, str], CreateVmDialog]]:
    """Opens the dialog that makes machines, on the small cloud."""
    made: list[CreateVmDialog] = []

    def show(language: str, scheme: str) -> CreateVmDialog:
        look(language, scheme)
        fill(small_cloud())
        made.append(CreateVmDialog(bridge, ref, cache, None))
        made[0].show()
        made[0].activateWindow()
        QApplication.processEvents()
        return made[0]

    yield show
    for one in made:
        one.close()


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
def test_the_dialog_has_no_clipped_text(
    dialog: Callable[[str, str], CreateVmDialog], language: str, scheme: str
) -> None:
    window = dialog(language, scheme)
    picture(window, f"vm_create_{language}_{scheme}")
    found = clipped(window)
    for fold in window.folds.values():
        fold.open()
    window.footer.api.setChecked(True)
    window.resize(window.width(), 1400)
    picture(window, f"vm_create_open_{language}_{scheme}")
    assert found + clipped(window) == []


def test_the_tab_key_goes_through_the_dialog_in_reading_order(
    dialog: Callable[[str, str], CreateVmDialog],
) -> None:
    window = dialog("en", "light")
    for fold in window.folds.values():
        fold.open()
    window.resize(window.width(), 1400)
    QApplication.processEvents()
    order = tab_order(window, window.essentials.name)
    assert_reading_order(window, order[: order.index(window.placement.start) + 1])
    assert window.create_button in order
