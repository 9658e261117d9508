"""libfreenect's C interface, as far as it is used here.

Source: libfreenect 0.5, include/libfreenect.h and libfreenect_registration.h.
"""

import ctypes as c

from depthface_app.cameras.kinect1.geometry import Calibration
from depthface_app.cameras.libraries import load_first

NAMES = ("libfreenect.so.0.5", "libfreenect.so.0", "libfreenect.so", "libfreenect.0.dylib", "freenect.dll")
MISSING = "The Kinect v1 library libfreenect is not installed; on Debian and Ubuntu install the package libfreenect0.5."
MOTOR, CAMERA = 1, 2
MEDIUM = 1
VIDEO_RGB, VIDEO_INFRARED_8 = 0, 2
DEPTH_11_BIT = 0
ERRORS_ONLY = 1

OnPicture = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p, c.c_uint32)  # device, picture, time in ticks of 60 MHz


class Mode(c.Structure):
    """freenect_frame_mode."""

    _fields_ = [
        ("reserved", c.c_uint32), ("resolution", c.c_int), ("format", c.c_int32), ("bytes", c.c_int32),
        ("width", c.c_int16), ("height", c.c_int16), ("data_bits", c.c_int8), ("padding_bits", c.c_int8),
        ("fps", c.c_int8), ("is_valid", c.c_int8),
    ]  # fmt: skip


class TiltState(c.Structure):
    """freenect_raw_tilt_state."""

    _fields_ = [("x", c.c_int16), ("y", c.c_int16), ("z", c.c_int16), ("angle", c.c_int8), ("status", c.c_int)]


class Attributes(c.Structure):
    """freenect_device_attributes, a linked list."""


Attributes._fields_ = [("next", c.POINTER(Attributes)), ("serial", c.c_char_p)]


class Registration(c.Structure):
    """freenect_registration: what the device reports about its own geometry, and tables made from it."""

    _fields_ = [
        ("mapping", c.c_int32 * 29), ("padding", c.c_uint16 * 3), ("emitter_cm", c.c_float), ("colour_cm", c.c_float),
        ("reference_cm", c.c_float), ("pixel_cm", c.c_float), ("shift", c.c_double), ("tables", c.c_void_p * 3),
    ]  # fmt: skip


class Timeval(c.Structure):
    """The C library's timeval."""

    _fields_ = [("s", c.c_long), ("us", c.c_long)]


def load() -> c.CDLL:
    """The library with its signatures set. Raises CameraError if it is not there."""
    library = load_first(NAMES, MISSING)
    _declare(library)
    return library


def reports_itself(library: c.CDLL) -> bool:
    """Whether it knows the devices' serial numbers: libfreenect does, its stand-in fakenect does not."""
    return hasattr(library, "freenect_list_device_attributes")


def serials(library: c.CDLL, context: c.c_void_p) -> tuple[str, ...]:
    """Serial number of every camera that is plugged in; only of a library that reports itself."""
    first = c.POINTER(Attributes)()
    library.freenect_list_device_attributes(context, c.byref(first))
    found, each = [], first
    while each:
        found.append((each.contents.serial or b"").decode("ascii", "replace"))
        each = each.contents.next
    library.freenect_free_device_attributes(first)
    return tuple(found)


def calibration_of(library: c.CDLL, device: c.c_void_p) -> Calibration:
    """What the device says about itself; the usual constants if it does not, or not plausibly."""
    if not hasattr(library, "freenect_copy_registration"):
        return Calibration()
    told: Registration = library.freenect_copy_registration(device)
    calibration = Calibration(told.emitter_cm, told.colour_cm, told.reference_cm, told.pixel_cm, told.shift)
    library.freenect_destroy_registration(c.byref(told))
    return calibration if calibration.is_plausible() else Calibration()


def _declare(library: c.CDLL) -> None:
    pointer = c.c_void_p
    library.freenect_init.argtypes = [c.POINTER(pointer), pointer]
    library.freenect_set_log_level.argtypes = [pointer, c.c_int]
    library.freenect_num_devices.argtypes = [pointer]
    library.freenect_select_subdevices.argtypes = [pointer, c.c_int]
    library.freenect_open_device.argtypes = [pointer, c.POINTER(pointer), c.c_int]
    for name in ("find_depth_mode", "find_video_mode"):
        getattr(library, f"freenect_{name}").restype = Mode
    for name in ("set_depth_mode", "set_video_mode"):
        getattr(library, f"freenect_{name}").argtypes = [pointer, Mode]
    for name in ("set_depth_callback", "set_video_callback"):
        getattr(library, f"freenect_{name}").argtypes = [pointer, OnPicture]
    for name in ("start_depth", "start_video", "stop_depth", "stop_video", "close_device", "shutdown"):
        getattr(library, f"freenect_{name}").argtypes = [pointer]
    library.freenect_process_events_timeout.argtypes = [pointer, c.POINTER(Timeval)]
    library.freenect_set_tilt_degs.argtypes = [pointer, c.c_double]
    library.freenect_update_tilt_state.argtypes = [pointer]
    library.freenect_get_tilt_state.argtypes = [pointer]
    library.freenect_get_tilt_state.restype = c.POINTER(TiltState)
    library.freenect_get_tilt_degs.argtypes = [c.POINTER(TiltState)]
    library.freenect_get_tilt_degs.restype = c.c_double
    if reports_itself(library):
        library.freenect_list_device_attributes.argtypes = [pointer, c.POINTER(c.POINTER(Attributes))]
        library.freenect_free_device_attributes.argtypes = [c.POINTER(Attributes)]
    if hasattr(library, "freenect_copy_registration"):
        library.freenect_copy_registration.argtypes = [pointer]
        library.freenect_copy_registration.restype = Registration
        library.freenect_destroy_registration.argtypes = [c.POINTER(Registration)]
    if hasattr(library, "freenect_map_rgb_to_depth"):
        library.freenect_map_rgb_to_depth.argtypes = [pointer, pointer, pointer, pointer]
