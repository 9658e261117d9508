"""Hands the spans of a run out to processes and collects what they measure."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any

import cv2

from depthface_app.core.errors import DepthFaceError, InputError, ModelError
from depthface_app.pipeline.runs.plan import Measured, Question, Read, Span
from depthface_app.pipeline.runs.work import Tools, measure

BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

Found = Callable[[Span, Measured], None]
Failed = Callable[[Span, DepthFaceError], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What a process needs to know; all of it can be pickled.

    open_tools: opens networks of the process's own
    read:       frames of an input that is no session
    """

    question: Question
    open_tools: Callable[[], Tools]
    read: Read


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def measure_all(spans: Sequence[Span], job: Job, workers: int, found: Found, failed: Failed) -> None:
    """Measure every span. An input that fails is left out from there on; the others go on.

    Args:
        workers: processes; one span, or one worker, is measured in this process.
        found: told in this thread, in any order.
        failed: told once per input.

    Raises:
        ModelError: a network fails.
        InputError: a process died.
        Whatever `found` raises; what was not begun is not begun then.
    """
    if workers == 1 or len(spans) <= 1:
        _measure_here(spans, job, found, failed)
    else:
        _measure_apart(spans, job, min(workers, len(spans)), found, failed)


def _measure_here(spans: Sequence[Span], job: Job, found: Found, failed: Failed) -> None:
    tools, bad = job.open_tools() if spans else None, set()
    for span in spans:
        if tools is None or span.path in bad:
            continue
        try:
            measured = measure(span, tools, job.question, job.read)
        except ModelError:
            raise
        except DepthFaceError as error:
            bad.add(span.path)
            failed(span, error)
        else:
            found(span, measured)


def _measure_apart(spans: Sequence[Span], job: Job, workers: int, found: Found, failed: Failed) -> None:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    with _one_thread_each(), ProcessPoolExecutor(workers, context, _settle_in, (job, stop)) as pool:
        waiting = {pool.submit(_measure, span): span for span in spans}
        try:
            for span, future in _done(waiting):
                _take(span, future, waiting, found, failed)
        except BrokenProcessPool as error:
            raise InputError(
                "A process of the run died, perhaps for want of memory; what was measured is kept: "
                "give the same command again, with fewer --workers."
            ) from error
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _done(waiting: dict[Future[Measured], Span]) -> Iterator[tuple[Span, Future[Measured]]]:
    while waiting:
        ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
        for future in ready:
            span = waiting.pop(future, None)
            if span is not None and not future.cancelled():
                yield span, future


def _take(
    span: Span, future: Future[Measured], waiting: dict[Future[Measured], Span], found: Found, failed: Failed
) -> None:
    try:
        measured = future.result()
    except ModelError:
        raise
    except DepthFaceError as error:
        for other in [each for each, its in waiting.items() if its.path == span.path]:
            other.cancel()
            del waiting[other]
        failed(span, error)
    else:
        found(span, measured)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """New processes calculate on one thread each: the frames are what is spread over the cores."""
    before = {name: os.environ.get(name) for name in BLAS_THREADS}
    os.environ.update(dict.fromkeys(BLAS_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _Process:
    """What one process of a run keeps from span to span."""

    job: Job
    stop: Event
    tools: Tools | None = None


def _settle_in(job: Job, stop: Event) -> None:
    """Leave Ctrl-C to the program, and go when it goes, even if it was killed."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_the_program, daemon=True).start()
    _Process.job, _Process.stop = job, stop


def _leave_with_the_program() -> None:
    program: Any = multiprocessing.parent_process()
    if program is not None:
        program.join()
        os._exit(1)


def _measure(span: Span) -> Measured:
    if _Process.tools is None:
        _Process.tools = _Process.job.open_tools()
    job = _Process.job
    return measure(span, _Process.tools, job.question, job.read, _Process.stop.is_set)
