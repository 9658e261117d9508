"""The vendor's SDK: loading it, its world, and what it lists as plugged in."""

import functools
import time
from typing import Any

from depthface_app.cameras.realsense.settings import RealSenseSettings
from depthface_app.core.errors import CameraError

NETWORK_DISCOVERY_S = 3.0
LISTING_S = 2.0


def sdk() -> Any:
    """The SDK, imported when it is first needed. Raises CameraError if it cannot be."""
    try:
        import pyrealsense2
    except ImportError as error:
        raise CameraError(
            f"The RealSense SDK cannot be loaded ({error}); install pyrealsense2 and, on Linux, libusb-1.0."
        ) from error
    return pyrealsense2


@functools.cache
def shared_context(dds_domain: int | None, dds_addresses: tuple[str, ...]) -> Any:
    """The SDK's world, kept for good: making a second one for the same network domain does not work properly."""
    dds: dict[str, Any] = {"enabled": False}
    if dds_domain is not None:
        # 0 s: `discover` does the waiting, and stops when it has found what it looks for
        dds = {"enabled": True, "domain": dds_domain, "participant": "depthface"}
        dds |= {"query-devices-min": 0, "query-devices-max": 0}
        dds |= {"udp": {"whitelist": list(dds_addresses)}} if dds_addresses else {}
    try:
        return sdk().context({"dds": dds})
    except RuntimeError as error:
        raise CameraError(f"The RealSense SDK does not start: {error}.") from error


def plugged_in(context: Any) -> dict[str, Any]:
    """Serial number → device, for everything that the SDK lists now; RuntimeError if one goes while it is asked."""
    return {info_of(device, "serial_number"): device for device in context.query_devices()}


def discover(settings: RealSenseSettings, serial: str) -> dict[str, Any]:
    """What is plugged in; on a network, once `serial` is among it or NETWORK_DISCOVERY_S have passed."""
    context = shared_context(settings.dds_domain, settings.dds_addresses)
    deadline_s = time.monotonic() + (0.0 if settings.dds_domain is None else NETWORK_DISCOVERY_S)
    while True:
        try:
            found = plugged_in(context)
            if serial in found or (found and not serial) or time.monotonic() >= deadline_s:
                return found
        except RuntimeError as error:
            if time.monotonic() >= deadline_s + LISTING_S:
                raise CameraError(f"The RealSense SDK cannot list its cameras: {error}.") from error
        time.sleep(0.02)


def info_of(device: Any, name: str) -> str:
    """What a device says about itself under one of the SDK's names, "" if it does not."""
    info = getattr(sdk().camera_info, name)
    return str(device.get_info(info)) if device.supports(info) else ""
