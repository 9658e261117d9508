"""Rooms with people and things in them, seen by a depth camera: what the locator is trained and tested on.

Everything is simulated. A scene is drawn in three steps (who stands where, what else is there, the rendering), and
each depends on the random generator alone, so that a seed is enough to draw it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import HeadPose
from depthface_app.core.frame import Intrinsics
from depthface_app.core.locating import look_rotation
from depthface_app.core.render import render_depth
from depthface_app.core.sensors import SENSORS, Sensor, vary
from training.crowd import Person, make_person
from training.faces.shape import FaceGenerator, Identity
from training.mesh import Mesh, joined, random_rotation
from training.pairs import invented_sensor
from training.props import TURNED, UPRIGHT, Rng

HELD_OUT_SENSOR = "d435"
INVENTED_UNITS, INVENTED_NOISE_MM = 0.45, (0.8, 8.0)  # share of scenes; range of the noise at 1 m
POOR_UNITS, WORST_GAIN = 0.4, 3.5  # share of units that are up to this much noisier than their family
TRAINED_SENSORS = tuple(name for name in SENSORS if name != HELD_OUT_SENSOR)
NEAREST_MM, FARTHEST_MM = 350.0, 1600.0
LARGEST_TURN_DEG = 75.0
TURNED_AWAY_DEG = 110.0
FACE_RADIUS_MM = 80.0
PERSON_GAP_MM = 330.0
N_PEOPLE_SHARES = (0.0, 0.5, 0.25, 0.15, 0.1)  # of one to four, in frames that hold a face


@dataclass(frozen=True, slots=True)
class FaceTruth:
    """One head in a scene.

    nose_mm:     tip of the nose in camera axes
    pose:        against the camera's axes, as the program reports it
    turn_deg:    angle between the direction of the face and the line of sight to the camera
    visible:     share of the face within FACE_RADIUS_MM of the nose that is inside the picture and not covered
    in_picture:  whether the tip of the nose is
    wears:       names of what covers parts of the face
    """

    nose_mm: tuple[float, float, float]
    pose: HeadPose
    turn_deg: float
    visible: float
    in_picture: bool
    wears: tuple[str, ...]

    @property
    def distance_mm(self) -> float:
        """From the camera to the tip of the nose."""
        return float(np.linalg.norm(self.nose_mm))


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """What one camera sees before noise.

    clean_mm:  (H, W) float32, NaN = nothing
    things_mm: (K, 3) float32 centres of props
    """

    clean_mm: NDArray[np.float32]
    intrinsics: Intrinsics
    heads: tuple[FaceTruth, ...]
    things_mm: NDArray[np.float32]


def draw_sensor(rng: Rng, names: Sequence[str] = TRAINED_SENSORS) -> Sensor:
    """A stereo camera that nobody makes, or a unit of one of these families, many with another lens or more noise.

    Training on these is randomisation of the sensor: nothing of the held-out family is used, ranges are wide and round.
    """
    if rng.random() < INVENTED_UNITS:
        return _with_noise_at_1_m(invented_sensor(rng), 10 ** rng.uniform(*np.log10(INVENTED_NOISE_MM)), rng)
    sensor = vary(SENSORS[names[int(rng.integers(len(names)))]], rng)
    if sensor.name == "d415" and rng.random() < 0.7:
        sensor = replace(sensor, width=848, height=480)
    if rng.random() < 0.6:
        sensor = replace(sensor, hfov_deg=float(rng.uniform(50, 95)))
    if rng.random() < POOR_UNITS:
        sensor = replace(sensor, noise_gain=sensor.noise_gain * WORST_GAIN ** float(rng.random()))
    return sensor


def _with_noise_at_1_m(stereo: Sensor, noise_mm: float, rng: Rng) -> Sensor:
    """A unit with holes and edges of its own whose readings at 1 m have this standard deviation.

    Its correlation length stays, since every length is a bank of its own.
    """
    one_px_mm = 1000**2 / (stereo.fx * abs(stereo.baseline_mm))
    gain = float(noise_mm / (one_px_mm * stereo.subpixel_px))
    return replace(vary(stereo, rng), noise_gain=gain, correlation_px=stereo.correlation_px)


def draw_scene(
    rng: Rng, generator: FaceGenerator, identities: Sequence[Identity], sensor: Sensor, facing: int | None = None
) -> Scene:
    """A random scene for this sensor.

    Args:
        identities: who may appear; nobody appears twice in one scene.
        facing: how many people look roughly towards the camera; None draws it, 0 in about two of five scenes.
    """
    if facing is None:
        facing = 0 if rng.random() < 0.42 else int(rng.choice(5, p=N_PEOPLE_SHARES))
    away = int(rng.choice(4, p=(0.3, 0.45, 0.2, 0.05) if facing == 0 else (0.75, 0.2, 0.05, 0.0)))
    people = _people(rng, generator, identities, sensor, facing, away)
    return rendered(rng, people, _things(rng, sensor, [person.nose_mm for person in people]), sensor.intrinsics())


def _people(
    rng: Rng, generator: FaceGenerator, identities: Sequence[Identity], sensor: Sensor, facing: int, away: int
) -> list[Person]:
    people: list[Person] = []
    chosen = rng.choice(len(identities), facing + away, replace=False)
    for k, who in enumerate(chosen):
        nose = _free_place(rng, sensor, [person.nose_mm for person in people], k >= facing)
        if nose is not None:
            turned = _turned_away(rng) if k >= facing else _towards(rng)
            person = make_person(generator, identities[who], turned, look_rotation(nose), nose, rng)
            people.append(person)
    return people


def _towards(rng: Rng) -> HeadPose:
    yaw = rng.uniform(-LARGEST_TURN_DEG, LARGEST_TURN_DEG) if rng.random() < 0.7 else rng.normal(0, 15)
    return HeadPose(float(yaw), float(np.clip(rng.normal(0, 14), -32, 32)), float(np.clip(rng.normal(0, 11), -27, 27)))


def _turned_away(rng: Rng) -> HeadPose:
    yaw = rng.choice((-1, 1)) * rng.uniform(TURNED_AWAY_DEG, 180)
    return HeadPose(float(yaw), float(rng.normal(0, 15)), float(rng.normal(0, 10)))


def _free_place(
    rng: Rng, sensor: Sensor, taken: list[NDArray[np.float32]], far_too: bool
) -> NDArray[np.float32] | None:
    """A place for a nose, away from the others and not straight behind one of them."""
    nearest = max(NEAREST_MM, sensor.min_mm + 40)
    for _ in range(20):
        distance = rng.uniform(nearest, FARTHEST_MM * (1.25 if far_too else 1.0))
        if rng.random() < 0.3:
            distance = nearest * (FARTHEST_MM / nearest) ** rng.random()
        place = distance * _ray(rng, sensor)
        if all(np.linalg.norm(place - other) > PERSON_GAP_MM and _apart(place, other) for other in taken):
            return place.astype(np.float32)
    return None


def _ray(rng: Rng, sensor: Sensor) -> NDArray[np.float64]:
    """Unit direction through a random pixel, more often in the upper middle, rarely near the border."""
    reach = 1.0 if rng.random() < 0.15 else 0.8
    u, v = rng.uniform(-reach, reach), rng.uniform(-reach, 0.7 * reach)
    ray = np.array((u * sensor.width / 2 / sensor.fx, v * sensor.height / 2 / sensor.fy, 1.0))
    return ray / np.linalg.norm(ray)


def _apart(place: NDArray[np.floating], other: NDArray[np.floating]) -> bool:
    """Whether the nearer head leaves the line of sight to the farther one free."""
    nearer, farther = sorted((place, other), key=np.linalg.norm)
    across = nearer - farther * (nearer @ farther) / (farther @ farther)
    return bool(np.linalg.norm(across) > 150)


def _clear(place: NDArray[np.floating], size_mm: float, noses: list[NDArray[np.float32]]) -> bool:
    """Whether a thing of this size neither touches a head nor stands before one (one in ten may)."""
    for nose in noses:
        across = place - nose * (place @ nose) / (nose @ nose)
        if np.linalg.norm(place - nose) < size_mm + 130:
            return False
        if np.linalg.norm(across) < size_mm + 70 and np.linalg.norm(place) < np.linalg.norm(nose):
            return False
    return True


def _things(rng: Rng, sensor: Sensor, noses: list[NDArray[np.float32]]) -> list[Mesh]:
    """Props at random places within reach; more where nobody is."""
    things = []
    for _ in range(rng.integers(0, 5) if noses else rng.integers(1, 8)):
        upright = rng.random() < 0.5
        family = UPRIGHT if upright else TURNED
        thing = family[rng.integers(len(family))](rng)
        turn = HeadPose(*rng.uniform((-180, -12, -12), (180, 12, 12))).matrix() if upright else random_rotation(rng)
        place = rng.uniform(NEAREST_MM, 1.3 * FARTHEST_MM) * _ray(rng, sensor)
        size = float(np.linalg.norm(thing.vertices_mm[:, :2], axis=1).max())
        if _clear(place, min(size, 250.0), noses) or rng.random() < 0.1:
            things.append(thing.moved(place, turn))
    return things


def _room(rng: Rng, intrinsics: Intrinsics) -> NDArray[np.float32]:
    """(H, W) depth of floor, back wall at an angle, sometimes ceiling and side wall, seen by a tilted camera.

    Planes are met by every ray exactly where the arithmetic says, which is much cheaper than drawing large triangles.
    """
    tilt = HeadPose(0, float(rng.normal(0, 9)), float(rng.normal(0, 3))).matrix()
    turn = HeadPose(float(rng.uniform(-40, 40)), 0, 0).matrix()
    planes = [(turn @ (0, 0, 1.0), rng.uniform(1200, 4500)), (np.array((0, 1.0, 0)), rng.uniform(700, 1500))]
    if rng.random() < 0.6:
        planes.append((turn @ (rng.choice((-1.0, 1.0)), 0, 0), rng.uniform(600, 2500)))
    if rng.random() < 0.4:
        planes.append((np.array((0, -1.0, 0)), rng.uniform(700, 1500)))
    columns, rows = intrinsics.rays()
    nearness = np.full((intrinsics.height, intrinsics.width), 1e-5, np.float32)
    for normal, distance in planes:
        across, down, along = (tilt @ normal / distance).astype(np.float32)
        np.maximum(nearness, across * columns[None, :] + down * rows[:, None] + along, out=nearness)
    return np.reciprocal(nearness)


def _in_view(mesh: Mesh, intrinsics: Intrinsics) -> Mesh:
    """Without the triangles that lie outside the picture or reach behind the camera, which cost the rasteriser most."""
    z = np.maximum(mesh.vertices_mm[:, 2], 1.0)
    u = mesh.vertices_mm[:, 0] / z * np.float32(intrinsics.fx) + np.float32(intrinsics.cx)
    v = mesh.vertices_mm[:, 1] / z * np.float32(intrinsics.fy) + np.float32(intrinsics.cy)
    outside = ((u < 0) | (z < 60)) + 2 * (u > intrinsics.width) + 4 * (v < 0) + 8 * (v > intrinsics.height)
    corners = outside.astype(np.uint8)[mesh.triangles]
    hidden = (corners[:, 0] & corners[:, 1] & corners[:, 2]) > 0
    hidden |= (z < 60)[mesh.triangles].any(1)
    return Mesh(mesh.vertices_mm, mesh.triangles[~hidden])


def _draw(mesh: Mesh, intrinsics: Intrinsics, depth_mm: NDArray[np.float32]) -> NDArray[np.float32]:
    seen = _in_view(mesh, intrinsics)
    if len(seen.triangles) == 0:
        return depth_mm
    return render_depth(seen.vertices_mm, seen.triangles, intrinsics, depth_mm)


def rendered(rng: Rng, people: list[Person], things: list[Mesh], intrinsics: Intrinsics) -> Scene:
    """These people and things in a random room, seen through this pinhole."""
    around = [person.rest for person in people] + things
    depth = np.full((intrinsics.height, intrinsics.width), np.nan, np.float32)
    if rng.random() < 0.85:
        depth = _room(rng, intrinsics)
    if around:
        depth = _draw(joined(around), intrinsics, depth)
    nothing = np.full_like(depth, np.nan)
    alone = [_draw(person.head, intrinsics, nothing) for person in people]
    for head in alone:
        depth = np.fmin(depth, head)
    heads = tuple(_truth(person, head, depth, intrinsics) for person, head in zip(people, alone, strict=True))
    centres = [thing.vertices_mm.mean(0) for thing in things]
    return Scene(depth, intrinsics, heads, np.array(centres, np.float32).reshape(-1, 3))


def _truth(person: Person, alone: NDArray[np.float32], depth: NDArray[np.float32], intrinsics: Intrinsics) -> FaceTruth:
    nose = person.nose_mm.astype(np.float64)
    turned = look_rotation(nose).T @ person.rotation
    turn = np.degrees(np.arccos(np.clip(turned[2, 2], -1, 1)))
    pixel = intrinsics.project(nose)
    inside = bool(np.all(pixel >= 0) and pixel[0] <= intrinsics.width - 1 and pixel[1] <= intrinsics.height - 1)
    visible = _visible(person, alone, depth, intrinsics)
    return FaceTruth(
        tuple(nose.tolist()), HeadPose.of_matrix(person.rotation), float(turn), visible, inside, person.wears
    )


def _visible(person: Person, alone: NDArray[np.float32], depth: NDArray[np.float32], intrinsics: Intrinsics) -> float:
    """Share of the face's vertices inside the picture, times the share of its pixels that nothing covers."""
    vertices = person.head.vertices_mm
    face = vertices[np.linalg.norm(vertices - person.nose_mm, axis=1) < FACE_RADIUS_MM]
    pixels = intrinsics.project(face)
    inside = np.all((pixels >= 0) & (pixels <= (intrinsics.width - 1, intrinsics.height - 1)), axis=1)
    if not inside.any():
        return 0.0
    (left, top), (right, bottom) = pixels[inside].min(0).astype(int), pixels[inside].max(0).astype(int) + 1
    own, seen = alone[top:bottom, left:right], depth[top:bottom, left:right]
    near = np.abs(own - person.nose_mm[2]) < 1.5 * FACE_RADIUS_MM
    if not near.any():
        return 0.0
    return float(inside.mean() * (seen[near] > own[near] - 6).mean())
