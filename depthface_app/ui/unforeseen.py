"""What a Qt slot lets through: logged, said in the window, and the window goes on."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

log = logging.getLogger(__name__)


@contextmanager
def told(tell: Callable[[str], None]) -> Iterator[None]:
    """Meanwhile, whatever nobody caught goes to the log, and in one sentence to `tell`.

    PySide6 hands an exception that leaves a slot to `sys.excepthook`, and the event loop goes on.
    """
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, Exception):  # somebody wants the program to end
            before(kind, error, trace)
            return
        log.error("unforeseen, in a slot", exc_info=(kind, error, trace))
        tell(f"Something unforeseen went wrong ({error}); the log has the details.")

    sys.excepthook = hook
    try:
        yield
    finally:
        sys.excepthook = before
