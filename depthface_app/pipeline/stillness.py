"""Whether a head has moved at all lately: a dummy or a picture on a stand does not. Weak evidence, so only a remark.

The path of a nose tip is kept as means over half a second. A living head sways, so the means differ by more than the
locator's own scatter explains; of a thing that stands they do not. This is the one-way analysis of variance.

Source: Press et al., Numerical Recipes, 3rd edition, section 14.2 (the ratio of variances). How far a living head
strays within five seconds was not measured here; the limit is our own.
"""

from dataclasses import dataclass, replace

import numpy as np

Point = tuple[float, float, float]

WATCHED_S = 5.0  # before that nothing is said
PIECE_S = 0.5
STILL_MM = 0.8  # standard deviation of the means, over all three axes, below which nothing has moved
BY_CHANCE = 1.6  # ratio of the two variances that a thing at rest stays below in 19 of 20 cases, with some 5 per piece
FEWEST_PIECES = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """Nose tips of half a second.

    total_mm:   sum of the places, camera axes
    squares_mm2: sum of their squared distances from the origin of the camera
    """

    since_s: float
    count: int
    total_mm: Point
    squares_mm2: float

    def and_then(self, nose_mm: Point) -> "Piece":
        """With one more place."""
        x, y, z = (a + b for a, b in zip(self.total_mm, nose_mm, strict=True))
        return replace(self, count=self.count + 1, total_mm=(x, y, z), squares_mm2=self.squares_mm2 + _square(nose_mm))


@dataclass(frozen=True, slots=True)
class NosePath:
    """Where a nose tip was over the last WATCHED_S."""

    since_s: float = 0.0
    pieces: tuple[Piece, ...] = ()

    def with_place(self, nose_mm: Point, now_s: float) -> "NosePath":
        """With the place of one more picture."""
        if not self.pieces:
            return NosePath(now_s, (Piece(now_s, 1, nose_mm, _square(nose_mm)),))
        *before, last = self.pieces
        if now_s - last.since_s < PIECE_S:
            return replace(self, pieces=(*before, last.and_then(nose_mm)))
        kept = [piece for piece in self.pieces if now_s - piece.since_s <= WATCHED_S]
        return replace(self, pieces=(*kept, Piece(now_s, 1, nose_mm, _square(nose_mm))))

    def is_still(self, now_s: float) -> bool | None:
        """True when nothing but scatter was seen; None before it was watched for long enough."""
        whole = [piece for piece in self.pieces if piece.count > 1]
        if now_s - self.since_s < WATCHED_S or len(whole) < FEWEST_PIECES:
            return None
        count = np.array([piece.count for piece in whole], float)
        means = np.array([piece.total_mm for piece in whole]) / count[:, None]
        squares = np.array([piece.squares_mm2 for piece in whole])
        within = np.sum(squares - count * (means**2).sum(1)) / (count - 1).sum()
        between = ((means - means.mean(0)) ** 2).sum() / (len(whole) - 1)
        return bool(between < STILL_MM**2 + BY_CHANCE * within / count.mean())


def _square(nose_mm: Point) -> float:
    return float(sum(value * value for value in nose_mm))
