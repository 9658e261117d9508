"""Which of its modes an Orbbec camera is asked to stream in."""

from dataclasses import dataclass
from typing import Any

from depthface_app.cameras.base import StreamRequest
from depthface_app.cameras.modes import Asked, Size, asked_of, distance, fits, no_such_mode

USUAL = (640, 480, 30)


@dataclass(frozen=True, slots=True)
class Streams:
    """The chosen profiles of the SDK; None where there is none.

    infrared_frame: the SDK's name for frames of the infrared stream
    """

    depth: Any
    colour: Any = None
    infrared: Any = None
    infrared_frame: Any = None

    def config(self, ob: Any) -> Any:
        """The same as the SDK's configuration."""
        config = ob.Config()
        for profile in (self.depth, self.colour, self.infrared):
            if profile is not None:
                config.enable_stream(profile)
        return config


def chosen(ob: Any, pipeline: Any, request: StreamRequest, name: str) -> Streams:
    """Depth as asked, or near 640×480 at 30 Hz, and the infrared and colour that go with it.

    `ob` is the SDK. Raises CameraError if the camera has no such depth mode.
    """
    modes = _profiles(pipeline, ob.OBSensorType.DEPTH_SENSOR)
    depth = _best(modes, (ob.OBFormat.Y16, ob.OBFormat.Z16), asked_of(request))
    if depth is None:
        raise no_such_mode(name, asked_of(request), map(_size, modes))
    width, height, fps = _size(depth)
    colour = infrared = None
    if request.colour:
        colour = _best(_profiles(pipeline, ob.OBSensorType.COLOR_SENSOR), (ob.OBFormat.RGB,), (None, None, fps))
    eyes = {  # depth is seen from the left one where there are two
        ob.OBFrameType.IR_FRAME: ob.OBSensorType.IR_SENSOR,
        ob.OBFrameType.LEFT_IR_FRAME: ob.OBSensorType.LEFT_IR_SENSOR,
    }
    for frame, sensor in eyes.items() if request.infrared else ():
        infrared = _best(_profiles(pipeline, sensor), (ob.OBFormat.Y8, ob.OBFormat.Y16), (width, height, fps))
        if infrared is not None:
            return Streams(depth, colour, infrared, frame)
    return Streams(depth, colour)


def _profiles(pipeline: Any, sensor: Any) -> list[Any]:
    """Every video mode of a sensor, none if the camera does not have it."""
    try:
        profiles = pipeline.get_stream_profile_list(sensor)
    except RuntimeError:
        return []
    every = (profiles.get_stream_profile_by_index(k) for k in range(len(profiles) if profiles else 0))
    return [profile.as_video_stream_profile() for profile in every if profile.is_video_stream_profile()]


def _size(profile: Any) -> Size:
    return profile.get_width(), profile.get_height(), profile.get_fps()


def _best(modes: list[Any], formats: tuple[Any, ...], asked: Asked) -> Any:
    """The mode of these formats that has every asked-for value and is nearest to the usual one, or None."""
    fitting = [mode for mode in modes if mode.get_format() in formats and fits(_size(mode), asked)]
    return min(fitting, key=lambda mode: distance(_size(mode), USUAL), default=None)
