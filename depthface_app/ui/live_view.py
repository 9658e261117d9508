"""The live depth picture with a mark on every face."""

import math

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.core.face import FaceResult, Result
from depthface_app.core.frame import Frame
from depthface_app.ui.marks import Standing, ink_of, standing_of
from depthface_app.ui.pictures import Picture, fit, paint_hatch
from depthface_app.ui.plates import Plate, paint_plate, place_plate
from depthface_app.ui.ring import RingState, paint_instruction, paint_ring
from depthface_app.ui.scales import FrameScale
from depthface_app.ui.theme import DARK, GRID_PX, RADIUS_PX, Colours, colours_of

FRESH_S = 0.4  # a result this much older than the picture is drawn in full
GONE_S = 4.0  # and one this much older not at all
_CORNER_PART = 0.22


class LiveView(QWidget):
    """Paints the newest frame and the newest result; the boxes fade as the result grows old.

    `chosen` carries the track number of the face that was clicked; `painted` tells that a new frame is on the screen.
    """

    chosen = Signal(int)
    painted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Live depth picture"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.frame: Frame | None = None
        self.result: Result | None = None
        self.chosen_track: int | None = None
        self.ring: RingState | None = None
        self._picture: Picture | None = None
        self._bar: Picture | None = None
        self._scale: FrameScale | None = None
        self._is_dimmed = False
        self._is_new = False
        self._texts: dict[int, tuple[str, str]] = {}

    def minimumSizeHint(self) -> QSize:
        """A third of the smallest window."""
        return QSize(280, 210)

    def set_scale(self, scale: FrameScale) -> None:
        """Another colour map or range."""
        self._scale, self._bar = scale, scale.bar()
        if self.frame is not None:
            self.show_frame(self.frame)
        self.update()

    def show_frame(self, frame: Frame) -> None:
        """Draw this frame from now on."""
        self.frame, self._is_dimmed, self._is_new = frame, False, True
        if self._scale is not None:
            self._picture = self._scale.picture(frame.depth_mm)
        self.update()

    def show_result(self, result: Result | None, chosen_track: int | None) -> None:
        """Mark these faces; the chosen one is outlined in full."""
        self.result, self.chosen_track = result, chosen_track
        self.update()

    def renew_texts(self) -> None:
        """Let the plates say the present figures; between two calls they stand still, to be read."""
        self._texts.clear()

    def show_ring(self, ring: RingState | None) -> None:
        """Draw the enrolment ring around the chosen face, or none."""
        self.ring = ring
        self.update()

    def dim(self) -> None:
        """The stream stands still: the last picture stays, dimmed, without marks."""
        self._is_dimmed = True
        self.update()

    def clear(self) -> None:
        """Forget the picture: another source is coming."""
        self.frame = self.result = self._picture = self.ring = None
        self.update()

    def aspect(self) -> float:
        """Height over width of the picture."""
        return 0.75 if self.frame is None else self.frame.intrinsics.height / self.frame.intrinsics.width

    def picture_rect(self) -> QRectF:
        """Where the picture lies in the widget."""
        rect = fit(1.0, self.aspect(), QRectF(self.rect()).adjusted(0, 0, 0, -self.key_px()))
        rect.moveTop(0)
        return rect

    def key_px(self) -> int:
        """Height of the scale below the picture."""
        return self.fontMetrics().height() + 3 * GRID_PX

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture, scale, then the marks."""
        painter, colours, rect = QPainter(self), colours_of(self), self.picture_rect()
        paint_hatch(painter, rect, colours)
        if self._picture is not None:
            painter.setOpacity(0.25 if self._is_dimmed else 1.0)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(rect, self._picture.image)
            painter.setOpacity(1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_key(painter, rect, colours)
        painter.setClipRect(rect)
        if not self._is_dimmed:
            self._paint_faces(painter, rect, colours)
        painter.setOpacity(1.0)
        if self.ring is not None:
            paint_instruction(painter, rect, self.ring, colours, self.font())
        painter.end()
        if self._is_new:
            self._is_new = False
            self.painted.emit()

    def _paint_key(self, painter: QPainter, rect: QRectF, colours: Colours) -> None:
        if self._scale is None or self._bar is None:
            return
        bar = QRectF(rect.left(), rect.bottom() + GRID_PX, rect.width(), GRID_PX)
        painter.drawImage(bar, self._bar.image)
        painter.setPen(QColor(colours.muted))
        room_px = painter.fontMetrics().horizontalAdvance("0.00 m")
        for part, tick_mm in self._scale.ticks():
            label = QLocale().toString(tick_mm / 1000, "f", 1) + " m"
            if 0 < part < 1 and min(part, 1 - part) * bar.width() < room_px * 1.6:
                continue
            x = bar.left() + part * bar.width()
            left = min(max(x - room_px / 2, bar.left()), bar.right() - room_px)
            align = Qt.AlignmentFlag.AlignHCenter
            if left == bar.left():
                align = Qt.AlignmentFlag.AlignLeft
            elif left == bar.right() - room_px:
                align = Qt.AlignmentFlag.AlignRight
            text = QRectF(left, bar.bottom() + 2, room_px, painter.fontMetrics().height())
            painter.drawText(text, align | Qt.AlignmentFlag.AlignTop, label)

    def freshness(self) -> float:
        """1 for a result that fits the picture, falling to 0 as it grows old."""
        if self.frame is None or self.result is None:
            return 0.0
        age_s = self.frame.captured_s - self.result.frame.captured_s
        return min(max((GONE_S - age_s) / (GONE_S - FRESH_S), 0.0), 1.0)

    def _paint_faces(self, painter: QPainter, rect: QRectF, colours: Colours) -> None:
        if self.result is None or self.frame is None:
            return
        painter.setOpacity(self.freshness())
        scale = rect.width() / self.result.frame.intrinsics.width
        plates: list[QRectF] = []
        boxes = [self._box(face, rect, scale) for face in self.result.faces]
        for face, box in zip(self.result.faces, boxes, strict=True):
            is_chosen = face.location.track == self.chosen_track
            if is_chosen and self.ring is not None:
                paint_ring(painter, box, self.ring)
                continue
            standing = standing_of(face)
            paint_box(painter, box, QColor(ink_on_picture(standing)), is_chosen)
            texts = self._texts.setdefault(face.location.track, self.label_of(face))
            plate = Plate(*texts, standing)
            plates.append(place_plate(plate.size(self.font()), box, rect, plates, boxes))
            paint_plate(painter, plates[-1], plate, self.font(), colours)

    def _box(self, face: FaceResult, rect: QRectF, scale: float) -> QRectF:
        left, top, right, bottom = face.location.box_px
        return QRectF(
            rect.left() + left * scale, rect.top() + top * scale, (right - left) * scale, (bottom - top) * scale
        )

    def label_of(self, face: FaceResult) -> tuple[str, str]:
        """(name, figures) of the plate at a face."""
        distance = QLocale().toString(face.location.distance_mm / 1000, "f", 2) + " m"
        match = face.match
        name = match.name if match is not None and match.name else self.tr("unknown")
        if match is None:
            return self.tr("face"), distance
        if math.isnan(match.similarity):
            return name, distance
        return name, f"{QLocale().toString(match.similarity, 'f', 2)} · {distance}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a face chooses it."""
        if self.result is None or self.frame is None:
            return
        rect = self.picture_rect()
        scale = rect.width() / self.result.frame.intrinsics.width
        for face in self.result.faces:
            if self._box(face, rect, scale).contains(event.position()):
                self.chosen.emit(face.location.track)
                return


def ink_on_picture(standing: Standing) -> str:
    """Colours of the boxes; on the picture the bright ones of the dark theme serve both themes."""
    return ink_of(standing, DARK)


def paint_box(painter: QPainter, box: QRectF, ink: QColor, is_whole: bool) -> None:
    """A rounded outline for the chosen face, four corners for the others, on a dark edge for any background."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((QColor(0, 0, 0, 170), 5.0), (ink, 2.5)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        if is_whole:
            painter.drawRoundedRect(box, RADIUS_PX, RADIUS_PX)
        else:
            _paint_corners(painter, box)


def _paint_corners(painter: QPainter, box: QRectF) -> None:
    reach = min(box.width(), box.height()) * _CORNER_PART
    for corner, across, down in (
        (box.topLeft(), 1, 1),
        (box.topRight(), -1, 1),
        (box.bottomLeft(), 1, -1),
        (box.bottomRight(), -1, -1),
    ):
        painter.drawLine(corner, corner + QPointF(across * reach, 0))
        painter.drawLine(corner, corner + QPointF(0, down * reach))
