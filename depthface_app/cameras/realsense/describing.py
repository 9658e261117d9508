"""What a RealSense camera, or a recording made with one, says about itself."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.realsense.sdk import info_of, sdk, shared_context
from depthface_app.core.errors import CameraError

NOTED_INFO = (
    "name",
    "serial_number",
    "firmware_version",
    "recommended_firmware_version",
    "product_line",
    "usb_type_descriptor",
    "connection_type",
)


def describe(device: Any) -> CameraInfo:
    """Name, serial, firmware, connection and SDK of a camera."""
    facts = {name: text for name in NOTED_INFO if (text := info_of(device, name))}
    firmware, usb, serial = (
        facts.get(name, "") for name in ("firmware_version", "usb_type_descriptor", "serial_number")
    )
    parts = (f"firmware {firmware}" if firmware else "", f"USB {usb}" if usb else facts.get("connection_type", ""))
    return CameraInfo(
        source=f"realsense:{serial}",
        name=facts.get("name", "RealSense"),
        serial=serial,
        detail=", ".join(part for part in parts if part),
        settings=facts | {"sdk": f"pyrealsense2 {sdk().__version__}"},
    )


def describe_file(file: Path) -> tuple[CameraInfo, tuple[int, int]]:
    """What a recording was made with, and (height, width) of its depth.

    Raises:
        CameraError: it is missing, no recording, or has no depth.
    """
    if not file.is_file():
        raise CameraError(f"The recording {file} does not exist.")
    rs = sdk()
    try:
        profile = file_config(file, False).resolve(rs.pipeline_wrapper(rs.pipeline(shared_context(None, ()))))
    except RuntimeError as error:
        reason = str(error).rpartition("Reason: ")[2].rstrip(" []\n.")
        raise CameraError(f"{file} cannot be read as a RealSense recording: {reason}.") from error
    depths = [stream for stream in profile.get_streams() if stream.stream_type() == rs.stream.depth]
    if not depths:
        raise CameraError(f"The RealSense recording {file} has no depth stream.")
    made_with, mode = describe(profile.get_device()), depths[0].as_video_stream_profile()
    info = replace(made_with, source=f"realsense:{file}", name=file.name, detail=f"recorded with {made_with.name}")
    return info, (mode.height(), mode.width())


def file_config(file: Path, loop: bool) -> Any:
    """The SDK's configuration that plays a recording."""
    config = sdk().config()
    config.enable_device_from_file(str(file), repeat_playback=loop)
    return config
