"""The last seconds of similarity, so that a name can be seen to hold."""

from collections import deque

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.core.face import FaceResult
from depthface_app.ui.card import paint_surface
from depthface_app.ui.marks import Standing, ink_of, is_judged, standing_of
from depthface_app.ui.theme import GRID_PX, colours_of

SPAN_S = 10.0
LONGEST_GAP_S = 2.5  # between two results that a line may join


class History(QWidget):
    """Similarity over the last ten seconds, one line per stretch with the same answer."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Similarity over the last 10 seconds"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._points: deque[tuple[float, float, Standing]] = deque()
        self._threshold: float | None = None
        self._now_s = 0.0

    def sizeHint(self) -> QSize:
        """Room for a line that can be read."""
        return QSize(200, 12 * GRID_PX)

    def minimumSizeHint(self) -> QSize:
        """A strip."""
        return QSize(120, 8 * GRID_PX)

    def clear(self) -> None:
        """Another source: nothing seen yet."""
        self._points.clear()
        self.update()

    def add(self, moment_s: float, face: FaceResult | None) -> None:
        """One more result, at the moment its frame was captured; a clock that jumps back starts again."""
        if self._points and moment_s < self._points[-1][0]:
            self._points.clear()
        self._now_s = moment_s
        if face is not None and face.match is not None and is_judged(face):
            self._points.append((moment_s, face.match.similarity, standing_of(face)))
            self._threshold = face.match.threshold
        while self._points and self._points[0][0] < moment_s - SPAN_S:
            self._points.popleft()
        self.update()

    def count(self) -> int:
        """How many results are drawn."""
        return len(self._points)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Title, threshold, line."""
        painter, colours = QPainter(self), colours_of(self)
        paint_surface(painter, QRectF(self.rect()), colours)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line_px = self.fontMetrics().height()
        painter.setPen(QColor(colours.muted))
        room = QRectF(self.rect()).adjusted(2 * GRID_PX, GRID_PX, -2 * GRID_PX, -GRID_PX)
        title = QRectF(room.topLeft(), QSizeF(room.width(), line_px))
        painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, self.tr("similarity, last 10 s"))
        plot = room.adjusted(0, line_px + GRID_PX / 2, 0, 0)
        if self._threshold is not None:
            self._paint_threshold(painter, plot, self._threshold)
        self._paint_line(painter, plot)

    def _paint_threshold(self, painter: QPainter, plot: QRectF, threshold: float) -> None:
        colours = colours_of(self)
        y = plot.bottom() - threshold * plot.height()
        painter.setPen(QPen(QColor(colours.muted), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        label = QRectF(plot.left(), y + 2, plot.width(), self.fontMetrics().height())
        text = self.tr("threshold {0}").format(QLocale().toString(threshold, "f", 2))
        painter.drawText(label, Qt.AlignmentFlag.AlignRight, text)

    def _paint_line(self, painter: QPainter, plot: QRectF) -> None:
        colours = colours_of(self)
        before: QPointF | None = None
        before_s = 0.0
        for moment_s, similarity, standing in self._points:
            x = plot.right() - (self._now_s - moment_s) / SPAN_S * plot.width()
            here = QPointF(x, plot.bottom() - min(max(similarity, 0.0), 1.0) * plot.height())
            painter.setPen(QPen(QColor(ink_of(standing, colours)), 2))
            if before is not None and moment_s - before_s < LONGEST_GAP_S:
                painter.drawLine(before, here)
            before, before_s = here, moment_s
