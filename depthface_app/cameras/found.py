"""Source addresses ("simulated:", "recording:FILE", "realsense:SERIAL"), and what is plugged in."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qsl

from depthface_app.cameras.azure import azure, find_azure
from depthface_app.cameras.base import BackendReport, CameraInfo, DepthCamera
from depthface_app.cameras.kinect1 import find_kinect1, kinect1
from depthface_app.cameras.kinect2 import find_kinect2, kinect2
from depthface_app.cameras.orbbec import find_orbbec, orbbec
from depthface_app.cameras.realsense import RealSenseSettings, find_realsense, live_realsense, recorded_realsense
from depthface_app.cameras.realsense.settings import over_general, with_parameters
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.simulated import SimulatedCamera
from depthface_app.core.errors import CameraError
from depthface_app.core.sensors import SENSORS

# how the files that are sources begin, and which back-end plays them
SIGNATURES = {b"\x89MCAP0\r\n": "recording", b"#ROSBAG V2.0": "realsense", b"SQLite format 3\0": "realsense"}
REALSENSE_SUFFIXES = (".bag", ".db3")
FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
ORBBEC_TOPICS = b"/cam/streamProfileType_"  # only in the index of Orbbec's bags, which lies at their end
INDEX_BYTES = 1 << 18

# What each back-end was really run with. Never more than was done.
EXERCISED = {
    "simulated": "a model of five sensors, not a camera",
    "realsense": "the vendor's SDK with a virtual networked camera and with recordings; no physical camera",
    "kinect1": "libfreenect's interface, played by its stand-in fakenect from simulated dumps; no physical camera",
    "kinect2": "our own code with a stand-in for the library; neither the library nor a camera",
    "azure": "our own code with a stand-in for the library; neither the library nor a camera",
    "orbbec": "the vendor's SDK without a camera and with simulated recordings; no physical camera",
}


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
        source: "simulated:?sensor=d435&people=3", "recording:FILE?loop=1", "recording:FILE?frame=120&paused=1",
            "realsense:", "realsense:SERIAL",
            "realsense:SERIAL?preset=high-accuracy&filters=spatial,temporal", "realsense:FILE.bag", or a bare file
            name, which is recognised by the file's content; "kinect1:0?tilt=10", "orbbec:SERIAL", "orbbec:FILE.bag",
            "azure:0?mode=narrow", "kinect2:"
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
    with ThreadPoolExecutor(len(ISOLATED)) as pool:  # each of them waits for a process of its own
        isolated = pool.map(_report, ISOLATED, (find for _, find in ISOLATED.values()))
        return (
            _report("simulated", _simulated_sensors),
            _report("realsense", lambda: find_realsense(RealSenseSettings(dds_domain, dds_addresses))),
            *isolated,
        )


def _simulated_sensors() -> tuple[CameraInfo, ...]:
    return tuple(SimulatedCamera.from_address({"sensor": name}).info for name in SENSORS)


def parse(source: str) -> Address:
    """The parts of a source address.

    Raises:
        CameraError: it has neither a prefix nor is it a file.
    """
    prefix, colon, rest = source.partition(":")
    if not colon or len(prefix) == 1:  # one letter is a drive of Windows
        return _bare(source)
    target, query = _split(rest)
    if prefix == "recording" and target:
        prefix = _content(Path(target)) or prefix
    return Address(source, prefix, target, query)


def _bare(source: str) -> Address:
    target, query = _split(source)
    if not Path(target).expanduser().is_file():
        raise CameraError(f"There is no source and no file {target}; {_choices()}.")
    prefix = _content(Path(target))
    if prefix is None:
        raise CameraError(f"{target} is no recording: neither a DepthFace session nor a RealSense or Orbbec one.")
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
            file.seek(max(0, file.seek(0, os.SEEK_END) - INDEX_BYTES))
            if start.startswith(b"#ROSBAG") and ORBBEC_TOPICS in file.read():
                return "orbbec"
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
    flags = _flags(address, {"loop": False, "realtime": paced, "paused": False}, others=("frame",))
    frame = _index(address.query.get("frame", "0"))
    return RecordingCamera(Path(address.target).expanduser(), frame=frame, **flags)


def _index(text: str) -> int:
    if not text.isdecimal():
        raise CameraError(f"recording:?frame={text} cannot be had; frame must be a whole number from 0.")
    return int(text)


def _realsense(address: Address, settings: RealSenseSettings, paced: bool) -> DepthCamera:
    if not _is_file(address):
        return live_realsense(address.target, with_parameters(settings, address.query))
    known = {"loop": False, "realtime": paced}
    flags = _flags(replace(address, query={name: address.query[name] for name in known.keys() & address.query}), known)
    others = {name: value for name, value in address.query.items() if name not in known}
    path, settings = Path(address.target).expanduser(), with_parameters(settings, others, is_file=True)
    return recorded_realsense(path, settings, loop=flags["loop"], realtime=flags["realtime"])


def _is_file(address: Address) -> bool:
    path = Path(address.target).expanduser()
    return bool(address.target) and (path.suffix.lower() in REALSENSE_SUFFIXES or path.is_file())


def _flags(address: Address, known: dict[str, bool], others: tuple[str, ...] = ()) -> dict[str, bool]:
    """The known flags with the values that the address gives them.

    Args:
        others: parameters that are no flags.

    Raises:
        CameraError: for any other parameter.
    """
    given = {name: value for name, value in address.query.items() if name not in others}
    for name, value in given.items():
        if name not in known:
            knows = f"it knows {', '.join((*known, *others))}" if known else "it knows none"
            raise CameraError(f"{address.prefix}: has no parameter {name!r}; {knows}.")
        if value.lower() not in FLAGS:
            raise CameraError(f"{address.prefix}:?{name}={value} cannot be had; {name} must be 1 or 0.")
    return known | {name: FLAGS[value.lower()] for name, value in given.items()}


def _isolated(address: Address, _: RealSenseSettings, __: bool) -> DepthCamera:
    make, _find = ISOLATED[address.prefix]
    return make(address.target, address.query)


Make = Callable[[str, Mapping[str, str]], DepthCamera]
Find = Callable[[], tuple[CameraInfo, ...]]

# Families whose SDK lives in a process of its own, because it may crash.
ISOLATED: dict[str, tuple[Make, Find]] = {
    "kinect1": (kinect1, find_kinect1),
    "kinect2": (kinect2, find_kinect2),
    "azure": (azure, find_azure),
    "orbbec": (orbbec, find_orbbec),
}
CAMERAS: dict[str, Callable[[Address, RealSenseSettings, bool], DepthCamera]] = {
    "simulated": _simulated,
    "recording": _recording,
    "realsense": _realsense,
    **dict.fromkeys(ISOLATED, _isolated),
}


def _report(backend: str, find: Find) -> BackendReport:
    problem, cameras = "", tuple[CameraInfo, ...]()
    try:
        cameras = find()
    except CameraError as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001 - device probe: a back-end that is broken must not hide the others
        problem = f"The {backend} back-end failed: {error}."
    return BackendReport(backend, cameras, problem, EXERCISED[backend])


def _unknown(address: Address) -> str:
    return f"There is no kind of source {address.prefix}:; {_choices()}."


def _choices() -> str:
    return f"sources are {', '.join(f'{prefix}:' for prefix in CAMERAS)} and the name of a recording"
