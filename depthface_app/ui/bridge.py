"""The Qt side of the engine's boxes: worker threads ring, the GUI thread takes."""

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from depthface_app.core.face import Result
from depthface_app.core.frame import Frame
from depthface_app.pipeline.engine import Engine, Wake
from depthface_app.pipeline.faults import Fault
from depthface_app.ui.jobs import Jobs

log = logging.getLogger(__name__)


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

    def __init__(self, make_engine: Callable[[Wake], Engine], parent: QObject) -> None:
        super().__init__(parent)
        self.engine: Engine | None = None
        self.is_opening = False
        self._make_engine = make_engine
        self._jobs = Jobs(self)

    def wake(self) -> Wake:
        """Bells for an engine's boxes."""
        return Wake(self.picture_ready.emit, self.result_ready.emit, self.faults_ready.emit)

    def open(self) -> None:
        """Replace the engine by a new one, in a job: stopping one and loading models both take a while."""
        old, self.engine, self.is_opening = self.engine, None, True
        self.changed.emit()
        self._jobs.run(lambda: self._exchange(old), self._opened, self._refused)

    def _exchange(self, old: Engine | None) -> Engine:
        if old is not None:
            old.stop()
        engine = self._make_engine(self.wake())
        engine.start()
        return engine

    def _opened(self, engine: Engine) -> None:
        self.engine, self.is_opening = engine, False
        self.changed.emit()
        for ready in (self.faults_ready, self.picture_ready, self.result_ready):
            ready.emit()

    def _refused(self, problem: str) -> None:
        self.is_opening = False
        self.changed.emit()
        self.failed.emit(problem)

    def stop(self) -> None:
        """Stop streaming, in a job."""
        old, self.engine = self.engine, None
        self.changed.emit()
        if old is not None:
            self._jobs.run(old.stop, lambda _: None)

    def shut_down(self) -> None:
        """Stop and wait until all is stopped; for the end of the program, when no window is left to freeze."""
        old, self.engine = self.engine, None
        self._jobs.wait()
        if old is not None:
            old.stop()

    def take_picture(self) -> Frame | None:
        """The newest unread frame."""
        return self.engine.pictures.take() if self.engine else None

    def take_result(self) -> Result | None:
        """The newest unread result."""
        return self.engine.results.take() if self.engine else None

    def take_faults(self) -> tuple[Fault, ...] | None:
        """All faults that stand, if that changed."""
        return self.engine.faults.take() if self.engine else None
