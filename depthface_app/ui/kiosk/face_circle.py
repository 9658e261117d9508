"""The person as in a mirror, inside a ring that fills; arrows say where to turn or step."""

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.core.frame import Frame
from depthface_app.ui.pictures import Picture, paint_hatch
from depthface_app.ui.scales import FrameScale
from depthface_app.ui.theme import DARK, GRID_PX, colours_of

_SMALLEST_PX = 280
_GAP_DEG = 14.0
# Middle of each arc, counted from three o'clock against the clock; in a mirror the person's left is the left.
_ARCS_DEG = {"right": 0.0, "up": 90.0, "left": 180.0, "down": 270.0}
_TOWARDS = {"left": QPointF(-1, 0), "right": QPointF(1, 0), "up": QPointF(0, -1), "down": QPointF(0, 1)}
# The pipeline's words → arrow; "near" and "far" are doubled, since they mean steps.
ARROWS = {
    "turn a little left": "left",
    "turn a little right": "right",
    "look up a little": "up",
    "look down a little": "down",
    "come closer": "near",
    "step back": "far",
}


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds the picture.

    filled: 0 to 1 per pose, empty = a plain ring; "front" is the inner ring
    wanted: the pose asked for now
    arrow:  see `ARROWS`
    ink:    name of the ring's colour in the theme
    """

    filled: dict[str, float] = field(default_factory=dict)
    wanted: str = ""
    arrow: str = ""
    ink: str = "line"


class FaceCircle(QWidget):
    """Paints the middle square of the newest frame, mirrored."""

    def __init__(self, parent: QWidget, map_name: str) -> None:
        super().__init__(parent)
        self._scale = FrameScale(map_name)
        self._picture: Picture | None = None
        self._is_dimmed = False
        self.around = Around()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:
        """Large enough for two metres."""
        return QSize(_SMALLEST_PX, _SMALLEST_PX)

    def show_frame(self, frame: Frame) -> None:
        """Draw this frame from now on."""
        self._picture, self._is_dimmed = self._scale.picture(frame.depth_mm), False
        self.update()

    def dim(self) -> None:
        """The picture stands still."""
        if not self._is_dimmed:
            self._is_dimmed = True
            self.update()

    def show_around(self, around: Around) -> None:
        """Another ring or arrow."""
        if around != self.around:
            self.around = around
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture, ring, arrow."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        side = min(self.width(), self.height()) - 2 * GRID_PX
        ring = QRectF(0, 0, side, side)
        ring.moveCenter(QRectF(self.rect()).center())
        width_px = max(8.0, side / 34)
        self._paint_picture(painter, ring.adjusted(*(2.6 * width_px * sign for sign in (1, 1, -1, -1))))
        self._paint_ring(painter, ring.adjusted(*(width_px / 2 * sign for sign in (1, 1, -1, -1))), width_px)
        if self.around.arrow:
            _paint_arrow(painter, ring, self.around.arrow)

    def _paint_picture(self, painter: QPainter, circle: QRectF) -> None:
        round_ = QPainterPath()
        round_.addEllipse(circle)
        painter.save()
        painter.setClipPath(round_)
        paint_hatch(painter, circle, colours_of(self))
        if self._picture is not None:
            painter.setOpacity(0.25 if self._is_dimmed else 1.0)
            image = self._picture.image
            side = min(image.width(), image.height())
            middle = QRectF((image.width() - side) / 2, (image.height() - side) / 2, side, side)
            painter.translate(circle.center())
            painter.scale(-1, 1)
            painter.drawImage(circle.translated(-circle.center()), image, middle)
        painter.restore()

    def _paint_ring(self, painter: QPainter, ring: QRectF, width_px: float) -> None:
        around, colours = self.around, colours_of(self)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if not around.filled:
            painter.setPen(QPen(QColor(getattr(colours, around.ink)), width_px))
            painter.drawEllipse(ring)
            return
        inner = ring.adjusted(*(1.5 * width_px * sign for sign in (1, 1, -1, -1)))
        self._paint_filling(painter, inner, 90.0, -360.0, "front", width_px * 0.7)
        span = 90.0 - _GAP_DEG
        for pose, middle_deg in _ARCS_DEG.items():
            self._paint_filling(painter, ring, middle_deg - span / 2, span, pose, width_px)

    def _paint_filling(
        self, painter: QPainter, circle: QRectF, start: float, span: float, pose: str, width_px: float
    ) -> None:
        colours, part = colours_of(self), self.around.filled.get(pose, 0.0)
        track = colours.text if pose == self.around.wanted else colours.line
        for ink, share in ((track, 1.0), (colours.known, part)):
            if share > 0:
                painter.setPen(QPen(QColor(ink), width_px, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawArc(circle, round(start * 16), round(span * share * 16))


def _paint_arrow(painter: QPainter, ring: QRectF, arrow: str) -> None:
    """A chevron on a dark disc at the side to turn to; two, at the foot, for a step nearer or back."""
    side = ring.width()
    towards = _TOWARDS.get(arrow, QPointF(0, 1))
    centre = ring.center() + towards * (side * 0.34)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawEllipse(centre, side * 0.095, side * 0.095)
    pen = QPen(QColor(DARK.text), side * 0.022, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    points_to = QPointF(0, -1) if arrow == "near" else towards
    shifts = (-0.022, 0.022) if arrow in ("near", "far") else (0.0,)
    for shift in shifts:
        _paint_chevron(painter, centre + points_to * (side * shift), points_to, side * 0.036)


def _paint_chevron(painter: QPainter, centre: QPointF, towards: QPointF, reach: float) -> None:
    across = QPointF(-towards.y(), towards.x())
    tip, back = centre + towards * (reach / 2), centre - towards * (reach / 2)
    painter.drawPolyline(QPolygonF([back + across * reach, tip, back - across * reach]))
