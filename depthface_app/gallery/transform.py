"""A gallery's own rotation of the embeddings: inner products stay within it and mean nothing outside it. Pure.

Three rounds of random signs, a random order and an orthonormal cosine transform make an orthogonal map that mixes every
component into every other, at a few additions per component; the seed makes another map for every gallery. What this
protects from and what not (whoever knows as many pairs as components solves for it) stands in `docs/security.md`.

Sources: revocable templates by projections of a user's or an application's own, Teoh et al., "Random multispace
quantization", IEEE TPAMI 28 (2006); rounds of signs and fast transforms in place of a dense rotation, Yu et al.,
"Orthogonal random features", NIPS 2016, section 5, which uses three as well.
"""

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

ROUNDS = 3


@dataclass(frozen=True, eq=False, slots=True)
class Transform:
    """One rotation of vectors of `size` components, kept at `width` (the next even number; the cosine transform's).

    signs: (ROUNDS, width) float32, 1 or −1
    order: (ROUNDS, width) permutation
    """

    size: int
    signs: NDArray[np.float32]
    order: NDArray[np.intp]

    @classmethod
    def of(cls, seed: bytes, size: int) -> "Transform":
        """The rotation of a seed; the same everywhere and for ever, since SHAKE-256 draws it."""
        width = size + size % 2
        drawn = hashlib.shake_256(b"depthface rotation" + seed + size.to_bytes(4, "big")).digest(ROUNDS * width * 9)
        numbers = np.frombuffer(drawn[: ROUNDS * width * 8], "<u8").reshape(ROUNDS, width)
        bits = np.frombuffer(drawn[ROUNDS * width * 8 :], np.uint8).reshape(ROUNDS, width) & 1
        return cls(size, (1 - 2 * bits.astype(np.float32)), np.argsort(numbers, axis=1, kind="stable"))

    def apply(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, size) vectors as (N, width) in the gallery's own space; lengths and angles stay."""
        width = self.signs.shape[1]
        turned = np.zeros((len(vectors), width), np.float32)
        turned[:, : self.size] = vectors
        for signs, order in zip(self.signs, self.order, strict=True):
            turned = cv2.dct((turned * signs)[:, order], flags=cv2.DCT_ROWS) if len(turned) else turned
        return np.asarray(turned, np.float32)

    def undo(self, turned: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, width) vectors of the gallery's space as (N, size) embeddings."""
        back = np.asarray(turned, np.float32)
        for signs, order in zip(self.signs[::-1], self.order[::-1], strict=True):
            straight = np.empty_like(back)
            straight[:, order] = cv2.idct(back, flags=cv2.DCT_ROWS) if len(back) else back
            back = straight * signs
        return back[:, : self.size]
