"""The C interface of the Azure Kinect sensor SDK, as far as it is used here.

Source: Azure Kinect sensor SDK 1.4, k4a.h and k4atypes.h.
"""

import ctypes as c
from dataclasses import dataclass

from depthface_app.cameras.libraries import load_first

NAMES = ("libk4a.so.1.4", "libk4a.so.1.3", "libk4a.so", "k4a.dll")
SUCCEEDED, TIMED_OUT = 0, 2
BGRA32 = 3
COLOUR_OFF, COLOUR_720P = 0, 1
MISSING = (
    "The Azure Kinect library k4a is not installed; install the package libk4a1.4 "
    "from the vendor's repository (on Windows the Azure Kinect sensor SDK 1.4)."
)


@dataclass(frozen=True, slots=True)
class Mode:
    """A depth mode: its number in the SDK, its picture, and the rates it can be had at."""

    number: int
    width: int
    height: int
    rates: tuple[int, ...] = (5, 15, 30)


MODES = {
    "narrow-binned": Mode(1, 320, 288),
    "narrow": Mode(2, 640, 576),
    "wide-binned": Mode(3, 512, 512),
    "wide": Mode(4, 1024, 1024, (5, 15)),
}
RATES = {5: 0, 15: 1, 30: 2}


class Configuration(c.Structure):
    """k4a_device_configuration_t."""

    _fields_ = [
        ("colour_format", c.c_int), ("colour_resolution", c.c_int), ("depth_mode", c.c_int), ("rate", c.c_int),
        ("synchronised_only", c.c_bool), ("depth_delay_us", c.c_int32), ("sync_mode", c.c_int),
        ("subordinate_delay_us", c.c_uint32), ("no_light", c.c_bool),
    ]  # fmt: skip


class Extrinsics(c.Structure):
    """k4a_calibration_extrinsics_t."""

    _fields_ = [("rotation", c.c_float * 9), ("translation_mm", c.c_float * 3)]


class Lens(c.Structure):
    """k4a_calibration_intrinsics_t with the parameters of the Brown-Conrady model."""

    _fields_ = [("model", c.c_int), ("count", c.c_uint)] + [
        (name, c.c_float)
        for name in (
            "cx", "cy", "fx", "fy", "k1", "k2", "k3", "k4", "k5", "k6", "codx", "cody", "p2", "p1", "metric_radius",
        )
    ]  # fmt: skip


class Eye(c.Structure):
    """k4a_calibration_camera_t."""

    _fields_ = [
        ("extrinsics", Extrinsics), ("lens", Lens), ("width", c.c_int), ("height", c.c_int), ("radius", c.c_float),
    ]  # fmt: skip


class Calibration(c.Structure):
    """k4a_calibration_t."""

    _fields_ = [
        ("depth", Eye), ("colour", Eye), ("extrinsics", Extrinsics * 16), ("depth_mode", c.c_int),
        ("colour_resolution", c.c_int),
    ]  # fmt: skip


class Version(c.Structure):
    """k4a_version_t."""

    _fields_ = [("major", c.c_uint32), ("minor", c.c_uint32), ("iteration", c.c_uint32)]

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.iteration}"


class Versions(c.Structure):
    """k4a_hardware_version_t."""

    _fields_ = [
        ("rgb", Version), ("depth", Version), ("audio", Version), ("depth_sensor", Version), ("build", c.c_int),
        ("signature", c.c_int),
    ]  # fmt: skip


def load() -> c.CDLL:
    """The library with its signatures set. Raises CameraError if it is not there."""
    library = load_first(NAMES, MISSING)
    _declare(library)
    return library


def _declare(library: c.CDLL) -> None:
    handle, out = c.c_void_p, c.POINTER(c.c_void_p)
    results = {
        "k4a_device_get_installed_count": (c.c_uint32, []),
        "k4a_device_open": (c.c_int, [c.c_uint32, out]),
        "k4a_device_close": (None, [handle]),
        "k4a_device_get_serialnum": (c.c_int, [handle, c.c_char_p, c.POINTER(c.c_size_t)]),
        "k4a_device_get_version": (c.c_int, [handle, c.POINTER(Versions)]),
        "k4a_device_get_calibration": (c.c_int, [handle, c.c_int, c.c_int, c.POINTER(Calibration)]),
        "k4a_device_start_cameras": (c.c_int, [handle, c.POINTER(Configuration)]),
        "k4a_device_stop_cameras": (None, [handle]),
        "k4a_device_get_capture": (c.c_int, [handle, out, c.c_int32]),
        "k4a_capture_get_depth_image": (handle, [handle]),
        "k4a_capture_get_ir_image": (handle, [handle]),
        "k4a_capture_get_color_image": (handle, [handle]),
        "k4a_capture_release": (None, [handle]),
        "k4a_image_create": (c.c_int, [c.c_int, c.c_int, c.c_int, c.c_int, out]),
        "k4a_image_get_buffer": (handle, [handle]),
        "k4a_image_get_size": (c.c_size_t, [handle]),
        "k4a_image_get_device_timestamp_usec": (c.c_uint64, [handle]),
        "k4a_image_release": (None, [handle]),
        "k4a_transformation_create": (handle, [c.POINTER(Calibration)]),
        "k4a_transformation_destroy": (None, [handle]),
        "k4a_transformation_color_image_to_depth_camera": (c.c_int, [handle, handle, handle, handle]),
    }
    for name, (result, arguments) in results.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
