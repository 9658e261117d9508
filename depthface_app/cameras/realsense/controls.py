"""Setting a RealSense camera's controls: preset or advanced-mode parameters first, then single options."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from depthface_app.cameras.realsense.sdk import sdk
from depthface_app.cameras.realsense.settings import KEEP, RealSenseSettings
from depthface_app.core.errors import CameraError

# The vendor's presets trade holes against outliers. Dense depth for faces: a denoiser follows, which removes outliers
# better than it invents what is missing, and a hole in a face costs more than a bad pixel on its outline.
# Source: "D400 Series Visual Presets", wiki of IntelRealSense/librealsense, and the advice of the vendor's engineer for
# near objects ("dense") in librealsense issue 7820.
FACE_PRESET = "High Density"

# A reply that got lost on the way, as the SDK words it. Network cameras lose about one in a hundred (librealsense issue
# 15590); the SDK also misses one that comes before it has begun to wait for it.
REPLY_LOST = "timeout waiting for reply"


def set_up(device: Any, settings: RealSenseSettings, name: str) -> None:
    """Set everything before streaming. Raises CameraError if the camera lacks something or refuses a value."""
    if settings.json is not None:
        _load_json(device, settings.json, name)
    elif settings.preset != KEEP:
        _choose_preset(device.first_depth_sensor(), settings.preset, name)
    set_options(device, settings.options, name)


def set_options(device: Any, options: Mapping[str, float], name: str) -> None:
    """Set the depth sensor's options. Raises CameraError if it lacks one or refuses a value."""
    rs = sdk()
    sensor = device.first_depth_sensor()
    for option, value in options.items():
        known = rs.option.__members__.get(option)
        if known is None or not sensor.supports(known):
            raise CameraError(f"{name} has no option {option}.")
        _set(sensor, known, value, name)


def _set(sensor: Any, option: Any, value: float, name: str) -> None:
    """Set one option, once more if the reply got lost. Raises CameraError if the camera refuses or stays silent."""
    try:
        try:
            sensor.set_option(option, value)
        except RuntimeError as error:
            if REPLY_LOST not in str(error):
                raise
            sensor.set_option(option, value)
    except RuntimeError as error:
        if REPLY_LOST in str(error):
            raise CameraError(f"{name} does not answer when {option.name} is set; check its cable.") from error
        raise CameraError(f"{name} refuses {option.name} = {_range_told(sensor, option, value)}: {error}.") from error


def _range_told(sensor: Any, option: Any, value: float) -> str:
    allowed = sensor.get_option_range(option)
    return f"{value:g} (it takes {allowed.min:g} to {allowed.max:g})"


def _choose_preset(sensor: Any, wanted: str | None, name: str) -> None:
    """Set the wanted preset; without a wish FACE_PRESET, if the camera has it."""
    presets = _presets(sensor)
    chosen = presets.get(_plain(wanted or FACE_PRESET))
    if chosen is not None:
        _set(sensor, sdk().option.visual_preset, chosen, name)
    elif wanted is not None:
        offered = f"it has {', '.join((*presets, KEEP))}" if presets else "it has none to choose from"
        raise CameraError(f"{name} has no preset {wanted!r}; {offered}.")


def _presets(sensor: Any) -> dict[str, float]:
    """Plain name → value of every preset that the camera itself names."""
    option = sdk().option.visual_preset
    if not sensor.supports(option):
        return {}
    allowed = sensor.get_option_range(option)
    values = range(round(allowed.min), round(allowed.max) + 1)
    named = {value: sensor.get_option_value_description(option, value) for value in values}
    return {_plain(text): float(value) for value, text in named.items() if text}


def _plain(name: str) -> str:
    """One spelling for "High Accuracy", "high_accuracy" and "high-accuracy"."""
    return name.strip().lower().replace(" ", "-").replace("_", "-")


def _load_json(device: Any, file: Path, name: str) -> None:
    """Load advanced-mode parameters. Raises CameraError if the file is unusable or the camera does not take it."""
    try:
        text = file.read_text(encoding="utf-8")
        is_object = isinstance(json.loads(text), dict)
    except OSError as error:
        raise CameraError(f"The RealSense parameters {file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CameraError(f"{file} holds no RealSense parameters: it is not JSON ({error}).") from error
    if not is_object:
        raise CameraError(f"{file} holds no RealSense parameters: it must be one JSON object.")
    try:
        sdk().serializable_device(device).load_json(text)
    except RuntimeError as error:
        raise CameraError(_refusal(name, file, str(error))) from error


def _refusal(name: str, file: Path, reason: str) -> str:
    if "advanced-mode" in reason.lower():
        return f"{name} takes no parameters from {file}: switch its advanced mode on once, in the vendor's viewer."
    return f"{name} does not take the parameters of {file}: {reason.rstrip('. ')}."
