"""Both methods of the pair in space, and how they are drawn there."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSizePolicy, QSlider, QWidget

from depthface_app.core.space import Sheet
from depthface_app.pipeline.comparison import Seen
from depthface_app.pipeline.maps import DEPTH, DIFFERENCE, NORMALS, RELIEF, Map, surface_of
from depthface_app.ui.inspector.key import Key
from depthface_app.ui.inspector.plot import inks
from depthface_app.ui.inspector.scales import Look, picture_of
from depthface_app.ui.inspector.space import SpaceCanvas
from depthface_app.ui.inspector.view import choice_box, fill, map_labels, put_under
from depthface_app.ui.theme import GRID_PX, colours_of

MESH, POINTS = "mesh", "points"
PIVOT_BEHIND_MM = 30.0  # of the tip of the nose: about the middle of a face
LARGEST_POINT_PX = 6
_DARKEST = 0.2  # what is turned away from the light


class Solid(QWidget):
    """The view in space. `chosen` tells that another colour is wanted."""

    chosen = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.canvas, self.key = SpaceCanvas(self), Key(self)
        self.how, self.style_box = (
            choice_box(name, self) for name in (self.tr("Coloured by"), self.tr("Points or mesh"))
        )
        fill(
            self.how, {RELIEF: self.tr("method"), **{n: map_labels()[n] for n in (DEPTH, NORMALS, DIFFERENCE)}}, RELIEF
        )
        fill(self.style_box, {MESH: self.tr("mesh"), POINTS: self.tr("points")}, MESH)
        self.how.setMinimumContentsLength(9)
        self.size_px = QSlider(Qt.Orientation.Horizontal, self)
        self.size_px.setRange(1, LARGEST_POINT_PX)
        self.size_px.setValue(self.canvas.side_px)
        self.size_px.setAccessibleName(self.tr("Size of the points"))
        self.size_px.setToolTip(self.tr("Size of the points"))
        self.shown = QCheckBox(self), QCheckBox(self)
        for box in self.shown:
            box.setChecked(True)
        self._sheets: tuple[Sheet, ...] = ()
        self._compose()
        self._connect()
        self._draw()

    def _compose(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(2 * GRID_PX)
        for widget in (self.how, self.style_box, self.size_px):
            widget.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            head.addWidget(widget)
        head.addStretch(1)
        for box in self.shown:
            head.addWidget(box)
        put_under(head, self.canvas, self.key, self)

    def _connect(self) -> None:
        self.how.activated.connect(self.chosen)
        self.style_box.currentIndexChanged.connect(self._draw)
        self.size_px.valueChanged.connect(self._draw)
        for box in self.shown:
            box.toggled.connect(self._draw)
        self.canvas.marked.connect(self.canvas.mark)

    def show_names(self, names: tuple[str, str]) -> None:
        """What the two are called."""
        for box, name, verb in zip(self.shown, names, (self.tr("show {0}"), self.tr("show {0}")), strict=True):
            box.setText(name)
            box.setAccessibleName(verb.format(name))

    def show_seen(self, seen: Seen, look: Look) -> None:
        """Draw the pair of this moment."""
        pairs = zip(seen.wanted.views, seen.maps, inks(colours_of(self)), strict=True)
        sheets = [
            None if values is None else _sheet(seen, method, name, values, look, ink)
            for (method, name), values, ink in pairs
        ]
        self._sheets = tuple(each or _NOTHING for each in sheets)
        self._draw()

    def _draw(self) -> None:
        """Draw what is switched on, as it is chosen."""
        is_mesh = self.style_box.currentData() == MESH
        self.size_px.setVisible(not is_mesh)
        self.canvas.is_mesh, self.canvas.side_px = is_mesh, self.size_px.value()
        shown = [each for each, box in zip(self._sheets, self.shown, strict=False) if box.isChecked()]
        self.canvas.show_sheets(tuple(shown))


_NOTHING = Sheet(np.full((1, 1, 3), np.nan, np.float32), np.zeros((1, 1), np.uint32))


def _sheet(seen: Seen, method: str, name: str, values: Map, look: Look, ink: str) -> Sheet:
    """One surface in the resolution of its map, coloured by it; lit in the method's own colour for the relief."""
    nose = seen.moment.crop.nose_mm
    surface = surface_of(seen.faces[method], values.shape[0] != seen.moment.crop.depth_mm.shape[0])
    pivot = np.array((nose[0], nose[1], nose[2] + PIVOT_BEHIND_MM), np.float32)
    points = surface.intrinsics.back_project(surface.depth_mm) - pivot
    colours = _lit(values, ink) if name == RELIEF else picture_of(name, values, nose[2], look).pixels
    return Sheet(points, colours)


def _lit(brightness: Map, ink: str) -> NDArray[np.uint32]:
    """(R, R) 0xFFRRGGBB: a matt surface of one colour, 0 where nothing is."""
    share = np.nan_to_num(_DARKEST + (1 - _DARKEST) * brightness)
    colour = QColor(ink)
    red, green, blue = (
        (share * np.float32(part)).astype(np.uint32) for part in (colour.red(), colour.green(), colour.blue())
    )
    lit = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    return np.where(np.isnan(brightness), np.uint32(0), lit)
