"""Surfaces in space, turned by hand, with the distance between two of their points."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.core.space import Orbit, Point, Sheet, draw_meshes, draw_points, pick, place_of
from depthface_app.ui.inspector.canvas import ZOOM_STEP, paint_word
from depthface_app.ui.inspector.tables import number
from depthface_app.ui.panes import NO_FACE_OPACITY
from depthface_app.ui.theme import GRID_PX, colours_of

FIRST_ORBIT = Orbit(yaw_deg=-25.0, pitch_deg=8.0)
TURN_DEG_PER_PX, TURN_DEG, PAN_PX = 0.4, 5.0, 20.0
MOST_PIXELS = 1_200_000  # more are drawn at a lower density, so that turning stays smooth
_CLICK_PX = 4.0  # a hand that moved less did not drag

Marks = tuple[Point, ...]


class SpaceCanvas(QWidget):
    """Draws the surfaces it is given, where the eye stands. What was marked leaves by `marked`, as Marks."""

    painted = Signal()
    marked = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.sheets: tuple[Sheet, ...] = ()
        self.orbit = FIRST_ORBIT
        self.is_mesh, self.side_px = True, 3
        self.marks: Marks = ()
        self.message = ""
        self._press: QPointF | None = None
        self._grip: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Both surfaces in space"))
        self.setToolTip(
            self.tr("Drag turns, Shift and drag moves, the wheel zooms, two clicks measure; the keyboard does it too")
        )

    def minimumSizeHint(self) -> QSize:
        """Small enough for a window of 1024x640."""
        return QSize(240, 240)

    def show_sheets(self, sheets: tuple[Sheet, ...]) -> None:
        """Draw these from now on."""
        self.sheets, self.message = sheets, ""
        self.update()

    def dim(self, message: str) -> None:
        """Keep what was drawn last, dimmed, under a word that says why."""
        if message != self.message:
            self.message = message
            self.update()

    def look_from(self, orbit: Orbit) -> None:
        """Look from there."""
        self.orbit = orbit
        self.update()

    def mark(self, marks: Marks) -> None:
        """Show these points and, of two, how far they lie apart."""
        self.marks = marks
        self.setAccessibleDescription(self.distance_text())
        self.update()

    def distance_text(self) -> str:
        """The distance between both marks in words, "" without two."""
        if len(self.marks) < 2:
            return ""
        apart = [abs(b - a) for a, b in zip(*self.marks, strict=True)]
        across = ", ".join(number(part, 1) for part in apart)
        return self.tr("{0} mm apart ({1} in x, y, z)").format(number(math.dist(*self.marks), 1), across)

    def _density(self) -> float:
        """Pixels drawn per pixel of the window, in one direction."""
        whole = self.width() * self.height()
        return min(self.devicePixelRatioF(), math.sqrt(MOST_PIXELS / max(whole, 1)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Surfaces, marks, words."""
        painter, colours, room = QPainter(self), colours_of(self), QRectF(self.rect())
        density = self._density()
        width, height = max(round(room.width() * density), 1), max(round(room.height() * density), 1)
        ground = QColor(colours.card).rgb()
        if self.is_mesh:
            pixels = draw_meshes(self.sheets, self.orbit, width, height, ground)
        else:
            side_px = max(round(self.side_px * density), 1)
            pixels = draw_points(self.sheets, self.orbit, width, height, side_px, ground)
        image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(room, QColor(colours.card))
        painter.setOpacity(NO_FACE_OPACITY if self.message else 1.0)
        painter.drawImage(room, image)
        painter.setOpacity(1.0)
        self._paint_marks(painter)
        inner = room.adjusted(GRID_PX, GRID_PX, -GRID_PX, -GRID_PX)
        flags = Qt.AlignmentFlag
        if self.message:
            paint_word(self, painter, inner, flags.AlignCenter, self.message)
        if text := self.distance_text():
            paint_word(self, painter, inner, flags.AlignLeft | flags.AlignBottom, text)
        painter.setPen(QPen(QColor(colours.accent if self.hasFocus() else colours.line), 2 if self.hasFocus() else 1))
        painter.drawRect(room.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()
        self.painted.emit()

    def _paint_marks(self, painter: QPainter) -> None:
        found = [place_of(mark, self.orbit, self.width(), self.height()) for mark in self.marks]
        places = [QPointF(*place) for place in found if place is not None]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 190), 4.0), (QColor(255, 255, 255), 1.8)):
            painter.setPen(QPen(colour, width))
            for place in places:
                painter.drawEllipse(place, 4, 4)
            if len(places) == 2:
                painter.drawLine(*places)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _mark_at(self, place: QPointF) -> None:
        point = pick(self.sheets, self.orbit, self.width(), self.height(), place.x(), place.y())
        if point is not None:
            self.marked.emit((*self.marks, point) if len(self.marks) == 1 else (point,))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Nearer or farther."""
        self.look_from(self.orbit.zoomed(ZOOM_STEP ** (event.angleDelta().y() / 120)))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold."""
        self._press = self._grip = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn, or move with Shift or another button."""
        if self._grip is None:
            return
        by = event.position() - self._grip
        is_left = bool(event.buttons() & Qt.MouseButton.LeftButton)
        if is_left and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.look_from(self.orbit.turned(-by.x() * TURN_DEG_PER_PX, by.y() * TURN_DEG_PER_PX))
        else:
            self.look_from(self.orbit.panned(by.x(), by.y(), self.width(), self.height()))
        self._grip = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go; a hand that did not move has marked a point."""
        is_click = self._press is not None and (event.position() - self._press).manhattanLength() < _CLICK_PX
        self._press = self._grip = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        if is_click and event.button() is Qt.MouseButton.LeftButton:
            self._mark_at(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """From the front again, without marks."""
        self.marked.emit(())
        self.look_from(FIRST_ORBIT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows turn, with Shift they move; plus, minus and nought zoom; Return marks what lies in the middle."""
        key = Qt.Key(event.key())
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        zooms = {Qt.Key.Key_Plus: ZOOM_STEP, Qt.Key.Key_Minus: 1 / ZOOM_STEP}
        if key in steps:
            right, down = steps[key]
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.look_from(self.orbit.panned(right * PAN_PX, down * PAN_PX, self.width(), self.height()))
            else:
                self.look_from(self.orbit.turned(-right * TURN_DEG, down * TURN_DEG))
        elif key in zooms:
            self.look_from(self.orbit.zoomed(zooms[key]))
        elif key is Qt.Key.Key_0:
            self.look_from(FIRST_ORBIT)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._mark_at(QRectF(self.rect()).center())
        else:
            super().keyPressEvent(event)
