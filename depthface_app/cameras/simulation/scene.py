"""Draws the people into the room and lets a sensor look at them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.simulation.motion import NECK_JOINT_MM, Stance
from depthface_app.cameras.simulation.people import People, Person
from depthface_app.cameras.simulation.room import furnish
from depthface_app.core.frame import DepthArray, Intrinsics
from depthface_app.core.render import FAR_MM, buffered, draw_lit, unbuffered
from depthface_app.core.sensors import Sensor, observe

FloatImage = NDArray[np.float32]

_NOISY_ROOMS = 6  # readings of the empty room that frames are assembled from
_MARGIN_PX = 12
_COARSE_BELOW_PX = 1.5  # a head whose grid cells are smaller than this is drawn with every other point
_CELL_MM = 1.6
_STEEPEST_SHADED = 1.6
_GRAIN_SD, _GRAIN_SPARE_PX = 3.5, 48


@dataclass(frozen=True, eq=False, slots=True)
class Sight:
    """One moment as the sensor sees it.

    depth_mm: (H, W) readings, 0 = none; uint16 from sensors that count whole millimetres, else float32
    truth_mm: (H, W) float32 clean surface
    infrared: (H, W) uint8
    """

    depth_mm: DepthArray
    truth_mm: FloatImage
    infrared: NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Placed:
    """One part of one person in camera axes: vertices (N, 3) float32 mm, what may be seen of it, its light (N, 3)."""

    vertices_mm: FloatImage
    triangles: NDArray[np.int32]
    reflectance: FloatImage

    def draw(self, intrinsics: Intrinsics, buffer: FloatImage, reflected: FloatImage) -> None:
        """Draw over what is in a buffer and a picture of reflected light."""
        draw_lit(self.vertices_mm, self.triangles, self.reflectance, intrinsics, buffer, reflected)


class Scene:
    """A furnished room before one sensor. The empty room is drawn once and read a few times, people in every frame."""

    def __init__(self, sensor: Sensor, people: People, seed: int) -> None:
        """Furnish the room and draw it."""
        self._sensor, self._people, self._seed = sensor, people, seed
        self.intrinsics = sensor.intrinsics()
        shape = (sensor.height, sensor.width)
        self._room, self._room_light = buffered(np.full(shape, FAR_MM, np.float32)), np.zeros((*shape, 3), np.float32)
        for thing in furnish(np.random.default_rng((seed, 0))):
            light = np.full_like(thing.vertices_mm, thing.reflectance)
            draw_lit(thing.vertices_mm, thing.triangles, light, self.intrinsics, self._room, self._room_light)
        self._room_mm = unbuffered(self._room)
        self._room_infrared = _infrared(self._room_mm, self._room_light[..., 0], self.intrinsics)
        self._darker, self._lighter = _grain(shape, np.random.default_rng((seed, 5)))
        self._room_readings: dict[int, DepthArray] = {}

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
            buffer, light = self._room[here].copy(), self._room_light[here].copy()
            for part in parts:
                part.draw(pinhole, buffer, light)
            clean, reflectance = unbuffered(buffer), cv2.extractChannel(light, 0)
            truth[here], infrared[here] = clean, _infrared(clean, reflectance, pinhole)
            depth[here] = self._read(clean, reflectance, pinhole, rng)
        down, across = rng.integers(0, _GRAIN_SPARE_PX, 2)
        cut = np.s_[down : down + truth.shape[0], across : across + truth.shape[1]]
        return Sight(depth, truth, cv2.add(cv2.subtract(infrared, self._darker[cut]), self._lighter[cut]))

    def _room_reading(self, which: int) -> DepthArray:
        """One of the readings of the empty room, made when first asked for."""
        if which not in self._room_readings:
            rng = np.random.default_rng((self._seed, 1, which))
            light = np.ascontiguousarray(self._room_light[..., 0])
            self._room_readings[which] = self._read(self._room_mm, light, self.intrinsics, rng)
        return self._room_readings[which]

    def _read(
        self, clean_mm: FloatImage, reflectance: FloatImage, pinhole: Intrinsics, rng: np.random.Generator
    ) -> DepthArray:
        """What the sensor delivers, 0 where it has no reading."""
        read = observe(clean_mm, pinhole, self._sensor, rng, reflectance)
        cv2.patchNaNs(read, 0.0)
        return read.astype(np.uint16) if self._sensor.step_mm == 1.0 else read

    def _placed(self, stance: Stance) -> list[Placed]:
        """Head, torso and long hair of one person in camera axes."""
        person = self._person(stance)
        upright_nose = stance.nose_mm.astype(np.float32)
        joint = upright_nose + NECK_JOINT_MM
        turn = stance.pose.matrix().astype(np.float32)
        moved = np.column_stack((turn, joint - turn @ NECK_JOINT_MM))
        eye_mm = NECK_JOINT_MM - turn.T @ joint
        head = person.head.vertices_mm
        for k in np.flatnonzero(stance.expressions > 0.01):
            head = cv2.scaleAdd(person.moves[k], float(stance.expressions[k]), head)
        parts = [Placed(_moved(head, moved), person.head.facing(eye_mm), person.head.reflectance)]
        if person.curtain is not None:
            hair = person.curtain
            parts.append(Placed(_moved(hair.vertices_mm, moved), hair.triangles, hair.reflectance))
        body = person.body
        parts.append(Placed(body.vertices_mm + upright_nose, body.facing(-upright_nose), body.reflectance))
        return parts

    def _person(self, stance: Stance) -> Person:
        """The person, drawn coarsely where the sensor could not tell."""
        cell_px = self.intrinsics.fx * _CELL_MM / max(stance.nose_mm[2], 1.0)
        return self._people.person(stance.person, 2 if cell_px < _COARSE_BELOW_PX else 1)

    def _window(self, parts: list[Placed]) -> tuple[int, int, int, int] | None:
        """Left, top, right, bottom of everything that people change in the picture: themselves and their shadows."""
        if not parts:
            return None
        some = np.concatenate([part.vertices_mm[::7] for part in parts])
        pixels = self.intrinsics.project(some)
        (left, top), (right, bottom) = pixels.min(0) - _MARGIN_PX, pixels.max(0) + _MARGIN_PX
        shadow_px = self.intrinsics.fx * self._sensor.baseline_mm / some[:, 2].min()
        left, right = left - max(shadow_px, 0), right - min(shadow_px, 0)
        width, height = self.intrinsics.width, self.intrinsics.height
        box = (max(int(left), 0), max(int(top), 0), min(int(right) + 1, width), min(int(bottom) + 1, height))
        return box if box[0] < box[2] and box[1] < box[3] else None


def _moved(points_mm: FloatImage, motion: FloatImage) -> FloatImage:
    """Points (N, 3) after a motion (3, 4)."""
    return cv2.transform(points_mm[None], motion)[0]


def _infrared(clean_mm: FloatImage, reflectance: FloatImage, intrinsics: Intrinsics) -> NDArray[np.uint8]:
    """What an infrared camera with a lamp beside its lens shows: bright where near, facing and reflecting.

    Slopes are shaded up to a limit, because the steps between two surfaces must draw no outline. The square root is
    how cameras store brightness.
    """
    across = cv2.Sobel(clean_mm, cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(clean_mm, cv2.CV_32F, 0, 1, ksize=1)
    slope = cv2.divide(cv2.magnitude(across, down), clean_mm, scale=intrinsics.fx / 2)
    slope = cv2.min(slope, _STEEPEST_SHADED)
    slope *= slope
    slope += 1
    slope = cv2.sqrt(slope)
    slope *= clean_mm
    return cv2.convertScaleAbs(cv2.sqrt(reflectance / slope), alpha=225 * 700**0.5)


def _grain(shape: tuple[int, int], rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Noise of an infrared picture, a little larger than it, to be cut from anywhere: how much darker, how lighter.

    Two pictures without signs, because those add fastest.
    """
    noise = np.rint(rng.normal(0, _GRAIN_SD, (shape[0] + _GRAIN_SPARE_PX, shape[1] + _GRAIN_SPARE_PX)))
    return np.clip(-noise, 0, 255).astype(np.uint8), np.clip(noise, 0, 255).astype(np.uint8)
