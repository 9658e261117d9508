"""What the figures of runs come to: means, spreads and paired differences, with how sure they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.metrics import intervals
from depthface_app.core.metrics.catalogue import Figure
from depthface_app.core.metrics.intervals import Estimate
from depthface_app.pipeline.runs.results import Inspected, Run

STRETCH_FRAMES = 60
FEWEST = 5  # fewer of what is drawn again give no interval

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Groups:
    """What is drawn again for an interval, as frames of one moment are alike.

    number: (N,) which group each row belongs to
    words:  what a group is and what intervals say therefore, or why there are none
    """

    number: NDArray[np.intp]
    words: str


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the values of a figure lie: mean, and what 5, 50 and 95 % of them are under."""

    count: int
    mean: float
    p5: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure measured twice on the same frames.

    change:  mean of second less first with its 95 % interval, NaN bounds where there are too few groups for one
    verdict: `better`, `worse`, `no telling`, or "" for a figure that is neither by itself
    """

    first: Spread
    second: Spread
    change: Estimate
    verdict: str


def groups_of(inputs: Sequence[Inspected]) -> Groups:
    """Recordings if there are enough of them, else stretches of two seconds."""
    if len(inputs) >= FEWEST:
        number = np.repeat(np.arange(len(inputs)), [len(each.rows) for each in inputs])
        return Groups(number, _over(f"the {len(inputs)} recordings: what other recordings like these would give"))
    found: dict[tuple[int, int], int] = {}
    keys = [(k, row.index // STRETCH_FRAMES) for k, each in enumerate(inputs) for row in each.rows]
    number = np.array([found.setdefault(key, len(found)) for key in keys], np.intp)
    if len(found) < FEWEST:
        return Groups(number, f"There are too few frames for intervals: fewer than {FEWEST} times {STRETCH_FRAMES}.")
    what = f"{len(found)} stretches of {STRETCH_FRAMES} frames, as there are fewer than {FEWEST} recordings"
    return Groups(number, _over(f"{what}: what other stretches of these would give, not what other people would"))


def _over(what: str) -> str:
    return (
        f"In brackets its 95 % interval, drawn over {what}. Where it leaves 0 out, the change is green for better and "
        "red for worse."
    )


def spread(values: Values) -> Spread:
    """Of (N,) values, NaN = not measured; all NaN if none is."""
    known = values[~np.isnan(values)]
    if known.size == 0:
        return Spread(0, *(float("nan"),) * 4)
    p5, p50, p95 = np.percentile(known, (5, 50, 95))
    return Spread(int(known.size), float(known.mean()), float(p5), float(p50), float(p95))


def difference(first: Values, second: Values, groups: NDArray[np.intp], figure: Figure) -> Difference:
    """Second less first, on the rows where both are known.

    Source: paired differences, with the bootstrap of `core.metrics.intervals`.
    """
    known = ~np.isnan(first + second)
    change = intervals.mean((second - first)[known], groups[known])
    if change.people < FEWEST:
        change = Estimate(change.value, float("nan"), float("nan"), change.count, change.people)
    return Difference(spread(first[known]), spread(second[known]), change, _verdict(change, figure))


def _verdict(change: Estimate, figure: Figure) -> str:
    if figure.sign == 0 or np.isnan(change.low):
        return ""
    if change.low <= 0 <= change.high or round(change.value, figure.digits) == 0:
        return "no telling"
    return "better" if change.value * figure.sign > 0 else "worse"


def of_run(run: Run, name: str) -> tuple[Values, Values]:
    """(N,) values of one figure on both sides of a run."""
    values = run.values()
    return values[f"{run.sides[0]}.{name}"], values[f"{run.sides[1]}.{name}"]
