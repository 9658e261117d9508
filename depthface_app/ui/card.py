"""The surface that groups things: a rounded card on the window's ground."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from depthface_app.ui.theme import GRID_PX, RADIUS_PX, Colours, colours_of


def paint_surface(painter: QPainter, rect: QRectF, colours: Colours) -> None:
    """A rounded surface with a hairline."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(colours.line))
    painter.setBrush(QColor(colours.card))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX)
    painter.restore()


class Card(QFrame):
    """A rounded surface with a vertical layout."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(*(2 * GRID_PX,) * 4)
        self.column.setSpacing(GRID_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The surface alone; children paint themselves."""
        paint_surface(QPainter(self), QRectF(self.rect()), colours_of(self))


class Muted(QLabel):
    """A label in the quieter text colour, wrapped."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
