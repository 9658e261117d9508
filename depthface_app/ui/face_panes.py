"""The chosen face four ways, side by side, with the scale between and the probe's figures below."""

import math

from PySide6.QtCore import QLocale, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from depthface_app.ui.card import paint_surface
from depthface_app.ui.face_view import FaceView, Reading
from depthface_app.ui.panes import DepthKey, NormalKey, Pane
from depthface_app.ui.scales import FaceScale, normals_picture, sphere_picture
from depthface_app.ui.theme import GRID_PX, TITLE_SCALE, colours_of, fitted, scaled

NOTHING = "—"
LARGEST_FIGURE = 1.6  # of the ordinary text
LEAST_LIVE = 0.4  # of the room, for the live picture


class FacePanes(QWidget):
    """Four panes that keep their size; one crosshair in all. Lives on the GUI thread and computes nothing.

    `probed` carries a Reading, or None when the probe points at nothing.
    """

    probed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.panes = tuple(Pane(title, self) for title in self._titles())
        self.depth_key, self.normal_key = DepthKey(self), NormalKey(self)
        self.enlarged: int | None = None
        self._view: FaceView | None = None
        self._scale: FaceScale | None = None
        self._point: QPointF | None = None
        for number, pane in enumerate(self.panes):
            pane.probed.connect(self.probe)
            pane.activated.connect(lambda number=number: self.enlarge(number))
        self.normal_key.show_sphere(sphere_picture())

    def _titles(self) -> tuple[str, ...]:
        return self.tr("raw depth"), self.tr("denoised depth"), self.tr("raw normals"), self.tr("denoised normals")

    def minimumSizeHint(self) -> QSize:
        """Two of the smallest panes and the key between them."""
        pane = self.panes[0].minimumSizeHint()
        return QSize(2 * pane.width() + self._key_px() + 2 * GRID_PX, 2 * pane.height() + GRID_PX)

    def _key_px(self) -> int:
        return int(GRID_PX * 2.5) + self.fontMetrics().horizontalAdvance("+1200")

    def set_scale(self, scale: FaceScale) -> None:
        """Another colour map or range, for both depth panes and their key."""
        self._scale = scale
        self.depth_key.show_scale(scale.bar(), scale.ticks())
        if self._view is not None:
            self.show_face(self._view)

    def show_face(self, view: FaceView) -> None:
        """Draw this face in all four panes."""
        self._view = view
        if self._scale is None or not self.isVisible():
            return
        raw, denoised, raw_normals, denoised_normals = self.panes
        raw.show_picture(self._scale.picture(view.raw_mm, view.nose_z_mm))
        denoised.show_picture(self._scale.picture(view.denoised_mm, view.nose_z_mm))
        raw_normals.show_picture(normals_picture(view.raw_normals))
        denoised_normals.show_picture(normals_picture(view.denoised_normals))

    def showEvent(self, event: QShowEvent) -> None:
        """What came while nobody could see it."""
        if self._view is not None:
            self.show_face(self._view)

    def show_none(self, message: str) -> None:
        """Nobody to show: the last pictures stay, dimmed."""
        for pane in self.panes:
            pane.dim(message)
        self._view = None

    def probe(self, point: QPointF | None) -> None:
        """Put the crosshair here in all four panes, in parts of the window."""
        self._point = point
        for pane in self.panes:
            pane.point_at(point)
        self.read_again()

    def read_again(self) -> None:
        """Tell what the probe reads now; called when it moves and, for text that can be read, now and then."""
        if self._point is None or self._view is None:
            self.probed.emit(None)
        else:
            self.probed.emit(self._view.read(self._point.x(), self._point.y()))

    def enlarge(self, number: int) -> None:
        """Give one pane (0 to 3) all the room, or, when it already has it, show the four again."""
        self.enlarged = None if self.enlarged == number else number
        for other, pane in enumerate(self.panes):
            pane.setVisible(self.enlarged in (None, other))
        self.lay_out()

    def width_for(self, height_px: int) -> int:
        """The width at which four square panes fill this height."""
        return 2 * ((height_px - GRID_PX) // 2 - self.panes[0].title_px()) + self._key_px() + 2 * GRID_PX

    def height_for(self, width_px: int) -> int:
        """The height of four square panes in this width."""
        return 2 * ((width_px - self._key_px() - 2 * GRID_PX) // 2 + self.panes[0].title_px()) + GRID_PX

    def content_px(self) -> int:
        """Width that the four panes cover in the present size."""
        return min(self.width(), self.width_for(self.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep all panes square and alike."""
        self.lay_out()

    def lay_out(self) -> None:
        """Place the panes in the present size; a hidden widget gets no resize event."""
        key, title = self._key_px(), self.panes[0].title_px()
        if self.enlarged is not None:
            self._lay_out_one(self.panes[self.enlarged], key, title)
            return
        across = (self.width() - key - 2 * GRID_PX) // 2
        down = (self.height() - GRID_PX) // 2 - title
        side = max(16, min(across, down))
        left = (self.width() - 2 * side - key - 2 * GRID_PX) // 2
        middle, right = left + side + GRID_PX, left + side + key + 2 * GRID_PX
        second = side + title + GRID_PX
        for pane, x, y in zip(self.panes, (left, right, left, right), (0, 0, second, second), strict=True):
            pane.setGeometry(x, y, side, side + title)
        self.depth_key.setGeometry(QRect(middle, 0, key, side + title))
        self.normal_key.setGeometry(QRect(middle, second, key, key + title))
        self.depth_key.show()
        self.normal_key.show()

    def _lay_out_one(self, pane: Pane, key: int, title: int) -> None:
        side = min(self.width() - key - GRID_PX, self.height() - title)
        left = (self.width() - side - key - GRID_PX) // 2
        pane.setGeometry(left, 0, side, side + title)
        is_depth = pane in self.panes[:2]
        self.depth_key.setVisible(is_depth)
        self.normal_key.setVisible(not is_depth)
        self.depth_key.setGeometry(left + side + GRID_PX, 0, key, side + title)
        self.normal_key.setGeometry(left + side + GRID_PX, 0, key, key + title)


class ProbeCard(QWidget):
    """What the probe reads in all four panes, in large figures that keep their places."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Probe"))
        self._reading: Reading | None = None

    def sizeHint(self) -> QSize:
        """A label above a large figure."""
        figure_px = self.fontMetrics().height() * TITLE_SCALE
        return QSize(320, int(self.fontMetrics().height() + figure_px + 2 * GRID_PX))

    def minimumSizeHint(self) -> QSize:
        """Not smaller."""
        return self.sizeHint()

    def show_reading(self, reading: Reading | None) -> None:
        """Draw these figures; None draws dashes."""
        self._reading = reading
        self.setAccessibleDescription(self.text())
        self.update()

    def cells(self) -> tuple[tuple[str, str, str], ...]:
        """(label, figure, unit) from left to right."""
        reading = self._reading or Reading(*(math.nan,) * 4)
        return (
            (self.tr("raw"), _figure(reading.raw_mm), "mm"),
            (self.tr("denoised"), _figure(reading.denoised_mm), "mm"),
            (self.tr("change"), _figure(reading.change_mm, signed=True), "mm"),
            (self.tr("angle"), _figure(reading.angle_deg), "°"),
        )

    def text(self) -> str:
        """All of it as one sentence, for screen readers and tests."""
        return "  ".join(f"{label} {figure} {unit}" for label, figure, unit in self.cells())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Four cells of equal width on one surface."""
        painter, colours = QPainter(self), colours_of(self)
        paint_surface(painter, QRectF(self.rect()), colours)
        width = (self.width() - 2 * GRID_PX) / 4
        font = self._figure_font(width - 2 * GRID_PX)
        label_px, figure_px = self.fontMetrics().height(), QFontMetricsF(font).height()
        top = (self.height() - label_px - figure_px) / 2
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for number, (label, figure, unit) in enumerate(self.cells()):
            left = 2 * GRID_PX + number * width
            painter.setFont(self.font())
            painter.setPen(QColor(colours.muted))
            painter.drawText(QRectF(left, top, width, label_px), align, label)
            self._paint_figure(painter, QRectF(left, top + label_px, width, figure_px), font, figure, unit)

    def _figure_font(self, width_px: float) -> QFont:
        """As large as the longest figure fits its cell and two lines fit the height."""
        height_scale = (self.height() - 2 * GRID_PX) / self.fontMetrics().height() - 1
        large = scaled(self.font(), min(max(height_scale, 1.0), LARGEST_FIGURE), bold=True)
        unit_px = self.fontMetrics().horizontalAdvance(" mm")
        return fitted(large, "0000.0", width_px - unit_px, 1 / LARGEST_FIGURE)

    def _paint_figure(self, painter: QPainter, room: QRectF, font: QFont, figure: str, unit: str) -> None:
        colours = colours_of(self)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted if figure == NOTHING else colours.text))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, figure)
        if figure == NOTHING:
            return
        metrics = painter.fontMetrics()
        baseline = room.center().y() + (metrics.ascent() - metrics.descent()) / 2
        left = room.left() + metrics.horizontalAdvance(figure) + 4
        painter.setFont(self.font())
        painter.setPen(QColor(colours.muted))
        painter.drawText(QPointF(left, baseline), unit)


def _figure(value: float, signed: bool = False) -> str:
    if math.isnan(value):
        return NOTHING
    value = round(value, 1) + 0.0  # no minus before a zero
    sign = "+" if signed and value > 0 else ""
    return f"{sign}{QLocale().toString(value, 'f', 1)}".replace("-", "−")


class Inspection(QWidget):
    """The panes with their probe right below, whatever the room."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.panes, self.probe = FacePanes(self), ProbeCard(self)
        self.panes.probed.connect(self.probe.show_reading)

    def minimumSizeHint(self) -> QSize:
        """The smallest panes and one line of figures."""
        panes, probe = self.panes.minimumSizeHint(), self.probe.minimumSizeHint()
        return QSize(max(panes.width(), probe.width()), panes.height() + GRID_PX + probe.height())

    def width_for(self, height_px: int) -> int:
        """The width at which the panes fill this height."""
        return self.panes.width_for(height_px - self._probe_px())

    def _probe_px(self) -> int:
        return 0 if self.probe.isHidden() else self.probe.sizeHint().height() + 2 * GRID_PX

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Panes first; the probe takes their width and what height is left."""
        panes_px = min(self.height() - self._probe_px(), self.panes.height_for(self.width()))
        self.panes.setGeometry(0, 0, self.width(), panes_px)
        self.panes.lay_out()
        top, width = panes_px + 2 * GRID_PX, self.panes.content_px()
        self.probe.setGeometry((self.width() - width) // 2, top, width, self.height() - top)


class Split(QSplitter):
    """Divides the room between the live picture and the panes so that both come out large, until somebody drags it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.is_dragged = False
        self.setHandleWidth(2 * GRID_PX)
        self.setChildrenCollapsible(False)
        self.splitterMoved.connect(self._keep)

    def createHandle(self) -> QSplitterHandle:
        """A handle without the dots: the gap is enough, the cursor tells."""
        return _BareHandle(self.orientation(), self)

    def _keep(self) -> None:
        self.is_dragged = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the panes what they can use and the live picture at least its share."""
        super().resizeEvent(event)
        inspection = self.widget(1)
        if self.is_dragged or not isinstance(inspection, Inspection):
            return
        room_px = self.width() - self.handleWidth()
        stage_px = max(round(LEAST_LIVE * room_px), room_px - inspection.width_for(self.height()))
        self.setSizes([stage_px, room_px - stage_px])


class _BareHandle(QSplitterHandle):
    def paintEvent(self, event: QPaintEvent) -> None:
        """Nothing."""
