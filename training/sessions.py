"""One person on one day: hair, beard and weight that stay over a sitting, and what is worn or held before the face.

A person has a usual session; later on the same day little has changed, months later much may have. All sizes are our
own choice, wide on purpose: nothing here was fitted to any database.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.covers import OCCLUDERS, Cover
from training.faces.shape import Appearance, FaceGenerator
from training.props import Rng
from training.seeds import generator

WEIGHT_SD_MM, MOST_WEIGHT_MM = 1.2, 3.0  # of the fullest part of the face, over months
LOWEST_FRINGE_MM, HIGHEST_FRINGE_MM = 45.0, 95.0
LEAST_UNDER_LONG_HAIR_MM = 6.0
BEARDED, LONG_HAIRED, HAIRY = 0.15, 0.2, 0.75  # shares of people
LONG_HAIR, FRINGE = "long hair", "fringe"  # a fringe is part of the head's own surface, not a thing before it
OCCLUDER_NAMES = (*OCCLUDERS, FRINGE)


@dataclass(frozen=True, slots=True)
class Session:
    """What stays while a person sits before the sensor; lengths as in `Appearance`.

    long_hair: seed of hair that hangs beside the face, None = none
    """

    fringe_mm: float
    hair_mm: float
    beard_mm: float
    weight_mm: float
    texture: int
    long_hair: int | None


def sample_session(rng: Rng) -> Session:
    """A person on the day they are first seen. Weight counts from that day."""
    hair = rng.random() < HAIRY
    return Session(
        fringe_mm=float(rng.uniform(LOWEST_FRINGE_MM, HIGHEST_FRINGE_MM)),
        hair_mm=float(rng.uniform(3, 28)) if hair else 0.0,
        beard_mm=float(rng.uniform(1, 14)) if rng.random() < BEARDED else 0.0,
        weight_mm=0.0,
        texture=_seed(rng),
        long_hair=_seed(rng) if hair and rng.random() < LONG_HAIRED / HAIRY else None,
    )


def later_that_day(session: Session, rng: Rng) -> Session:
    """Another sitting: the hair falls a little differently, everything else is as it was."""
    fringe = float(np.clip(session.fringe_mm + rng.normal(0, 3), LOWEST_FRINGE_MM, HIGHEST_FRINGE_MM))
    return replace(session, fringe_mm=fringe, texture=_seed(rng))


def months_later(session: Session, rng: Rng) -> Session:
    """Another day, months away: another weight, and perhaps another haircut and another beard."""
    other = sample_session(rng)
    weight = float(np.clip(rng.normal(0, WEIGHT_SD_MM), -MOST_WEIGHT_MM, MOST_WEIGHT_MM))
    same_hair, same_beard = rng.random() < 0.3, rng.random() < 0.5
    hair = later_that_day(session, rng) if same_hair else other
    beard = session.beard_mm if same_beard else float(rng.uniform(1, 14)) if not session.beard_mm else 0.0
    return replace(hair, weight_mm=session.weight_mm + weight, beard_mm=beard)


def _seed(rng: Rng) -> int:
    return int(rng.integers(1 << 30))


def appearance_of(session: Session, expression: NDArray[np.float32], covers: tuple[Cover, ...] = ()) -> Appearance:
    """The session's looks with an expression and with what covers the face besides the session's own hair."""
    if session.long_hair is not None:
        covers = (*covers, OCCLUDERS[LONG_HAIR](generator(session.long_hair)))
    return Appearance(
        expression,
        session.fringe_mm,
        session.hair_mm,
        session.beard_mm,
        session.texture,
        session.weight_mm,
        covers,
    )


def occluded(session: Session, expression: NDArray[np.float32], occluder: str, rng: Rng) -> Appearance:
    """The session's looks with one occluder of this kind."""
    if occluder == FRINGE:
        combed = replace(session, fringe_mm=float(rng.uniform(36, 50)), hair_mm=float(rng.uniform(8, 22)))
        return appearance_of(combed, expression)
    if occluder == LONG_HAIR:
        session = replace(session, long_hair=None, hair_mm=max(session.hair_mm, LEAST_UNDER_LONG_HAIR_MM))
    return appearance_of(session, expression, (OCCLUDERS[occluder](rng),))


def training_appearance(faces: FaceGenerator, rng: Rng, covered: float = 0.35) -> Appearance:
    """A look of a person on any day, for training: a new session every time, so that nothing in it tells who it is.

    Args:
        covered: share of looks with an occluder; a tenth of the others are half hidden behind an ellipsoid.
    """
    first = sample_session(rng)
    session = months_later(first, rng) if rng.random() < 0.5 else first
    expression = faces.sample_expression(rng)
    if rng.random() < covered:
        return occluded(session, expression, OCCLUDER_NAMES[rng.integers(len(OCCLUDER_NAMES))], rng)
    look = appearance_of(session, expression)
    return replace(look, covers=look.covers or None)
