"""The enrolment ring around the live face."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from depthface_app.pipeline.enrolment import CAPTURES_PER_POSE, Enrolment
from depthface_app.ui.theme import DARK, GRID_PX, RADIUS_PX, TITLE_SCALE, Colours, scaled

_GAP_DEG = 16.0
# Middle of each arc, counted from three o'clock against the clock. Left is the person's own: the picture's right.
_ARCS_DEG = {"left": 0.0, "up": 90.0, "right": 180.0, "down": 270.0}


@dataclass(frozen=True, slots=True)
class RingState:
    """What the ring shows.

    filled:      0 to 1 per pose; "front" is the inner ring, the others the arc on their side
    wanted:      the pose that is asked for now, "" when none in particular
    instruction: the one thing to do now
    reason:      why nothing is captured, "" while it is
    """

    filled: dict[str, float]
    wanted: str
    instruction: str
    reason: str = ""

    @classmethod
    def of(cls, enrolment: Enrolment) -> "RingState":
        """The ring of an enrolment."""
        pairs = zip(enrolment.poses, enrolment.captures, strict=True)
        filled = {pose.name: min(len(kept) / CAPTURES_PER_POSE, 1.0) for pose, kept in pairs}
        wanted = next((pose.name for pose in enrolment.poses if pose.instruction == enrolment.instruction), "")
        return cls(filled, wanted, said(enrolment.instruction), said(enrolment.reason))


def said(words: str) -> str:
    """An instruction or a reason of the enrolment, in the user's language and with a capital letter."""
    translated = QCoreApplication.translate("Enrolment", words) if words else ""
    return translated[:1].upper() + translated[1:]


def paint_ring(painter: QPainter, box: QRectF, ring: RingState) -> None:
    """An arc per side around the face and an inner ring for the frontal view; each fills as it is captured."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    side = max(box.width(), box.height()) * 1.3
    width_px = max(5.0, side / 28)
    circle = _circle(box.center(), side)
    for pose, middle_deg in _ARCS_DEG.items():
        if pose in ring.filled:
            span_deg = 90.0 - _GAP_DEG
            _paint_filling(painter, circle, middle_deg - span_deg / 2, span_deg, ring, pose, width_px)
    inner = _circle(box.center(), side - 4.5 * width_px)
    _paint_filling(painter, inner, 90.0, -360.0, ring, "front", width_px * 0.7)


def _circle(centre: QPointF, side: float) -> QRectF:
    circle = QRectF(0, 0, side, side)
    circle.moveCenter(centre)
    return circle


def _paint_filling(
    painter: QPainter, circle: QRectF, start: float, span: float, ring: RingState, pose: str, width_px: float
) -> None:
    part = ring.filled.get(pose, 0.0)
    track = QColor(255, 255, 255, 235 if pose == ring.wanted else 110)
    _paint_arc(painter, circle, start, span, QColor(0, 0, 0, 170), width_px + 3)
    _paint_arc(painter, circle, start, span, track, width_px)
    if part > 0:
        _paint_arc(painter, circle, start, span * part, QColor(DARK.known), width_px)


def _paint_arc(painter: QPainter, circle: QRectF, start: float, span: float, ink: QColor, width_px: float) -> None:
    painter.setPen(QPen(ink, width_px, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawArc(circle, round(start * 16), round(span * 16))


def paint_instruction(painter: QPainter, picture: QRectF, ring: RingState, colours: Colours, font: QFont) -> None:
    """The instruction, large, at the foot of the picture, with the reason below it."""
    large = scaled(font, TITLE_SCALE, bold=True)
    lines = [(large, ring.instruction, colours.text)]
    if ring.reason:
        lines.append((font, ring.reason, colours.unknown))
    heights = [_line_px(painter, each) for each, _, _ in lines]
    plate = QRectF(0, 0, picture.width() - 4 * GRID_PX, sum(heights) + 2 * GRID_PX)
    plate.moveBottomLeft(picture.bottomLeft() + QPointF(2 * GRID_PX, -2 * GRID_PX))
    back = QColor(colours.card)
    back.setAlpha(235)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(back)
    painter.drawRoundedRect(plate, RADIUS_PX, RADIUS_PX)
    top = plate.top() + GRID_PX
    for (each, text, ink), height in zip(lines, heights, strict=True):
        painter.setFont(each)
        painter.setPen(QColor(ink))
        painter.drawText(QRectF(plate.left(), top, plate.width(), height), Qt.AlignmentFlag.AlignCenter, text)
        top += height


def _line_px(painter: QPainter, font: QFont) -> float:
    painter.setFont(font)
    return painter.fontMetrics().height()
