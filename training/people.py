"""Makes the people of the simulated camera: `python -m training.people --ict FILE --out assets/simulated_people.npz`.

Every person is an identity of the face sampler, with a closed head, hair, perhaps a beard, and a torso; no file of the
face model is shipped, only grids read off its surfaces. Their seeds begin where those of training end, so that no
network has seen them, and nobody is nearly the same as somebody else.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.arrays import read_arrays
from training.distinct import distinct_seeds
from training.faces import bust
from training.faces.bust import FloatGrid, Hair, Hits
from training.faces.ict import IctModel
from training.faces.shape import CAMERA_FROM_MODEL, Appearance
from training.trouble import said_plainly

FIRST_SEED = 9_000_000  # training draws its identities from seeds below 1,000,000
UNIT_MM = 0.02
INNER_PARTS = ("mouth_socket", "gums_tongue", "teeth", "eye_socket")
ATTRIBUTION = (
    "Heads sampled from a face model of ICT FaceKit, MIT licence, Copyright (c) 2020 USC Institute for Creative "
    "Technologies; resampled, completed, dressed and named by training/people.py of DepthFace. Fictitious people."
)
EXPRESSIONS: dict[str, dict[str, float]] = {
    "smile": {"mouthSmile_L": 1, "mouthSmile_R": 1, "cheekSquint_L": 0.5, "cheekSquint_R": 0.5},
    "jaw_open": {"jawOpen": 1},
    "brows_up": {"browInnerUp_L": 1, "browInnerUp_R": 1, "browOuterUp_L": 1, "browOuterUp_R": 1},
    "brows_down": {"browDown_L": 1, "browDown_R": 1, "noseSneer_L": 0.3, "noseSneer_R": 0.3},
    "blink": {"eyeBlink_L": 1, "eyeBlink_R": 1},
    "pucker": {"mouthPucker": 1},
    "frown": {"mouthFrown_L": 1, "mouthFrown_R": 1},
}
SKIN, LIPS, BROWS, SCLERA, IRIS = 0.78, 0.68, 0.48, 0.72, 0.4


@dataclass(frozen=True, slots=True)
class Look:
    """Name, haircut and beard of one fictitious person; who they are is the seed's affair."""

    name: str
    hair: Hair | None
    beard_mm: float = 0.0


LOOKS = (
    Look("Ada", Hair(13, 104, length_mm=95, parting_mm=18, darkness=0.75)),
    Look("Ben", Hair(8, 96)),
    Look("Chloe", Hair(14, 68, 13, length_mm=45, darkness=0.5)),
    Look("David", Hair(5, 100, darkness=0.4), beard_mm=9),
    Look("Elif", Hair(11, 102, length_mm=130, parting_mm=-12, darkness=0.85)),
    Look("Farid", Hair(11, 96, 16, curl=0.3, darkness=0.85), beard_mm=3),
    Look("Grace", Hair(26, 100, 22, curl=0.3, darkness=0.8)),
    Look("Hugo", None),
    Look("Ines", Hair(9, 106, 34, length_mm=70, parting_mm=25, darkness=0.6)),
    Look("Jonas", Hair(17, 84, 16, parting_mm=35, darkness=0.35)),
    Look("Kiran", Hair(10, 94, darkness=0.9), beard_mm=12),
    Look("Lena", Hair(7, 104, 32, darkness=0.3)),
    Look("Mateo", Hair(15, 88, 18, curl=0.24, darkness=0.7)),
    Look("Nora", Hair(12, 62, 12, length_mm=25, darkness=0.65)),
    Look("Omar", None, beard_mm=7),
    Look("Priya", Hair(12, 104, length_mm=160, darkness=0.9)),
    Look("Sven", Hair(6, 112, darkness=0.2)),
    Look("Yuki", Hair(11, 70, 12, parting_mm=-30, darkness=0.9)),
)


class Sculptor:
    """Reads heads off the face model on one common grid."""

    def __init__(self, model: IctModel, hits: Hits, skin_triangles: NDArray[np.int32]) -> None:
        """Keep the model, close its mean head and find the ears on the grid."""
        self.model, self._hits, self._triangles = model, hits, skin_triangles
        self._mean = hits.read(model.mean, skin_triangles)
        self._whole_mean = bust.complete(self._mean)
        self.ears = bust.ears((self._whole_mean - model.mean[model.nose_tip]) * CAMERA_FROM_MODEL)

    @classmethod
    def of_file(cls, path: Path) -> "Sculptor":
        """Load the model and cast the grid's rays against its skin and eyes."""
        data = read_arrays(path, ("part_names", "tri_part", "triangles"))
        parts = list(data["part_names"])
        inner = np.isin(data["tri_part"], [parts.index(part) for part in INNER_PARTS])
        triangles = data["triangles"][~inner].astype(np.int32)
        model = IctModel.load(path)
        return cls(model, bust.cast(model.mean, triangles), triangles)

    def head(self, vertices_mm: NDArray[np.float32]) -> FloatGrid:
        """Grid of a whole head from the model's vertices, camera axes around the tip of the nose."""
        moved = bust.fill(self._hits.read(vertices_mm, self._triangles) - self._mean)
        return (self._whole_mean + moved - vertices_mm[self.model.nose_tip]) * CAMERA_FROM_MODEL

    def expression(self, weights: dict[str, float]) -> FloatGrid:
        """Movement of every grid point under a mixture of the model's expressions, camera axes."""
        names = self.model.ex_names
        basis = self.model.ex_basis.reshape(len(names), -1, 3)
        moved = sum(weight * basis[names.index(name)] for name, weight in weights.items())
        return bust.fill(self._hits.read(np.asarray(moved), self._triangles), decay=0.002) * CAMERA_FROM_MODEL

    def reflectance(self) -> FloatGrid:
        """(ROWS, COLUMNS) how much infrared the bare mean head sends back, 0 to 1."""
        out = np.full(self._mean.shape[:2], SKIN, np.float32)
        marks = self.model.mean[self.model.landmarks68]
        for first, last in ((17, 22), (22, 27)):
            out[_near_path(self._whole_mean, marks[first:last], 3.2)] = BROWS
        lips = np.linalg.norm((self._whole_mean - marks[48:60].mean(0)) / (26.0, 9.5, 20.0), axis=-1) < 1
        out[lips] = LIPS
        for first in (36, 42):
            eye = marks[first : first + 6].mean(0)
            aside = np.linalg.norm((self._whole_mean - eye)[..., :2] / (13.0, 5.0), axis=-1)
            out[(aside < 1) & (self._whole_mean[..., 2] > 60)] = SCLERA
            pupil = np.linalg.norm((self._whole_mean - eye)[..., :2], axis=-1) < 5.0
            out[pupil & (self._whole_mean[..., 2] > 60)] = IRIS
        return cv2.GaussianBlur(out, (3, 3), 0)


def _near_path(points_mm: FloatGrid, path_mm: NDArray[np.float32], reach_mm: float) -> NDArray[np.bool_]:
    """Which points lie near a line through the given ones."""
    steps = np.linspace(0, len(path_mm) - 1, 40)
    dense = np.stack([np.interp(steps, np.arange(len(path_mm)), path_mm[:, k]) for k in range(3)], -1)
    return np.linalg.norm(points_mm[..., None, :] - dense, axis=-1).min(-1) < reach_mm


def open_mouth(jaw: FloatGrid) -> FloatGrid:
    """Let the membrane between the opening lips sink in, so that an open mouth is a hollow."""
    stretched = np.zeros(jaw.shape[:2], np.float32)
    stretched[:-1] = np.abs(np.diff(jaw[..., 1], axis=0))
    seam = np.maximum(stretched, np.roll(stretched, 1, axis=0)) > 2.5
    out = jaw.copy()
    out[..., 2] += 28.0 * seam
    return out


def _neutral(model: IctModel, beard_mm: float = 0.0, texture: int = 0) -> Appearance:
    return Appearance(np.zeros(len(model.ex_names), np.float32), beard_mm=beard_mm, texture=texture)


def person(sculptor: Sculptor, look: Look, seed: int) -> dict[str, FloatGrid]:
    """Grids of one person: head, body, curtain (flat when there is no long hair) and reflectance."""
    rng = np.random.default_rng(seed)
    identity = sculptor.model.sample_identity(rng)
    bare = sculptor.head(sculptor.model.vertices(identity, _neutral(sculptor.model, look.beard_mm, seed)))
    out = {"body": bust.body(bare, rng), "head": bust.tucked_neck(bare), "reflectance": sculptor.reflectance()}
    out["curtain"] = np.zeros((bust.CURTAIN_ROWS, bust.CURTAIN_COLUMNS, 3), np.float32)
    if look.hair:
        out["head"] = bust.with_hair(out["head"], look.hair, sculptor.ears, rng)
        out["reflectance"] *= 1 - look.hair.darkness * bust.hair_cover(bare, look.hair, sculptor.ears)
    if look.hair and look.hair.length_mm:
        out["curtain"] = bust.curtain(out["head"], look.hair, rng)
    return out


def packed(values_mm: FloatGrid) -> NDArray[np.int16]:
    """Steps of `UNIT_MM`, as differences along the columns, which a zip packs twice as well."""
    steps = np.rint(values_mm / UNIT_MM).astype(np.int16)
    return np.diff(steps, axis=-2, prepend=np.zeros_like(steps[..., :1, :]))


def make(ict: Path, out: Path, first_seed: int) -> None:
    """Write the file of people."""
    sculptor = Sculptor.of_file(ict)
    model = sculptor.model
    seeds = distinct_seeds(
        lambda k: model.neutral_shape(model.sample_identity(np.random.default_rng(k))), first_seed, len(LOOKS)
    )
    people = [person(sculptor, look, seed) for look, seed in zip(LOOKS, seeds, strict=True)]
    moves = {name: sculptor.expression(weights) for name, weights in EXPRESSIONS.items()}
    moves["jaw_open"] = open_mouth(moves["jaw_open"])
    about = {"attribution": ATTRIBUTION, "unit_mm": UNIT_MM, "seeds": seeds, "names": [look.name for look in LOOKS]}
    about |= {"expressions": list(moves), "hair_darkness": [look.hair.darkness if look.hair else 0 for look in LOOKS]}
    grids = {part: packed(np.stack([each[part] for each in people])) for part in ("head", "body", "curtain")}
    np.savez_compressed(
        out,
        about=json.dumps(about),
        expressions=packed(np.stack(list(moves.values()))),
        reflectance=np.rint(255 * np.stack([each["reflectance"] for each in people])).astype(np.uint8),
        allow_pickle=False,
        **grids,
    )
    print(f"{out}: {len(people)} people, {out.stat().st_size / 1e6:.2f} MB")


@said_plainly()
def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Make the people of the simulated camera.")
    parser.add_argument("--ict", type=Path, required=True, help="compact ICT face model (.npz)")
    parser.add_argument("--out", type=Path, required=True, help="file of people to write (.npz)")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="first identity seed; at least 9,000,000")
    options = parser.parse_args()
    if options.seed < FIRST_SEED:
        parser.error(f"--seed is {options.seed}, but seeds below {FIRST_SEED} belong to training")
    make(options.ict, options.out, options.seed)


if __name__ == "__main__":
    main()
