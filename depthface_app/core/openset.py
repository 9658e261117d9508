"""When is it nobody: the cosine that a stranger reaches too seldom to matter, from what strangers score.

A search for a stranger returns the nearest of everybody who is enrolled, and that score grows with the gallery and
with how much its people resemble each other. The gallery itself is the best witness: each person, searched for among
all the others, is a stranger to them. On simulated validation people those scores have the mean and spread of real
strangers' to within a sixth of their spread, and are normal enough for rates down to 0.3 %.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FEWEST_PEOPLE = 20  # below this a gallery says too little about itself
# What a model's card is worth beside a gallery's own people. Chosen on simulated validation people who are relatives,
# as those of another population resemble each other: asked for 1 %, 30 or 100 of them, of likeness 0.4, let 2.0 and
# 0.8 % of strangers like them pass (with 100 in its place 3.6 and 1.4 %), for 2 to 3 points more of the enrolled
# missed; of likeness 0.7, 9 and 1.4 % (17 and 4.8 %). In galleries of 100 people of no likeness it changed nothing.
PRIOR_PEOPLE = 50
SAMPLED_PEOPLE = 500  # enough to know a spread to 3 %
PEOPLE_AT_ONCE = 32  # so that a gallery of 100,000 needs neither a copy of itself nor all similarities at a time


@dataclass(frozen=True, slots=True)
class StrangerScores:
    """Best cosine of searches for strangers in one gallery.

    skew:  third standardised moment, as far as it is sure; the best of many leans to the right, never to the left
    count: how many searches the others come from
    """

    mean: float
    sd: float
    skew: float
    count: int

    @classmethod
    def of(cls, best: NDArray[np.floating]) -> "StrangerScores":
        """From the best cosine of each search, (count,), two or more.

        The skewness of few searches is mostly chance: its standard error, √(6/count), is taken off.

        Source: Kendall & Stuart, The Advanced Theory of Statistics, volume 1, exercise 12.9.
        """
        mean, sd = float(np.mean(best)), float(np.std(best, ddof=1))
        skew = float(np.mean((best - mean) ** 3)) / max(sd, 1e-9) ** 3
        return cls(mean, sd, max(skew - math.sqrt(6 / len(best)), 0.0), len(best))

    def threshold(self, rate: float) -> float:
        """Cosine that a share `rate` of strangers reaches, the false-positive identification rate (ISO/IEC 19795-1).

        A bound for the next score of a nearly normal distribution known from `count` scores: mean + t·sd·√(1 +
        1/count), with Student's t by its expansion in 1/(count - 1), and the skewness to first order.

        Source: Hahn & Meeker, Statistical Intervals, 1991, section 4.7; Abramowitz & Stegun, 26.7.5 and 26.2.49.
        """
        x, freedom = NormalDist().inv_cdf(1 - rate), self.count - 1
        t = x + (x**3 + x) / (4 * freedom) + (5 * x**5 + 16 * x**3 + 3 * x) / (96 * freedom**2)
        t += self.skew * (x**2 - 1) / 6
        return self.mean + t * self.sd * math.sqrt(1 + 1 / self.count)


def leaning(own: StrangerScores, expected: StrangerScores) -> StrangerScores:
    """A gallery's own scores, drawn towards what was expected of its size, as if PRIOR_PEOPLE had been seen there.

    A hundred people, each searched for once, among whom two happen to be alike, say less about the next stranger than
    their spread pretends.

    Source: shrinkage of means and variances towards a prior, Gelman et al., Bayesian Data Analysis, section 3.3.
    """
    share = own.count / (own.count + PRIOR_PEOPLE)
    mean, sd, skew = (
        share * getattr(own, name) + (1 - share) * getattr(expected, name) for name in ("mean", "sd", "skew")
    )
    return StrangerScores(mean, sd, skew, own.count)


def strangers_within(templates: NDArray[np.float32], person: NDArray[np.intp]) -> StrangerScores | None:
    """What each person scores among all the others of a gallery; None with fewer than FEWEST_PEOPLE.

    Args:
        templates: (N, D) unit vectors.
        person: (N,) whose they are.
    """
    people = np.unique(person)
    if len(people) < FEWEST_PEOPLE:
        return None
    if len(people) > SAMPLED_PEOPLE:
        people = people[np.linspace(0, len(people) - 1, SAMPLED_PEOPLE).round().astype(int)]
    best = []
    for group in np.array_split(people, math.ceil(len(people) / PEOPLE_AT_ONCE)):
        rows = np.flatnonzero(np.isin(person, group))
        similarity = templates @ templates[rows].T
        similarity[person[:, None] == person[rows]] = -1
        nearest = similarity.max(0)
        best += [float(nearest[person[rows] == one].mean()) for one in group]
    return StrangerScores.of(np.array(best))


def strangers_expected(known: Mapping[int, StrangerScores], people: int) -> StrangerScores | None:
    """What strangers score in a gallery of so many people, from a few sizes; None if nothing is known.

    Between two sizes, and beyond the last two, the moments follow the logarithm of the size; below the least size
    its own stand, which are on the safe side.
    """
    if not known:
        return None
    sizes = sorted(known)
    if people <= sizes[0] or len(sizes) == 1:
        return known[sizes[0]]
    above = next((k for k, size in enumerate(sizes) if size >= people), len(sizes) - 1)
    low, high = sizes[above - 1], sizes[above]
    share = math.log(people / low) / math.log(high / low)
    mean, sd, skew = (
        getattr(known[low], name) + share * (getattr(known[high], name) - getattr(known[low], name))
        for name in ("mean", "sd", "skew")
    )
    return StrangerScores(mean, max(sd, 0.0), max(skew, 0.0), min(known[low].count, known[high].count))
