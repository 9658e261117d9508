"""The inspector's room in the window: four linked views or one large one, and the figures beside them."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from depthface_app.core.colour import DEFAULT_COLOUR_MAP
from depthface_app.pipeline.comparison import DENOISED, FUSED, RAW, TRUTH, Measured, Seen, Wanted
from depthface_app.pipeline.maps import CURVATURE, DIFFERENCE, RELIEF, Light
from depthface_app.ui.inspector.canvas import Canvas, Line
from depthface_app.ui.inspector.controls import BLINK, FOUR, SPACE, WIPE, Controls
from depthface_app.ui.inspector.duel import Duel
from depthface_app.ui.inspector.kept_bar import KeptBar
from depthface_app.ui.inspector.key import light_at
from depthface_app.ui.inspector.plot import ProfilePlot
from depthface_app.ui.inspector.reading import profile_of, readings
from depthface_app.ui.inspector.scales import Look, picture_of
from depthface_app.ui.inspector.solid import Solid
from depthface_app.ui.inspector.tables import ROWS, Table, figure_rows, probe_rows, worth_of
from depthface_app.ui.inspector.view import Choice, View, fill, method_labels
from depthface_app.ui.inspector.viewport import Viewport
from depthface_app.ui.notices import Toast
from depthface_app.ui.pictures import Picture
from depthface_app.ui.theme import GRID_PX

FIRST_VIEWS: tuple[Choice, ...] = ((RAW, RELIEF), (DENOISED, RELIEF), (DENOISED, DIFFERENCE), (DENOISED, CURVATURE))
FIRST_LIGHT = light_at(-0.5, -0.5)  # from above on the left, as pictures of relief are lit by custom
_SIDE_LETTERS = (52, 66)  # width of the right column in average characters, least and most
_SIDE_PART = 0.3  # of the room, in between
_METHODS_AT_ONCE = 5  # in the probe's table: four views and what they are compared with


class Workspace(QWidget):
    """Draws what it is given and says what is wanted.

    `wanted_changed` tells that something else is wanted; `painted` that a new moment stands on the screen; `left` that
    a kept view is no longer to be shown.
    """

    wanted_changed = Signal()
    left = Signal()
    painted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.labels = method_labels()
        self.views = tuple(View(k + 1, choice, self) for k, choice in enumerate(FIRST_VIEWS))
        self.duel, self.solid, self.controls = Duel(self), Solid(self), Controls(self)
        self.figures = Table(self.tr("Figures of both methods"), (5.2, 2.8, 2.8, 2.0), len(ROWS) + 2, self)
        self.probe = Table(self.tr("Probe"), (2.3, 1.5, 3.3, 1.4, 1.7, 1.8), _METHODS_AT_ONCE + 1, self)
        self.plot, self.toast = ProfilePlot(self), Toast(self)
        self.seen: Seen | None = None
        self.measured: Measured | None = None
        self.light: Light = FIRST_LIGHT
        self.colour_map = DEFAULT_COLOUR_MAP
        self.point: QPointF | None = None
        self.line: Line = (QPointF(0.1, 0.5), QPointF(0.9, 0.5))
        self._is_new = False
        self._left, self._right, self._kept = QStackedWidget(self), QWidget(self), KeptBar(self)
        self._compose()
        self._connect()
        self.controls.tint()
        self.draw(self.line)
        self.show_measured(None)
        self._show_probe()
        self._show_keys()

    def _compose(self) -> None:
        four = QWidget(self)
        grid = QGridLayout(four)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID_PX)
        for k, view in enumerate(self.views):
            grid.addWidget(view, k // 2, k % 2)
        self._left.addWidget(four)
        self._left.addWidget(self.duel)
        self._left.addWidget(self.solid)
        column = QVBoxLayout(self._right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX)
        for widget in (self._kept, self.controls, self.figures, self.probe):
            column.addWidget(widget)
        self._kept.hide()
        column.addWidget(self.plot, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID_PX)
        row.addWidget(self._left, 1)
        row.addWidget(self._right)

    def _connect(self) -> None:
        for canvas in self.canvases:
            canvas.probed.connect(self.probe_at)
            canvas.moved.connect(self.look_at)
            canvas.drawn.connect(self.draw)
            canvas.painted.connect(self._tell_painted)
        for view in self.views:
            view.chosen.connect(self._change)
        self.solid.canvas.painted.connect(self._tell_painted)
        for key in (*(view.key for view in self.views), self.duel.key, self.solid.key):
            key.lit.connect(self.shine)
        for each in (self.duel, self.solid):
            each.chosen.connect(self._change)
        self.controls.changed.connect(self._change)
        self._kept.left.connect(self.left)
        self.toast.spoken.connect(self._place_toast)

    @property
    def canvases(self) -> tuple[Canvas, ...]:
        """All pictures, those that are not visible too."""
        return (*(view.canvas for view in self.views), self.duel.canvas)

    @property
    def wanted(self) -> Wanted:
        """What is to be shown now."""
        pair, finest = self.controls.pair, self.controls.finest.isChecked()
        more = self.controls.fine.isChecked() or finest, self.light, finest
        if self.controls.mode == FOUR:
            return Wanted(tuple(view.choice for view in self.views), pair, *more)
        how = (self.solid if self.controls.mode == SPACE else self.duel).how.currentData()
        return Wanted(tuple((method, how) for method in pair), pair, *more)

    @property
    def _look(self) -> Look:
        return Look(self.colour_map, self.controls.range_mm, self.light)

    def add_method(self, name: str, label: str) -> None:
        """Offer another method everywhere, judge it against the running model and show it in the lower views."""
        self.offer({**self.labels, name: label})
        self.controls.offer(self.labels, (DENOISED, name))
        self.views[2].choose((name, DIFFERENCE))
        self.views[3].choose((name, RELIEF))
        self._change()

    def offer(self, labels: dict[str, str]) -> None:
        """Offer these methods everywhere; what was chosen stays chosen where it still is offered."""
        self.labels = labels
        for view in self.views:
            fill(view.what, labels, view.choice[0] if view.choice[0] in labels else DENOISED)
        first, second = self.controls.pair
        self.controls.offer(labels, (first if first in labels else RAW, second if second in labels else DENOISED))

    def offer_only(self, known: set[str]) -> None:
        """Offer no other added methods than these; what needs no file always is."""
        own = method_labels()
        self.seen = None  # may be made by others
        self.offer({name: label for name, label in self.labels.items() if name in own or name in known})

    def say_kept(self, name: str, made_by: Mapping[str, str]) -> None:
        """Say that a kept view of this name is shown, and what made its surfaces; "" for the stream."""
        self._kept.setVisible(bool(name))
        self._kept.say(name, {self.labels.get(method, method): maker for method, maker in made_by.items()})

    def show_seen(self, seen: Seen) -> None:
        """Draw what the methods made of a moment, unless something else is wanted by now."""
        if seen.wanted.views != self.wanted.views:
            return
        self.seen, self._is_new = seen, True
        if self.controls.mode == SPACE:
            self.solid.show_seen(seen, self._look)
            return
        pictures = [
            None if values is None else picture_of(name, values, seen.moment.crop.nose_mm[2], self._look)
            for (_, name), values in zip(seen.wanted.views, seen.maps, strict=True)
        ]
        if self.controls.mode == FOUR:
            for view, picture in zip(self.views, pictures, strict=True):
                self._show_picture(view.canvas, view.choice, picture)
        else:
            first, second = (self.labels[name] for name in seen.wanted.pair)
            self.duel.show_pictures((first, second), (pictures[0], pictures[1]))

    def _show_picture(self, canvas: Canvas, choice: Choice, picture: Picture | None) -> None:
        first = self.labels[self.controls.pair[0]]
        difference = f"{self.labels[choice[0]]} − {first}" if choice[1] == DIFFERENCE else ""
        canvas.captions = (difference, self._worth() if choice[0] == FUSED else "")
        if picture is not None:
            canvas.show_pictures(picture)
            return
        canvas.picture = None
        canvas.dim(self._why_none((choice[0], self.controls.pair[0])))

    def _why_none(self, methods: tuple[str, str]) -> str:
        if TRUTH in methods:
            return self.tr("Only simulated sources know the truth")
        return self.tr("No fused surface yet: hold still") if FUSED in methods else self.tr("Nothing to show")

    def _worth(self) -> str:
        """How many frames the fused reference is made of, and its own error where somebody knows it."""
        reference = self.seen.reference if self.seen is not None else None
        return "" if reference is None else worth_of(reference)

    def show_measured(self, measured: Measured | None) -> None:
        """Figures of the pair; dashes until there are any."""
        self.measured = measured if measured is not None and measured.pair == self.controls.pair else None
        first, second = (self.labels[name] for name in self.controls.pair)
        self.figures.show_rows(figure_rows((first, second), self.measured))

    def show_none(self, message: str) -> None:
        """Nobody to show: the last pictures stay, dimmed."""
        for canvas in self.canvases:
            canvas.dim(message)
        self.solid.canvas.dim(message)
        self.seen = None
        self.refresh()

    def refresh(self) -> None:
        """Texts and the profile, as often as they can be read."""
        self._show_probe()
        self._show_profile()

    def probe_at(self, point: QPointF | None) -> None:
        """Put the crosshair here in all views."""
        self.point = point
        for canvas in self.canvases:
            canvas.crosshair = point
            canvas.update()
        self._show_probe()

    def look_at(self, viewport: Viewport) -> None:
        """Show this part in all views."""
        for canvas in self.canvases:
            canvas.viewport = viewport
            canvas.update()

    def draw(self, line: Line) -> None:
        """Cut along this line."""
        self.line = line
        for canvas in self.canvases:
            canvas.line = line
            canvas.update()
        self._show_profile()

    def shine(self, light: Light) -> None:
        """Let the light come from there."""
        self.light = light
        self._change()

    def _change(self) -> None:
        """Another choice: other keys at once, other pictures when they are made."""
        mode = self.controls.mode
        self._left.setCurrentIndex({FOUR: 0, SPACE: 2}.get(mode, 1))
        if mode not in (WIPE, BLINK):
            self.duel.end()
        elif not self.duel.is_on(mode == BLINK):
            self.duel.begin(mode == BLINK)
        for canvas in self.canvases:
            canvas.draws_lines = self.controls.line.isChecked()
        self._show_keys()
        self.show_measured(self.measured)
        self.wanted_changed.emit()

    def _show_keys(self) -> None:
        for view in self.views:
            view.key.show_scale(view.choice[1], self._look)
        for each in (self.duel, self.solid):
            each.key.show_scale(each.how.currentData(), self._look)
        first, second = self.controls.pair
        self.solid.show_names((self.labels[first], self.labels[second]))

    def use_map(self, name: str) -> None:
        """Another colour map for depth."""
        self.colour_map = name
        self._change()

    def _show_probe(self) -> None:
        known = {}
        if self.seen is not None and self.point is not None:
            known = readings(self.seen, (self.point.x(), self.point.y()))
        self.probe.show_rows(probe_rows([(self.labels[name], known.get(name)) for name in self.wanted.methods]))

    def _show_profile(self) -> None:
        if self.seen is None:
            self.plot.show_profile(None)
            return
        start, end = ((point.x(), point.y()) for point in self.line)
        self.plot.show_profile(profile_of(self.seen, start, end, self.labels))

    def _tell_painted(self) -> None:
        if self._is_new:
            self._is_new = False
            self.painted.emit()

    def _place_toast(self) -> None:
        self.toast.place(QRectF(self._left.geometry()))
        self.toast.raise_()  # over the views, which were made after it

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The right column grows with the room, within bounds."""
        least, most = (letters * self.fontMetrics().averageCharWidth() for letters in _SIDE_LETTERS)
        self._right.setFixedWidth(round(min(max(_SIDE_PART * self.width(), least), most)))
        super().resizeEvent(event)
        self._place_toast()

    def changeEvent(self, event: QEvent) -> None:
        """Another theme: other icons."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "controls"):
            self.controls.tint()
