"""Draws the people into the room and lets a sensor look at them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.simulation.motion import NECK_JOINT_MM, Stance
from depthface_app.cameras.simulation.people import People, Person, Surface
from depthface_app.cameras.simulation.room import furnish
from depthface_app.core.frame import Intrinsics
from depthface_app.core.render import FAR_MM, render_lit
from depthface_app.core.sensors import Sensor, observe

FloatImage = NDArray[np.float32]

_NOISY_ROOMS = 6  # readings of the empty room that frames are assembled from
_MARGIN_PX = 12
_COARSE_BELOW_PX = 1.5  # a head whose grid cells are smaller than this is drawn with every other point
_CELL_MM = 1.6
_STEEPEST_SHADED = 1.6
_GRAIN_MEAN, _GRAIN_SD, _GRAIN_SPARE_PX = 20.0, 3.5, 48


@dataclass(frozen=True, eq=False, slots=True)
class Sight:
    """One moment as the sensor sees it.

    depth_mm: (H, W) float32 readings, NaN = none
    truth_mm: (H, W) float32 clean surface
    infrared: (H, W) uint8
    """

    depth_mm: FloatImage
    truth_mm: FloatImage
    infrared: NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Placed:
    """One part of one person in camera axes: vertices (N, 3) float32 mm, and what may be seen of it."""

    vertices_mm: FloatImage
    triangles: NDArray[np.int32]
    reflectance: NDArray[np.float32]


class Scene:
    """A furnished room before one sensor. The empty room is drawn once and read a few times, people in every frame."""

    def __init__(self, sensor: Sensor, people: People, seed: int) -> None:
        """Furnish the room and draw it."""
        self._sensor, self._people, self._seed = sensor, people, seed
        self.intrinsics = sensor.intrinsics()
        shape = (sensor.height, sensor.width)
        self._room_mm, self._room_light = np.full(shape, FAR_MM, np.float32), np.zeros((*shape, 3), np.float32)
        for thing in furnish(np.random.default_rng((seed, 0))):
            light = np.full(len(thing.vertices_mm), thing.reflectance, np.float32)
            scene = (self.intrinsics, self._room_mm, self._room_light)
            self._room_mm, self._room_light = render_lit(thing.vertices_mm, thing.triangles, light, *scene)
        self._room_infrared = _infrared(self._room_mm, self._room_light[..., 0], self.intrinsics)
        self._grain = _grain(shape, np.random.default_rng((seed, 5)))
        self._room_readings: dict[int, FloatImage] = {}

    def look(self, stances: tuple[Stance, ...], number: int) -> Sight:
        """The room with everybody at their stances; `number` chooses the noise."""
        rng = np.random.default_rng((self._seed, 3, number))
        depth = self._room_reading(int(rng.integers(_NOISY_ROOMS))).copy()
        truth, infrared = self._room_mm.copy(), self._room_infrared.copy()
        parts = [part for stance in stances for part in self._placed(stance)]
        window = self._window(parts)
        if window is not None:
            left, top, right, bottom = window
            here = np.s_[top:bottom, left:right]
            pinhole = self.intrinsics.resampled(left, top, 1.0, right - left, bottom - top)
            clean, light = truth[here].copy(), self._room_light[here].copy()
            for part in parts:
                clean, light = render_lit(part.vertices_mm, part.triangles, part.reflectance, pinhole, clean, light)
            truth[here], infrared[here] = clean, _infrared(clean, light[..., 0], pinhole)
            depth[here] = self._observe(clean, light, pinhole, rng)
        down, across = rng.integers(0, _GRAIN_SPARE_PX, 2)
        grain = self._grain[down : down + truth.shape[0], across : across + truth.shape[1]]
        return Sight(depth, truth, cv2.addWeighted(infrared, 1.0, grain, 1.0, -_GRAIN_MEAN))

    def _room_reading(self, which: int) -> FloatImage:
        """One of the readings of the empty room, made when first asked for."""
        if which not in self._room_readings:
            rng = np.random.default_rng((self._seed, 1, which))
            self._room_readings[which] = self._observe(self._room_mm, self._room_light, self.intrinsics, rng)
        return self._room_readings[which]

    def _observe(
        self, clean_mm: FloatImage, light: FloatImage, pinhole: Intrinsics, rng: np.random.Generator
    ) -> FloatImage:
        return observe(clean_mm, pinhole, self._sensor, rng, light[..., 0])

    def _placed(self, stance: Stance) -> list[Placed]:
        """Head, torso and long hair of one person in camera axes."""
        person = self._person(stance)
        turn = stance.pose.matrix().astype(np.float32)
        upright_nose = stance.nose_mm.astype(np.float32)
        joint = upright_nose + NECK_JOINT_MM
        eye_mm = NECK_JOINT_MM - turn.T @ joint
        active = np.flatnonzero(stance.expressions > 0.01)
        moved = np.tensordot(stance.expressions[active], person.moves[active], 1) if len(active) else 0
        head: FloatImage = (person.head.vertices_mm + moved - NECK_JOINT_MM) @ turn.T + joint
        parts = [Placed(head, person.head.facing(eye_mm), person.head.reflectance)]
        if person.curtain is not None:
            hanging: FloatImage = (person.curtain.vertices_mm - NECK_JOINT_MM) @ turn.T + joint
            parts.append(_whole(person.curtain, hanging))
        parts.append(_whole(person.body, person.body.vertices_mm + upright_nose))
        return parts

    def _person(self, stance: Stance) -> Person:
        """The person, drawn coarsely where the sensor could not tell."""
        cell_px = self.intrinsics.fx * _CELL_MM / max(stance.nose_mm[2], 1.0)
        return self._people.person(stance.person, 2 if cell_px < _COARSE_BELOW_PX else 1)

    def _window(self, parts: list[Placed]) -> tuple[int, int, int, int] | None:
        """Left, top, right, bottom of everything that people change in the picture: themselves and their shadows."""
        if not parts:
            return None
        some = np.concatenate([part.vertices_mm[::5] for part in parts])
        pixels = self.intrinsics.project(some)
        (left, top), (right, bottom) = pixels.min(0) - _MARGIN_PX, pixels.max(0) + _MARGIN_PX
        shadow_px = self.intrinsics.fx * self._sensor.baseline_mm / some[:, 2].min()
        left, right = left - max(shadow_px, 0), right - min(shadow_px, 0)
        width, height = self.intrinsics.width, self.intrinsics.height
        box = (max(int(left), 0), max(int(top), 0), min(int(right) + 1, width), min(int(bottom) + 1, height))
        return box if box[0] < box[2] and box[1] < box[3] else None


def _whole(surface: Surface, vertices_mm: FloatImage) -> Placed:
    return Placed(vertices_mm, surface.triangles, surface.reflectance)


def _infrared(clean_mm: FloatImage, reflectance: FloatImage, intrinsics: Intrinsics) -> NDArray[np.uint8]:
    """What an infrared camera with a lamp beside its lens shows: bright where near, facing and reflecting.

    Slopes are shaded up to a limit, because the steps between two surfaces must draw no outline. The square root is
    how cameras store brightness.
    """
    across = cv2.Sobel(clean_mm, cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(clean_mm, cv2.CV_32F, 0, 1, ksize=1)
    slope = cv2.divide(cv2.magnitude(across, down), clean_mm, scale=intrinsics.fx / 2)
    cv2.threshold(slope, _STEEPEST_SHADED, 0, cv2.THRESH_TRUNC, dst=slope)
    light = reflectance / (cv2.magnitude(slope, np.ones_like(slope)) * clean_mm)
    return cv2.convertScaleAbs(cv2.sqrt(light), alpha=225 * 700**0.5)


def _grain(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Noise of an infrared picture around `_GRAIN_MEAN`, a little larger than the picture, to be cut from anywhere."""
    noise = rng.normal(_GRAIN_MEAN, _GRAIN_SD, (shape[0] + _GRAIN_SPARE_PX, shape[1] + _GRAIN_SPARE_PX))
    return np.clip(np.rint(noise), 0, 255).astype(np.uint8)


def _gentlest(steps: FloatImage, axis: int) -> FloatImage:
    """The smaller of the steps before and after every pixel along an axis, one longer than the steps."""
    ends = [(1, 1) if k == axis else (0, 0) for k in range(2)]
    padded = np.pad(steps, ends, mode="edge")
    return np.minimum(padded[:, 1:], padded[:, :-1]) if axis == 1 else np.minimum(padded[1:], padded[:-1])
