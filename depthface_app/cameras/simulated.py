"""A simulated depth camera looking at simulated people: the source that needs no hardware.

Address: `simulated:` or `simulated:?sensor=d435&people=2&seed=1`. Whoever turns addresses into cameras hands the part
behind the question mark to `SimulatedCamera.from_address` as a dictionary of strings. Parameters, all optional:

sensor    kinect1, kinect2, d415, d435 or truedepth
people    1 to 4
seed      whole number; the same seed gives the same frames
cast      who may appear, names or numbers: `cast=Ada,Ben` or `cast=0,1`
change    seconds until a place is taken by the next of the cast
empty     1 for a room without people
pose      yaw,pitch,roll in degrees; nobody moves then
distance  millimetres from the camera to the nearest tip of a nose
realtime  0 to deliver frames as fast as they are asked for
"""

import time
from dataclasses import dataclass, replace
from math import atan, degrees

import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.simulation.address import Simulation, simulation_of
from depthface_app.cameras.simulation.motion import Choreography, Plan, Stance, places
from depthface_app.cameras.simulation.people import shipped_people
from depthface_app.cameras.simulation.scene import Scene
from depthface_app.core.errors import CameraError
from depthface_app.core.face import HeadPose
from depthface_app.core.frame import Frame
from depthface_app.core.sensors import SENSORS, Sensor

DEFAULT_FPS = 30
FPS = (5, 60)
WIDTHS_PX, HEIGHTS_PX = (160, 1920), (120, 1080)


@dataclass(frozen=True, slots=True)
class SimulatedPerson:
    """The truth about one person in one frame; nose_mm is the tip of the nose in camera axes."""

    name: str
    nose_mm: tuple[float, float, float]
    pose: HeadPose


def people_names() -> tuple[str, ...]:
    """Fictitious names of everybody who can appear."""
    return shipped_people().names


class SimulatedCamera:
    """The camera. Frame n depends on the simulation and n alone, whenever and however often it is asked for.

    Lives on the camera thread.
    """

    def __init__(self, simulation: Simulation | None = None, source: str = "simulated:") -> None:
        """Keep what is to be simulated; nothing is loaded before `open`."""
        self._simulation = simulation or Simulation()
        self._source = source
        self._state = CameraState.CLOSED
        self._scene: Scene | None = None
        self._choreography: Choreography | None = None
        self._fps = DEFAULT_FPS
        self._with_infrared = True
        self._number = 0
        self._started_s = 0.0

    @classmethod
    def from_address(cls, query: dict[str, str]) -> "SimulatedCamera":
        """A camera from the parameters of its address.

        Raises:
            CameraError: if a parameter is unknown or has an impossible value.
        """
        address = "&".join(f"{key}={value}" for key, value in query.items())
        return cls(simulation_of(query), f"simulated:?{address}" if address else "simulated:")

    @property
    def info(self) -> CameraInfo:
        """Which sensor is simulated."""
        simulation, sensor = self._simulation, SENSORS[self._simulation.sensor]
        people = f"{simulation.people} {'person' if simulation.people == 1 else 'people'}"
        detail = f"simulated {sensor.kind} sensor, {people}, seed {simulation.seed}"
        settings = {"sensor": sensor.name, "seed": str(simulation.seed)}
        if self._state is not CameraState.CLOSED:
            settings["attribution"] = shipped_people().attribution
        return CameraInfo(self._source, f"Simulated {sensor.title}", f"SIM-{sensor.name.upper()}", detail, settings)

    @property
    def state(self) -> CameraState:
        """Where it stands; may be read from any thread."""
        return self._state

    def open(self) -> None:
        """Load the people."""
        shipped_people()
        self._state = CameraState.CONNECTED

    def start(self, request: StreamRequest) -> None:
        """Furnish the room for the requested size, and begin at frame 0.

        Raises:
            CameraError: if the camera is not open, or the size or rate cannot be had.
        """
        if self._state is CameraState.CLOSED:
            raise CameraError("the simulated camera was started before it was opened; open it first")
        sensor = _sized(SENSORS[self._simulation.sensor], request)
        self._fps = _rate(request)
        self._with_infrared = request.infrared
        self._set_up(sensor)
        self._number, self._started_s = 0, time.monotonic()
        self._state = CameraState.STREAMING

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame; in real time, the one that is due, or None if none is due within timeout_s.

        Raises:
            CameraError: if the camera is not streaming.
        """
        if self._state is not CameraState.STREAMING:
            raise CameraError("the simulated camera was read before it was started; start it first")
        if self._simulation.realtime and not self._wait_until_due(timeout_s):
            return None
        frame = self.frame(self._number)
        self._number += 1
        return frame.at(time.monotonic())

    def frame(self, number: int) -> Frame:
        """Frame of this number, whatever was read before; the camera must have been started."""
        sight = self._streaming_scene().look(self._stances(number), number)
        return Frame(
            depth_mm=sight.depth_mm,
            intrinsics=self._streaming_scene().intrinsics,
            captured_s=self._started_s + number / self._fps,
            number=number,
            device_timestamp_ms=1000.0 * number / self._fps,
            timestamp_domain="simulated",
            depth_scale_mm=SENSORS[self._simulation.sensor].step_mm or 1.0,
            serial=self.info.serial,
            is_live=self._simulation.realtime,
            infrared=sight.infrared if self._with_infrared else None,
            truth_mm=sight.truth_mm,
        )

    def people_at(self, number: int) -> tuple[SimulatedPerson, ...]:
        """The truth: who is where in frame `number`, also those outside the picture."""
        names = people_names()
        return tuple(
            SimulatedPerson(names[stance.person], _point(stance.head_nose_mm()), stance.pose)
            for stance in self._stances(number)
        )

    def stop(self) -> None:
        """End streaming."""
        if self._state is CameraState.STREAMING:
            self._state = CameraState.CONNECTED

    def close(self) -> None:
        """Forget the room."""
        self._scene = self._choreography = None
        self._state = CameraState.CLOSED

    def _set_up(self, sensor: Sensor) -> None:
        simulation, people = self._simulation, shipped_people()
        self._scene = Scene(sensor, people, simulation.seed)
        rng = np.random.default_rng((simulation.seed, 4))
        cast = [people.names.index(name) for name in simulation.cast] or rng.permutation(len(people.names)).tolist()
        stand = () if simulation.empty else places(sensor, simulation.people, rng)
        if stand and simulation.distance_mm is not None:
            shift_mm = simulation.distance_mm - min(place.distance_mm for place in stand)
            stand = tuple(replace(place, distance_mm=place.distance_mm + shift_mm) for place in stand)
        plan = Plan(tuple(cast), stand, simulation.seed, simulation.change_s, simulation.pose)
        self._choreography = Choreography(plan, sensor, people.expressions)

    def _streaming_scene(self) -> Scene:
        if self._scene is None:
            raise CameraError("the simulated camera has no room yet; start it first")
        return self._scene

    def _stances(self, number: int) -> tuple[Stance, ...]:
        if self._choreography is None:
            raise CameraError("nobody stands before the simulated camera yet; start it first")
        return self._choreography.at(number / self._fps)

    def _wait_until_due(self, timeout_s: float) -> bool:
        """Sleep until the next frame is due; a late reader gets the newest that is due and misses those between."""
        now_s = time.monotonic()
        self._number = max(self._number, int((now_s - self._started_s) * self._fps))
        wait_s = self._started_s + self._number / self._fps - now_s
        time.sleep(max(0.0, min(wait_s, timeout_s)))
        return wait_s <= timeout_s


def _point(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z


def _sized(sensor: Sensor, request: StreamRequest) -> Sensor:
    """The sensor in the requested picture size: the whole picture scaled until it covers the size, then cut to it.

    Raises:
        CameraError: if the size is out of range.
    """
    width, height = request.width or sensor.width, request.height or sensor.height
    if not (WIDTHS_PX[0] <= width <= WIDTHS_PX[1] and HEIGHTS_PX[0] <= height <= HEIGHTS_PX[1]):
        raise CameraError(
            f"the simulated camera cannot deliver {width} × {height} pixels; ask for a size from "
            f"{WIDTHS_PX[0]} × {HEIGHTS_PX[0]} to {WIDTHS_PX[1]} × {HEIGHTS_PX[1]}"
        )
    focal_px = sensor.fx * max(width / sensor.width, height / sensor.height)
    return replace(sensor, width=width, height=height, hfov_deg=2 * degrees(atan(width / 2 / focal_px)))


def _rate(request: StreamRequest) -> int:
    """Frames per second.

    Raises:
        CameraError: if the rate is out of range.
    """
    fps = request.fps or DEFAULT_FPS
    if not FPS[0] <= fps <= FPS[1]:
        raise CameraError(f"the simulated camera cannot deliver {fps} frames per second; ask for {FPS[0]} to {FPS[1]}")
    return fps
