"""The row below the pictures while a recording is played: where it stands, its marks, and the keys of a player."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QWidget,
)

from depthface_app.cameras.playback import SPEEDS, Playback
from depthface_app.cameras.session import Mark
from depthface_app.ui.icons import SIZE_PX, icon
from depthface_app.ui.theme import GRID_PX, Colours, colours_of
from depthface_app.ui.times import time_text

PAGE_S = 10.0  # how far Page Up and Page Down go
_MARK_PX = 3


class Timeline(QSlider):
    """One step per frame. A click goes there at once; marks stand on it as ticks with their text as a tip."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName(self.tr("Position in the recording"))
        self.setMinimumSize(16 * GRID_PX, 4 * GRID_PX)
        self.marks: tuple[Mark, ...] = ()
        self.damaged: frozenset[int] = frozenset()

    def show_ticks(self, marks: tuple[Mark, ...], damaged: frozenset[int]) -> None:
        """Draw these marks and damaged frames."""
        if (marks, damaged) != (self.marks, self.damaged):
            self.marks, self.damaged = marks, damaged
            self.setToolTip("\n".join(mark.text for mark in marks if mark.frame is None))
            self.update()

    def place_of(self, frame: int) -> float:
        """Where a frame stands, in pixels from the left."""
        groove, handle = self._rects()
        room = groove.width() - handle.width()
        share = frame / max(self.maximum(), 1)
        return groove.left() + handle.width() / 2 + share * room

    def frame_at(self, x: float) -> int:
        """Which frame stands at that place."""
        groove, handle = self._rects()
        room = max(groove.width() - handle.width(), 1)
        share = (x - groove.left() - handle.width() / 2) / room
        return round(min(max(share, 0.0), 1.0) * self.maximum())

    def _rects(self) -> tuple[QRectF, QRectF]:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        parts = QStyle.SubControl.SC_SliderGroove, QStyle.SubControl.SC_SliderHandle
        groove, handle = (
            self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self) for part in parts
        )
        return QRectF(groove), QRectF(handle)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where the click is, and follow the mouse from there."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.setValue(self.frame_at(event.position().x()))
            self.sliderMoved.emit(self.value())
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what the mark under the mouse is about."""
        super().mouseMoveEvent(event)
        near = [m for m in self.marks if m.frame is not None and abs(self.place_of(m.frame) - event.position().x()) < 6]
        if near:
            self.setToolTip("\n".join(mark.text for mark in near))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The slider, then the ticks on it."""
        super().paintEvent(event)
        painter, colours = QPainter(self), colours_of(self)
        for frames, ink in (
            ([mark.frame for mark in self.marks if mark.frame is not None], colours.accent),
            (list(self.damaged), colours.spoof),
        ):
            for frame in frames:
                tick = QRectF(self.place_of(frame) - _MARK_PX / 2, 1, _MARK_PX, self.height() / 2 - 5)
                painter.fillRect(tick, QColor(ink))


class PlaybackBar(QWidget):
    """Shown for recordings only. What is pressed leaves by signal: `sought` a frame, `speed_chosen` a factor."""

    sought = Signal(int)
    speed_chosen = Signal(float)

    def __init__(self, actions: dict[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._actions = actions
        self.play = QToolButton(self)
        self.play.clicked.connect(actions["pause"].trigger)
        self.buttons = {name: self._button(actions[name]) for name in ("step_back", "step_forward", "loop", "mark")}
        self._dress(self.play)
        self.timeline = Timeline(self)
        self.timeline.actionTriggered.connect(self._follow_keys)
        self.timeline.sliderMoved.connect(self.sought)
        self.times = QLabel(self)
        self.times.setAccessibleName(self.tr("Time and frame"))
        self.speed = QComboBox(self)
        self.speed.setAccessibleName(self.tr("Speed"))
        self.speed.setToolTip(self.tr("Speed"))
        for factor in SPEEDS:
            self.speed.addItem(f"{factor:g}×", factor)
        self.speed.activated.connect(lambda row: self.speed_chosen.emit(self.speed.itemData(row)))
        self._compose()
        self.tint(colours_of(self))
        self.hide()

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setAccessibleName(action.text())
        self._dress(button)
        return button

    def _dress(self, button: QToolButton) -> None:
        button.setIconSize(QSize(SIZE_PX, SIZE_PX))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMinimumSize(4 * GRID_PX + 4, 4 * GRID_PX + 4)

    def _compose(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        for button in (self.buttons["step_back"], self.play, self.buttons["step_forward"]):
            row.addWidget(button)
        row.addWidget(self.timeline, 1)
        row.addWidget(self.times)
        row.addWidget(self.speed)
        for name in ("loop", "mark"):
            row.addWidget(self.buttons[name])

    def tint(self, colours: Colours) -> None:
        """The play button's icons in the theme's colours; the others follow their actions."""
        self._icons = {is_on: icon("pause" if is_on else "play", colours.text, colours.line) for is_on in (True, False)}
        self.play.setIcon(self._icons[False])
        self._shows_pause = False

    def show_playback(self, playback: Playback | None) -> None:
        """Where it stands now; None hides the row."""
        self.setVisible(playback is not None and self.isEnabled())
        if playback is None:
            return
        place = playback.place
        shown = place.shown or 0
        self._show_play(place.is_playing)
        self.timeline.setMaximum(place.count - 1)
        duration_s = float(playback.times_s[-1])
        self.timeline.setPageStep(max(1, round(PAGE_S * place.count / max(duration_s, PAGE_S))))
        self.timeline.show_ticks(playback.marks, playback.damaged)
        if not self.timeline.isSliderDown():
            self.timeline.setValue(shown)
        self._show_times(float(playback.times_s[shown]), duration_s, shown, place.count)
        self.speed.setCurrentIndex(self.speed.findData(place.speed))
        self._actions["loop"].setChecked(place.is_looping)

    def _show_play(self, is_playing: bool) -> None:
        words = self.tr("Pause") if is_playing else self.tr("Play")
        if is_playing != self._shows_pause:
            self._shows_pause = is_playing
            self.play.setIcon(self._icons[is_playing])
        self.play.setAccessibleName(words)
        self.play.setToolTip(f"{words} ({self._actions['pause'].shortcut().toString()})")

    def _show_times(self, time_s: float, duration_s: float, shown: int, count: int) -> None:
        def words(at_s: float, frame: int) -> str:
            return self.tr("{0} / {1}  frame {2} of {3}").format(
                time_text(at_s, duration_s), time_text(duration_s, duration_s), frame, count
            )

        self.times.setText(words(time_s, shown))
        self.times.setMinimumWidth(self.fontMetrics().horizontalAdvance(words(duration_s, count)) + GRID_PX)

    def _follow_keys(self, _: int) -> None:
        """Arrow and page keys, Home and End: the slider has not taken its new value over yet."""
        if not self.timeline.isSliderDown():
            self.sought.emit(self.timeline.sliderPosition())
