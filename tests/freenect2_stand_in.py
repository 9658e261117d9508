"""A stand-in for the binding freenect2, written from its documentation; nothing is known about the real one from it."""

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np


def picture(array: np.ndarray, kind: str, number: int = 0) -> SimpleNamespace:
    """A frame of the binding."""
    return SimpleNamespace(
        to_array=lambda: array, format=SimpleNamespace(name=kind), sequence=number, timestamp=8000 + number * 267
    )


class FakeDevice:
    """The binding's Device, written from its documentation."""

    ir_camera_params = SimpleNamespace(fx=365.0, fy=366.0, cx=250.0, cy=205.0)

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.listener: Any = None
        self.sent = 0
        self.registration = SimpleNamespace(apply=lambda colour, depth: (depth, self.registered))
        self.registered = picture(np.zeros((424, 512, 4), np.uint8), "BGRX")
        self.registered.to_array()[:, :100] = (1, 2, 3, 0)

    def start(self, frame_listener: Any) -> None:
        self.calls.append("start")
        self.listener = frame_listener

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")

    def send(self, number: int, colour: bool = True) -> None:
        depth = np.full((424, 512), 1200, np.float32)
        depth[0, :4] = (np.nan, np.inf, -1, 0)
        if colour:
            self.listener(SimpleNamespace(name="Color"), picture(np.zeros((1080, 1920, 4), np.uint8), "BGRX"))
        self.listener(SimpleNamespace(name="Depth"), picture(depth, "Float", number))


class NoDeviceError(RuntimeError):
    pass


class StreamingDevice(FakeDevice):
    """Sends a hundred pictures a second from a thread of its own, as the library does."""

    def start(self, frame_listener: Any) -> None:
        super().start(frame_listener)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send_on, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        super().stop()

    def _send_on(self) -> None:
        while not self._stopping.wait(0.01):
            self.sent += 1
            self.send(self.sent)


def binding(make_device: Any) -> SimpleNamespace:
    """The module, as it is imported."""
    return SimpleNamespace(Device=make_device, NoDeviceError=NoDeviceError)
