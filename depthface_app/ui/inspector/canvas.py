"""One picture of a face that can be zoomed, moved, probed, cut by a line, and wiped over another."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.ui.inspector.viewport import Viewport
from depthface_app.ui.panes import NO_FACE_OPACITY, paint_crosshair
from depthface_app.ui.pictures import Picture, paint_hatch
from depthface_app.ui.theme import GRID_PX, RADIUS_PX, colours_of

ZOOM_STEP = 1.25
SHARP_PX = 5.0  # from this size on pixels are shown as the squares they are
_STEP = 1 / 64  # the crosshair under the arrow keys
_GRIP_PX = 10.0

Line = tuple[QPointF, QPointF]


class Canvas(QWidget):
    """Draws what it is given; what the hand wants leaves by signal, so that all views do it together.

    `probed` carries a point in parts of the picture, or None; `moved` a Viewport; `drawn` a Line.
    """

    probed = Signal(object)
    moved = Signal(object)
    drawn = Signal(object)
    wiped = Signal(float)
    painted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.picture: Picture | None = None
        self.other: Picture | None = None
        self.captions = ("", "")
        self.message = ""
        self.wipe: float | None = None  # part of the width that shows `picture`, the rest shows `other`
        self.viewport = Viewport()
        self.crosshair: QPointF | None = None
        self.line: Line | None = None
        self.draws_lines = False
        self._grip: QPointF | None = None
        self._start: QPointF | None = None
        self._wipes = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:
        """Small enough for a window of 1024x640."""
        return QSize(120, 120)

    def room(self) -> QRectF:
        """Where pictures are drawn."""
        return QRectF(self.rect())

    def show_pictures(self, picture: Picture | None, other: Picture | None = None) -> None:
        """Draw these from now on."""
        self.picture, self.other, self.message = picture, other, ""
        self.update()

    def dim(self, message: str) -> None:
        """Keep the last picture, dimmed, under a word that says why."""
        if message != self.message:
            self.message = message
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Hatch, pictures, line, crosshair, words."""
        painter, colours = QPainter(self), colours_of(self)
        room, rect = self.room(), self.viewport.rect(self.room())
        painter.fillRect(room, QColor(colours.card))
        shown = rect.intersected(room)
        paint_hatch(painter, shown, colours)
        self._paint_pictures(painter, rect, shown)
        if self.line is not None and not self.message:
            _paint_line(painter, rect, self.line)
        if self.crosshair is not None and not self.message:
            _paint_crosshair(painter, rect, room, self.crosshair)
        if self.wipe is not None and not self.message:
            self._paint_divider(painter, room)
        self._paint_words(painter, room)
        edge = colours.accent if self.hasFocus() else colours.line
        painter.setPen(QPen(QColor(edge), 2 if self.hasFocus() else 1))
        painter.drawRect(room.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()
        self.painted.emit()

    def _paint_pictures(self, painter: QPainter, rect: QRectF, shown: QRectF) -> None:
        painter.setOpacity(NO_FACE_OPACITY if self.message else 1.0)
        if self.wipe is None:
            _paint_picture(painter, rect, shown, self.picture)
        else:
            divider = self.wipe * self.width()
            _paint_picture(painter, rect, shown & QRectF(0, 0, divider, self.height()), self.picture)
            rest = QRectF(divider, 0, self.width() - divider, self.height())
            _paint_picture(painter, rect, shown & rest, self.other)
        painter.setOpacity(1.0)

    def _paint_divider(self, painter: QPainter, room: QRectF) -> None:
        x = (self.wipe or 0.0) * room.width()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 160), 4.0), (QColor(255, 255, 255), 2.0)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(x, 0), QPointF(x, room.height()))
        painter.setBrush(QColor(255, 255, 255))
        painter.setPen(QPen(QColor(0, 0, 0, 160), 1.0))
        painter.drawEllipse(QPointF(x, room.height() / 2), _GRIP_PX - 2, _GRIP_PX - 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_words(self, painter: QPainter, room: QRectF) -> None:
        inner = room.adjusted(GRID_PX, GRID_PX, -GRID_PX, -GRID_PX)
        flags = Qt.AlignmentFlag
        if self.message:
            paint_word(self, painter, inner, flags.AlignCenter, self.message)
        for caption, side in zip(self.captions, (flags.AlignLeft, flags.AlignRight), strict=True):
            if caption:
                paint_word(self, painter, inner, side | flags.AlignTop, caption)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom where the mouse is."""
        factor = ZOOM_STEP ** (event.angleDelta().y() / 120)
        self.moved.emit(self.viewport.zoomed(self.room(), event.position(), factor))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the divider, begin a line, or take hold of the picture."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        place = event.position()
        self._wipes = self.wipe is not None and abs(place.x() - self.wipe * self.width()) < _GRIP_PX
        if self._wipes:
            return
        if self.draws_lines or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._start = self.viewport.part(self.room(), place)
        else:
            self._grip = place
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The probe follows the mouse, and with the button down the divider, the line or the picture does."""
        place = event.position()
        if self._wipes:
            self.wiped.emit(min(max(place.x() / self.width(), 0.0), 1.0))
        elif self._start is not None:
            self.drawn.emit((_inside(self._start), _inside(self.viewport.part(self.room(), place))))
        elif self._grip is not None:
            self.moved.emit(self.viewport.panned(self.room(), place - self._grip))
            self._grip = place
        point = self.viewport.part(self.room(), place)
        self.probed.emit(point if QRectF(0, 0, 1, 1).contains(point) else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._grip, self._start, self._wipes = None, None, False
        self.setCursor(Qt.CursorShape.CrossCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The whole picture again."""
        self.moved.emit(Viewport())

    def leaveEvent(self, event: QEvent) -> None:
        """No mouse, no probe, unless the keyboard holds it."""
        if not self.hasFocus():
            self.probed.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the probe; plus, minus and nought zoom."""
        key = Qt.Key(event.key())
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        zooms = {Qt.Key.Key_Plus: ZOOM_STEP, Qt.Key.Key_Minus: 1 / ZOOM_STEP, Qt.Key.Key_0: 0.0}
        if key in steps:
            here, step = self.crosshair or QPointF(0.5, 0.5), QPointF(*steps[key]) * (_STEP / self.viewport.zoom)
            self.probed.emit(_inside(here + step))
        elif key in zooms:
            rect = self.viewport.rect(self.room())
            at = self.crosshair or QPointF(self.viewport.x, self.viewport.y)
            place = QPointF(rect.left() + at.x() * rect.width(), rect.top() + at.y() * rect.height())
            self.moved.emit(self.viewport.zoomed(self.room(), place, zooms[key]))
        else:
            super().keyPressEvent(event)


def _inside(point: QPointF) -> QPointF:
    return QPointF(min(max(point.x(), 0.0), 1.0), min(max(point.y(), 0.0), 1.0))


def _paint_picture(painter: QPainter, rect: QRectF, shown: QRectF, picture: Picture | None) -> None:
    """The part of a picture that lies in `shown`, the whole lying in `rect`."""
    if picture is None or shown.isEmpty():
        return
    is_large = rect.width() / picture.image.width() >= SHARP_PX
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not is_large)
    scale = picture.image.width() / rect.width()
    part = QRectF(
        (shown.left() - rect.left()) * scale,
        (shown.top() - rect.top()) * scale,
        shown.width() * scale,
        shown.height() * scale,
    )
    painter.drawImage(shown, picture.image, part)


def _paint_line(painter: QPainter, rect: QRectF, line: Line) -> None:
    start, end = (
        QPointF(rect.left() + point.x() * rect.width(), rect.top() + point.y() * rect.height()) for point in line
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((QColor(0, 0, 0, 170), 3.5), (QColor(255, 255, 255), 1.5)):
        painter.setPen(QPen(colour, width))
        painter.drawLine(start, end)
        for point in (start, end):
            painter.drawEllipse(point, 3, 3)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _paint_crosshair(painter: QPainter, rect: QRectF, room: QRectF, point: QPointF) -> None:
    """The panes' crosshair, in parts of what is shown of the picture."""
    shown = rect.intersected(room)
    x, y = rect.left() + point.x() * rect.width(), rect.top() + point.y() * rect.height()
    if shown.adjusted(-1, -1, 1, 1).contains(QPointF(x, y)):
        part = QPointF((x - shown.left()) / shown.width(), (y - shown.top()) / shown.height())
        paint_crosshair(painter, shown, part)


def paint_word(widget: QWidget, painter: QPainter, room: QRectF, align: Qt.AlignmentFlag, word: str) -> None:
    """A word on a plate of its own, so that it can be read on any picture."""
    colours = colours_of(widget)
    room = room.adjusted(GRID_PX, 4, -GRID_PX, -4)
    wraps = int(align) | int(Qt.TextFlag.TextWordWrap)
    text = painter.boundingRect(room, wraps, word)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(colours.line))
    painter.setBrush(QColor(colours.card))
    painter.drawRoundedRect(text.adjusted(-GRID_PX, -4, GRID_PX, 4), RADIUS_PX, RADIUS_PX)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor(colours.text))
    painter.drawText(room, wraps, word)
