"""What the colours of a view mean: a bar with figures, or a sphere; under the relief the sphere carries the light."""

import math

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from depthface_app.pipeline.maps import FROM_CAMERA, RELIEF, Light
from depthface_app.ui.inspector.scales import Look, Ticks, key_of
from depthface_app.ui.pictures import Picture
from depthface_app.ui.theme import GRID_PX, colours_of

LOWEST_LIGHT = 0.15  # of the way towards the camera, so that something is always lit
_LIGHT_STEP = 0.1
_BAR_PX = 12


class Key(QWidget):
    """The scale beside a view. `lit` carries the direction of the light that the hand or the arrow keys chose."""

    lit = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._unit = "", ""
        self._light: Light = FROM_CAMERA
        self._picture: Picture | None = None
        self._ticks: Ticks = ()
        self.setFixedWidth(_BAR_PX + 8 + self.fontMetrics().horizontalAdvance("+100 "))

    def show_scale(self, name: str, look: Look) -> None:
        """The key of this map."""
        self._name, self._light = name, look.light
        self._unit, self._picture, self._ticks = key_of(name, look)
        is_light = name == RELIEF
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if is_light else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_light else Qt.CursorShape.ArrowCursor)
        self.setToolTip(self.tr("Drag to move the light") if is_light else "")
        self.setAccessibleName(self.tr("Light") if is_light else self.tr("Scale"))
        self.update()

    def ticks(self) -> tuple[str, ...]:
        """The labels, from the top."""
        return tuple(label for _, label in self._ticks)

    def _sphere(self) -> QRectF:
        side = self.width() - GRID_PX
        return QRectF(GRID_PX / 2, GRID_PX / 2, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Bar and figures, or sphere."""
        if self._picture is None:
            return
        painter = QPainter(self)
        if self._ticks:
            self._paint_bar(painter, self._picture)
        else:
            self._paint_sphere(painter, self._picture)

    def _paint_sphere(self, painter: QPainter, picture: Picture) -> None:
        colours, sphere = colours_of(self), self._sphere()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawImage(sphere, picture.image)
        painter.setPen(QPen(QColor(colours.accent if self.hasFocus() else colours.line), 2 if self.hasFocus() else 1))
        painter.drawEllipse(sphere)
        if self._name == RELIEF:
            x, y, _ = self._light
            middle = sphere.center() + QPointF(x, y) * (sphere.width() / 2)
            painter.setPen(QPen(QColor(0, 0, 0, 170), 1.0))
            painter.setBrush(QColor(colours.unknown))
            painter.drawEllipse(middle, 5, 5)

    def _paint_bar(self, painter: QPainter, picture: Picture) -> None:
        colours, metrics = colours_of(self), self.fontMetrics()
        top = metrics.height() + 4
        bar = QRectF(4, top, _BAR_PX, self.height() - top)
        painter.setPen(QColor(colours.muted))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(4, 0, self.width() - 4, metrics.height()), flags, self._unit)
        painter.drawImage(bar, picture.image)
        for part, label in self._ticks:
            y = bar.top() + part * bar.height()
            text_top = min(max(y - metrics.height() / 2, bar.top()), bar.bottom() - metrics.height())
            painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + 3, y))
            painter.drawText(QRectF(bar.right() + 5, text_top, self.width(), metrics.height()), flags, label)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the light there."""
        self._point(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the light with the hand."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._point(event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the light."""
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        if (step := steps.get(Qt.Key(event.key()))) is not None:
            self._shine(self._light[0] + step[0] * _LIGHT_STEP, self._light[1] + step[1] * _LIGHT_STEP)
        else:
            super().keyPressEvent(event)

    def _point(self, place: QPointF) -> None:
        if self._name == RELIEF:
            sphere = self._sphere()
            away = (place - sphere.center()) / (sphere.width() / 2)
            self._shine(away.x(), away.y())

    def _shine(self, x: float, y: float) -> None:
        self.lit.emit(light_at(x, y))


def light_at(x: float, y: float) -> Light:
    """The unit vector towards a light over this point of a unit disc, x right and y down; outside, over its edge."""
    most = math.sqrt(1 - LOWEST_LIGHT**2)
    shrink = min(1.0, most / max(math.hypot(x, y), 1e-9))
    x, y = x * shrink, y * shrink
    return x, y, -math.sqrt(1 - x * x - y * y)
