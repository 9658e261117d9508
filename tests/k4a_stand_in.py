"""A stand-in for the Azure Kinect's library, written from its headers; nothing is known about the real one from it."""

import ctypes
from typing import Any

import numpy as np

from depthface_app.cameras.azure import library as lib

FOCAL_PX = 500.0


class FakeK4a:
    """The functions of k4a.h that are used, on pictures of a wall with a dot. `plugged` may change while it streams."""

    def __init__(self, count: int = 1, bend: float = 0.0, refuses: str = "") -> None:
        self.count = count
        self.bend = bend
        self.refuses = refuses
        self.plugged = True
        self.silent = False
        self.alive: dict[int, np.ndarray | str] = {}
        self.captures = 0
        self.configuration: lib.Configuration | None = None
        self._next = 1
        self._buffers: list[Any] = []

    def _new(self, thing: np.ndarray | str) -> int:
        self._next += 1
        self.alive[self._next] = thing
        return self._next

    def _mode(self) -> lib.Mode:
        return next(mode for mode in lib.MODES.values() if mode.number == self.configuration.depth_mode)

    def k4a_device_get_installed_count(self) -> int:
        return self.count

    def k4a_device_open(self, number: int, out: Any) -> int:
        if self.refuses == "open":
            return 1
        out._obj.value = self._new("device")
        return 0

    def k4a_device_close(self, device: ctypes.c_void_p) -> None:
        del self.alive[device.value]

    def k4a_device_get_serialnum(self, _: Any, buffer: Any, __: Any) -> int:
        buffer.value = b"000123412312"
        return 0

    def k4a_device_get_version(self, _: Any, out: Any) -> int:
        out._obj.rgb = lib.Version(1, 6, 110)
        out._obj.depth = lib.Version(1, 6, 80)
        return 0

    def k4a_device_get_calibration(self, _: Any, mode: int, __: int, out: Any) -> int:
        wanted = next(each for each in lib.MODES.values() if each.number == mode)
        lens = out._obj.depth.lens
        lens.fx = lens.fy = FOCAL_PX
        lens.cx, lens.cy = (wanted.width - 1) / 2, (wanted.height - 1) / 2
        lens.k1 = self.bend
        return 0

    def k4a_device_start_cameras(self, _: Any, configuration: Any) -> int:
        self.configuration = configuration._obj
        return int(self.refuses == "start")

    def k4a_device_stop_cameras(self, _: Any) -> None:
        self.configuration = None

    def k4a_device_get_capture(self, _: Any, out: Any, __: int) -> int:
        if not self.plugged:
            return 1
        if self.silent:
            return lib.TIMED_OUT
        self.captures += 1
        out._obj.value = self._new("capture")
        return 0

    def k4a_capture_get_depth_image(self, _: Any) -> int:
        mode = self._mode()
        depth = np.full((mode.height, mode.width), 1500, np.uint16)
        depth[mode.height // 4, mode.width // 4] = 700
        depth[:, 0] = 0
        return self._new(depth)

    def k4a_capture_get_ir_image(self, _: Any) -> int:
        mode = self._mode()
        return self._new(np.full((mode.height, mode.width), 300, np.uint16))

    def k4a_capture_get_color_image(self, _: Any) -> int:
        return self._new(np.zeros((720, 1280, 4), np.uint8)) if self.configuration.colour_resolution else 0

    def k4a_capture_release(self, capture: Any) -> None:
        del self.alive[capture.value]

    def k4a_image_create(self, _: int, width: int, height: int, __: int, out: Any) -> int:
        out._obj.value = self._new(np.zeros((height, width, 4), np.uint8))
        return 0

    def _image(self, image: Any) -> np.ndarray:
        return self.alive[getattr(image, "value", image)]

    def k4a_image_get_buffer(self, image: Any) -> int:
        return self._image(image).ctypes.data

    def k4a_image_get_size(self, image: Any) -> int:
        return self._image(image).nbytes // (2 if self.refuses == "whole pictures" else 1)

    def k4a_image_get_device_timestamp_usec(self, _: Any) -> int:
        return 1_000_000 + self.captures * 33_333

    def k4a_image_release(self, image: Any) -> None:
        del self.alive[getattr(image, "value", image)]

    def k4a_transformation_create(self, _: Any) -> int:
        return self._new("transformation")

    def k4a_transformation_destroy(self, transformation: int) -> None:
        del self.alive[transformation]

    def k4a_transformation_color_image_to_depth_camera(self, _: Any, __: Any, ___: Any, out: Any) -> int:
        self._image(out)[...] = (10, 20, 30, 255)  # blue, green, red
        return 0
