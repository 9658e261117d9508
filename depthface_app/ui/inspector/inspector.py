"""Brings the engine's results to the comparison thread, and what comes back to the workspace."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog

from depthface_app.pipeline.comparison import DENOISED, Comparison, Moment, Seen
from depthface_app.pipeline.methods import Method
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import FaceDenoiser, FaceRecogniser
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.jobs import Jobs
from depthface_app.ui.presenter import Presenter
from depthface_app.ui.saying import is_still, nobody_word, notice_of
from depthface_app.ui.window import MainWindow

MODEL_SUFFIX = ".onnx"


@dataclass(frozen=True, slots=True)
class Openers:
    """What opens networks for the inspector alone, in a job; the engine's own run on another thread."""

    denoiser: Callable[[Settings], FaceDenoiser]
    recogniser: Callable[[Settings], FaceRecogniser]


class Inspector(QObject):
    """Lives on the GUI thread and computes nothing; the comparison thread is begun when the workspace is first shown.

    The three `..._ready` signals are rung on that thread and carry nothing.
    """

    seen_ready = Signal()
    measured_ready = Signal()
    problem_ready = Signal()

    def __init__(
        self,
        window: MainWindow,
        bridge: Bridge,
        presenter: Presenter,
        openers: Openers,
        settings: Callable[[], Settings],
        tell: Callable[[str], None],
    ) -> None:
        """Keep the parts; `tell` shows a sentence to the person at the screen."""
        super().__init__(window)
        self._window, self._bridge, self._presenter = window, bridge, presenter
        self._openers, self._settings, self._tell = openers, settings, tell
        self._way, self._workspace = window.ways["inspect"], window.workspace
        self._comparison: Comparison | None = None
        self._jobs = Jobs(self)
        self._connect()
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def _connect(self) -> None:
        self.seen_ready.connect(self._take_seen)
        self.measured_ready.connect(self._take_measured)
        self.problem_ready.connect(self._take_problem)
        self._presenter.refreshed.connect(self._refresh)
        self._bridge.changed.connect(self._forget_running)
        self._workspace.wanted_changed.connect(self._want)
        self._workspace.painted.connect(self._count)
        self._workspace.controls.file_wanted.connect(self._choose_file)
        toast = self._window.stage.toast
        toast.spoken.connect(lambda: self._workspace.toast.say_text(toast.title.text()))
        self._window.ways["next_face"].triggered.connect(self.ask)
        self._window.ways["enrol"].triggered.connect(self._leave)

    @property
    def is_on(self) -> bool:
        """Whether the workspace is shown."""
        return self._way.isChecked()

    def on_inspect(self) -> None:
        """Show the workspace, or the live view again; somebody who is being enrolled must see how it goes."""
        if self.is_on and self._window.side.currentWidget() is self._window.enrolment:
            self._way.setChecked(False)
            self._tell(self.tr("Finish or cancel the enrolment first."))
            return
        if self.is_on and self._comparison is None:
            self._begin()
        self._window.show_workspace(self.is_on)
        self._watch()
        if self.is_on:
            self._want()
            self._refresh()

    def _begin(self) -> None:
        self._comparison = Comparison(self.seen_ready.emit, self.measured_ready.emit, self.problem_ready.emit)
        self._comparison.start()
        self._open_recogniser()

    def _open_recogniser(self) -> None:
        settings = self._settings()
        self._jobs.run(lambda: self._openers.recogniser(settings), self._use_recogniser, self._tell)

    def _use_recogniser(self, recogniser: FaceRecogniser) -> None:
        if self._comparison is not None:
            self._comparison.recogniser = recogniser

    def _watch(self) -> None:
        """Have the engine's faces sent as soon as they are found, or no longer."""
        if self._bridge.engine is not None and self._comparison is not None:
            self._bridge.engine.watcher = self._comparison.watch if self.is_on else None

    @property
    def _moment(self) -> Moment | None:
        """The newest moment that is known whole."""
        face, result = self._presenter.face, self._presenter.result
        if result is None or face is None or face.denoised is None:
            return None
        return Moment(result.frame, face.location, face.denoised)

    def ask(self) -> None:
        """Have the chosen face shown from now on, and as it is known already: nothing may follow."""
        if not self.is_on or self._comparison is None:
            return
        self._follow()
        if (moment := self._moment) is not None:
            self._comparison.show(moment, self._workspace.wanted)

    def _follow(self) -> None:
        """Follow the stream, unless it is paused."""
        if self._comparison is not None:
            is_paused = self._presenter.is_paused
            self._comparison.following = None if is_paused else (self._presenter.choose_in, self._workspace.wanted)

    def _want(self) -> None:
        """Something else is wanted: of the running model at twice the resolution, a twin of our own is needed."""
        if self._comparison is None:
            return
        if self._workspace.wanted.fine and DENOISED not in self._comparison.methods:
            settings = self._settings()
            self._jobs.run(lambda: self._openers.denoiser(settings), self._use_running, self._tell)
        self.ask()

    def _use_running(self, denoiser: FaceDenoiser) -> None:
        self._add(DENOISED, denoiser)
        self.ask()

    def _add(self, name: str, method: Method) -> None:
        if self._comparison is not None:
            self._comparison.methods = {**self._comparison.methods, name: method}

    def _forget_running(self) -> None:
        """Another engine may run other networks."""
        if self._comparison is None:
            return
        methods: Mapping[str, Method] = self._comparison.methods
        self._comparison.methods = {name: each for name, each in methods.items() if name != DENOISED}
        self._workspace.show_measured(None)
        self._watch()
        if self._bridge.engine is not None:
            self._open_recogniser()
            self._want()

    def _take_seen(self) -> None:
        seen = self._comparison.seen.take() if self._comparison else None
        if seen is None or not self.is_on or self._nobody():
            return
        if self._presenter.is_paused and not self._is_paused_at(seen):
            self.ask()  # it was on its way when the picture was paused
        else:
            self._workspace.show_seen(seen)

    def _is_paused_at(self, seen: Seen) -> bool:
        return self._moment is None or seen.moment.frame is self._moment.frame

    def _take_measured(self) -> None:
        measured = self._comparison.measured.take() if self._comparison else None
        if measured is not None:
            self._workspace.show_measured(measured)

    def _take_problem(self) -> None:
        problem = self._comparison.problems.take() if self._comparison else None
        if problem is not None:
            self._tell(problem)

    def _count(self) -> None:
        """A new moment stands on the screen."""
        if self._bridge.engine is not None and self._workspace.seen is not None:
            self._bridge.engine.picture_shown(self._workspace.seen.moment.frame)

    def _nobody(self) -> str:
        """Why there is nobody to show; "" when there is somebody."""
        now = self._presenter.situation
        if self._presenter.face is not None and not is_still(now):
            return ""
        notice = notice_of(now)
        return notice.title if notice else nobody_word(now)

    def _refresh(self) -> None:
        if not self.is_on:
            return
        if self._comparison is not None and self._presenter.is_paused and self._comparison.following is not None:
            self.ask()
        elif self._workspace.seen is None and self._moment is not None:
            self.ask()  # it was found before anybody watched, and a recording that stands still sends no other
        self._follow()
        if why := self._nobody():
            self._workspace.show_none(why)
        else:
            self._workspace.refresh()

    def _leave(self) -> None:
        """Enrolment is done in the live view."""
        if self.is_on:
            self._way.trigger()

    def _choose_file(self) -> None:
        title, kinds = self.tr("Add a denoiser"), self.tr("Models ({0})").format(f"*{MODEL_SUFFIX}")
        name, _ = QFileDialog.getOpenFileName(self._window, title, "", kinds)
        if name:
            self.open_file(Path(name))

    def open_file(self, path: Path) -> None:
        """Compare with this denoiser too."""
        if not self.is_on:
            self._way.trigger()
        settings = replace(self._settings(), denoiser=str(path))
        self._jobs.run(lambda: self._openers.denoiser(settings), lambda found: self._opened(path, found), self._tell)

    def _opened(self, path: Path, denoiser: FaceDenoiser) -> None:
        self._add(str(path), denoiser)
        self._workspace.add_method(str(path), path.stem)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A model file that is dropped on the window is opened."""
        if isinstance(event, QDropEvent) and self._way.isEnabled() and (path := dropped_model(event.mimeData())):
            event.acceptProposedAction()
            if event.type() is QEvent.Type.Drop:
                self.open_file(path)
            return True
        return super().eventFilter(watched, event)

    def wait(self) -> None:
        """Let everything come to its end."""
        self._jobs.wait()
        if self._comparison is not None:
            self._comparison.stop()


def dropped_model(data: QMimeData) -> Path | None:
    """The model file that is carried, None if it is something else."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return next((path for path in paths if path.suffix == MODEL_SUFFIX), None)
