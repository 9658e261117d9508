"""The parts of a capture's depth quality, as bars with words."""

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.core.capture_score import CaptureScore
from depthface_app.ui.kiosk.words import score_words
from depthface_app.ui.theme import GRID_PX, colours_of

COLUMNS = 2
BAR_PX = 14
LEADING = 1.3  # letters of a font that stands in, as for Chinese, are taller than the font's own
GOOD, FAIR = 0.7, 0.35


class ScoreBars(QWidget):
    """Six bars in two columns; a part that cannot be judged is an empty one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.score: CaptureScore | None = None

    def show_score(self, score: CaptureScore | None) -> None:
        """Another capture, or none."""
        self.score = score
        said = (
            ""
            if score is None
            else ", ".join(
                f"{text} {round(100 * value)} %"
                for text, value in zip(score_words().values(), score.parts().values(), strict=True)
                if not math.isnan(value)
            )
        )
        self.setAccessibleDescription(said)
        self.update()

    def text_width(self) -> float:
        """The widest word: what a column must hold."""
        metrics = QFontMetricsF(self.font())
        return max(metrics.horizontalAdvance(text) for text in score_words().values())

    def sizeHint(self) -> QSize:
        """Three rows."""
        rows = math.ceil(len(score_words()) / COLUMNS)
        return QSize(round(COLUMNS * (self.text_width() + 2 * GRID_PX)), rows * self._row_px())

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def _row_px(self) -> int:
        return round(self._text_px()) + BAR_PX + 2 * GRID_PX

    def _text_px(self) -> float:
        return QFontMetricsF(self.font()).height() * LEADING

    def paintEvent(self, event: QPaintEvent) -> None:
        """Word above bar."""
        painter, words = QPainter(self), score_words()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        values = self.score.parts() if self.score is not None else dict.fromkeys(words, math.nan)
        gap = 3 * GRID_PX
        width = (self.width() - (COLUMNS - 1) * gap) / COLUMNS
        for index, (name, text) in enumerate(words.items()):
            row, column = divmod(index, COLUMNS)
            self._paint_bar(painter, QRectF(column * (width + gap), row * self._row_px(), width, 0), text, values[name])

    def _paint_bar(self, painter: QPainter, at: QRectF, text: str, value: float) -> None:
        colours, text_px = colours_of(self), self._text_px()
        painter.setPen(QColor(colours.muted))
        painter.drawText(
            QRectF(at.left(), at.top(), at.width(), text_px),
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom,
            text,
        )
        bar = QRectF(at.left(), at.top() + text_px + 2, at.width(), BAR_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(bar, BAR_PX / 2, BAR_PX / 2)
        if not math.isnan(value) and value > 0:
            ink = colours.known if value >= GOOD else colours.unknown if value >= FAIR else colours.spoof
            painter.setBrush(QColor(ink))
            bar.setWidth(max(BAR_PX, bar.width() * value))
            painter.drawRoundedRect(bar, BAR_PX / 2, BAR_PX / 2)
