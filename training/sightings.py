"""Banks of samples for the locator: whole scenes in small, and windows on faces and on what is not one.

`python -m training.sightings --faces FOLDER --out FOLDER --scenes 15000` draws scenes, looks at each through a sensor
of its own and keeps what the two networks read, so that training touches neither meshes nor full pictures.
"""

import argparse
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.finding import FindingRules, Network, examine, propose
from depthface_app.core.frame import Intrinsics
from depthface_app.core.locating import LookAt, Overview, look_at, overview
from depthface_app.core.sensors import observe
from training.faces.ict import IctModel
from training.faces.shape import FaceGenerator, Identity
from training.props import Rng
from training.runtime import open_session
from training.scenes import TURNED_AWAY_DEG, FaceTruth, Scene, draw_scene, draw_sensor
from training.seeds import TRAIN_IDENTITIES, VALIDATION_IDENTITIES, generator
from training.trouble import said_plainly

log = logging.getLogger(__name__)

OVERVIEW_UNIT_MM = 1 / 16
WINDOW_UNIT_MM = 1 / 100
SHARD_SCENES = 500
IDENTITIES_PER_SHARD = 250
TRAIN_KEY, VALIDATION_KEY = 71, 72
FACE, IGNORED, TURNED = 1, 0, -1
LEAST_MINED_SCORE = 0.02
WINDOWS_PER_FACE = 4
MINED_WITHOUT_FACES = 0.3
LEAST_VISIBLE = 0.5
LARGEST_FACE_TURN_DEG = 82.0
CLEAR_MM = 150.0  # a window this far from every face is a sample of "no face"
REACH_MM = 110.0  # a proposal this near to a nose is a look at that face
SMALL_OFFSET_MM, LARGE_OFFSETS_MM = 7.0, (38.0, 75.0)

Proposer = Callable[[NDArray[np.float32], Intrinsics], list[NDArray[np.float64]]]


@dataclass(frozen=True, eq=False, slots=True)
class Head:
    """One head as the networks are told about it. kind: FACE, IGNORED or TURNED (away from the camera)."""

    truth: FaceTruth
    rotation: NDArray[np.float64]
    kind: int
    share: float


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """One sample of the aligner: what it reads, and what it should say in the axes of the window."""

    look: LookAt
    is_face: bool
    offset_mm: NDArray[np.float64]
    rotation: NDArray[np.float64]


def read_share(seen_mm: NDArray[np.float32], scene: Scene, head: FaceTruth) -> float:
    """Share of the surface within 80 mm of the nose for which the sensor has a reading."""
    nose = np.array(head.nose_mm)
    clean = look_at(scene.clean_mm, scene.intrinsics, nose, 160.0, 32)
    there = np.abs(clean.depth_mm - np.float32(clean.distance_mm)) < 80  # False for NaN
    if not there.any():
        return 0.0
    seen = look_at(seen_mm, scene.intrinsics, nose, 160.0, 32)
    return float((~np.isnan(seen.depth_mm))[there].mean())


def judged(seen_mm: NDArray[np.float32], scene: Scene) -> tuple[Head, ...]:
    """Which heads are faces to be found, which are none, and which nobody is asked about."""
    heads = []
    for truth in scene.heads:
        share = truth.visible * read_share(seen_mm, scene, truth)
        kind = IGNORED
        if truth.turn_deg >= TURNED_AWAY_DEG - 2:
            kind = TURNED
        elif truth.turn_deg < LARGEST_FACE_TURN_DEG and truth.in_picture and share >= LEAST_VISIBLE:
            kind = FACE
        heads.append(Head(truth, truth.pose.matrix(), kind, share))
    return tuple(heads)


def face_window(
    seen_mm: NDArray[np.float32], intrinsics: Intrinsics, centre_mm: NDArray[np.floating], head: Head
) -> Window:
    """A window near a face, with where the tip of the nose is from its middle."""
    look = look_at(seen_mm, intrinsics, centre_mm)
    offset = look.rotation.T @ (np.array(head.truth.nose_mm) - centre_mm)
    return Window(look, True, offset, look.rotation.T @ head.rotation)


def other_window(seen_mm: NDArray[np.float32], intrinsics: Intrinsics, centre_mm: NDArray[np.floating]) -> Window:
    """A window on something that is no face."""
    return Window(look_at(seen_mm, intrinsics, centre_mm), False, np.zeros(3), np.eye(3))


def _jitter(rng: Rng) -> NDArray[np.float64]:
    """From where the nose is to where the window is put: far off as after the overview, or near as after one pass.

    The overview errs by up to 100 mm, mostly in depth, where something covers a part of a distant face.
    """
    if rng.random() < 0.4:
        return rng.normal(0, SMALL_OFFSET_MM, 3)
    far = float(rng.choice(LARGE_OFFSETS_MM, p=(0.6, 0.4)))
    return rng.uniform(-far, far, 3)


def _surface_point(
    seen_mm: NDArray[np.float32], intrinsics: Intrinsics, x: float, y: float
) -> NDArray[np.float64] | None:
    """The surface seen at a pixel, from the readings around it; None where there is none within reach."""
    column, row = round(x), round(y)
    if not (0 <= column < intrinsics.width and 0 <= row < intrinsics.height):
        return None
    part = seen_mm[max(row - 4, 0) : row + 5, max(column - 4, 0) : column + 5]
    part = part[(part > 250) & (part < 1800)]
    if part.size < 10:
        return None
    z = float(np.median(part))
    return z * np.array(((x - intrinsics.cx) / intrinsics.fx, (y - intrinsics.cy) / intrinsics.fy, 1.0))


def _is_clear(point_mm: NDArray[np.floating], heads: Sequence[Head]) -> bool:
    asked = [head for head in heads if head.kind != TURNED]
    return all(np.linalg.norm(point_mm - np.array(head.truth.nose_mm)) > CLEAR_MM for head in asked)


def _other_points(
    rng: Rng, seen_mm: NDArray[np.float32], scene: Scene, heads: Sequence[Head]
) -> list[NDArray[np.float64]]:
    """Middles of things, of heads that look away, and two random places on whatever is seen."""
    pinhole = scene.intrinsics
    pixels = [pinhole.project(thing) for thing in scene.things_mm if thing[2] > 100]
    for head in heads:
        if head.kind == TURNED:
            inward = head.rotation @ np.array((rng.uniform(-30, 30), rng.uniform(-80, 30), 110.0))
            pixels.append(pinhole.project(np.array(head.truth.nose_mm) + inward))
    pixels += [rng.uniform((0, 0), (pinhole.width, pinhole.height)) for _ in range(2)]
    points = [_surface_point(seen_mm, pinhole, float(x), float(y)) for x, y in pixels]
    return [point for point in points if point is not None and _is_clear(point, heads)]


def random_windows(rng: Rng, seen_mm: NDArray[np.float32], scene: Scene, heads: Sequence[Head]) -> list[Window]:
    """Windows as they come without a network to propose them."""
    windows = []
    for head in heads:
        for _ in range(WINDOWS_PER_FACE if head.kind == FACE else 0):
            centre = np.array(head.truth.nose_mm) + _jitter(rng)
            windows.append(face_window(seen_mm, scene.intrinsics, centre, head))
    points = _other_points(rng, seen_mm, scene, heads)
    return windows + [other_window(seen_mm, scene.intrinsics, p + rng.normal(0, 12, 3)) for p in points]


def proposed_windows(
    proposer: Proposer, seen_mm: NDArray[np.float32], scene: Scene, heads: Sequence[Head]
) -> list[Window]:
    """Windows where the overview network believes a face to be: its own errors on faces, and what deceives it."""
    windows = []
    for point in proposer(seen_mm, scene.intrinsics):
        near = [h for h in heads if np.linalg.norm(np.array(h.truth.nose_mm) - point) < REACH_MM and h.kind == FACE]
        if near:
            windows.append(face_window(seen_mm, scene.intrinsics, point, near[0]))
        elif _is_clear(point, heads):
            windows.append(other_window(seen_mm, scene.intrinsics, point))
    return windows


class Shard:
    """Samples on their way to a file."""

    def __init__(self) -> None:
        self.overviews: list[Overview] = []
        self.heads: list[tuple[float, ...]] = []
        self.windows: list[Window] = []

    def add(self, small: Overview, heads: Sequence[Head], windows: Sequence[Window]) -> None:
        """One scene."""
        for head in heads:
            self.heads.append((len(self.overviews), *head.truth.nose_mm, head.kind, head.truth.turn_deg, head.share))
        self.overviews.append(small)
        self.windows += windows

    def save(self, path: Path) -> None:
        """Write all samples as plain arrays of small integers."""
        flat = [np.nan_to_num(small.depth_mm / OVERVIEW_UNIT_MM).astype(np.uint16).ravel() for small in self.overviews]
        pinholes = [(k.width, k.height, k.fx, k.fy, k.cx, k.cy) for k in (s.intrinsics for s in self.overviews)]
        relative = [w.look.depth_mm - np.float32(w.look.distance_mm) for w in self.windows]
        window = np.nan_to_num(np.array(relative) / WINDOW_UNIT_MM, nan=np.iinfo(np.int16).min)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new.npz")
        np.savez(
            fresh,
            overview=np.concatenate(flat),
            pinhole=np.array(pinholes),
            head=np.array(self.heads, np.float32).reshape(-1, 7),
            window=window.astype(np.int16),
            distance=np.array([w.look.distance_mm for w in self.windows], np.float32),
            is_face=np.array([w.is_face for w in self.windows]),
            offset=np.array([w.offset_mm for w in self.windows], np.float32),
            rotation=np.array([w.rotation for w in self.windows], np.float32),
        )
        fresh.replace(path)


def as_function(path: Path) -> Network:
    """A model file with one input, run on one thread."""
    session = open_session(path)
    name = session.get_inputs()[0].name
    return lambda given: session.run(None, {name: given})


def trained_proposer(models: Path) -> Proposer:
    """What the files of this folder take for faces, also where they are not sure: places of the first two looks."""
    look_over, look_closely = as_function(models / "locator.onnx"), as_function(models / "aligner.onnx")
    rules = FindingRules(peak=0.04)

    def noses(depth_mm: NDArray[np.float32], intrinsics: Intrinsics) -> list[NDArray[np.float64]]:
        places = propose(depth_mm, intrinsics, look_over, rules)
        first = examine(depth_mm, intrinsics, places, look_closely)
        likely = [c for c in first if c.score > LEAST_MINED_SCORE and c.nose_mm[2] > 100]
        return [place.nose_mm for place in (*places, *likely)]

    return noses


def make_shard(
    faces: FaceGenerator,
    keys: Sequence[int],
    first_identity: int,
    proposer: Proposer | None,
    scenes: int = SHARD_SCENES,
) -> Shard:
    """Draw scenes with people from `first_identity` on; `keys` seed everything else."""
    rng = generator(*keys)
    people: list[Identity] = [faces.sample_identity(generator(first_identity + k)) for k in range(IDENTITIES_PER_SHARD)]
    shard = Shard()
    for _ in range(scenes):
        sensor = draw_sensor(rng)
        facing = 0 if proposer is not None and rng.random() < MINED_WITHOUT_FACES else None
        scene = draw_scene(rng, faces, people, sensor, facing)
        seen = observe(scene.clean_mm, scene.intrinsics, sensor, rng)
        heads = judged(seen, scene)
        windows = random_windows(rng, seen, scene, heads)
        if proposer is not None:
            windows += proposed_windows(proposer, seen, scene, heads)
        shard.add(overview(seen, scene.intrinsics), heads, windows)
    return shard


def make_bank(
    faces: FaceGenerator, folder: Path, shards: range, identities: range, key: int, proposer: Proposer | None = None
) -> None:
    """Write the shards that are not there yet."""
    for k in shards:
        path = folder / f"{key}_{k:04d}.npz"
        if not path.exists():
            first = int(generator(key, k, 1).integers(identities.start, identities.stop - IDENTITIES_PER_SHARD))
            shard = make_shard(faces, (key, k), first, proposer)
            shard.save(path)
            log.info("%s: %d scenes, %d windows", path.name, len(shard.overviews), len(shard.windows))


@said_plainly()
def main() -> None:
    """Write a training bank and a smaller one for validation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--out", type=Path, required=True, help="folder for the banks")
    parser.add_argument("--scenes", type=int, default=15_000)
    parser.add_argument("--mine", type=Path, help="folder of locator.onnx and aligner.onnx: add what deceives them")
    parser.add_argument("--key", type=int, default=TRAIN_KEY, help="seed of the scenes of training")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    cv2.setNumThreads(1)
    faces = IctModel.load(arguments.faces / "ict_face_model.npz")
    shards = range(arguments.scenes // SHARD_SCENES)
    if arguments.mine:
        proposer = trained_proposer(arguments.mine)
        make_bank(faces, arguments.out / "mined", shards, TRAIN_IDENTITIES, arguments.key, proposer)
    else:
        make_bank(faces, arguments.out / "validation", range(1), VALIDATION_IDENTITIES, VALIDATION_KEY)
        make_bank(faces, arguments.out / "train", shards, TRAIN_IDENTITIES, arguments.key)


if __name__ == "__main__":
    main()
