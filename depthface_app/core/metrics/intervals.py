"""How sure a figure is: percentile bootstrap over people.

Pictures of one person are alike, so people are drawn again and not pictures: an interval says what other people of the
same population would have given.

Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 13; people as clusters after
Davison & Hinkley, Bootstrap Methods and their Application, 1997, section 3.8.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

REPEATS = 1000
SEED = 20401
PERCENTILES = (2.5, 97.5)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval.

    count:  what it was measured on (pairs, probes, comparisons)
    people: how many different people those came from
    """

    value: float
    low: float
    high: float
    count: int
    people: int


def drawn_again(people: int, repeats: int = REPEATS, seed: int = SEED) -> Floats:
    """(repeats, people) how often each person is drawn when as many as there are get drawn with replacement."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(people, np.full(people, 1 / people), repeats).astype(np.float64)


def interval(values: Floats) -> tuple[float, float]:
    """The 95 % percentile interval of repeated (R,) values; values that are not finite are left out."""
    kept = values[np.isfinite(values)]
    if kept.size == 0:
        return float("nan"), float("nan")
    low, high = np.percentile(kept, PERCENTILES)
    return float(low), float(high)


def sums(values: NDArray[np.floating], person: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """(P, ...) sums of (N, ...) values and (P,) counts per person, people in the order of their numbers."""
    names, index = np.unique(person, return_inverse=True)
    total = np.zeros((len(names), *values.shape[1:]))
    np.add.at(total, index, values.astype(np.float64))
    return total, np.bincount(index, minlength=len(names)).astype(np.float64)


def mean(values: NDArray[np.floating], person: NDArray[np.intp]) -> Estimate:
    """Mean of (N,) values; NaN values are left out with what they belong to.

    person: (N,) whose value each is.
    """
    known = ~np.isnan(values)
    values, person = values[known], person[known]
    if values.size == 0:
        return Estimate(*(float("nan"),) * 3, 0, 0)
    total, count = sums(values, person)
    again = drawn_again(len(total))
    low, high = interval((again @ total) / (again @ count))
    return Estimate(float(values.mean()), low, high, len(values), len(total))


def unseen_rate(people: int) -> float:
    """How often what none of so many people showed may still happen: the upper 95 % bound for 0 of n.

    Drawing the same zeros again would call it certain.

    Source: Clopper & Pearson, Biometrika 26(4), 1934, for no success.
    """
    return float(1 - (PERCENTILES[0] / 100) ** (1 / people))


def share_bounds(value: float, low: float, high: float, people: int) -> tuple[float, float]:
    """The interval of a share, widened where it is 0 or 1 and drawing again cannot."""
    unseen = unseen_rate(people)
    return (min(low, 1 - unseen) if value == 1 else low), (max(high, unseen) if value == 0 else high)


def share(hits: NDArray[np.bool_], person: NDArray[np.intp]) -> Estimate:
    """Share of (N,) that hit."""
    found = mean(hits.astype(np.float64), person)
    low, high = share_bounds(found.value, found.low, found.high, found.people)
    return replace(found, low=low, high=high)


def ratio_of_means(above: NDArray[np.floating], below: NDArray[np.floating], person: NDArray[np.intp]) -> Estimate:
    """Mean of (N,) `above` over mean of (N,) `below`, both measured on the same things, so that they vary together."""
    known = ~(np.isnan(above) | np.isnan(below))
    above, below, person = above[known], below[known], person[known]
    if above.size == 0:
        return Estimate(*(float("nan"),) * 3, 0, 0)
    total, _ = sums(np.stack((above, below), 1), person)
    again = drawn_again(len(total)) @ total
    low, high = interval(again[:, 0] / again[:, 1])
    return Estimate(float(above.mean() / below.mean()), low, high, len(above), len(total))
