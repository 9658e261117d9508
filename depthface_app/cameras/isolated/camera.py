"""A camera in a process of its own, so that an SDK that crashes, aborts or never returns takes nothing with it.

`IsolatedCamera` keeps the contract of every camera. Frames come through shared memory; `captured_s` is set in the
camera's process, whose monotonic clock is the machine's and so the program's too. Whatever happens to that process
ends in a CameraError of one sentence, and opening again starts another.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from depthface_app.cameras.base import CameraInfo, CameraState, DepthCamera, StreamRequest
from depthface_app.cameras.isolated.child import Answer
from depthface_app.cameras.isolated.frames import PackedFrame, unpack
from depthface_app.cameras.isolated.process import CameraProcess
from depthface_app.core.errors import CameraError, CameraLost
from depthface_app.core.frame import Frame

SLICE_S = 0.02  # how long `close` may have to wait for a read in another thread
GRACE_S = 0.05  # the way to the other process and back


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a call into the camera's process may take before the process is ended.

    open_s has the start of the process in it; read_s counts from when the read should have ended.
    """

    open_s: float = 30.0
    start_s: float = 20.0
    read_s: float = 5.0
    stop_s: float = 5.0
    close_s: float = 1.0


class IsolatedCamera:
    """Runs another camera in a process of its own. Lives on the camera thread; `close` may come from any thread."""

    def __init__(self, make: Callable[[], DepthCamera], info: CameraInfo, patience: Patience | None = None) -> None:
        """Nothing is started before `open`.

        Args:
            make: makes the camera, in its process; must be picklable (a class, or functools.partial of one).
            info: what is known about the camera before it is opened.
            patience: how long its calls may take.
        """
        self._make = make
        self._info = info
        self._patience = patience or Patience()
        self._guard = threading.Lock()  # over state and process
        self._state = CameraState.CLOSED
        self._process: CameraProcess | None = None
        self._asked: tuple[int, float] | None = None  # a read without an answer yet: its number, and when it is late

    @property
    def info(self) -> CameraInfo:
        """Which camera it is; complete after `open`."""
        return self._info

    @property
    def state(self) -> CameraState:
        """Where it stands."""
        return self._state

    def open(self) -> None:
        """Start the process and open the camera in it. Raises CameraError if either fails."""
        self.close()
        process = CameraProcess(self._make, f"camera {self._info.source}")
        with self._guard:
            self._process = process
        try:
            self._do("open", self._patience.open_s)
        except CameraError:
            self.close()
            raise

    def start(self, request: StreamRequest) -> None:
        """Begin to stream. Raises CameraError if the camera cannot deliver what was asked for."""
        self._do("start", self._patience.start_s, request)

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame, or None if none came within timeout_s.

        Raises:
            CameraLost: the device is gone, or its process ended, or did not answer and was ended.
            EndOfStream: a finite source is over.
        """
        if self._state not in (CameraState.STREAMING, CameraState.STALLED):
            raise CameraError(f"{self._name} does not stream: it is {self._state.value}.")
        if self._asked is None:
            self._asked = (self._send("read", timeout_s), time.monotonic() + timeout_s + self._patience.read_s)
        number, late_s = self._asked
        answer = self._answer(number, timeout_s + GRACE_S)
        if answer is None:
            if time.monotonic() > late_s:
                self._give_up(self._patience.read_s, CameraLost)
            self._become(CameraState.STALLED)
            return None
        self._asked = None
        return self._frame(self._value(answer))

    def stop(self) -> None:
        """End streaming; `start` may follow."""
        if self._state in (CameraState.STREAMING, CameraState.STALLED):
            self._do("stop", self._patience.stop_s)

    def close(self) -> None:
        """Let go of the camera and end its process; takes little longer than `Patience.close_s`."""
        process = self._take_process(CameraState.CLOSED)
        if process is not None:
            process.leave(self._patience.close_s)

    @property
    def _name(self) -> str:
        return f"{self._info.name} {self._info.serial}".strip()

    def _do(self, method: str, patience_s: float, *arguments: Any) -> None:
        answer = self._answer(self._send(method, *arguments), patience_s)
        if answer is None:
            self._give_up(patience_s, CameraError)
        self._value(answer)

    def _send(self, method: str, *arguments: Any) -> int:
        with self._guard:
            if self._process is None:
                raise CameraError(f"{self._name} is {self._state.value}; open it first.")
            try:
                return self._process.send(method, arguments)
            except OSError:
                ending = self._process.ending()
        self._fall_over(ending)

    def _answer(self, number: int, patience_s: float) -> Answer | None:
        """The answer of that number, None if it does not come in time. Older ones are dropped."""
        deadline_s = time.monotonic() + patience_s
        while True:
            wait_s = max(0.0, deadline_s - time.monotonic())
            with self._guard:
                if self._process is None:
                    raise CameraError(f"{self._name} was closed.")
                try:
                    answer = self._process.poll(min(SLICE_S, wait_s))
                except (EOFError, OSError):
                    ending = self._process.ending()
                    break
            if answer is not None and answer[0] == number:
                return answer
            if answer is None and wait_s == 0.0:
                return None
        self._fall_over(ending)

    def _value(self, answer: Answer) -> Any:
        """What the call returned; raises what it raised."""
        _, state, info, value = answer
        self._become(state)
        if info is not None:
            self._info = info
            self._asked = None  # answers come in order: whatever was asked before is over
        if isinstance(value, Exception):
            raise value
        return value

    def _frame(self, packed: PackedFrame | None) -> Frame | None:
        with self._guard:
            if self._process is None:
                raise CameraError(f"{self._name} was closed.")
            return None if packed is None else unpack(packed, self._process.memory)

    def _become(self, state: CameraState) -> None:
        """Change state, unless it was closed meanwhile."""
        with self._guard:
            if self._process is not None:
                self._state = state

    def _give_up(self, patience_s: float, kind: type[CameraError]) -> NoReturn:
        """The process hangs: end it."""
        self._abandon()
        raise kind(f"{self._name} has not answered for {patience_s:g} s, so its process was ended; open it again.")

    def _fall_over(self, ending: str) -> NoReturn:
        """The process ended by itself."""
        streamed = self._state in (CameraState.STREAMING, CameraState.STALLED)
        self._abandon()
        kind = CameraLost if streamed else CameraError
        raise kind(f"{self._name} is gone, because the process of its library {ending}; open it again.")

    def _abandon(self) -> None:
        process = self._take_process(CameraState.LOST)
        if process is not None:
            process.kill()

    def _take_process(self, state: CameraState) -> CameraProcess | None:
        with self._guard:
            process, self._process = self._process, None
            self._asked = None
            if process is not None or state is CameraState.CLOSED:  # what was closed meanwhile is not lost
                self._state = state
            return process
