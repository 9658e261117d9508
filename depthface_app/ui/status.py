"""The status line: how fast, how old, how long, on what."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QLocale, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.ui.theme import GRID_PX, colours_of

_FIRST_TO_GO = ("match", "crop", "normals")
REFRESH_MS = 250  # four times a second: figures that can be read


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure with its label; `widest` is the text that its room is measured for."""

    label: str
    figure: str
    widest: str


@dataclass(frozen=True, slots=True)
class StatusFigures:
    """What the line shows; None draws a dash.

    stages_ms: milliseconds per stage, in the order they run
    """

    fps: float | None = None
    picture_age_ms: float | None = None
    identity_age_ms: float | None = None
    stages_ms: tuple[tuple[str, float], ...] = ()
    provider: str = ""
    dropped: int = 0


class StatusLine(QWidget):
    """Cells of fixed width, so that nothing moves when a figure changes; those that do not fit are left out whole."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Status"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._figures = StatusFigures()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(640, self.fontMetrics().height() + GRID_PX)

    def minimumSizeHint(self) -> QSize:
        """Not smaller."""
        return self.sizeHint()

    def show_figures(self, figures: StatusFigures) -> None:
        """Draw these."""
        self._figures = figures
        self.setAccessibleDescription(self.text())
        self.update()

    def text(self) -> str:
        """All of it as one sentence, for screen readers and tests."""
        return "  ".join(f"{cell.label} {cell.figure}".strip() for cell in self.cells())

    def cells(self) -> tuple[Cell, ...]:
        """From left to right, most wanted first."""
        figures, number = self._figures, QLocale().toString
        out = [
            Cell("", _or_dash(figures.fps, lambda value: number(value, "f", 1)) + self.tr(" fps"), "00.0 fps"),
            self._age(self.tr("picture"), figures.picture_age_ms),
            self._age(self.tr("identity"), figures.identity_age_ms),
        ]
        out += [Cell(name, number(ms, "f", 1 if ms < 10 else 0), "00.0") for name, ms in figures.stages_ms]
        if figures.provider:
            out.append(Cell("", figures.provider, figures.provider))
        out.append(Cell(self.tr("dropped"), str(figures.dropped), "0000"))
        return tuple(out)

    def _age(self, label: str, age_ms: float | None) -> Cell:
        return Cell(label, _or_dash(age_ms, lambda value: str(round(value))) + self.tr(" ms"), "000 ms")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Label quiet, figure plain, the room between them shared out."""
        painter, colours = QPainter(self), colours_of(self)
        cells = self._that_fit()
        free_px = self.width() - sum(self._width(cell) for cell in cells)
        gap_px = min(max(free_px // max(len(cells) - 1, 1), GRID_PX), 3 * GRID_PX)
        x, align = 0, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        for cell in cells:
            label_px, width = self._label_px(cell), self._width(cell)
            painter.setPen(QColor(colours.muted))
            painter.drawText(QRect(x, 0, label_px, self.height()), align, cell.label)
            painter.setPen(QColor(colours.text))
            painter.drawText(QRect(x + label_px, 0, width - label_px, self.height()), align, cell.figure)
            x += width + gap_px

    def _that_fit(self) -> list[Cell]:
        """All cells, or, in a narrow window, all but the briefest stages."""
        cells = list(self.cells())
        for label in _FIRST_TO_GO:
            if sum(self._width(cell) + GRID_PX for cell in cells) <= self.width() + GRID_PX:
                break
            cells = [cell for cell in cells if cell.label != label]
        return cells

    def _label_px(self, cell: Cell) -> int:
        return self.fontMetrics().horizontalAdvance(cell.label + " ") if cell.label else 0

    def _width(self, cell: Cell) -> int:
        widest = max(cell.widest, cell.figure, key=self.fontMetrics().horizontalAdvance)
        return self._label_px(cell) + self.fontMetrics().horizontalAdvance(widest)


def _or_dash(value: float | None, write: Callable[[float], str]) -> str:
    return "—" if value is None else write(value)
