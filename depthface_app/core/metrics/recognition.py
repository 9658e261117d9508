"""How well people are told apart: ranks, error rates of one-to-one and one-to-many comparison, and their intervals.

One pair of rates serves both kinds. *Verification*: false = share of comparisons of different people that reach the
threshold (FMR), missed = share of comparisons of one person that do not (FNMR). *Identification*: false = share of
searches for strangers that return anybody (FPIR), missed = share of searches for enrolled people that do not return
them first and over the threshold (FNIR). A search counts with its best similarity, or -inf when someone else is best.

Source: ISO/IEC 19795-1:2021 (the rates); Grother, Ngan & Hanaoka, NISTIR 8271, 2019 (FNIR with rank 1 and a threshold);
Phillips et al., IEEE PAMI 22(10), 2000 (cumulative match).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.metrics.intervals import Estimate, Floats, drawn_again, interval, share_bounds, sums

LOWEST = float(np.finfo(np.float64).min)
CURVE_STEPS = 800  # thresholds at which the curves of the repeats are kept


@dataclass(frozen=True, eq=False, slots=True)
class Trials:
    """Outcomes of comparisons or searches.

    similarity: (N,) -1 to 1, -inf for what no threshold would find
    person:     (N,) whose probe it was
    """

    similarity: Floats
    person: NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class Rates:
    """Missed rates at given false rates, each (K,), with 95 % intervals over people."""

    false: Floats
    missed: Floats
    low: Floats
    high: Floats


def ranks(similarity: NDArray[np.floating], own: NDArray[np.intp]) -> NDArray[np.intp]:
    """(P,) place of the right person in each probe's list, 1 = first; ties are counted against us.

    Args:
        similarity: (P, G) of every probe with everybody enrolled.
        own: (P,) column of the right person.
    """
    right = similarity[np.arange(len(own)), own]
    return np.asarray(np.count_nonzero(similarity >= right[:, None], axis=1), np.intp)


def searches(similarity: NDArray[np.floating], own: NDArray[np.intp], person: NDArray[np.intp]) -> Trials:
    """Searches for enrolled people: best similarity where the right person is first, -inf elsewhere."""
    best = similarity.max(1).astype(np.float64)
    return Trials(np.where(ranks(similarity, own) == 1, best, -np.inf), person)


def verifications(
    similarity: NDArray[np.floating], own: NDArray[np.intp], person: NDArray[np.intp]
) -> tuple[Trials, Trials]:
    """One-to-one comparisons of (P, G) similarities: of each probe with its own template, and with all the others."""
    mine = np.zeros(similarity.shape, bool)
    mine[np.arange(len(own)), own] = True
    whose = np.broadcast_to(person[:, None], similarity.shape)
    same = Trials(similarity[mine].astype(np.float64), person)
    return same, Trials(similarity[~mine].astype(np.float64), whose[~mine])


def cumulative_match(rank: NDArray[np.intp], person: NDArray[np.intp], longest: int) -> tuple[Floats, Floats, Floats]:
    """Share of probes whose right person is among the first 1, 2, … `longest`: value, low and high, each (longest,)."""
    hits = (rank[:, None] <= np.arange(1, longest + 1)).astype(np.float64)
    total, count = sums(hits, person)
    again = drawn_again(len(total))
    repeated = (again @ total) / (again @ count)[:, None]
    value = hits.mean(0)
    bounds = [share_bounds(v, *interval(r), len(total)) for v, r in zip(value, repeated.T, strict=True)]
    return value, *np.array(bounds).T


def threshold_at(other: Trials, rate: float) -> float:
    """Least threshold that at most this share of `other` reaches; a finite one, so that -inf never reaches it."""
    falling = np.sort(other.similarity)[::-1]
    allowed = int(np.floor(rate * len(falling) + 1e-9))
    return LOWEST if allowed >= len(falling) else float(np.nextafter(falling[allowed], np.inf))


def missed_share(same: Trials, threshold: float) -> float:
    """Share of `same` under the threshold."""
    return float(np.mean(same.similarity < threshold))


def _reached(trials: Trials, thresholds: Floats) -> tuple[Floats, Floats]:
    """Per person: (P, T) how many trials reach each of the rising thresholds, and (P,) how many there are."""
    names, index = np.unique(trials.person, return_inverse=True)
    steps = np.searchsorted(thresholds, trials.similarity, side="right")
    flat = np.bincount(index * (len(thresholds) + 1) + steps, minlength=len(names) * (len(thresholds) + 1))
    at = flat.reshape(len(names), len(thresholds) + 1).astype(np.float64)
    return np.cumsum(at[:, ::-1], axis=1)[:, ::-1][:, 1:], at.sum(1)


def _repeated(same: Trials, other: Trials, thresholds: Floats) -> tuple[Floats, Floats]:
    """(R, T) false and missed rates of redrawn people; who is in both is drawn as often in both."""
    (found, n_same), (false, n_other) = _reached(same, thresholds), _reached(other, thresholds)
    together = np.array_equal(np.unique(same.person), np.unique(other.person))
    again = drawn_again(len(n_same))
    others = again if together else drawn_again(len(n_other), seed=1)
    return (others @ false) / (others @ n_other)[:, None], 1 - (again @ found) / (again @ n_same)[:, None]


def _steps(same: Trials, other: Trials) -> Floats:
    """Rising thresholds that follow both distributions: close together where few strangers remain."""
    falling = np.sort(other.similarity)[::-1]
    at = np.unique(np.geomspace(1, len(falling), CURVE_STEPS).astype(int)) - 1
    finite = same.similarity[np.isfinite(same.similarity)]
    own = np.quantile(finite, np.linspace(0, 1, 200)) if finite.size else np.empty(0)
    steps = np.unique(np.concatenate((falling[at], own)))
    return np.append(steps, np.nextafter(steps[-1], np.inf))


def missed_at(same: Trials, other: Trials, false_rates: Floats) -> Rates:
    """Missed rate at the least threshold that keeps each false rate; in every repeat people *and* threshold are new.

    One rate gives FNIR at FPIR or FNMR at FMR, many give a detection error trade-off curve.

    Source: Martin et al., The DET Curve in Assessment of Detection Task Performance, Eurospeech 1997.
    """
    thresholds = _steps(same, other)
    false, missed = _repeated(same, other, thresholds)
    people = len(np.unique(same.person))
    value = np.array([missed_share(same, threshold_at(other, rate)) for rate in false_rates])
    bounds = []
    for rate, found in zip(false_rates, value, strict=True):
        first = np.argmax(false <= rate + 1e-12, axis=1)
        bounds.append(share_bounds(found, *interval(missed[np.arange(len(missed)), first]), people))
    return Rates(np.asarray(false_rates, np.float64), value, *np.array(bounds).T)


def _crossing(false: Floats, missed: Floats) -> Floats:
    """(R,) where falling false and rising missed rates (R, T) meet, between the two thresholds around it."""
    gap = false - missed
    after = np.argmax(gap <= 0, axis=1)
    before = np.maximum(after - 1, 0)
    row = np.arange(len(gap))
    over, under = gap[row, before], gap[row, after]
    share = np.where(over > under, over / np.where(over > under, over - under, 1), 0.0)
    return false[row, before] + share * (false[row, after] - false[row, before])


def equal_error(same: Trials, other: Trials) -> Estimate:
    """The rate at which false and missed are equal."""
    thresholds = _steps(same, other)
    (found, n_same), (false, n_other) = _reached(same, thresholds), _reached(other, thresholds)
    once = (false.sum(0) / n_other.sum())[None], 1 - (found.sum(0) / n_same.sum())[None]
    value = float(_crossing(*once)[0])
    low, high = share_bounds(value, *interval(_crossing(*_repeated(same, other, thresholds))), len(n_same))
    count = len(same.similarity) + len(other.similarity)
    return Estimate(value, low, high, count, len(np.union1d(same.person, other.person)))
