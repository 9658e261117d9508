"""The Orbbec SDK v2 and what it knows about cameras. Only for a camera's own process: the SDK can crash it.

Source: pyorbbecsdk 2.1.2, pyorbbecsdk.pyi and the vendor's documentation of its Python wrapper.
"""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from depthface_app.cameras.base import CameraInfo
from depthface_app.core.errors import CameraError

VERSION = "2.1.2"
# No dependency of ours: on Python 3.11 it asks for NumPy 1, which it does not need, and for what its examples use.
MISSING = f"The Orbbec SDK is not installed; run `pip install --no-deps pyorbbecsdk2=={VERSION}`."


def sdk() -> Any:
    """The SDK, told to keep its log to itself. Raises CameraError if it cannot be loaded."""
    try:
        import pyorbbecsdk
    except ModuleNotFoundError as error:
        raise CameraError(MISSING) from error
    except ImportError as error:
        raise CameraError(f"The Orbbec SDK cannot be loaded ({error}); install pyorbbecsdk2 {VERSION} anew.") from error
    silent = pyorbbecsdk.OBLogLevel.NONE
    pyorbbecsdk.Context.set_logger_to_console(silent)
    pyorbbecsdk.Context.set_logger_to_file(silent, "")  # or it makes a folder where the program was started
    return pyorbbecsdk


def list_plugged_in() -> tuple[CameraInfo, ...]:
    """Every camera that is plugged in now. Raises CameraError if the SDK cannot be loaded."""
    return tuple(describe(device) for device in plugged_in(sdk().Context()).values())


def plugged_in(context: Any) -> dict[str, Any]:
    """Serial number → device."""
    devices = context.query_devices()
    return {devices.get_device_serial_number_by_index(k): devices[k] for k in range(devices.get_count())}


def describe(device: Any, file: Path | None = None) -> CameraInfo:
    """Name, serial, firmware and connection of a camera, or of the camera that a recording was made with."""
    ob, about = sdk(), device.get_device_info()
    name, firmware = about.get_name().removesuffix("(Playback)"), about.get_firmware_version()
    settings = {
        "sdk": f"pyorbbecsdk2 {ob.__version__}, Orbbec SDK {ob.get_version()}",
        "firmware_version": firmware,
        "recommended_firmware_version": _recommended(Path(ob.__file__).parent, about.get_pid()),
        "connection_type": about.get_connection_type(),
    }
    return CameraInfo(
        source=f"orbbec:{file or about.get_serial_number()}",
        name=file.name if file else name,
        serial=about.get_serial_number(),
        detail=f"recorded with {name}" if file else f"firmware {firmware}, {about.get_connection_type()}",
        settings={key: text for key, text in settings.items() if text},
    )


def _recommended(package: Path, product: int) -> str:
    """Firmware that the SDK was made for, "" if it does not say."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads((package / "config" / "firmware_compatibility_pid.json").read_text(encoding="utf-8"))
        return next((each["recommended_version"] for each in known["devices"] if product in each["pids"]), "")
    return ""
