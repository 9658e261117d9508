"""Brings what the engine delivers to the widgets: pictures at full rate, text four times a second."""

import math

from PySide6.QtCore import QObject, QTimer, Signal

from depthface_app.core.face import FaceResult, Result
from depthface_app.pipeline.faults import Fault
from depthface_app.pipeline.feed import FeedState
from depthface_app.pipeline.health import Health
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.face_view import FaceView
from depthface_app.ui.notices import Message
from depthface_app.ui.saying import (
    Situation,
    banner_of,
    chosen_face,
    is_still,
    lamp_of,
    next_track,
    nobody_word,
    notice_of,
    where_to_stand,
)
from depthface_app.ui.scales import FaceScale, FrameScale
from depthface_app.ui.status import REFRESH_MS, StatusFigures
from depthface_app.ui.window import MainWindow

GONE = (FeedState.STALLED, FeedState.LOST, FeedState.RECOVERING, FeedState.FAILED)


class Presenter(QObject):
    """Lives on the GUI thread. Each slot takes once and paints; nothing here waits or computes.

    `result_shown` tells that `result` is a new one, `refreshed` that the text is.
    """

    result_shown = Signal()
    refreshed = Signal()

    def __init__(self, window: MainWindow, bridge: Bridge) -> None:
        super().__init__(window)
        self._window, self._bridge = window, bridge
        self.is_paused = False
        self.problem = ""
        self.note: Message | None = None
        self.result: Result | None = None
        self.frames_shown = 0
        self._chosen_track: int | None = None
        self._faults: tuple[Fault, ...] = ()
        self._has_picture = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        self._timer.start(REFRESH_MS)
        bridge.picture_ready.connect(self._take_picture)
        bridge.result_ready.connect(self._take_result)
        bridge.faults_ready.connect(self._take_faults)
        bridge.changed.connect(self._begin_anew)
        bridge.failed.connect(self._tell)
        window.stage.live.chosen.connect(self.choose)
        window.stage.in_view.chosen.connect(self.choose)
        window.stage.live.painted.connect(self._count)
        self.refresh()

    @property
    def face(self) -> FaceResult | None:
        """The chosen face, else the nearest."""
        return chosen_face(self.result, self._chosen_track)

    def choose_in(self, result: Result) -> FaceResult | None:
        """The face of another result that is chosen now, else its nearest. May be called on any thread."""
        return chosen_face(result, self._chosen_track)

    @property
    def situation(self) -> Situation:
        """What the window knows about the stream now."""
        engine = self._bridge.engine
        state = engine.state if engine else None
        recognises = engine is None or engine.models is not None
        return Situation(self._bridge.is_opening, self.problem, state, self._faults, self._has_picture, recognises)

    def show_map(self, name: str) -> None:
        """Another colour map in all pictures."""
        self._window.stage.live.set_scale(FrameScale(name))
        self._window.panes.set_scale(FaceScale(name))
        self._window.workspace.use_map(name)

    def show_one_moment(self) -> None:
        """Show the newest frame whose faces are known, so that marks and picture are of one moment."""
        if self.result is not None:
            self._window.stage.live.show_frame(self.result.frame)
            self._show_result()
        self.refresh()

    def pause(self, is_paused: bool) -> None:
        """Stand still, on one moment, or follow the stream again."""
        self.is_paused = is_paused
        if is_paused:
            self.show_one_moment()
        self.refresh()

    def choose(self, track: int | None) -> None:
        """Follow this face in the panes."""
        self._chosen_track = track
        self._show_result()
        self.refresh()

    def choose_next(self) -> None:
        """Follow the next face from left to right."""
        face = self.face
        self.choose(next_track(self.result, face.location.track if face else None))

    def _begin_anew(self) -> None:
        """Another source, or none: what was seen before no longer counts."""
        if self._bridge.engine is None:
            self.problem, self._faults, self._has_picture = "", (), False
            self.result, self._chosen_track, self.is_paused = None, None, False
            self._window.ways["pause"].setChecked(False)
            self._window.stage.live.clear()
            self._window.stage.history.clear()
        self.refresh()

    def _tell(self, problem: str) -> None:
        self.problem = problem
        self.refresh()

    def _take_picture(self) -> None:
        frame = self._bridge.take_picture()
        if frame is None or self.is_paused:
            return
        if not self._has_picture:
            self._has_picture = True
            self.refresh()
        self._window.stage.live.show_frame(frame)

    def _count(self) -> None:
        """A new frame stands on the screen."""
        frame = self._window.stage.live.frame
        self.frames_shown += 1
        if self._bridge.engine is not None and frame is not None:
            self._bridge.engine.picture_shown(frame)

    def _take_result(self) -> None:
        result = self._bridge.take_result()
        if result is None or self.is_paused or self._has_gone():
            return
        self.result = result
        self._window.stage.history.add(result.frame.captured_s, self.face)
        self._show_result()
        self.result_shown.emit()

    def _has_gone(self) -> bool:
        """Whether the camera stopped sending meanwhile: a name that comes late is not said of an old picture."""
        engine = self._bridge.engine
        return engine is not None and engine.state in GONE

    def _show_result(self) -> None:
        face = self.face
        track = face.location.track if face else None
        self._window.stage.live.show_result(self.result, track)
        if face is not None and face.denoised is not None:
            self._window.panes.show_face(FaceView.of(face.denoised))
        else:
            self._window.panes.show_none(nobody_word(self.situation))

    def _take_faults(self) -> None:
        faults = self._bridge.take_faults()
        if faults is not None:
            self._faults = faults
            self.refresh()

    def refresh(self) -> None:
        """All text, four times a second: figures that can be read."""
        now, window = self.situation, self._window
        window.stage.say(notice_of(now), banner_of(now) or self.note)
        if is_still(now):
            window.stage.live.dim()
        if self._has_gone() and not self.is_paused:
            self.result = None  # whoever stands there when the pictures come back is looked at anew
        self._show_text(now)
        engine = self._bridge.engine
        health = engine.health() if engine else Health()
        recording = engine.recording if engine else None
        window.bar.lamp.say(*lamp_of(now, self.is_paused, health.picture_fps, recording))
        window.status.show_figures(figures_of(health))
        self.refreshed.emit()

    def _show_text(self, now: Situation) -> None:
        face = None if is_still(now) else self.face
        self._window.stage.live.renew_texts()
        if face is not None and self.result is not None:
            self._window.identity.show_face(face)
            self._window.stage.in_view.show_faces(self.result.faces, face.location.track)
        else:
            self._window.identity.show_none(nobody_word(now), where_to_stand(now))
            self._window.panes.show_none(nobody_word(now))
            self._window.stage.in_view.show_faces((), None)
        self._window.panes.read_again()


def figures_of(health: Health) -> StatusFigures:
    """The health of the engine as the status line draws it."""

    def known(value: float) -> float | None:
        return None if math.isnan(value) else value

    return StatusFigures(
        known(health.picture_fps),
        known(health.picture_age_ms),
        known(health.identity_age_ms),
        tuple(health.stages_ms.items()),
        health.provider,
        health.dropped,
    )
