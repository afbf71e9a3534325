"""The guest's screen as a widget: paints what changed, sends keys and mouse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QFocusEvent,
    QGuiApplication,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from desktop.console import pointer as p
from desktop.console.cursor import dot_cursor, guest_cursor
from desktop.console.keys.codes import CODES
from desktop.console.keys.keyboard import Keyboard
from desktop.console.keys.qt import Translator
from desktop.console.keys.windows import FAKE_CTRL_PATIENCE_S
from desktop.console.link import LinkState, Phase
from desktop.console.rfb.events import CursorChanged
from desktop.console.rfb.framebuffer import Framebuffer
from desktop.console.screen_link import ScreenLink
from desktop.console.viewport import ScaleMode, Viewport, place

SURROUND = QColor("#101214")
FLUSH_INTERVAL_MS = 16
EMPTY_SIZE = QSize(720, 400)
_BUTTONS = {
    Qt.MouseButton.LeftButton: p.LEFT,
    Qt.MouseButton.MiddleButton: p.MIDDLE,
    Qt.MouseButton.RightButton: p.RIGHT,
}


class ConsoleWidget(QWidget):
    """Shows the picture of a ScreenLink. F11 is left to the window; all other keys are taken."""

    guest_resized = Signal(int, int)
    """The guest's screen has this many pixels."""
    mouse_captured = Signal(bool)
    """The mouse is captured for a guest that takes movements only; right Ctrl lets it go."""
    top_touched = Signal()
    """The mouse is at the upper edge."""
    view_changed = Signal()
    """Scale or size of the picture changed."""

    def __init__(self, link: ScreenLink, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._link = link
        self._mode = ScaleMode.FIT
        self._view_only = False
        self._picture: Framebuffer | None = None
        self._image = QImage()
        self._shape: CursorChanged | None = None
        self._is_absolute = True
        self._captured_at: QPoint | None = None
        platform = QGuiApplication.platformName()
        self._translator = Translator(platform)
        self._keyboard = Keyboard(lambda key, down: link.send_key(key, is_down=down), platform)
        self._pointer = p.Pointer(link.send_pointer)
        self._flush = QTimer(self, singleShot=True, interval=FLUSH_INTERVAL_MS)
        self._flush.timeout.connect(self._pointer.flush)
        self._expire = QTimer(self, singleShot=True, interval=int(FAKE_CTRL_PATIENCE_S * 1000))
        self._expire.timeout.connect(self._keyboard.expire)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        # An input method would swallow the keys before we see their codes.
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAccessibleName(self.tr("Screen of the virtual machine"))
        self._show_cursor()
        link.picture_changed.connect(self._picture_changed)
        link.updated.connect(self._updated)
        link.cursor_changed.connect(self._cursor_changed)
        link.pointer_mode_changed.connect(self._pointer_mode_changed)
        link.state_changed.connect(self._link_changed)

    # What the window asks for

    @property
    def guest_size(self) -> QSize:
        """The guest's screen in pixels; empty before the first picture."""
        return self._image.size()

    @property
    def mode(self) -> ScaleMode:
        """How the picture fits into the widget."""
        return self._mode

    def set_mode(self, mode: ScaleMode) -> None:
        """Fit, fill, or one device pixel for each guest pixel."""
        self._mode = mode
        self._view_has_changed()

    def set_view_only(self, view_only: bool) -> None:
        """Send nothing any more, or do so again."""
        if view_only:
            self.release_all()
        self._view_only = view_only
        self._link.set_view_only(view_only)
        self._show_cursor()

    def viewport(self) -> Viewport | None:
        """Where the picture lies now; None before the first one."""
        if self._image.isNull():
            return None
        guest = (self._image.width(), self._image.height())
        room = (self.width(), self.height())
        return place(self._mode, room, guest, self.devicePixelRatioF())

    def screenshot(self) -> QImage:
        """A copy of the guest's picture, in its own size."""
        return self._image.copy()

    def picture_bytes(self, x: int, y: int, width: int, height: int) -> bytes:
        """The pixels of a part of the picture; empty before the first one."""
        if self._picture is None:
            return b""
        return self._picture.pixels[y : y + height, x : x + width].tobytes()

    def release_all(self) -> None:
        """Let go of every key, button and the captured mouse."""
        self._keyboard.release_all()
        self._pointer.release_all()
        self._release_mouse()

    def sizeHint(self) -> QSize:
        """The guest's size: one device pixel for each of its pixels."""
        size = EMPTY_SIZE if self._image.isNull() else self._image.size()
        return (size.toSizeF() / self.devicePixelRatioF()).toSize()

    # Picture

    def _picture_changed(self, picture: Framebuffer) -> None:
        is_new_size = self._image.size() != QSize(picture.width, picture.height)
        self._picture = picture  # the image shows this memory: it has to stay
        self._image = QImage(
            picture.pixels.data,
            picture.width,
            picture.height,
            picture.width * 4,
            QImage.Format.Format_RGB32,
        )
        if is_new_size:
            self.guest_resized.emit(picture.width, picture.height)
            self._view_has_changed()
        self.update()

    def _updated(self) -> None:
        region = self._link.take_dirty()
        view = self.viewport()
        if view is None:
            return
        touched = QRegion()
        for rect in cast("Iterable[QRect]", region):
            box = view.logical_rect(rect.x(), rect.y(), rect.width(), rect.height())
            touched += QRect(*box)
        self.update(touched)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what is dirty: Qt clips to it, so the whole picture can be named."""
        painter = QPainter(self)
        view = self.viewport()
        if view is None:
            painter.fillRect(event.rect(), SURROUND)
            return
        # From here on in device pixels, starting at a whole one.
        device = painter.deviceTransform()
        ratio = view.pixel_ratio
        painter.translate(
            (round(device.dx()) - device.dx()) / ratio, (round(device.dy()) - device.dy()) / ratio
        )
        painter.scale(1 / ratio, 1 / ratio)
        target = QRect(view.left, view.top, view.width, view.height)
        room = QRect(0, 0, round(self.width() * ratio) + 1, round(self.height() * ratio) + 1)
        for rect in cast("Iterable[QRect]", QRegion(room) - QRegion(target)):
            painter.fillRect(rect, SURROUND)
        if view.scale < 0.5:
            # Blending four neighbours would lose most of the pixels here.
            smooth = Qt.TransformationMode.SmoothTransformation
            small = self._image.scaled(target.size(), Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
            painter.drawImage(target.topLeft(), small)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.is_smooth)
        painter.drawImage(target, self._image)

    def _view_has_changed(self) -> None:
        self.updateGeometry()
        self._show_cursor()
        self.update()
        self.view_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The scale follows the size."""
        super().resizeEvent(event)
        self._view_has_changed()

    def showEvent(self, event: QShowEvent) -> None:
        """Pictures are wanted."""
        super().showEvent(event)
        self._link.set_shown(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: nothing is held, no pictures are asked for."""
        super().hideEvent(event)
        self.release_all()
        self._link.set_shown(False)

    # Pointer shape and mode

    def _cursor_changed(self, shape: CursorChanged) -> None:
        self._shape = shape
        self._show_cursor()

    def _show_cursor(self) -> None:
        view = self.viewport()
        ratio = self.devicePixelRatioF()
        if self._view_only:
            self.setCursor(Qt.CursorShape.ArrowCursor)
        elif self._captured_at is not None:
            self.setCursor(Qt.CursorShape.BlankCursor)
        elif self._shape is None or view is None:
            self.setCursor(dot_cursor(ratio))
        else:
            self.setCursor(guest_cursor(self._shape, view.scale, ratio))

    def _pointer_mode_changed(self, is_absolute: bool) -> None:
        self._is_absolute = is_absolute
        if is_absolute:
            self._release_mouse()
        else:
            self._pointer.set_relative()

    def _link_changed(self, state: LinkState) -> None:
        if state.phase is not Phase.CONNECTED:
            self._keyboard.forget()
            self._release_mouse()
            self._is_absolute = True  # until the new connection says otherwise

    # Keys

    def event(self, event: QEvent) -> bool:
        """Take what Qt would use itself: shortcuts, Tab and Backtab."""
        if isinstance(event, QKeyEvent) and not self._view_only:
            if event.type() == QEvent.Type.ShortcutOverride:
                if not self._is_for_window(event):
                    event.accept()
                    return True
            elif event.type() == QEvent.Type.KeyPress:
                self.keyPressEvent(event)
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press a key in the guest."""
        if self._view_only or self._is_for_window(event):
            event.ignore()
            return
        self._keyboard.press(self._translator.translate(event))
        if self._keyboard.needs_expire:
            self._expire.start()
        event.accept()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Release it, unless it only repeats."""
        if self._view_only or event.isAutoRepeat():
            return
        key = self._translator.translate(event)
        if self._captured_at is not None and key.scancode == CODES["ctrl_right"]:
            self._release_mouse()
        self._keyboard.release(key)
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Keys released elsewhere are never told to us."""
        super().focusOutEvent(event)
        self.release_all()

    def _is_for_window(self, event: QKeyEvent) -> bool:
        none = Qt.KeyboardModifier.NoModifier
        return event.key() == Qt.Key.Key_F11 and event.modifiers() == none

    # Mouse

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the guest's pointer, at most sixty times a second."""
        if event.position().y() <= 2:
            self.top_touched.emit()
        if self._captured_at is not None:
            self._moved_captured(event.globalPosition().toPoint())
        elif not self._view_only and self._is_absolute:
            self._point_at(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Press a button, exactly where the mouse is."""
        button = _BUTTONS.get(event.button())
        if self._view_only or button is None:
            return
        if self._is_absolute:
            self._point_at(event)
        elif self._captured_at is None:
            self._capture_mouse()
            return
        self._pointer.press(button)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Qt's second press of two."""
        self.mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Release a button."""
        button = _BUTTONS.get(event.button())
        if self._view_only or button is None or not self._pointer.buttons & button:
            return
        if self._is_absolute:
            self._point_at(event)
        self._pointer.release(button)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Turn the guest's wheel; with view-only the scroll bars get it."""
        if self._view_only:
            event.ignore()
            return
        delta = event.angleDelta()
        self._pointer.wheel(delta.x(), delta.y())
        event.accept()

    def _point_at(self, event: QMouseEvent) -> None:
        view = self.viewport()
        if view is None:
            return
        where = event.position()
        is_moved = self._pointer.move(*view.guest_point(where.x(), where.y()))
        # Buttons take the place with them; a move waits only while the last one is fresh.
        if is_moved and event.type() == QEvent.Type.MouseMove and not self._flush.isActive():
            self._pointer.flush()
            self._flush.start()

    def _capture_mouse(self) -> None:
        self._captured_at = QCursor.pos()
        self.grabMouse()
        self._show_cursor()
        self.mouse_captured.emit(True)

    def _release_mouse(self) -> None:
        if self._captured_at is not None:
            self._captured_at = None
            self.releaseMouse()
            self._show_cursor()
            self.mouse_captured.emit(False)

    def _moved_captured(self, where: QPoint) -> None:
        last = self._captured_at
        if last is None or where == last:
            return
        self._pointer.move_by(where.x() - last.x(), where.y() - last.y())
        centre = self.mapToGlobal(self.rect().center())
        self._captured_at = where
        if (where - centre).manhattanLength() > min(self.width(), self.height()) // 4:
            QCursor.setPos(centre)  # has no effect on Wayland: the edge ends the movement there
            if QCursor.pos() == centre:
                self._captured_at = centre
