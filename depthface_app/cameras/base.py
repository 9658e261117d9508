"""The contract that every depth camera keeps."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from depthface_app.core.frame import Frame


class CameraState(Enum):
    """Where a camera stands, in our words whatever its SDK says.

    PAUSED is a recording that is held on one frame: it sends nothing because nobody wants it to, which is no stall.
    """

    CLOSED = "closed"
    CONNECTED = "connected"
    STREAMING = "streaming"
    STALLED = "stalled"
    PAUSED = "paused"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera that could be opened.

    source: address that opens it, e.g. "realsense:036522070660"
    detail: one line for people (firmware, connection, what is being simulated)
    settings: what a recording keeps about it: versions, firmware, exposure and other controls, as text
    """

    source: str
    name: str
    serial: str = ""
    detail: str = ""
    settings: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class BackendReport:
    """What one back-end found: its cameras, or in one sentence why it is not available.

    exercised: what the back-end was really run with, for people who rely on it
    """

    backend: str
    cameras: tuple[CameraInfo, ...]
    problem: str = ""
    exercised: str = ""


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What to ask of a camera; None leaves the choice to it. Colour and infrared are optional extras."""

    width: int | None = None
    height: int | None = None
    fps: int | None = None
    colour: bool = True
    infrared: bool = True


class DepthCamera(Protocol):
    """One depth camera. Every method is called from one thread (the camera thread), never from the GUI's.

    open → start → read ... read → stop → close. `close` may come at any moment, twice too, and never raises.
    """

    @property
    def info(self) -> CameraInfo:
        """Which camera this is; complete after `open`."""
        ...

    @property
    def state(self) -> CameraState:
        """Where it stands now; may be read from any thread."""
        ...

    def open(self) -> None:
        """Find the device or file. Raises CameraError if it is not there."""
        ...

    def start(self, request: StreamRequest) -> None:
        """Begin to stream. Raises CameraError if the request cannot be met."""
        ...

    def read(self, timeout_s: float) -> Frame | None:
        """Next frame, or None if none came within timeout_s (a stall).

        Raises:
            CameraLost: the device is gone; the object can only be closed.
            EndOfStream: a finite source is over.
        """
        ...

    def stop(self) -> None:
        """End streaming; `start` may follow."""
        ...

    def close(self) -> None:
        """Let go of the device. Never raises."""
        ...
