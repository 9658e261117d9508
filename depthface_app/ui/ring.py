"""The enrolment ring around the live face."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from depthface_app.ui.theme import DARK, GRID_PX, RADIUS_PX, TITLE_SCALE, Colours, scaled

_GAP_DEG = 8.0
_TOP_DEG = 90.0


@dataclass(frozen=True, slots=True)
class RingState:
    """What the ring shows.

    filled:      per pose, 0 to 1, clockwise from the top
    instruction: the one thing to do now
    reason:      why nothing is captured, "" while it is
    """

    filled: tuple[float, ...]
    instruction: str
    reason: str = ""


def paint_ring(painter: QPainter, box: QRectF, ring: RingState) -> None:
    """One arc per pose around the face, filling as it is captured."""
    side = max(box.width(), box.height()) * 1.25
    circle = QRectF(0, 0, side, side)
    circle.moveCenter(box.center())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width_px = max(6.0, side / 24)
    span_deg = 360.0 / len(ring.filled)
    for number, part in enumerate(ring.filled):
        start_deg = _TOP_DEG - number * span_deg - _GAP_DEG / 2 + span_deg / 2
        whole_deg = -(span_deg - _GAP_DEG)
        _paint_arc(painter, circle, start_deg, whole_deg, QColor(0, 0, 0, 150), width_px + 3)
        _paint_arc(painter, circle, start_deg, whole_deg, QColor(255, 255, 255, 90), width_px)
        if part > 0:
            _paint_arc(painter, circle, start_deg, whole_deg * part, QColor(DARK.known), width_px)


def _paint_arc(painter: QPainter, circle: QRectF, start: float, span: float, ink: QColor, width_px: float) -> None:
    painter.setPen(QPen(ink, width_px, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawArc(circle, round(start * 16), round(span * 16))


def paint_instruction(painter: QPainter, picture: QRectF, ring: RingState, colours: Colours, font: QFont) -> None:
    """The instruction, large, at the foot of the picture, with the reason below it."""
    large = scaled(font, TITLE_SCALE, bold=True)
    lines = [(large, ring.instruction, colours.text)]
    if ring.reason:
        lines.append((font, ring.reason, colours.unknown))
    painter.setFont(large)
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
