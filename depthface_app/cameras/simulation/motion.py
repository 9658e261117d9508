"""Who stands where and how they move: pure functions of a seed and the time."""

from dataclasses import dataclass
from math import atan, degrees, radians, tan

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import HeadPose
from depthface_app.core.sensors import Sensor

NECK_JOINT_MM = np.array((0.0, 75.0, 110.0), np.float32)  # where a head turns, seen from the tip of its nose
_BODY_HALF_DEG = 10.0  # room that a head needs at the border of the picture
_GAP_DEG = 19.0  # between two people where there is room enough
_CROWD_MM = 200.0  # per person: nearer, heads would hide each other
_WALK_S = 1.2
# One after the other: straight ahead, to the left, to the right, up, down, as shares of a person's reach in yaw and
# pitch. Up and down are a little turned, so that nobody takes them for frontal views.
_LOOKS = ((0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.6, -1.0), (-0.6, 1.0))
_LOOK_S, _LOOK_TURN_S = 2.2, 0.7
_NEAREST_MM = {"kinect1": 640.0, "kinect2": 700.0, "d415": 600.0, "d435": 560.0, "truedepth": 430.0}
_ORDER = (1, 3, 0, 2)  # neighbours stand at unlike distances


@dataclass(frozen=True, slots=True)
class Place:
    """Where one person stands: direction of the tip of the nose from the camera, and its straight distance."""

    across_deg: float
    down_deg: float
    distance_mm: float

    def nose_mm(self) -> NDArray[np.float64]:
        """The point (3,) in camera axes."""
        ray = np.array((tan(radians(self.across_deg)), tan(radians(self.down_deg)), 1.0))
        return ray * (self.distance_mm / np.linalg.norm(ray))


@dataclass(frozen=True, eq=False, slots=True)
class Stance:
    """One person at one moment.

    person:      number in the file of people
    nose_mm:     (3,) where the tip of the nose would be if the head were upright and frontal
    expressions: (E,) float32 weights
    """

    person: int
    nose_mm: NDArray[np.float64]
    pose: HeadPose
    expressions: NDArray[np.float32]

    def head_nose_mm(self) -> NDArray[np.float64]:
        """Where the tip of the nose (3,) is after the head has turned about the neck."""
        return self.nose_mm + NECK_JOINT_MM - self.pose.matrix() @ NECK_JOINT_MM


def places(sensor: Sensor, n_people: int, rng: np.random.Generator) -> tuple[Place, ...]:
    """One place per person, side by side, each at a distance of its own, nobody hiding another's face."""
    nearest = _NEAREST_MM[sensor.name]
    if n_people == 1:
        return (Place(rng.uniform(-4, 4), rng.uniform(-2, 3), nearest + rng.uniform(0, 120)),)
    half_deg = min(sensor.hfov_deg / 2 - _BODY_HALF_DEG, _GAP_DEG * (n_people - 1) / 2)
    across = np.linspace(-half_deg, half_deg, n_people) + rng.uniform(-1, 1, n_people)
    ranks = np.argsort(np.argsort(_ORDER[:n_people]))
    foremost = max(nearest * (1 + 0.1 * n_people), _CROWD_MM * n_people)
    distance = foremost + 0.24 * nearest * ranks + rng.uniform(0, 40, n_people)
    down = rng.uniform(-3, 3, n_people)
    return tuple(Place(*map(float, each)) for each in zip(across, down, distance, strict=True))


class Mannerisms:
    """How one person sways, looks about, blinks and smiles: a sum of slow waves, and a round of looks."""

    def __init__(self, rng: np.random.Generator, expressions: tuple[str, ...]) -> None:
        """Draw amplitudes, periods and phases."""
        self._names = expressions
        slow, quick = rng.uniform(7, 12, 6), rng.uniform(2.6, 4.8, 6)
        self._turns_per_s = np.stack((1 / slow, 1 / quick))
        self._phases = rng.uniform(0, 1, (2, 6))
        reach = rng.uniform((4, 2, 2, 10, 4, 15), (8, 4, 7, 24, 10, 40))
        self._reach = np.stack((reach, 0.2 * reach))
        self._mood_period_s, self._mood_phase = (
            rng.uniform(9, 21, len(expressions)),
            rng.uniform(0, 1, len(expressions)),
        )
        self._mood_strength = rng.uniform(0.4, 0.95, len(expressions))
        self._blink_s, self._blink_phase = rng.uniform(2.8, 5.2), rng.uniform(0, 1)
        self._round_s, self._round_phase = rng.uniform(12, 14.5), rng.uniform(0, 1)
        self._look_deg = rng.uniform((20, 14), (27, 19))

    def sway(self, time_s: float) -> NDArray[np.float64]:
        """Yaw, pitch, roll in degrees and x, y, z in mm, (6,), around the person's place."""
        return (self._reach * np.sin(2 * np.pi * (time_s * self._turns_per_s + self._phases))).sum(0)

    def look(self, time_s: float) -> tuple[float, NDArray[np.float64]]:
        """How much the head follows the present look, 0 to 1, and the yaw and pitch (2,) in degrees it looks to."""
        turn = (time_s / self._round_s + self._round_phase) % 1 * len(_LOOKS)
        since_s = turn % 1 * self._round_s / len(_LOOKS)
        share = min(max(min(since_s, _LOOK_S - since_s) / _LOOK_TURN_S, 0.0), 1.0)
        return share * share * (3 - 2 * share), self._look_deg * _LOOKS[int(turn)]

    def expressions(self, time_s: float) -> NDArray[np.float32]:
        """Weights (E,): mostly neutral, one expression or two for a while, short blinks."""
        wave = np.sin(2 * np.pi * (time_s / self._mood_period_s + self._mood_phase))
        weights = self._mood_strength * np.maximum(wave, 0) ** 6
        since_blink_s = (time_s + self._blink_phase * self._blink_s) % self._blink_s
        weights[self._names.index("blink")] = max(0.0, 1 - abs(since_blink_s - 0.1) / 0.1)
        return weights.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the address of the simulated camera asks for.

    cast:     numbers of the persons who may appear, in order
    change_s: how long a person stays before the next of the cast comes, or None
    pose:     fixed head pose; nobody moves then
    """

    cast: tuple[int, ...]
    places: tuple[Place, ...]
    seed: int
    change_s: float | None = None
    pose: HeadPose | None = None


class Choreography:
    """Everybody's stance at any moment."""

    def __init__(self, plan: Plan, sensor: Sensor, expressions: tuple[str, ...]) -> None:
        """Keep the plan."""
        self._plan, self._expressions = plan, expressions
        self._out_of_view_deg = sensor.hfov_deg / 2 + 25
        self._mannerisms: dict[tuple[int, int], Mannerisms] = {}

    def at(self, time_s: float) -> tuple[Stance, ...]:
        """Stances at a time, one per place."""
        return tuple(self._stance(slot, place, time_s) for slot, place in enumerate(self._plan.places))

    def _stance(self, slot: int, place: Place, time_s: float) -> Stance:
        turn, here_s, stays_s = self._turn(slot, time_s)
        person = self._plan.cast[(slot + turn * len(self._plan.places)) % len(self._plan.cast)]
        if self._plan.pose is not None:
            return _still(person, place, self._plan.pose, len(self._expressions))
        manners = self._manners(slot, turn)
        sway = manners.sway(time_s)
        across_deg = place.across_deg + self._walk_deg(place, turn, here_s, stays_s)
        nose = Place(across_deg, place.down_deg, place.distance_mm).nose_mm() + sway[3:]
        looks_at_camera_deg = 0.7 * degrees(atan(nose[0] / nose[2]))
        rest = sway[:2] - (looks_at_camera_deg, 0.4 * place.down_deg)
        follows, aim = manners.look(time_s)
        yaw, pitch = rest + follows * (aim - rest)
        pose = HeadPose(float(yaw), float(pitch), float(sway[2]))
        return Stance(person, nose, pose, manners.expressions(time_s))

    def _turn(self, slot: int, time_s: float) -> tuple[int, float, float]:
        """Which turn of a place it is, how long its person has been here and still stays; places change in turn."""
        stay_s = self._plan.change_s
        if stay_s is None:
            return 0, time_s, np.inf
        shifted_s = time_s + stay_s * slot / len(self._plan.places)
        turn = int(shifted_s // stay_s)
        return turn, shifted_s - turn * stay_s, (turn + 1) * stay_s - shifted_s

    def _walk_deg(self, place: Place, turn: int, here_s: float, stays_s: float) -> float:
        """How far aside a person is who comes in or goes out, on the nearer side of the picture."""
        coming = 1 - min(here_s / _WALK_S, 1.0) if turn else 0.0
        going = 1 - min(stays_s / _WALK_S, 1.0)
        gone = max(coming, going)
        side = 1 if place.across_deg >= 0 else -1
        return side * (self._out_of_view_deg - abs(place.across_deg)) * gone * gone * (3 - 2 * gone)

    def _manners(self, slot: int, turn: int) -> Mannerisms:
        key = (slot, turn)
        if key not in self._mannerisms:
            rng = np.random.default_rng((self._plan.seed, 2, slot, turn))
            self._mannerisms[key] = Mannerisms(rng, self._expressions)
        return self._mannerisms[key]


def _still(person: int, place: Place, pose: HeadPose, n_expressions: int) -> Stance:
    """A motionless stance with the tip of the turned head's nose exactly at the place."""
    upright_mm = place.nose_mm() - NECK_JOINT_MM + pose.matrix() @ NECK_JOINT_MM
    return Stance(person, upright_mm, pose, np.zeros(n_expressions, np.float32))
