"""The Qt side of the engine's boxes: worker threads ring, the GUI thread takes."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from depthface_app.core.face import Result
from depthface_app.core.frame import Frame
from depthface_app.pipeline.engine import Engine, Wake
from depthface_app.pipeline.faults import Fault
from depthface_app.ui.jobs import Jobs


class Bridge(QObject):
    """Holds the running engine for the window. Lives on the GUI thread; never waits for a camera.

    The three `..._ready` signals are rung on worker threads and carry nothing: a frame inside a queued signal would
    grow old in the queue. `changed` tells that another engine runs, or none; `failed` why one could not be built.
    """

    picture_ready = Signal()
    result_ready = Signal()
    faults_ready = Signal()
    changed = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.engine: Engine | None = None
        self._newest: Engine | None = None  # touched by jobs alone, which run one after another
        self._opening = 0
        self._jobs = Jobs(self)

    @property
    def is_opening(self) -> bool:
        """Whether an engine is being built."""
        return self._opening > 0

    def wake(self) -> Wake:
        """Bells for an engine's boxes."""
        return Wake(self.picture_ready.emit, self.result_ready.emit, self.faults_ready.emit)

    def open(self, make_engine: Callable[[Wake], Engine]) -> None:
        """Replace the engine by a new one, in a job: stopping one and loading models both take a while."""
        self.engine = None
        self._opening += 1
        self._jobs.run(lambda: self._exchange(make_engine), self._opened, self._refused)
        self.changed.emit()

    def _exchange(self, make_engine: Callable[[Wake], Engine]) -> Engine:
        self._stop_newest()
        engine = make_engine(self.wake())
        self._newest = engine
        engine.start()
        return engine

    def _stop_newest(self) -> None:
        engine, self._newest = self._newest, None
        if engine is not None:
            engine.stop()

    def _opened(self, engine: Engine) -> None:
        self._opening -= 1
        self.engine = engine
        self.changed.emit()
        for ready in (self.faults_ready, self.picture_ready, self.result_ready):
            ready.emit()

    def _refused(self, problem: str) -> None:
        self._opening -= 1
        self.changed.emit()
        self.failed.emit(problem)

    def stop(self) -> None:
        """Stop streaming, in a job."""
        self.engine = None
        self._jobs.run(self._stop_newest, lambda _: None)
        self.changed.emit()

    def shut_down(self) -> None:
        """Stop and wait until all is stopped; for the end of the program, when no window is left to freeze."""
        self.engine = None
        self._jobs.wait()
        self._stop_newest()

    def take_picture(self) -> Frame | None:
        """The newest unread frame."""
        return self.engine.pictures.take() if self.engine else None

    def take_result(self) -> Result | None:
        """The newest unread result."""
        return self.engine.results.take() if self.engine else None

    def take_faults(self) -> tuple[Fault, ...] | None:
        """All faults that stand, if that changed."""
        return self.engine.faults.take() if self.engine else None
