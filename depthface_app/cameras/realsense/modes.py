"""Which of its modes a RealSense camera is asked to stream in."""

from typing import Any

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.modes import Asked, Size, asked_of, distance, fits, no_such_mode

# Best for the D435, wide, and near enough for faces: at 1280×720, best for the D415, the nearest distance seen is half
# as far again, and that camera would lose people who stand close.
# Source: "Tuning depth cameras for best performance", dev.intelrealsense.com ("optimal depth resolution"; lower
# resolutions "reduce the minimum operating range, which will scale with the x-y resolution").
USUAL = (848, 480, 30)


def live_config(rs: Any, device: Any, request: StreamRequest, name: str) -> Any:
    """What to stream: depth as asked, or nearest to USUAL, and the infrared and colour that go with it.

    `rs` is the SDK. Raises CameraError if the camera has no such depth mode.
    """
    modes = [profile.as_video_stream_profile() for sensor in device.query_sensors() for profile in _videos(sensor)]
    depth = _best(modes, rs.stream.depth, rs.format.z16, asked_of(request))
    if depth is None:
        offered = (_size(mode) for mode in modes if mode.stream_type() == rs.stream.depth)
        raise no_such_mode(name, asked_of(request), offered)
    width, height, fps = _size(depth)
    chosen = [depth]
    if request.infrared:
        chosen.append(_best(modes, rs.stream.infrared, rs.format.y8, (width, height, fps)))
    if request.colour:
        chosen.append(_best(modes, rs.stream.color, rs.format.rgb8, (None, None, fps)))
    config = rs.config()
    config.enable_device(device.get_info(rs.camera_info.serial_number))
    for mode in chosen:
        if mode is not None:
            config.enable_stream(
                mode.stream_type(), mode.stream_index(), *_size(mode)[:2], mode.format(), _size(mode)[2]
            )
    return config


def _videos(sensor: Any) -> list[Any]:
    return [profile for profile in sensor.get_stream_profiles() if profile.is_video_stream_profile()]


def _size(mode: Any) -> Size:
    return mode.width(), mode.height(), mode.fps()


def _best(modes: list[Any], stream: Any, pixels: Any, asked: Asked) -> Any:
    """The mode of that stream and format that has every asked-for value and is nearest to the usual one, or None."""
    fitting = [
        mode for mode in modes if mode.stream_type() == stream and mode.format() == pixels and fits(_size(mode), asked)
    ]
    return min(fitting, key=lambda mode: (distance(_size(mode), USUAL), mode.stream_index()), default=None)
