"""How an address asks for a Kinect v1: `kinect1:`, `kinect1:0`, `kinect1:SERIAL?tilt=10&infrared=1`."""

import functools
from collections.abc import Mapping

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.isolated import IsolatedCamera, call_isolated
from depthface_app.cameras.kinect1.camera import Kinect1Camera, list_plugged_in
from depthface_app.cameras.kinect1.library import MISSING, NAMES
from depthface_app.cameras.libraries import is_installed
from depthface_app.cameras.parameters import check_known, flag, number
from depthface_app.core.errors import CameraError

TILT_DEG = 27  # up or down at most; Source: libfreenect, freenect_set_tilt_degs
LISTING_S = 10.0


def kinect1(target: str, parameters: Mapping[str, str]) -> IsolatedCamera:
    """The camera of an address, in a process of its own; not opened yet.

    Args:
        target: its place in the list, its serial number, or "" for the first.
        parameters: tilt (degrees against the horizon), infrared (1: instead of colour).

    Raises:
        CameraError: an unknown parameter or value.
    """
    check_known("kinect1", parameters, ("tilt", "infrared"))
    tilt_deg = number("kinect1", parameters, "tilt", -TILT_DEG, TILT_DEG)
    make = functools.partial(Kinect1Camera, target, tilt_deg, flag("kinect1", parameters, "infrared"))
    return IsolatedCamera(make, CameraInfo(f"kinect1:{target}", "Kinect v1", target))


def find_kinect1() -> tuple[CameraInfo, ...]:
    """Every Kinect v1 that is plugged in. Raises CameraError if the library is missing or fails."""
    if not is_installed("freenect", NAMES):  # spares the process that would only find the same
        raise CameraError(MISSING)
    return call_isolated(list_plugged_in, "The Kinect v1 library", LISTING_S)
