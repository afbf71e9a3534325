"""The mouse: exact at every scale; buttons never lost; wheel remainders kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.console import pointer as p
from desktop.console.pointer import Pointer
from desktop.console.viewport import ScaleMode, place


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("mode", list(ScaleMode))
@pytest.mark.parametrize("room", [(300, 200), (1000, 700), (333, 517), (1920, 1080)])
def test_the_middle_of_every_shown_pixel_leads_to_it(
    ratio: float, mode: ScaleMode, room: tuple[int, int]
) -> None:
    guest = (320, 200)
    view = place(mode, room, guest, ratio)
    for column in range(guest[0]):
        x = (view.left + (column + 0.5) * view.width / guest[0]) / ratio
        assert view.guest_point(x, 10)[0] == column
    for row in range(guest[1]):
        y = (view.top + (row + 0.5) * view.height / guest[1]) / ratio
        assert view.guest_point(10, y)[1] == row


def test_outside_is_the_nearest_pixel() -> None:
    view = place(ScaleMode.FIT, (400, 400), (320, 200))
    assert view.guest_point(-50, -50) == (0, 0)
    assert view.guest_point(5000, 5000) == (319, 199)


@pytest.mark.parametrize(
    ("mode", "room", "guest", "ratio", "width", "is_smooth"),
    [
        (ScaleMode.FIT, (1000, 1000), (320, 200), 1.0, 960, False),
        (ScaleMode.FIT, (1000, 1000), (800, 600), 1.0, 800, False),
        (ScaleMode.FIT, (1000, 1000), (1920, 1080), 1.0, 1000, True),
        (ScaleMode.FIT, (1000, 1000), (1920, 1080), 2.0, 1920, False),
        (ScaleMode.FILL, (1000, 1000), (800, 600), 1.0, 1000, True),
        (ScaleMode.ACTUAL, (500, 500), (800, 600), 1.5, 800, False),
    ],
)
def test_scales(
    mode: ScaleMode,
    room: tuple[int, int],
    guest: tuple[int, int],
    ratio: float,
    width: int,
    is_smooth: bool,
) -> None:
    view = place(mode, room, guest, ratio)
    assert view.width == width
    assert view.is_smooth is is_smooth


@given(
    st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 4000), st.integers(1, 4000),
    st.sampled_from([1.0, 1.25, 1.5, 1.75, 2.0]), st.sampled_from([ScaleMode.FIT, ScaleMode.FILL]),
)  # fmt: skip
def test_fitting_pictures_stay_within_their_room(
    width: int, height: int, guest_width: int, guest_height: int, ratio: float, mode: ScaleMode
) -> None:
    view = place(mode, (width, height), (guest_width, guest_height), ratio)
    assert view.left + view.width <= max(1, round(width * ratio))
    assert view.top + view.height <= max(1, round(height * ratio))
    x, y, w, h = view.logical_rect(0, 0, guest_width, guest_height)
    assert x * ratio <= view.left
    assert y * ratio <= view.top
    assert (x + w) * ratio >= view.left + view.width - 1e-6
    assert (y + h) * ratio >= view.top + view.height - 1e-6


def recorder() -> tuple[Pointer, list[tuple[int, int, int]]]:
    """A pointer, and what it sent."""
    sent: list[tuple[int, int, int]] = []
    return Pointer(lambda *values: sent.append(values)), sent


def test_moves_wait_but_buttons_do_not() -> None:
    pointer, sent = recorder()
    pointer.move(5, 6)
    pointer.move(7, 8)
    assert sent == []
    pointer.press(p.LEFT)
    pointer.release(p.LEFT)
    assert sent == [(p.LEFT, 7, 8), (0, 7, 8)]
    pointer.flush()
    assert len(sent) == 2
    pointer.move(9, 9)
    pointer.flush()
    assert sent[-1] == (0, 9, 9)


def test_a_quick_click_sends_both_ends() -> None:
    pointer, sent = recorder()
    for button in (p.LEFT, p.MIDDLE, p.RIGHT):
        pointer.press(button)
    pointer.release_all()
    assert [buttons for buttons, _, _ in sent] == [1, 3, 7, 0]


def test_wheel_keeps_remainders() -> None:
    pointer, sent = recorder()
    for _ in range(4):
        pointer.wheel(0, 30)
    assert sent == [(p.WHEEL_UP, 0, 0), (0, 0, 0)]
    sent.clear()
    pointer.wheel(0, 100)
    pointer.wheel(0, -120)  # turned back: the hundred are forgotten
    assert sent == [(p.WHEEL_DOWN, 0, 0), (0, 0, 0)]
    sent.clear()
    pointer.wheel(-240, 0)
    assert [buttons for buttons, _, _ in sent] == [p.WHEEL_RIGHT, 0, p.WHEEL_RIGHT, 0]


def test_wheel_while_dragging_keeps_the_button() -> None:
    pointer, sent = recorder()
    pointer.press(p.LEFT)
    pointer.wheel(0, -120)
    assert sent[1:] == [(p.LEFT | p.WHEEL_DOWN, 0, 0), (p.LEFT, 0, 0)]


def test_relative_moves_are_cut_into_steps() -> None:
    pointer, sent = recorder()
    pointer.set_relative()
    pointer.move_by(200, -5)
    assert sent == [(0, 0x7FFF + 127, 0x7FFF - 5), (0, 0x7FFF + 73, 0x7FFF)]
