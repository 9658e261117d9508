"""Cameras whose SDK does what SDKs do: abort, hang, leave the interpreter, fill the standard output."""

import os
import time

from depthface_app.cameras.base import CameraInfo, StreamRequest
from depthface_app.core.errors import CameraLost
from depthface_app.core.frame import Frame
from tests.fakes import FakeCamera


class Misbehaving(FakeCamera):
    """A fake camera that misbehaves in one call, from the given frame on if that is `read`."""

    def __init__(self, call: str, how: str, after: int = 0) -> None:
        super().__init__(fps=200)
        self._call, self._how, self._after = call, how, after

    def open(self) -> None:
        self._maybe("open")
        super().open()

    def start(self, request: StreamRequest) -> None:
        self._maybe("start")
        super().start(request)

    def read(self, timeout_s: float) -> Frame | None:
        if self.delivered >= self._after:
            self._maybe("read")
        return super().read(timeout_s)

    def stop(self) -> None:
        self._maybe("stop")
        super().stop()

    def close(self) -> None:
        self._maybe("close")
        super().close()

    def _maybe(self, call: str) -> None:
        if call == self._call:
            misbehave(self._how)


def misbehave(how: str) -> None:
    if how == "abort":
        os.abort()
    elif how == "hang":
        time.sleep(1000)
    elif how == "exit":
        raise SystemExit("no library")
    elif how == "raise":
        raise RuntimeError("no such thing")
    elif how == "lost":
        raise CameraLost("The fake camera was unplugged.")
    elif how == "leave":
        os._exit(3)
    elif how == "print":
        os.write(1, b"SDK: noise on the standard output\n")


def found() -> tuple[CameraInfo, ...]:
    return (CameraInfo("fake:1", "Fake", "1"),)
