"""The four panes of one face: raw and denoised, depth and normals, one scale, one crosshair."""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.ui.pictures import Picture, fit, paint_hatch
from depthface_app.ui.theme import GRID_PX, RADIUS_PX, colours_of

NO_FACE_OPACITY = 0.25
_ARM_FROM_PX, _ARM_TO_PX = 5.0, 14.0
_STEP = 1 / 64  # the crosshair under the arrow keys


class Pane(QWidget):
    """One square picture with a title; draws what it is given and says where the probe points.

    `probed` carries the point in parts of the picture, or None when the probe leaves.
    """

    probed = Signal(object)
    activated = Signal()

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = title
        self.picture: Picture | None = None
        self.message = ""
        self.crosshair: QPointF | None = None
        self.setAccessibleName(title)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:
        """Small enough for a window of 1024x640."""
        return QSize(96, 96 + self.title_px())

    def title_px(self) -> int:
        """Height of the title above the picture."""
        return self.fontMetrics().height() + GRID_PX

    def square(self) -> QRectF:
        """Where the picture lies: the largest square under the title."""
        room = QRectF(self.rect()).adjusted(0, self.title_px(), 0, 0)
        side = math.floor(min(room.width(), room.height()))
        return QRectF(math.floor((room.width() - side) / 2), room.top(), side, side)

    def show_picture(self, picture: Picture) -> None:
        """Draw this from now on."""
        self.picture, self.message = picture, ""
        self.update()

    def dim(self, message: str) -> None:
        """Keep the last picture, dimmed, under a word that says why it stands still."""
        if self.message != message:
            self.message = message
            self.update()

    def point_at(self, point: QPointF | None) -> None:
        """Draw the crosshair here, in parts of the picture."""
        self.crosshair = point
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Title, hatch, picture, crosshair."""
        painter = QPainter(self)
        square, colours = self.square(), colours_of(self)
        painter.setPen(QColor(colours.text))
        title = QRectF(square.left(), 0, square.width(), self.title_px() - GRID_PX / 2)
        text = self.fontMetrics().elidedText(self.title, Qt.TextElideMode.ElideRight, int(square.width()))
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        paint_hatch(painter, square, colours)
        self._paint_picture(painter, square)
        if self.message:
            self._paint_message(painter, square)
        if self.crosshair is not None and not self.message:
            paint_crosshair(painter, square, self.crosshair)
        edge = colours.accent if self.hasFocus() else colours.line
        painter.setPen(QPen(QColor(edge), 2 if self.hasFocus() else 1))
        painter.drawRect(square.adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_picture(self, painter: QPainter, square: QRectF) -> None:
        if self.picture is None:
            return
        painter.setOpacity(NO_FACE_OPACITY if self.message else 1.0)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(square, self.picture.image)
        painter.setOpacity(1.0)

    def _paint_message(self, painter: QPainter, square: QRectF) -> None:
        colours = colours_of(self)
        room = square.adjusted(GRID_PX, GRID_PX, -GRID_PX, -GRID_PX)
        text = painter.boundingRect(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.message)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.card))
        painter.drawRoundedRect(text.adjusted(-GRID_PX, -4, GRID_PX, 4), RADIUS_PX, RADIUS_PX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(colours.muted))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.message)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The probe follows the mouse."""
        self.probed.emit(self._part(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """No mouse, no probe, unless the keyboard holds it."""
        if not self.hasFocus():
            self.probed.emit(None)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Entering is moving."""
        self.probed.emit(self._part(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click enlarges the pane, and again brings the four back."""
        self.activated.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A pane reached by keyboard shows its probe at once."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.probed.emit(self.crosshair or QPointF(0.5, 0.5))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the probe; Return enlarges."""
        steps = {
            Qt.Key.Key_Left: (-_STEP, 0.0),
            Qt.Key.Key_Right: (_STEP, 0.0),
            Qt.Key.Key_Up: (0.0, -_STEP),
            Qt.Key.Key_Down: (0.0, _STEP),
        }
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit()
        elif (step := steps.get(Qt.Key(event.key()))) is not None:
            here = self.crosshair or QPointF(0.5, 0.5)
            self.probed.emit(QPointF(_part(here.x() + step[0]), _part(here.y() + step[1])))
        else:
            super().keyPressEvent(event)

    def _part(self, position: QPointF) -> QPointF | None:
        square = self.square()
        if not square.contains(position):
            return None
        return QPointF((position.x() - square.left()) / square.width(), (position.y() - square.top()) / square.height())


def _part(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def paint_crosshair(painter: QPainter, square: QRectF, point: QPointF) -> None:
    """Hairlines through the picture and a strong cross with a gap, light on dark, to show on every colour map."""
    x, y = square.left() + point.x() * square.width(), square.top() + point.y() * square.height()
    painter.save()
    painter.setClipRect(square)
    painter.setPen(QPen(QColor(255, 255, 255, 90), 1.0))
    painter.drawLine(QPointF(square.left(), y), QPointF(square.right(), y))
    painter.drawLine(QPointF(x, square.top()), QPointF(x, square.bottom()))
    for colour, width in ((QColor(0, 0, 0, 200), 4.0), (QColor(255, 255, 255), 2.0)):
        painter.setPen(QPen(colour, width))
        for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            start, end = QPointF(across, down) * _ARM_FROM_PX, QPointF(across, down) * _ARM_TO_PX
            painter.drawLine(QPointF(x, y) + start, QPointF(x, y) + end)
    painter.restore()


class DepthKey(QWidget):
    """The colour bar of the two depth panes, in millimetres from the tip of the nose."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Depth scale, millimetres from the tip of the nose"))
        self._bar: Picture | None = None
        self._ticks: tuple[tuple[float, str], ...] = ()

    def show_scale(self, bar: Picture, ticks: tuple[tuple[float, str], ...]) -> None:
        """Draw a one-pixel-wide picture of the map, near on top, and labels at parts of its height."""
        self._bar, self._ticks = bar, ticks
        self.update()

    def ticks(self) -> tuple[str, ...]:
        """The labels, from near to far."""
        return tuple(label for _, label in self._ticks)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bar on the left, labels on its right."""
        if self._bar is None:
            return
        painter, colours = QPainter(self), colours_of(self)
        metrics = self.fontMetrics()
        top = metrics.height() + GRID_PX
        bar = QRectF(0, top, GRID_PX * 1.5, self.height() - top)
        painter.setPen(QColor(colours.muted))
        painter.drawText(
            QRectF(0, 0, self.width(), top - 4), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "mm"
        )
        painter.drawImage(bar, self._bar.image)
        for part, label in self._ticks:
            y = bar.top() + part * bar.height()
            text_top = min(max(y - metrics.height() / 2, bar.top()), bar.bottom() - metrics.height())
            painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + 4, y))
            room = QRectF(bar.right() + 6, text_top, self.width() - bar.right() - 6, metrics.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)


class NormalKey(QWidget):
    """A small sphere: which colour means which direction."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Key of the normals: a sphere seen from the camera"))
        self._sphere: Picture | None = None

    def show_sphere(self, sphere: Picture) -> None:
        """Draw this picture of a sphere."""
        self._sphere = sphere
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The sphere under its word."""
        if self._sphere is None:
            return
        painter = QPainter(self)
        top = self.fontMetrics().height() + GRID_PX
        side = min(self.width() - 4, self.height() - top)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(fit(1, 1, QRectF(0, top, side, side)), self._sphere.image)
