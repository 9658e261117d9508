"""How an address asks for an Orbbec camera: `orbbec:`, `orbbec:SERIAL`, `orbbec:FILE.bag`."""

import functools
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.isolated import IsolatedCamera, call_isolated
from depthface_app.cameras.orbbec.camera import OrbbecCamera
from depthface_app.cameras.orbbec.sdk import MISSING, list_plugged_in
from depthface_app.cameras.parameters import check_known
from depthface_app.core.errors import CameraError

RECORDING = ".bag"
LISTING_S = 15.0


def orbbec(target: str, parameters: Mapping[str, str]) -> IsolatedCamera:
    """The camera or recording of an address, in a process of its own; not opened yet.

    Args:
        target: serial number, or "" for the first; or the name of a recording.
        parameters: none are known.

    Raises:
        CameraError: an unknown parameter.
    """
    check_known("orbbec", parameters, ())
    path = Path(target).expanduser()
    if target and (path.suffix.lower() == RECORDING or path.is_file()):
        info = CameraInfo(f"orbbec:{target}", path.name)
        return IsolatedCamera(functools.partial(OrbbecCamera, "", path.absolute()), info)
    return IsolatedCamera(functools.partial(OrbbecCamera, target), CameraInfo(f"orbbec:{target}", "Orbbec", target))


def find_orbbec() -> tuple[CameraInfo, ...]:
    """Every Orbbec camera that is plugged in. Raises CameraError if the SDK is missing or fails."""
    if find_spec("pyorbbecsdk") is None:  # spares the process that would only find the same
        raise CameraError(MISSING)
    return call_isolated(list_plugged_in, "The Orbbec SDK", LISTING_S)
