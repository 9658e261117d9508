"""Brings the engine's results to the comparison thread, and what comes back to the workspace."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog

from depthface_app.core.errors import InputError
from depthface_app.pipeline.comparison import DENOISED, Comparison, Moment, Seen
from depthface_app.pipeline.kept import SUFFIX as VIEW_SUFFIX
from depthface_app.pipeline.kept import KeptView, load_view, save_view
from depthface_app.pipeline.methods import Method
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import FaceDenoiser, FaceRecogniser
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.inspector.keeping import recall_looks, remember_looks, show_view, view_of
from depthface_app.ui.jobs import Jobs
from depthface_app.ui.presenter import Presenter
from depthface_app.ui.saying import is_still, nobody_word, notice_of
from depthface_app.ui.window import MainWindow

MODEL_SUFFIX = ".onnx"


@dataclass(frozen=True, slots=True)
class Openers:
    """What opens networks for the inspector alone, in a job; the engine's own run on another thread."""

    denoiser: Callable[[Settings], FaceDenoiser]
    finest: Callable[[Settings], FaceDenoiser]  # the same, for four times the resolution
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
        self._asked_finest: set[str] = set()
        self._kept: KeptView | None = None  # shown in place of the stream
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
        self._workspace.controls.keep_wanted.connect(self._choose_target)
        self._workspace.left.connect(self._follow_again)
        self._window.closing.connect(self._remember)
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
        recall_looks(self._workspace)
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
        if self._kept is not None:
            return self._kept.moment
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
            self._comparison.show(moment, self._workspace.wanted, self._kept.faces if self._kept else None)

    @property
    def _stands_still(self) -> bool:
        """Whether one moment is shown and not the stream."""
        return self._presenter.is_paused or self._kept is not None

    def _follow(self) -> None:
        """Follow the stream, unless it is paused."""
        if self._comparison is not None:
            self._comparison.following = (
                None if self._stands_still else (self._presenter.choose_in, self._workspace.wanted)
            )

    def _want(self) -> None:
        """Something else is wanted; for finer pictures networks of our own are needed, the running one's among them."""
        if self._comparison is None:
            return
        wanted = self._workspace.wanted
        if wanted.finest:
            for name in wanted.methods:
                self._open_finest(name)
        elif wanted.fine and DENOISED not in self._comparison.methods:
            settings = self._settings()
            self._jobs.run(lambda: self._openers.denoiser(settings), self._use_running, self._tell)
        self.ask()

    def _open_finest(self, name: str) -> None:
        """Open a network's twin for four times the resolution, once."""
        is_network = name == DENOISED or name.endswith(MODEL_SUFFIX)
        is_known = self._kept is not None and name in self._kept.faces
        if not is_network or is_known or name in self._asked_finest:
            return
        self._asked_finest.add(name)
        settings = self._settings() if name == DENOISED else replace(self._settings(), denoiser=name)
        self._jobs.run(lambda: self._openers.finest(settings), lambda found: self._use_finest(name, found), self._tell)

    def _use_finest(self, name: str, denoiser: FaceDenoiser) -> None:
        if self._comparison is not None:
            self._comparison.finest = {**self._comparison.finest, name: denoiser}
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
        self._comparison.methods = _without_running(self._comparison.methods)
        self._comparison.finest = _without_running(self._comparison.finest)
        self._asked_finest.discard(DENOISED)
        self._workspace.show_measured(None)
        self._watch()
        if self._bridge.engine is not None:
            self._open_recogniser()
            self._want()

    def _take_seen(self) -> None:
        seen = self._comparison.seen.take() if self._comparison else None
        if seen is None or not self.is_on or self._nobody():
            return
        if self._stands_still and not self._is_paused_at(seen):
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
        if self._bridge.engine is not None and self._workspace.seen is not None and self._kept is None:
            self._bridge.engine.picture_shown(self._workspace.seen.moment.frame)

    def _nobody(self) -> str:
        """Why there is nobody to show; "" when there is somebody."""
        if self._kept is not None:
            return ""
        now = self._presenter.situation
        if self._presenter.face is not None and not is_still(now):
            return ""
        notice = notice_of(now)
        return notice.title if notice else nobody_word(now)

    def _refresh(self) -> None:
        if not self.is_on:
            return
        if self._comparison is not None and self._stands_still and self._comparison.following is not None:
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
        title = self.tr("Open a denoiser or a kept view")
        kinds = self.tr("Models and views ({0})").format(f"*{MODEL_SUFFIX} *{VIEW_SUFFIX}")
        name, _ = QFileDialog.getOpenFileName(self._window, title, "", kinds)
        if name:
            self.open_file(Path(name))

    def open_file(self, path: Path) -> None:
        """Compare with this denoiser too, or show this view."""
        if not self.is_on:
            self._way.trigger()
        if path.suffix == VIEW_SUFFIX:
            self._jobs.run(lambda: load_view(path), lambda view: self._show_view(path, view), self._tell)
            return
        settings = replace(self._settings(), denoiser=str(path))
        self._jobs.run(lambda: self._openers.denoiser(settings), lambda found: self._opened(path, found), self._tell)

    def _opened(self, path: Path, denoiser: FaceDenoiser) -> None:
        self._add(str(path), denoiser)
        self._workspace.add_method(str(path), path.stem)

    def _choose_target(self) -> None:
        if self._workspace.seen is None:
            self._tell(self.tr("There is nothing to keep yet."))
            return
        title, kinds = self.tr("Keep this view"), self.tr("Views ({0})").format(f"*{VIEW_SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self._window, title, f"view{VIEW_SUFFIX}", kinds)
        if name:
            self.keep(Path(name).with_suffix(VIEW_SUFFIX))

    def keep(self, path: Path) -> None:
        """Write all that is shown into one file."""
        if self._comparison is None or self._workspace.seen is None:
            return
        view = view_of(self._workspace, self._comparison.methods, self._bridge.engine, self._kept)
        said = self.tr("Kept in {0}. It holds a face: send it to people who may see that.").format(path.name)
        self._jobs.run(lambda: save_view(path, view), lambda _: self._tell(said), self._tell)

    def _show_view(self, path: Path, view: KeptView) -> None:
        known, self._kept = self._kept, view
        try:
            show_view(self._workspace, view)
        except InputError as error:
            self._kept = known
            self._tell(str(error))
            return
        self._workspace.say_kept(path.stem, view.models)
        self.ask()

    def _follow_again(self) -> None:
        """Leave a kept view; methods that only it knew are no longer offered."""
        self._kept = None
        self._workspace.say_kept("", {})
        self._workspace.offer_only(set(self._comparison.methods) if self._comparison else set())
        self._want()
        self._refresh()

    def _remember(self) -> None:
        """Keep what was chosen for the next start."""
        if self._comparison is not None and self._kept is None:
            remember_looks(self._workspace)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A model's file or a kept view that is dropped on the window is opened."""
        if isinstance(event, QDropEvent) and self._way.isEnabled() and (path := dropped_file(event.mimeData())):
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


def _without_running(methods: Mapping[str, Method]) -> dict[str, Method]:
    return {name: each for name, each in methods.items() if name != DENOISED}


def dropped_file(data: QMimeData) -> Path | None:
    """The model's file or kept view that is carried, None if it is something else."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return next((path for path in paths if path.suffix in (MODEL_SUFFIX, VIEW_SUFFIX)), None)
