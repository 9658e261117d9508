"""Setting a RealSense camera's controls."""

from collections.abc import Mapping
from typing import Any

from depthface_app.cameras.realsense.sdk import sdk
from depthface_app.core.errors import CameraError


def set_options(device: Any, options: Mapping[str, float], name: str) -> None:
    """Set the depth sensor's options. Raises CameraError if it lacks one or refuses a value."""
    rs = sdk()
    sensor = device.first_depth_sensor()
    for option, value in options.items():
        known = rs.option.__members__.get(option)
        if known is None or not sensor.supports(known):
            raise CameraError(f"{name} has no option {option}.")
        try:
            sensor.set_option(known, value)
        except RuntimeError as error:
            raise CameraError(f"{name} refuses {option} = {value}: {error}.") from error
