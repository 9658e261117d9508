"""How an address asks for an Azure Kinect: `azure:`, `azure:0`, `azure:0?mode=wide-binned`."""

import functools
from collections.abc import Mapping

from depthface_app.cameras.azure.camera import AzureCamera, list_plugged_in
from depthface_app.cameras.azure.library import MISSING, MODES, NAMES
from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.isolated import IsolatedCamera, call_isolated
from depthface_app.cameras.libraries import is_installed
from depthface_app.cameras.parameters import check_known, choice
from depthface_app.core.errors import CameraError

LISTING_S = 15.0
USUAL_MODE = "narrow"


def azure(target: str, parameters: Mapping[str, str]) -> IsolatedCamera:
    """The camera of an address, in a process of its own; not opened yet.

    Args:
        target: its place in the list, "" for the first.
        parameters: mode, one of MODES.

    Raises:
        CameraError: the target is no number, or a parameter or value is unknown.
    """
    check_known("azure", parameters, ("mode",))
    if target and not target.isdecimal():
        raise CameraError(f"azure:{target} cannot be had; Azure Kinects are numbered: azure:0 is the first.")
    mode = choice("azure", parameters, "mode", tuple(MODES)) or USUAL_MODE
    make = functools.partial(AzureCamera, int(target or 0), mode)
    return IsolatedCamera(make, CameraInfo(f"azure:{target or 0}", "Azure Kinect"))


def find_azure() -> tuple[CameraInfo, ...]:
    """Every Azure Kinect that is plugged in. Raises CameraError if the library is missing or fails."""
    if not is_installed("k4a", NAMES):  # spares the process that would only find the same
        raise CameraError(MISSING)
    return call_isolated(list_plugged_in, "The Azure Kinect library", LISTING_S)
