"""The program's side of a camera's own process: the process, the pipe to it, and the memory that both see."""

import contextlib
import logging
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from typing import Any, TypeVar, cast

from depthface_app.cameras.base import DepthCamera
from depthface_app.cameras.isolated.child import Answer, serve_call, serve_camera
from depthface_app.cameras.isolated.frames import ROOM_BYTES
from depthface_app.core.errors import CameraError

# Not fork: a copy of a process with threads may hold locks that nobody frees, and SDKs do not survive it.
_PROCESSES = multiprocessing.get_context("spawn")
KILL_WAIT_S = 2.0

Value = TypeVar("Value")


class CameraProcess:
    """A process that serves one camera. Not for two threads at once."""

    def __init__(self, make: Callable[[], DepthCamera], name: str) -> None:
        """Start it; `make` is called in it. Raises CameraError if the system has no room for another process."""
        self._number = 0
        try:
            self._shared = SharedMemory(create=True, size=ROOM_BYTES)
        except OSError as error:
            raise CameraError(f"There is no memory to share with another process ({error}).") from error
        assert self._shared.buf is not None  # only after it was closed
        self._memory = self._shared.buf
        self._pipe, theirs = _PROCESSES.Pipe()
        arguments = (theirs, self._shared.name, make, _is_quiet())
        self._process = _PROCESSES.Process(target=serve_camera, args=arguments, name=name, daemon=True)
        try:
            self._process.start()
        except OSError as error:
            self._drop()
            raise CameraError(f"No process could be started for the camera ({error}).") from error
        finally:
            theirs.close()  # or the end of the process would not be the end of the pipe

    @property
    def memory(self) -> memoryview:
        """Where the frame of the last answer lies."""
        return self._memory

    def send(self, method: str, arguments: tuple[Any, ...]) -> int:
        """Give an order; returns its number. Raises OSError if the process is gone."""
        self._number += 1
        self._pipe.send((self._number, method, arguments))
        return self._number

    def poll(self, timeout_s: float) -> Answer | None:
        """The next answer, None if none came in time. Raises EOFError or OSError if the process is gone."""
        if not self._pipe.poll(timeout_s):
            return None
        answer: Answer = self._pipe.recv()
        return answer

    def ending(self) -> str:
        """How the process ended, in words."""
        return ending(self._process)

    def leave(self, patience_s: float) -> None:
        """Close the camera; a process that is not gone by then is ended."""
        with contextlib.suppress(OSError):
            self.send("close", ())
            self._process.join(patience_s)
        self.kill()

    def kill(self) -> None:
        """End the process now and free everything."""
        end(self._process)
        self._drop()

    def _drop(self) -> None:
        self._pipe.close()
        self._shared.close()
        self._shared.unlink()


def call_isolated(function: Callable[[], Value], what: str, patience_s: float) -> Value:
    """What a picklable function returns, called in a process of its own, so that a crash or a hang stays there.

    Args:
        function: raises CameraError for what it can explain itself.
        what: whose process it is, at the beginning of a sentence.

    Raises:
        CameraError: the function's own, or because the process crashed or took longer than patience_s.
    """
    ours, theirs = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=serve_call, args=(theirs, function, what, _is_quiet()), daemon=True)
    try:
        process.start()
        theirs.close()
        if not ours.poll(patience_s):
            raise CameraError(f"{what} has not answered for {patience_s:g} s, and its process was ended.")
        value = ours.recv()
    except (EOFError, OSError) as error:
        raise CameraError(f"{what} cannot be used: its process {ending(process)}.") from error
    finally:
        ours.close()
        end(process)
    if isinstance(value, Exception):
        raise value
    return cast(Value, value)


def ending(process: BaseProcess) -> str:
    """How a process ended by itself, in words."""
    if process.pid is None:
        return "could not be started"
    process.join(KILL_WAIT_S)
    status = process.exitcode
    if status is None:
        return "does not listen any more"
    if status >= 0:
        return f"ended with status {status}"
    with contextlib.suppress(ValueError):
        return f"crashed ({signal.Signals(-status).name})"
    return f"was ended by signal {-status}"


def end(process: BaseProcess) -> None:
    """End a process, whatever it is doing, and free what the system keeps of it."""
    if process.pid is None:
        return
    with contextlib.suppress(ValueError):  # stuck inside the kernel and still there
        process.kill()
        process.join(KILL_WAIT_S)
        process.close()


def _is_quiet() -> bool:
    """Whether nobody wants to see what SDKs print."""
    return not logging.getLogger(__name__).isEnabledFor(logging.INFO)
