"""What is asked of a RealSense camera, and how an address or the settings file asks for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from depthface_app.core.errors import CameraError

FILTERS = ("decimation", "spatial", "temporal", "hole-filling")
KEEP = "keep"
LIVE_ONLY = ("preset", "json", "emitter", "laser", "exposure", "gain", "size", "fps", "process")
SWITCH = {"1": 1.0, "0": 0.0}


@dataclass(frozen=True, slots=True)
class RealSenseSettings:
    """How the SDK is used, and what is asked of the camera; None leaves a choice to this program.

    dds_domain:    0 to 232: look for networked cameras in this DDS domain; None: USB only
    dds_addresses: addresses of this computer that DDS may use; empty means all of them
    options:       SDK option name → value for the depth sensor, e.g. {"emitter_enabled": 1}; set after the preset
    preset:        visual preset by the name the camera gives it, KEEP for whatever the camera is set to
    json:          file of advanced-mode parameters, as the vendor's viewer saves it; in place of a preset
    width, height, fps: depth mode
    filters:       the vendor's post-processing blocks to run, of FILTERS
    process:       run the SDK in a process of its own, which is replaced when a call never returns
    """

    dds_domain: int | None = None
    dds_addresses: tuple[str, ...] = ()
    options: Mapping[str, float] = field(default_factory=dict)
    preset: str | None = None
    json: Path | None = None
    width: int | None = None
    height: int | None = None
    fps: int | None = None
    filters: tuple[str, ...] = ()
    process: bool = False


def with_parameters(
    settings: RealSenseSettings, parameters: Mapping[str, str], *, is_file: bool = False
) -> RealSenseSettings:
    """The settings with the parameters of an address, e.g. {"preset": "high-accuracy", "filters": "spatial,temporal"}.

    Args:
        is_file: a recording is played, whose camera can no longer be set.

    Raises:
        CameraError: an unknown parameter or value, in one sentence that names the valid ones.
    """
    for name, value in parameters.items():
        if name not in _READERS:
            raise CameraError(f"realsense: has no parameter {name!r}; it knows {', '.join(_known(is_file))}.")
        if is_file and name in LIVE_ONLY:
            raise CameraError(f"A RealSense recording cannot be given another {name}; leave {name}={value} out.")
        settings = _READERS[name](settings, name, value)
    if settings.json is not None and settings.preset is not None:
        raise CameraError("realsense: takes either json or preset, since each sets what the other does; leave one out.")
    return settings


def over_general(parameters: dict[str, str], general: str, *, is_file: bool) -> dict[str, str]:
    """The parameters of one address over those for every camera, "preset=hand&emitter=1".

    A recording takes of the latter only what can still be done to it.
    """
    kept = dict(parse_qsl(general, keep_blank_values=True))
    gone = set(LIVE_ONLY) if is_file else set()
    if {"json", "preset"} & parameters.keys():  # one stands in place of the other
        gone |= {"json", "preset"}
    return {name: value for name, value in kept.items() if name not in gone} | parameters


def problem_of(general: str) -> str:
    """What is wrong with parameters for every camera, "" when nothing is."""
    try:
        with_parameters(RealSenseSettings(), dict(parse_qsl(general, keep_blank_values=True)))
    except CameraError as error:
        return str(error).rstrip(".")
    return ""


def _known(is_file: bool) -> tuple[str, ...]:
    return ("loop", "realtime", "filters") if is_file else tuple(_READERS)


def _refused(name: str, value: str, wanted: str) -> CameraError:
    return CameraError(f"realsense:?{name}={value} cannot be had; {name} must be {wanted}.")


def _number(name: str, value: str, wanted: str, kind: Callable[[str], Any] = float) -> Any:
    try:
        number = kind(value)
    except ValueError:
        raise _refused(name, value, wanted) from None
    if not 0 <= number < 1e6:
        raise _refused(name, value, wanted)
    return number


def _preset(settings: RealSenseSettings, _: str, value: str) -> RealSenseSettings:
    return replace(settings, preset=value)


def _json(settings: RealSenseSettings, _: str, value: str) -> RealSenseSettings:
    return replace(settings, json=Path(value).expanduser())


def _emitter(settings: RealSenseSettings, name: str, value: str) -> RealSenseSettings:
    if value not in SWITCH:
        raise _refused(name, value, "1 or 0")
    return _with(settings, emitter_enabled=SWITCH[value])


def _laser(settings: RealSenseSettings, name: str, value: str) -> RealSenseSettings:
    return _with(settings, laser_power=_number(name, value, "a power in mW"))


def _exposure(settings: RealSenseSettings, name: str, value: str) -> RealSenseSettings:
    if value == "auto":
        return _with(settings, enable_auto_exposure=1.0)
    exposure_us = _number(name, value, "auto or a time in µs")
    return _with(settings, enable_auto_exposure=0.0, exposure=exposure_us)


def _gain(settings: RealSenseSettings, name: str, value: str) -> RealSenseSettings:
    return _with(settings, enable_auto_exposure=0.0, gain=_number(name, value, "a number, 16 at the least"))


def _size(settings: RealSenseSettings, name: str, value: str) -> RealSenseSettings:
    width, cross, height = value.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise _refused(name, value, "WIDTHxHEIGHT, e.g. 848x480")
    return replace(settings, width=int(width), height=int(height))


def _fps(settings: RealSenseSettings, name: str, value: str) -> RealSenseSettings:
    return replace(settings, fps=_number(name, value, "a whole number of frames per second", int))


def _filters(settings: RealSenseSettings, name: str, value: str) -> RealSenseSettings:
    names = tuple(each.strip() for each in value.split(",") if each.strip())
    for each in names:
        if each not in FILTERS:
            raise CameraError(f"realsense: has no filter {each!r}; it knows {', '.join(FILTERS)}.")
    return replace(settings, filters=tuple(each for each in FILTERS if each in names))


def _process(settings: RealSenseSettings, name: str, value: str) -> RealSenseSettings:
    if value not in SWITCH:
        raise _refused(name, value, "1 or 0")
    return replace(settings, process=bool(SWITCH[value]))


def _with(settings: RealSenseSettings, **options: float) -> RealSenseSettings:
    return replace(settings, options={**settings.options, **options})


_READERS: dict[str, Callable[[RealSenseSettings, str, str], RealSenseSettings]] = {
    "preset": _preset,
    "json": _json,
    "emitter": _emitter,
    "laser": _laser,
    "exposure": _exposure,
    "gain": _gain,
    "size": _size,
    "fps": _fps,
    "filters": _filters,
    "process": _process,
}
