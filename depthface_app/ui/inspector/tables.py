"""Figures in rows and columns, painted so that they keep their places while they change."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.pipeline.comparison import FUSED, Measured
from depthface_app.pipeline.fusing import Reference
from depthface_app.ui.card import paint_surface
from depthface_app.ui.inspector.reading import Reading
from depthface_app.ui.theme import GRID_PX, colours_of, scaled

NOTHING = "—"
MOST = 999.0  # a larger ratio says nothing more
# Name in `inspection.FIGURES`, text, unit, decimals, whether more of it is better.
ROWS = (
    ("fill_rate", "fill rate", "%", 1, True),
    ("spatial_noise_mm", "spatial noise", "mm", 2, False),
    ("temporal_noise_mm", "temporal noise", "mm", 2, False),
    ("normal_jitter_deg", "normal jitter", "°", 1, False),
    ("rmse_mm", "RMSE to {0}", "mm", 2, False),
    ("p95_mm", "95 % within", "mm", 2, False),
    ("normal_angle_deg", "angle to {0}", "°", 1, False),
)
TO_REFERENCE = ("rmse_mm", "p95_mm", "normal_angle_deg")


@dataclass(frozen=True, slots=True)
class Cell:
    """One text of a table."""

    text: str
    is_strong: bool = False
    is_quiet: bool = False


Rows = tuple[tuple[Cell, ...], ...]


class Table(QWidget):
    """Rows of cells on one surface: the first column on the left, all others right-aligned, as wide as `parts` say."""

    def __init__(self, name: str, parts: tuple[float, ...], lines: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._parts, self._lines = parts, lines
        self.rows: Rows = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _line_px(self) -> int:
        return self.fontMetrics().height() + 2

    def sizeHint(self) -> QSize:
        """All its lines, whether there is something in them or not, so that nothing below moves."""
        return QSize(200, self._lines * self._line_px() + 2 * GRID_PX)

    def minimumSizeHint(self) -> QSize:
        """Not smaller."""
        return self.sizeHint()

    def show_rows(self, rows: Rows) -> None:
        """Draw these from now on."""
        self.rows = rows
        self.setAccessibleDescription(self.text())
        self.update()

    def text(self) -> str:
        """All of it, for screen readers and tests."""
        return "\n".join("  ".join(cell.text for cell in row) for row in self.rows)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Every cell in its place."""
        painter, colours = QPainter(self), colours_of(self)
        paint_surface(painter, QRectF(self.rect()), colours)
        left, width = 1.5 * GRID_PX, self.width() - 3 * GRID_PX
        edges = [left + width * sum(self._parts[:k]) / sum(self._parts) for k in range(len(self._parts) + 1)]
        flags = Qt.AlignmentFlag
        for line, row in enumerate(self.rows):
            top = GRID_PX + line * self._line_px()
            for column, cell in enumerate(row):
                painter.setFont(scaled(self.font(), 1.0, bold=cell.is_strong))
                painter.setPen(QColor(colours.muted if cell.is_quiet or cell.text == NOTHING else colours.text))
                room = QRectF(edges[column], top, edges[column + 1] - edges[column] - 4, self._line_px())
                side = flags.AlignLeft if column == 0 else flags.AlignRight
                text = painter.fontMetrics().elidedText(cell.text, Qt.TextElideMode.ElideMiddle, int(room.width()))
                painter.drawText(room, side | flags.AlignVCenter, text)


def number(value: float, decimals: int, signed: bool = False) -> str:
    """A figure in the user's locale; a dash for what is not known."""
    if math.isnan(value):
        return NOTHING
    value = round(value, decimals) + 0.0  # no minus before a zero
    sign = "+" if signed and value > 0 else ""
    return f"{sign}{QLocale().toString(value, 'f', decimals)}".replace("-", "−")


def _say(text: str) -> str:
    return QCoreApplication.translate("Inspector", text)


def worth_of(reference: Reference) -> str:
    """What a fused surface is made of, and its own error where somebody knows it."""
    frames = _say("frames: {0}").format(reference.fused.frames)
    if math.isnan(reference.error_mm):
        return frames
    return _say("{0}, itself {1} mm RMSE from the truth").format(frames, number(reference.error_mm, 2))


def figure_rows(names: tuple[str, str], measured: Measured | None) -> Rows:
    """What both methods measure, the better one strong, and how much of the first is left in the second."""
    head = tuple(Cell(text, is_quiet=True) for text in (_heading(measured), *names, _say("ratio")))
    reference = _say("fused") if measured is not None and measured.reference == FUSED else _say("truth")
    rows = [_row(*row, measured, reference) for row in ROWS]
    drift = float("nan") if measured is None else _known(measured.figures["identity_drift"])
    identity = (Cell(_say("identity, cosine"), is_quiet=True), Cell(""), Cell(""), Cell(number(drift, 3)))
    return (head, *rows, identity)


def probe_rows(read: list[tuple[str, Reading | None]]) -> Rows:
    """What each method, by its label, reads at the crosshair."""
    head = tuple(
        Cell(text, is_quiet=True)
        for text in ("mm", _say("depth"), _say("normal x, y"), _say("noise"), _say("differs"), _say("sure"))
    )
    return (head, *(_probe_row(label, reading) for label, reading in read))


def _probe_row(label: str, reading: Reading | None) -> tuple[Cell, ...]:
    if reading is None:
        return (Cell(label, is_quiet=True), *(Cell(NOTHING) for _ in range(5)))
    x, y, _ = reading.normal
    normal = NOTHING if math.isnan(x) else f"{number(x, 2, signed=True)}, {number(y, 2, signed=True)}"
    figures = number(reading.depth_mm, 1), normal, number(reading.noise_mm, 2)
    differs = number(reading.difference_mm, 2, signed=True)
    surface = NOTHING if math.isnan(reading.surface) else f"{number(reading.surface * 100, 0)} %"
    return (Cell(label, is_quiet=True), *(Cell(text) for text in (*figures, differs, surface)))


def _heading(measured: Measured | None) -> str:
    return _say("frames: {0}").format(measured.frames if measured else 0)


def _row(
    key: str, text: str, unit: str, decimals: int, more_is_better: bool, measured: Measured | None, reference: str
) -> tuple[Cell, ...]:
    first, second = (math.nan, math.nan) if measured is None else (_of(measured, side, key) for side in measured.pair)
    scale = 100 if unit == "%" else 1
    is_first = first > second if more_is_better else first < second
    is_second = second > first if more_is_better else second < first
    ratio = second / first if first > second / MOST else math.nan
    return (
        Cell(f"{_say(text).format(reference)}, {unit}", is_quiet=True),
        Cell(number(first * scale, decimals), is_strong=is_first),
        Cell(number(second * scale, decimals), is_strong=is_second),
        Cell(f"×{number(ratio, 2 if ratio < 10 else 0)}" if not math.isnan(ratio) else NOTHING),
    )


def _of(measured: Measured, side: str, key: str) -> float:
    if side == measured.reference and key in TO_REFERENCE:
        return math.nan  # from itself
    figures = measured.figures[side]
    return _known(figures[key]) if isinstance(figures, Mapping) else math.nan


def _known(value: object) -> float:
    return float(value) if isinstance(value, float | int | np.floating) else math.nan
