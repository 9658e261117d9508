"""Who is nearest: cosine similarity, the best template of each person, accepted or unknown at a threshold."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import Match

CANDIDATES = 5
LOWEST = -1.0  # cosine of opposites
SAME = 1e-6  # rounding of a cosine


def unit(vector: NDArray[np.floating]) -> NDArray[np.float32]:
    """The vector (D,) at length one.

    Raises:
        ValueError: if it has no direction: all zero, or not finite. A zero embedding would match anyone equally.
    """
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not np.isfinite(length) or length == 0:
        raise ValueError("an embedding without direction cannot be compared")
    return (vector / length).astype(np.float32)


def best_per_person(similarities: NDArray[np.float32], person: NDArray[np.intp], people: int) -> NDArray[np.float32]:
    """(people,) best of the (N,) similarities of each person's templates; -inf for a person without any."""
    best = np.full(people, -np.inf, np.float32)
    np.maximum.at(best, person, similarities)
    return best


def match_embedding(
    embedding: NDArray[np.float32],
    templates: NDArray[np.float32],
    person: NDArray[np.intp],
    names: Sequence[str],
    threshold: float,
    top: int = CANDIDATES,
    denied: tuple[NDArray[np.float32], NDArray[np.intp]] | None = None,
) -> Match:
    """Compare one face with everyone.

    Args:
        embedding: (D,) unit vector.
        templates: (N, D) unit vectors.
        person: (N,) index into `names` of each template.
        threshold: cosine from which the nearest person is accepted.
        top: candidates to return.
        denied: (M, D) unit vectors of faces and (M,) index into `names` of whom somebody said that each is not. Whoever
            is no nearer to the face than such a vector of theirs is the last of all candidates.

    Returns:
        The nearest person if they reach the threshold, else unknown; the candidates either way.
    """
    if len(names) == 0:
        return Match(None, float("nan"), threshold)
    best = best_per_person(templates @ embedding, person, len(names))
    if denied is not None and len(denied[1]):
        vectors, whom = denied
        best[whom[vectors @ embedding > best[whom] - SAME]] = LOWEST
    order = _largest(best, top)
    candidates = tuple((names[index], float(best[index])) for index in order)
    name, similarity = candidates[0]
    return Match(name if similarity >= threshold else None, similarity, threshold, candidates)


def _largest(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Indices of the `count` largest values, largest first; equal values in their own order."""
    count = min(max(count, 1), len(values))
    picked = np.sort(np.argpartition(-values, count - 1)[:count])
    return picked[np.argsort(-values[picked], kind="stable")]
