"""How an address asks for a Kinect v2: `kinect2:`."""

import functools
from collections.abc import Mapping
from importlib.util import find_spec

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.isolated import IsolatedCamera, call_isolated
from depthface_app.cameras.kinect2.camera import MISSING, Kinect2Camera, list_plugged_in
from depthface_app.cameras.parameters import check_known
from depthface_app.core.errors import CameraError

LISTING_S = 15.0


def kinect2(target: str, parameters: Mapping[str, str]) -> IsolatedCamera:
    """The camera of an address, in a process of its own; not opened yet.

    Args:
        target: "" or "0"; the binding opens only the first camera, whatever its serial number.
        parameters: none are known.

    Raises:
        CameraError: another target, or a parameter.
    """
    check_known("kinect2", parameters, ())
    if target not in ("", "0"):
        raise CameraError("The Kinect v2 library opens the first camera only; write kinect2: without a serial number.")
    return IsolatedCamera(functools.partial(Kinect2Camera), CameraInfo("kinect2:", "Kinect v2"))


def find_kinect2() -> tuple[CameraInfo, ...]:
    """The Kinect v2 that is plugged in, if any. Raises CameraError if the library is missing or fails."""
    if find_spec("freenect2") is None:  # spares the process that would only find the same
        raise CameraError(MISSING)
    return call_isolated(list_plugged_in, "The Kinect v2 library", LISTING_S)
