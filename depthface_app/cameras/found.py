"""Source addresses ("simulated:", "recording:FILE", "realsense:SERIAL"), and what is plugged in."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl

from depthface_app.cameras.base import BackendReport, CameraInfo, DepthCamera
from depthface_app.cameras.realsense import RealSenseCamera, RealSenseSettings, find_realsense
from depthface_app.cameras.realsense.settings import over_general, with_parameters
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.errors import CameraError
from depthface_app.core.sensors import SENSORS

# how the files that are sources begin, and which back-end plays them
SIGNATURES = {b"\x89MCAP0\r\n": "recording", b"#ROSBAG V2.0": "realsense", b"SQLite format 3\0": "realsense"}
REALSENSE_SUFFIXES = (".bag", ".db3")
FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
LATER = {"kinect1": "Kinect v1", "kinect2": "Kinect v2", "azure": "Azure Kinect", "orbbec": "Orbbec"}


@dataclass(frozen=True, slots=True)
class Address:
    """A source address in its parts: prefix:target?query."""

    text: str
    prefix: str
    target: str = ""
    query: dict[str, str] = field(default_factory=dict)


def open_source(
    source: str,
    *,
    dds_domain: int | None = None,
    dds_addresses: tuple[str, ...] = (),
    realsense: str = "",
    paced: bool = True,
) -> DepthCamera:
    """The camera that a source address names, not opened yet.

    Args:
        source: "simulated:?sensor=d435&people=3", "recording:FILE?loop=1", "realsense:", "realsense:SERIAL",
            "realsense:SERIAL?preset=high-accuracy&filters=spatial,temporal", "realsense:FILE.bag", or a bare file
            name, which is recognised by the file's content
        dds_domain: DDS domain to look for networked RealSense cameras in; None looks on USB only
        dds_addresses: addresses of this computer that DDS may use; empty means all
        realsense: parameters for every live RealSense camera, "preset=hand&emitter=1"; those of an address win
        paced: False delivers every frame of a recording or simulation as fast as it is read

    Raises:
        CameraError: the address names no source, or has a parameter that the source does not know.
    """
    address = parse(source)
    if address.prefix not in CAMERAS:
        raise CameraError(_unknown(address))
    if address.prefix == "realsense":
        address = replace(address, query=over_general(address.query, realsense, is_file=_is_file(address)))
    return CAMERAS[address.prefix](address, RealSenseSettings(dds_domain, dds_addresses), paced)


def find_cameras(*, dds_domain: int | None = None, dds_addresses: tuple[str, ...] = ()) -> tuple[BackendReport, ...]:
    """What could be opened now, per back-end, or why a back-end is not available. Takes seconds with DDS."""
    return (
        BackendReport("simulated", tuple(SimulatedCamera.from_address({"sensor": name}).info for name in SENSORS)),
        _report("realsense", lambda: find_realsense(RealSenseSettings(dds_domain, dds_addresses))),
    )


def parse(source: str) -> Address:
    """The parts of a source address.

    Raises:
        CameraError: it has neither a prefix nor is it a file.
    """
    prefix, colon, rest = source.partition(":")
    if not colon or len(prefix) == 1:  # one letter is a drive of Windows
        return _bare(source)
    target, query = _split(rest)
    if prefix == "recording" and target and _content(Path(target)) == "realsense":
        prefix = "realsense"
    return Address(source, prefix, target, query)


def _bare(source: str) -> Address:
    target, query = _split(source)
    if not Path(target).expanduser().is_file():
        raise CameraError(f"There is no source and no file {target}; {_choices()}.")
    prefix = _content(Path(target))
    if prefix is None:
        raise CameraError(f"{target} is no recording: neither a DepthFace session nor a RealSense .bag or .db3.")
    return Address(source, prefix, target, query)


def _split(rest: str) -> tuple[str, dict[str, str]]:
    """Target and parameters; a question mark in the name of a file that exists belongs to the name."""
    target, mark, query = rest.rpartition("?")
    if not mark or Path(rest).expanduser().exists():
        return rest, {}
    return target, dict(parse_qsl(query, keep_blank_values=True))


def _content(path: Path) -> str | None:
    """Which back-end plays that file, None if none does or it cannot be read."""
    try:
        with path.expanduser().open("rb") as file:
            start = file.read(16)
    except OSError:
        return None
    return next((prefix for signature, prefix in SIGNATURES.items() if start.startswith(signature)), None)


def _simulated(address: Address, _: RealSenseSettings, paced: bool) -> DepthCamera:
    if address.target:
        raise CameraError(f"{address.text}: a simulated camera has no name; write its parameters behind ?.")
    return SimulatedCamera.from_address(address.query if paced else {"realtime": "0", **address.query})


def _recording(address: Address, _: RealSenseSettings, paced: bool) -> DepthCamera:
    if not address.target:
        raise CameraError("recording: needs the name of a file, e.g. recording:session.mcap.")
    flags = _flags(address, {"loop": False, "realtime": paced})
    return RecordingCamera(Path(address.target).expanduser(), **flags)


def _realsense(address: Address, settings: RealSenseSettings, paced: bool) -> DepthCamera:
    if not _is_file(address):
        return RealSenseCamera(address.target, settings=with_parameters(settings, address.query))
    known = {"loop": False, "realtime": paced}
    flags = _flags(replace(address, query={name: address.query[name] for name in known.keys() & address.query}), known)
    others = {name: value for name, value in address.query.items() if name not in known}
    path, settings = Path(address.target).expanduser(), with_parameters(settings, others, is_file=True)
    return RealSenseCamera(file=path, settings=settings, loop=flags["loop"], realtime=flags["realtime"])


def _is_file(address: Address) -> bool:
    path = Path(address.target).expanduser()
    return bool(address.target) and (path.suffix.lower() in REALSENSE_SUFFIXES or path.is_file())


def _flags(address: Address, known: dict[str, bool]) -> dict[str, bool]:
    """The known flags with the values that the address gives them. Raises CameraError for any other parameter."""
    for name, value in address.query.items():
        if name not in known:
            knows = f"it knows {', '.join(known)}" if known else "it knows none"
            raise CameraError(f"{address.prefix}: has no parameter {name!r}; {knows}.")
        if value.lower() not in FLAGS:
            raise CameraError(f"{address.prefix}:?{name}={value} cannot be had; {name} must be 1 or 0.")
    return known | {name: FLAGS[value.lower()] for name, value in address.query.items()}


CAMERAS: dict[str, Callable[[Address, RealSenseSettings, bool], DepthCamera]] = {
    "simulated": _simulated,
    "recording": _recording,
    "realsense": _realsense,
}


def _report(backend: str, find: Callable[[], tuple[CameraInfo, ...]]) -> BackendReport:
    try:
        return BackendReport(backend, find())
    except CameraError as error:
        return BackendReport(backend, (), str(error))
    except Exception as error:  # noqa: BLE001 - device probe: a back-end that is broken must not hide the others
        return BackendReport(backend, (), f"The {backend} back-end failed: {error}.")


def _unknown(address: Address) -> str:
    if address.prefix in LATER:
        return f"This version does not open {LATER[address.prefix]} cameras; {_choices()}."
    return f"There is no kind of source {address.prefix}:; {_choices()}."


def _choices() -> str:
    return "sources are simulated:, recording:FILE, realsense:, realsense:SERIAL, and the name of a recording"
