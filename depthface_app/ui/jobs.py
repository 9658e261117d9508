"""One-shot work off the GUI thread: loading, saving, listing. Not for streams, which have threads of their own."""

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot

from depthface_app.core.errors import DepthFaceError

log = logging.getLogger(__name__)

_Calls = tuple[Callable[[Any], None], Callable[[str], None] | None]


class _Work(QRunnable):
    """Runs on a pool thread; hands its answer to `report` there."""

    def __init__(self, work: Callable[[], Any], report: Callable[[Any, str], None]) -> None:
        super().__init__()
        self._work, self._report = work, report

    def run(self) -> None:
        try:
            answer, problem = self._work(), ""
        except DepthFaceError as error:
            answer, problem = None, str(error)
        except Exception as error:  # top of a thread: the window must hear of it, whatever it is
            log.exception("a job failed")
            answer, problem = None, f"Something unforeseen went wrong ({error}); the log has the details."
        self._report(answer, problem)


class Jobs(QObject):
    """Runs functions one after another on one worker thread and calls back on the GUI thread."""

    _ended = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._pending = 0
        self._ended.connect(self._answer)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return self._pending > 0

    def run(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[str], None] | None = None
    ) -> None:
        """Call `work` on the worker thread, then `done(answer)` or `failed(sentence)` here."""
        self._pending += 1
        self._pool.start(_Work(work, lambda answer, problem: self._ended.emit((done, failed), (answer, problem))))

    @Slot(object, object)
    def _answer(self, calls: _Calls, answer: tuple[Any, str]) -> None:
        self._pending -= 1
        (done, failed), (value, problem) = calls, answer
        if not problem:
            done(value)
        elif failed is not None:
            failed(problem)
        else:
            log.error("%s", problem)

    def wait(self) -> None:
        """Let everything that was begun come to its end; for the very end of the program."""
        self._pool.waitForDone()
