"""Pairs for the denoiser: what a sensor delivers of a face, and the surface it looked at.

Everything is drawn from one generator per sample, so that the same seed gives the same pair on any machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import DEPTH_RANGE_MM, SIZE_PX, WINDOW_MM, crop_face, crop_intrinsics
from depthface_app.core.depth import DenoiserInput, denoiser_input, to_range
from depthface_app.core.face import FaceCrop, HeadPose
from depthface_app.core.frame import Intrinsics
from depthface_app.core.metrics.judged import FACE_RADIUS_MM
from depthface_app.core.render import render_depth
from depthface_app.core.sensors import SENSORS, Sensor, observe, vary
from training.covers import Cover, fitted
from training.faces.shape import Appearance, FaceGenerator, Identity, place
from training.mesh import Mesh

SCENE_MM = 260.0  # side of the piece of the sensor's picture that is rendered around the face
LARGEST_SCENE_PX = 420  # nearer faces are seen by the sensor in a mode with fewer pixels
NOSE_ERROR_MM = 2.5  # what the locator is off by, per axis
POOR_UNITS, WORST_GAIN = 0.35, 3.0  # share of units that are up to this much noisier than their family
INVENTED_UNITS = 0.35  # share of training views by a stereo camera that nobody makes
INVENTED_WIDTHS_PX = (424, 640, 848, 1280)
INVENTED_GAINS = (0.5, 8.0)
TRAINED_SENSORS = ("kinect1", "kinect2", "d415", "truedepth")
HELD_OUT_SENSOR = "d435"
DISTANCES_MM = {
    "kinect1": (450.0, 1600.0),
    "kinect2": (520.0, 1600.0),
    "d415": (350.0, 1500.0),
    "d435": (350.0, 1500.0),
    "truedepth": (250.0, 1000.0),
}
PHASES = ((0.0, 0.0), (-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))  # (x, y) of a query inside its pixel


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """How one face is looked at.

    sensor:   the unit that looks
    nose_mm:  tip of the nose in camera axes
    """

    sensor: Sensor
    pose: HeadPose
    nose_mm: tuple[float, float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """One noisy crop and its truth.

    target:  (1, S, S) float32 true depth in network range; 1 where there is no surface of the scene in range
    surface: (1, S, S) float32, 1 where the target is a surface in range
    face:    (1, S, S) float32, 1 on the part that a denoiser is judged on
    """

    crop: FaceCrop
    input: DenoiserInput
    target: NDArray[np.float32]
    surface: NDArray[np.float32]
    face: NDArray[np.float32]
    view: View


def sample_pose(rng: np.random.Generator) -> HeadPose:
    """Mostly towards the camera, sometimes anywhere up to 60° aside."""
    yaw = rng.normal(0, 18) if rng.random() < 0.6 else rng.uniform(-60, 60)
    return HeadPose(float(np.clip(yaw, -60, 60)), float(np.clip(rng.normal(0, 11), -30, 30)), float(rng.normal(0, 7)))


def sample_appearance(faces: FaceGenerator, rng: np.random.Generator) -> Appearance:
    """Another day: expression, hair and beard."""
    hair = rng.random() < 0.75
    return Appearance(
        faces.sample_expression(rng),
        fringe_mm=float(rng.uniform(45, 95)),
        hair_mm=float(rng.uniform(3, 28)) if hair else 0.0,
        beard_mm=float(rng.uniform(1, 14)) if rng.random() < 0.15 else 0.0,
        texture=int(rng.integers(1 << 30)),
    )


def sample_view(rng: np.random.Generator, sensors: tuple[str, ...] = TRAINED_SENSORS, varied: bool = True) -> View:
    """A sensor, a distance, a place in the picture and a head pose."""
    sensor = SENSORS[sensors[rng.integers(len(sensors))]]
    z = rng.uniform(*DISTANCES_MM[sensor.name])
    x, y = z * rng.uniform(-0.25, 0.25), z * rng.uniform(-0.2, 0.2)
    if varied:
        sensor = vary(sensor, rng)
        if rng.random() < POOR_UNITS:
            sensor = replace(sensor, noise_gain=sensor.noise_gain * float(rng.uniform(1, WORST_GAIN)))
    return View(sensor, sample_pose(rng), (float(x), float(y), float(z)))


def invented_sensor(rng: np.random.Generator) -> Sensor:
    """An active stereo camera with a lens, baseline and error of its own, so that no family's texture is learned.

    Its noise reaches from a quarter of a D415's to that of short baselines and coarse pixels far away.
    """
    width = int(rng.choice(INVENTED_WIDTHS_PX))
    gain = INVENTED_GAINS[0] * (INVENTED_GAINS[1] / INVENTED_GAINS[0]) ** rng.random()
    return replace(
        SENSORS["d415"],
        width=width,
        height=width * 9 // 16,
        min_mm=DISTANCES_MM["truedepth"][0] / 2,
        hfov_deg=float(rng.uniform(50, 95)),
        baseline_mm=float(rng.uniform(40, 80)),
        correlation_px=float(rng.choice((0.8, 1.4, 2.4, 3.4))),
        noise_gain=float(gain),
        step_mm=float(rng.choice((0.1, 1.0))),
    )


def training_view(rng: np.random.Generator) -> View:
    """A view by a unit of a trained family, or by an invented one."""
    view = sample_view(rng)
    if rng.random() >= INVENTED_UNITS:
        return view
    return replace(view, sensor=invented_sensor(rng))


def scene_intrinsics(view: View) -> Intrinsics:
    """Pinhole of the piece of the sensor's picture around the face, its focal length that of the sensor's mode."""
    full = view.sensor.intrinsics()
    x, y, z = view.nose_mm
    scale = 1.0
    while full.fx * scale * SCENE_MM / z > LARGEST_SCENE_PX:
        scale /= 2
    side = round(full.fx * scale * SCENE_MM / z)
    left, top = np.floor(np.array((full.fx * x / z + full.cx, full.fy * y / z + full.cy)) * scale - side / 2) / scale
    return full.resampled(float(left), float(top), scale, side, side)


def _ellipsoid(rng: np.random.Generator, nose_mm: NDArray[np.float32]) -> Mesh:
    """Something in front of part of the face: a hand, a cup, a microphone."""
    around, along = np.meshgrid(np.linspace(0, 2 * np.pi, 25), np.linspace(0, np.pi, 13))
    unit = np.stack((np.sin(along) * np.cos(around), np.cos(along), np.sin(along) * np.sin(around)), -1)
    offset = (*rng.uniform(-75, 75, 2), rng.uniform(-60, -15))
    points = unit * rng.uniform(12, 40, 3) + nose_mm + np.array(offset)
    index = np.arange(points.shape[0] * points.shape[1]).reshape(points.shape[:2])
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    triangles = np.concatenate((np.stack((a, b, c), -1).reshape(-1, 3), np.stack((a, c, d), -1).reshape(-1, 3)))
    return Mesh(points.reshape(-1, 3).astype(np.float32), triangles.astype(np.int32))


class Scene:
    """One face before one wall, perhaps half hidden; renders its clean depth through any pinhole."""

    def __init__(
        self,
        faces: FaceGenerator,
        vertices_mm: NDArray[np.float32],
        view: View,
        rng: np.random.Generator,
        covers: Sequence[Cover] | None = None,
    ):
        """Place the head (model axes) as the view says, draw the wall, and put what covers the face before it.

        Args:
            covers: as `Appearance.covers`; None puts an ellipsoid before one face in ten.
        """
        self._head = place(vertices_mm, faces.nose_tip, view.pose, view.nose_mm)
        self._triangles = faces.facing(view.pose, view.nose_mm)
        self._wall_mm = view.nose_mm[2] + float(rng.uniform(250, 2500))
        if covers is None:
            self._covers = [_ellipsoid(rng, np.asarray(view.nose_mm, np.float32))] if rng.random() < 0.1 else []
        else:
            upright = place(vertices_mm, faces.nose_tip, HeadPose(0, 0, 0), (0, 0, 0))
            self._covers = [fitted(each, upright).moved(view.nose_mm, view.pose.matrix()) for each in covers]

    def depth(self, intrinsics: Intrinsics) -> NDArray[np.float32]:
        """(H, W) float32 mm."""
        depth = render_depth(self._head, self._triangles, intrinsics)
        for cover in self._covers:
            depth = render_depth(cover.vertices_mm, cover.triangles, intrinsics, depth)
        return np.where(np.isnan(depth), np.float32(self._wall_mm), depth)


def observed_crop(scene: Scene, view: View, rng: np.random.Generator, nose_error_mm: float = NOSE_ERROR_MM) -> FaceCrop:
    """The crop that the program would cut from what the sensor delivers of the scene."""
    intrinsics = scene_intrinsics(view)
    noisy = observe(scene.depth(intrinsics), intrinsics, view.sensor, rng)
    return crop_face(noisy, intrinsics, estimated_nose(view, rng, nose_error_mm))


def estimated_nose(view: View, rng: np.random.Generator, error_mm: float) -> tuple[float, float, float]:
    """The tip of the nose as a locator would give it."""
    x, y, z = np.asarray(view.nose_mm) + rng.normal(0, error_mm, 3)
    return float(x), float(y), float(z)


def truth(
    scene: Scene, crop: FaceCrop, phase: tuple[float, float] = (0.0, 0.0)
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """True depth in network range and where it is a surface in range, both (S, S), at the crop's pixels.

    phase: where inside each pixel the surface is asked for, in pixels (x, y); trains the continuous decoder.
    """
    pinhole = crop_intrinsics(crop.intrinsics, crop.nose_mm, crop.window_mm, SIZE_PX)
    pinhole = replace(pinhole, cx=pinhole.cx - phase[0], cy=pinhole.cy - phase[1])
    value = to_range(scene.depth(pinhole), crop.nose_mm[2])
    return value, (np.abs(value) < 1).astype(np.float32)


def face_region(crop: FaceCrop, target: NDArray[np.float32]) -> NDArray[np.float32]:
    """(S, S) float32, 1 where the true surface lies within FACE_RADIUS_MM of the nose tip."""
    step_mm = WINDOW_MM / SIZE_PX
    across = (np.arange(SIZE_PX, dtype=np.float32) - (SIZE_PX - 1) / 2) * step_mm
    squared = across[None, :] ** 2 + across[:, None] ** 2 + (target * DEPTH_RANGE_MM) ** 2
    return ((squared < FACE_RADIUS_MM**2) & (np.abs(target) < 1)).astype(np.float32)


def make_pair(
    faces: FaceGenerator,
    identity: Identity,
    rng: np.random.Generator,
    view: View,
    phase: tuple[float, float] = (0.0, 0.0),
    appearance: Appearance | None = None,
) -> Pair:
    """One pair of this person seen by this view, as they look on one day; None draws that day."""
    appearance = sample_appearance(faces, rng) if appearance is None else appearance
    scene = Scene(faces, faces.vertices(identity, appearance), view, rng, appearance.covers)
    crop = observed_crop(scene, view, rng)
    target, surface = truth(scene, crop, phase)
    return Pair(crop, denoiser_input(crop), target[None], surface[None], face_region(crop, target)[None], view)


def use_one_thread() -> None:
    """Keep OpenCV to one thread: a data worker owns one core."""
    cv2.setNumThreads(1)
