"""Test pictures in the five subsets of the recognition protocols: NU, FE, PS, OC, TM.

Source: the subsets of Lock3DFace (Zhang et al., ICB 2016) as Led3D (Mu et al., CVPR 2019) and LDNFNet report them: one
neutral frontal picture per person is the gallery, everything else is a probe. What is simulated here is narrower than
what was recorded there: TM is neutral and frontal, poses end at 60°, and every picture has one cause of change.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import HeadPose
from training.faces.shape import Appearance, FaceGenerator, Identity
from training.pairs import View, sample_view
from training.props import Rng
from training.seeds import generator
from training.sessions import OCCLUDER_NAMES, appearance_of, later_that_day, months_later, occluded, sample_session

SUBSETS = {
    "NU": "neutral, frontal, later on the same day",
    "FE": "expression, frontal, later on the same day",
    "PS": "neutral, turned by up to 60° aside or 30° up or down, later on the same day",
    "OC": "neutral, frontal, one occluder, later on the same day",
    "TM": "neutral, frontal, months later: other weight, and perhaps other hair and beard",
}
LEAST_EXPRESSION = 0.25  # largest weight of an expression that counts as one
HELD_STILL_DEG = 3.0  # how straight people look who are asked to look straight
YAW_DEG, PITCH_DEG = (15.0, 60.0), (10.0, 30.0)


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """One picture of one person, all but wall, locator's error and noise, which `rng()` draws.

    person:   identity seed
    subset:   a key of SUBSETS, or "gallery"
    occluder: what covers the face, "" = nothing
    keys:     of the random generator that the picture continues with
    """

    person: int
    subset: str
    occluder: str
    identity: Identity
    appearance: Appearance
    view: View
    keys: tuple[int, ...]

    def rng(self) -> Rng:
        """A fresh generator for what the scene and the sensor draw."""
        return generator(*self.keys)


def _neutral(faces: FaceGenerator) -> NDArray[np.float32]:
    return np.zeros_like(faces.sample_expression(generator(0)))


def _strong_expression(faces: FaceGenerator, rng: Rng) -> NDArray[np.float32]:
    while True:
        weights = faces.sample_expression(rng)
        if weights.max() > LEAST_EXPRESSION:
            return weights


def _straight(rng: Rng) -> HeadPose:
    return HeadPose(*(float(angle) for angle in rng.normal(0, HELD_STILL_DEG, 3)))


def _turned(rng: Rng) -> HeadPose:
    """Two of three aside, one up or down."""
    pose, side = _straight(rng), float(rng.choice((-1.0, 1.0)))
    if rng.random() < 2 / 3:
        return replace(pose, yaw_deg=side * float(rng.uniform(*YAW_DEG)))
    return replace(pose, pitch_deg=side * float(rng.uniform(*PITCH_DEG)))


def gallery_look(faces: FaceGenerator, person: int, sensors: tuple[str, ...]) -> Look:
    """The one picture a person is known by: neutral, frontal, nothing before the face.

    Args:
        person: identity seed.
        sensors: families of which one unit looks.

    Raises:
        ValueError: if the generator does not grow hair.
    """
    return _look(faces, "gallery", person, 0, sensors)


def sample_subset(faces: FaceGenerator, subset: str, person: int, number: int, sensors: tuple[str, ...]) -> Look:
    """Probe `number` of a person in one of the SUBSETS; the same arguments give the same look on any machine.

    Args:
        person: identity seed.
        sensors: families of which one unit looks; take others than the gallery's.

    Raises:
        ValueError: if the generator does not grow hair, or there is no such subset.
    """
    if subset not in SUBSETS:
        raise ValueError(f"there is no subset {subset!r}; there are {', '.join(SUBSETS)}")
    return _look(faces, subset, person, number, sensors)


def _look(faces: FaceGenerator, subset: str, person: int, number: int, sensors: tuple[str, ...]) -> Look:
    if not faces.grows_hair:
        raise ValueError("subsets need hair and beard: load this generator with hair=True")
    kind = 0 if subset == "gallery" else 1 + list(SUBSETS).index(subset)
    usual = sample_session(generator(person, 1))
    rng = generator(person, 2, kind, number)
    session = usual if subset == "gallery" else (months_later if subset == "TM" else later_that_day)(usual, rng)
    expression = _strong_expression(faces, rng) if subset == "FE" else _neutral(faces)
    occluder = str(rng.choice(OCCLUDER_NAMES)) if subset == "OC" else ""
    look = occluded(session, expression, occluder, rng) if occluder else appearance_of(session, expression)
    view = replace(sample_view(rng, sensors), pose=_turned(rng) if subset == "PS" else _straight(rng))
    identity = faces.sample_identity(generator(person))
    return Look(person, subset, occluder, identity, look, view, (person, 3, kind, number))
