"""What the address of the simulated camera may ask for, and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from depthface_app.cameras.simulation.people import shipped_people
from depthface_app.core.errors import CameraError
from depthface_app.core.face import HeadPose
from depthface_app.core.sensors import SENSORS

MOST_PEOPLE = 4
NEAREST_MM, FARTHEST_MM = 150.0, 4000.0
SHORTEST_CHANGE_S = 3.0
_TRUE, _FALSE = ("1", "true", "yes"), ("0", "false", "no")


@dataclass(frozen=True, slots=True)
class Simulation:
    """What is simulated.

    cast:        names of who may appear, in order; empty = everybody, in an order drawn from the seed
    change_s:    how long a person stays before the next of the cast takes the place, or None
    pose:        fixed head pose of everybody, who then stand still, or None
    distance_mm: to the tip of the nearest nose, or None
    realtime:    deliver frames at the camera's rate, skipping what nobody asked for in time
    """

    sensor: str = "d435"
    people: int = 1
    seed: int = 1
    cast: tuple[str, ...] = ()
    change_s: float | None = None
    empty: bool = False
    pose: HeadPose | None = None
    distance_mm: float | None = None
    realtime: bool = True


def simulation_of(query: dict[str, str]) -> Simulation:
    """The simulation that the parameters of an address describe.

    Raises:
        CameraError: if a parameter is unknown or has an impossible value.
    """
    values: dict[str, Any] = {}
    for key, text in query.items():
        if key not in _READERS:
            raise CameraError(f"simulated: has no parameter {key!r}; it knows {', '.join(sorted(_READERS))}")
        field, read = _READERS[key]
        values[field] = read(key, text)
    if values.get("cast") and "people" not in query:
        values["people"] = min(len(values["cast"]), MOST_PEOPLE) if "change_s" not in values else 1
    return Simulation(**values)


def _refused(key: str, text: str, expected: str) -> CameraError:
    return CameraError(f"simulated:?{key}={text} cannot be had; {key} must be {expected}")


def _sensor(key: str, text: str) -> str:
    if text not in SENSORS:
        raise _refused(key, text, f"one of {', '.join(SENSORS)}")
    return text


def _number(key: str, text: str, least: float, most: float, expected: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise _refused(key, text, expected) from error
    if not (isfinite(value) and least <= value <= most):
        raise _refused(key, text, expected)
    return value


def _whole(least: int, most: int) -> Callable[[str, str], int]:
    def read(key: str, text: str) -> int:
        expected = f"a whole number from {least} to {most}"
        value = _number(key, text, least, most, expected)
        if value != int(value):
            raise _refused(key, text, expected)
        return int(value)

    return read


def _between(least: float, most: float, unit: str) -> Callable[[str, str], float]:
    return lambda key, text: _number(key, text, least, most, f"from {least:g} to {most:g} {unit}")


def _yes(key: str, text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise _refused(key, text, "0 or 1")
    return text.lower() in _TRUE


def _cast(key: str, text: str) -> tuple[str, ...]:
    names = shipped_people().names
    known = {name.lower(): name for name in names} | {str(number): name for number, name in enumerate(names)}
    chosen = [known.get(part.strip().lower()) for part in text.split(",")]
    if None in chosen or len(set(chosen)) < len(chosen):
        raise _refused(key, text, f"different people out of {', '.join(names)}, or their numbers from 0")
    return tuple(name for name in chosen if name)


def _pose(key: str, text: str) -> HeadPose:
    expected = "yaw,pitch,roll in degrees, with the pitch between -89 and 89"
    parts = text.split(",")
    if len(parts) != 3:
        raise _refused(key, text, expected)
    yaw, pitch, roll = (_number(key, text=part, least=-180, most=180, expected=expected) for part in parts)
    if abs(pitch) > 89:
        raise _refused(key, text, expected)
    return HeadPose(yaw, pitch, roll)


_READERS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "sensor": ("sensor", _sensor),
    "people": ("people", _whole(1, MOST_PEOPLE)),
    "seed": ("seed", _whole(0, 2**31 - 1)),
    "cast": ("cast", _cast),
    "change": ("change_s", _between(SHORTEST_CHANGE_S, 3600, "seconds")),
    "empty": ("empty", _yes),
    "pose": ("pose", _pose),
    "distance": ("distance_mm", _between(NEAREST_MM, FARTHEST_MM, "millimetres")),
    "realtime": ("realtime", _yes),
}
